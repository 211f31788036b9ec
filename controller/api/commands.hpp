// The command port of the HTTP layer, joined to the cell: JSON becomes commands, what they came to becomes
// the parts of an answer. Commands that are more than their data (a token's secret is made here and shown
// once; an undo is computed from the log) are expanded into commands of the domain by the table in
// expansions.cpp.
#pragma once

#include "controller/access/passwords.hpp"
#include "controller/access/rate_limit.hpp"
#include "controller/access/sessions.hpp"
#include "controller/core/cell.hpp"
#include "controller/http/ports.hpp"

namespace pic::api {

/// What commands work on; all of it outlives them.
struct CommandContext {
    core::Cell& cell;
    access::Passwords& passwords;
    access::Sessions& sessions;
    access::SignInLimiter& limiter;
};

class CommandPort final : public http::Commands {
  public:
    explicit CommandPort(const CommandContext& with);

    void submit(http::CommandCall call, Done done) override;

  private:
    struct Pending;
    [[nodiscard]] Digest kept_digest(const Digest& body) const;
    static core::Answer make_answer(const core::Cell& cell, Pending& pending, const core::Outcome& outcome);
    void answer_when_due(const std::shared_ptr<Pending>& pending, Sequence last);
    [[nodiscard]] Result<bool> is_to_be_confirmed(http::CommandCall call) const;
    void run(http::CommandCall call, Done done);
    void plan(core::ChangeRequest request, bool is_change_set, Done done);

    CommandContext with_;
    core::Cell& cell_;
    vault::Secret digest_key_;
};

/// What an expansion adds to the domain's commands.
struct Expanded {
    core::ChangeRequest request;
    /// A member of the resource in the first answer, and in no other: {"token", "pic_..."}.
    std::optional<std::pair<std::string, std::string>> once;
    /// What must have happened, once it is committed, before the caller is told: sessions end. May wait for
    /// the disk.
    std::vector<std::move_only_function<void()>> after;
};

/// The domain's commands for a call. May seal secrets in the vault (not in a dry run) and read the log.
[[nodiscard]] Result<Expanded> expand(const CommandContext& with, const http::CommandCall& call);
/// Whether a call reads the log or hashes a password, and so must not run on the thread that serves requests.
[[nodiscard]] bool takes_long(const http::CommandCall& call);

}  // namespace pic::api
