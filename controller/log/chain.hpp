// The chain that makes tampering evident: every event's hash covers the one before it and every column of its own, each with
// its length, so that no two different rows hash alike. Names of streams and types are hashed as text even where a table
// holds integers for them, and `data` as the very bytes stored. docs/log-format.md has the canonical form with an example.
#pragma once

#include <string_view>

#include "schema/event.hpp"
#include "schema/sha256.hpp"

namespace pic::log {

/// What the first event's previous hash is: it ties the chain to one cell.
[[nodiscard]] Digest genesis_hash(const Uuid& cell);

/// The columns of one event, as views.
struct ChainedEvent {
    Sequence sequence;
    const Uuid& id;
    std::string_view stream;
    StreamVersion version;
    std::string_view type;
    int schema_version = 1;
    std::string_view data;
    const Uuid& change_id;
    std::optional<Sequence> causation;
    std::string_view actor, source, request_id;
    Timestamp at;
};

/// Computes hashes one after the other; keeps its context between calls.
class ChainHasher {
  public:
    [[nodiscard]] Digest hash(const Digest& previous, const ChainedEvent& event);

  private:
    Sha256 sha_;
    std::string buffer_;
};

}  // namespace pic::log
