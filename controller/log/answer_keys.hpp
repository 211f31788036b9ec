// Where the remembered answers lie, by the digest of their scope, in the memory of the one writer. A database
// index would be the plain choice, but digests fall anywhere: each new key would dirty a page of its own, and
// a batch of 32 commands write 32 pages of index to the WAL beside 10 of events. So the table only ever grows
// at its end, and is read once, at opening. About 40 bytes for each answer of the last seven days; commands
// without a key cost nothing.
#pragma once

#include <cstdint>
#include <memory>

#include "schema/units.hpp"

namespace pic::log {

class AnswerKeys {
  public:
    AnswerKeys();
    ~AnswerKeys();
    AnswerKeys(const AnswerKeys&) = delete;
    AnswerKeys& operator=(const AnswerKeys&) = delete;

    /// An answer that the table has.
    void load(const Digest& scope, std::int64_t id);

    /// The id of the answer, or 0.
    [[nodiscard]] std::int64_t find(const Digest& scope) const;
    /// Gives a new answer its id; the scope's older one is no longer found.
    [[nodiscard]] std::int64_t add(const Digest& scope);
    /// Forgets an answer, unless the scope has a newer one.
    void erase(const Digest& scope, std::int64_t id);

    /// What was added and erased since this was last called, or since take_back(), stays so.
    void keep();
    void take_back();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pic::log
