// The first run: one change makes the cell, its administrator and its keys, and the set-up never opens again.
#include <fmt/format.h>

#include "controller/api/commit.hpp"
#include "controller/api/people.hpp"
#include "controller/api/sign_in.hpp"
#include "controller/authority/office.hpp"
#include "controller/core/time_zones.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"
#include "projections/wireguard/wireguard.hpp"
#include "projections/world.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

/// What an address counts as in the limiter while nobody can sign in yet.
constexpr std::string_view setup_account = "set-up";

struct SetUp {
    std::string setup_token, username, password;
    Label cell_name;
    Hostname domain;
    Cidr4 vpn_range;
    std::optional<TimeZone> timezone;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("setup_token", s.setup_token), field("username", s.username),
                          field("password", s.password), field("cell_name", s.cell_name),
                          field("domain", s.domain), field("vpn_range", s.vpn_range),
                          field("timezone", s.timezone));
    }
};

/// The certificate authority and what it signs from the start.
struct Certified {
    certificates::MakeAuthority authority;
    std::vector<certificates::IssueCertificate> services;
};

/// Signed for the cell as it will be: the change is decided after its keys are sealed.
Result<Certified> certify(vault::Vault& vault, const SetUp& asked) {
    auto authority = authority::found(vault, asked.cell_name.text, core::now());
    if (!authority) return std::unexpected(std::move(authority.error()));
    World future;
    auto& cell = future.edit<cell::Service>().cell;
    cell.claimed = true;
    cell.settings.domain = asked.domain;
    cell.settings.vpn_range = asked.vpn_range;
    auto& known = future.edit<certificates::Service>().authority;
    known.root = authority->root;
    known.intermediate = authority->intermediate;
    known.intermediate_key_ref = authority->intermediate_key_ref;
    auto services = authority::certify_due(vault, future, core::now(), core::new_uuid);
    if (!services) return std::unexpected(std::move(services.error()));
    return Certified{*std::move(authority), *std::move(services)};
}

template <class C>
void add(core::ChangeRequest& change, C command) {
    change.commands.push_back(std::make_unique<CommandOf<C>>(std::move(command)));
}

/// The cell alone.
core::ChangeRequest bare_claim(const SetUp& asked) {
    cell::SetUpCell set_up;
    set_up.cell_name = asked.cell_name;
    set_up.domain = asked.domain;
    set_up.vpn_range = asked.vpn_range;
    set_up.timezone = asked.timezone;
    core::ChangeRequest change;
    add(change, std::move(set_up));
    return change;
}

/// Everything that makes a cell, as one change: its name and networks, its administrator, its keys.
core::ChangeRequest claim(const SetUp& asked, accounts::AddUser administrator, Certified certified,
                          const Request& request) {
    auto change = bare_claim(asked);
    sign(change, "user:" + administrator.username.text, request);
    add(change, std::move(administrator));
    add(change, wireguard::RotateWireguard{});
    add(change, std::move(certified.authority));
    for (auto& certificate : certified.services) add(change, std::move(certificate));
    return change;
}

/// The rejection of one command among several points into /commands; here the body is not a change-set.
Rejection without_commands(Rejection rejection) {
    for (auto& error : rejection.errors) {
        if (!error.pointer.starts_with("/commands/")) continue;
        const auto data = error.pointer.find("/data");
        error.pointer = data == std::string::npos ? "" : error.pointer.substr(data + 5);
    }
    return rejection;
}

/// On a worker thread: hashes and seals, claims the cell, signs the administrator in.
void claim_with(Context& c, const SetUp& asked, const Label& username, const Request& request,
                Responder respond) {
    // What the cell's own rules refuse is said before any key is made for it.
    if (asked.timezone) {
        if (auto known = core::check_time_zone(*asked.timezone, "/timezone"); !known)
            return std::move(respond)(known.error());
    }
    if (const auto plan = c.cell.plan(bare_claim(asked)); !plan)
        return std::move(respond)(without_commands(plan.error()));
    const auto user = core::new_uuid();
    auto refs = seal_new_password(c.cell, c.passwords, user, username, asked.password);
    if (!refs) return std::move(respond)(refs.error());
    auto certified = certify(c.cell.vault(), asked);
    if (!certified) return std::move(respond)(certified.error());
    accounts::Profile<Plain> profile{};
    profile.role = accounts::Role::admin;
    auto change = claim(asked, {user, username, profile, *std::move(refs)}, *std::move(certified), request);
    c.cell.change(
        std::move(change), [](const core::Outcome&) { return core::Answer{}; },
        [&c, &request, user, username, respond = std::move(respond)](Result<core::Answer> answer) mutable {
            if (!answer) return std::move(respond)(without_commands(std::move(answer.error())));
            // Off the writer's thread: what follows waits for the disk.
            c.cell.post([&c, &request, user, username, respond = std::move(respond)]() mutable {
                if (c.setup_token) (void)c.setup_token->consume();
                std::move(respond)(signed_in(c, user, username, accounts::Role::admin, request));
            });
        });
}

void set_up(Context& c, const Request& request, Responder respond) {
    if (c.cell.claimed())
        return std::move(respond)(Rejection{"already_set_up", "This cell has been set up already."});
    if (!may_try(c, request, setup_account, respond)) return;
    auto asked = body_of<SetUp>(request);
    if (!asked) return std::move(respond)(asked.error());
    if (!c.setup_token || !c.setup_token->matches(asked->setup_token)) {
        return std::move(respond)(
            Rejection{"wrong_setup_token", "This is not the set-up token that the daemon printed."});
    }
    c.limiter.succeeded(request.remote, setup_account, core::now());
    auto username = Label::parse(asked->username);
    if (!username)
        return std::move(respond)(
            Rejection{"invalid_field", username.error(), {{"/username", username.error()}}});
    const auto password = vault::Secret::copy_of(asked->password);
    const std::array<std::string_view, 2> names{username->text, asked->cell_name.text};
    if (auto fine = access::check_new_password(password, names); !fine)
        return std::move(respond)(fine.error());
    c.cell.post([&c, &request, asked = *std::move(asked), username = *username,
                 respond = std::move(respond)]() mutable {
        claim_with(c, asked, username, request, std::move(respond));
    });
}

}  // namespace

void add_setup_handlers(http::Handlers& handlers, Context& c) {
    handlers["getSetup"] = [&c](const Request&, Responder respond) {
        std::move(respond)(
            http::json_response(200, c.cell.claimed() ? R"({"claimed":true})" : R"({"claimed":false})"));
    };
    handlers["setUp"] = [&c](const Request& request, Responder respond) {
        set_up(c, request, std::move(respond));
    };
}

}  // namespace pic::api
