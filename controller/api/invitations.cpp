// Joining: whoever has the link makes an account of their own, with the rights that the inviter gave, and is
// signed in.
#include <fmt/format.h>
#include <sodium.h>

#include "controller/access/tokens.hpp"
#include "controller/api/commit.hpp"
#include "controller/api/people.hpp"
#include "controller/api/sign_in.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/world.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

/// What an address counts as in the limiter: tokens are not to be guessed at leisure.
constexpr std::string_view invitation_account = "invitation";

struct Join {
    std::string token;
    Label username;
    std::string password;
    std::optional<Text> display_name;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("token", s.token), field("username", s.username),
                          field("password", s.password), field("display_name", s.display_name));
    }
};

/// The invitation that a token proves. Nothing: malformed, unknown, used, late or wrong; which one is
/// nobody's business.
std::optional<accounts::Invitation> invitation_of(core::Cell& cell, std::string_view token) {
    const auto parsed = access::parse_token(token);
    if (!parsed) return std::nullopt;
    const auto world = cell.world();
    const auto* invitation = world->get<accounts::Service>().invitations.find(parsed->id);
    if (invitation == nullptr || invitation->expires_at <= core::now()) return std::nullopt;
    const auto hash = cell.vault().get(invitation->hash_ref);
    if (!hash || !hash->equals({reinterpret_cast<const char*>(parsed->hash.data()), parsed->hash.size()}))
        return std::nullopt;
    return *invitation;
}

/// On a worker thread.
void join_with(Context& c, const Join& asked, const accounts::Invitation& invitation, const Request& request,
               Responder respond) {
    const auto id = core::new_uuid();
    auto refs = seal_new_password(c.cell, c.passwords, id, asked.username, asked.password);
    if (!refs) return std::move(respond)(refs.error());
    core::ChangeRequest change;
    change.commands.push_back(
        std::make_unique<CommandOf<accounts::AcceptInvitation>>(accounts::AcceptInvitation{
            invitation.id, id, asked.username, asked.display_name, *std::move(refs), core::now()}));
    sign(change, "user:" + asked.username.text, request);
    c.cell.change(
        std::move(change), [](const core::Outcome&) { return core::Answer{}; },
        [&c, &request, id, username = asked.username, role = invitation.profile.role,
         respond = std::move(respond)](Result<core::Answer> answer) mutable {
            if (!answer) return std::move(respond)(answer.error());
            c.cell.post([&c, &request, id, username, role, respond = std::move(respond)]() mutable {
                std::move(respond)(signed_in(c, id, username, role, request));
            });
        });
}

void join(Context& c, const Request& request, Responder respond) {
    if (!may_try(c, request, invitation_account, respond)) return;
    auto asked = body_of<Join>(request);
    if (!asked) return std::move(respond)(asked.error());
    const auto invitation = invitation_of(c.cell, asked->token);
    if (!invitation) {
        return std::move(respond)(Rejection{
            "invitation_invalid", "This invitation has been used or taken back, or its time is up."});
    }
    c.limiter.succeeded(request.remote, invitation_account, core::now());
    c.cell.post([&c, &request, asked = *std::move(asked), invitation = *invitation,
                 respond = std::move(respond)]() mutable {
        join_with(c, asked, invitation, request, std::move(respond));
    });
}

}  // namespace

void add_invitation_handlers(http::Handlers& handlers, Context& c) {
    handlers["acceptInvitation"] = [&c](const Request& request, Responder respond) {
        join(c, request, std::move(respond));
    };
}

}  // namespace pic::api
