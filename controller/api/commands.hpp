// The command port of the HTTP layer, joined to the cell: JSON becomes commands, what they came to becomes the parts of an
// answer. Commands that are more than their data (a token's secret is made here and shown once; an undo is computed from the
// log) are expanded into commands of the domain by the table in expansions.cpp.
#pragma once

#include "controller/core/cell.hpp"
#include "controller/http/ports.hpp"

namespace pic::api {

class CommandPort final : public http::Commands {
  public:
    explicit CommandPort(core::Cell& cell) : cell_(cell) {}

    void submit(http::CommandCall call, Done done) override;

  private:
    void run(http::CommandCall call, Done done);
    void plan(core::ChangeRequest request, bool is_change_set, Done done);

    core::Cell& cell_;
};

/// What an expansion adds to the domain's commands.
struct Expanded {
    core::ChangeRequest request;
    /// A member of the resource in the first answer, and in no other: {"token", "pic_..."}.
    std::optional<std::pair<std::string, std::string>> once;
};

/// The domain's commands for a call. May seal secrets in the vault (not in a dry run) and read the log.
[[nodiscard]] Result<Expanded> expand(core::Cell& cell, const http::CommandCall& call);
/// Whether a call reads the log and so must not run on the thread that serves requests.
[[nodiscard]] bool takes_long(const http::CommandCall& call);

}  // namespace pic::api
