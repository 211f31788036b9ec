#include "controller/api/second_factor.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>

#include "controller/access/totp.hpp"
#include "controller/api/commit.hpp"
#include "controller/api/qr_image.hpp"
#include "controller/api/sign_in.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

constexpr std::int64_t enrolment_lifetime_ms = 10LL * 60 * 1000;

/// Secrets that have been shown to an authenticator and not been confirmed by a code yet. In memory: who does
/// not finish begins anew.
class Pending {
  public:
    void put(const Uuid& user, vault::Secret secret, Timestamp now) {
        const std::lock_guard lock(mutex_);
        std::erase_if(secrets_, [&](const auto& entry) { return entry.second.until <= now; });
        secrets_.insert_or_assign(user, Entry{std::move(secret), {now.ms + enrolment_lifetime_ms}});
    }
    std::optional<vault::Secret> get(const Uuid& user, Timestamp now) {
        const std::lock_guard lock(mutex_);
        const auto found = secrets_.find(user);
        if (found == secrets_.end() || found->second.until <= now) return std::nullopt;
        return found->second.secret.clone();
    }
    void drop(const Uuid& user) {
        const std::lock_guard lock(mutex_);
        secrets_.erase(user);
    }

  private:
    struct Entry {
        vault::Secret secret;
        Timestamp until;
    };
    std::mutex mutex_;
    std::map<Uuid, Entry> secrets_;
};

std::optional<accounts::User> user_of(Context& c, const Request& request) {
    const auto world = c.cell.world();
    const auto* user = world->get<accounts::Service>().users.find(*parse_uuid(request.path_parameter("id")));
    return user == nullptr ? std::nullopt : std::optional(*user);
}

using accounts::SetSecondFactor;

Result<void> use_recovery(Context& c, const accounts::User& user, std::string_view code,
                          const Request& request) {
    const auto wrong =
        reject("second_factor_wrong", "This is neither the code of the moment nor an unused recovery code.");
    const auto hashes = user.recovery_ref ? c.cell.vault().get(*user.recovery_ref) : std::nullopt;
    auto left = hashes ? access::use_recovery_code(*hashes, code) : std::nullopt;
    if (!left) return wrong;
    auto ref = c.cell.vault().put(accounts::subject_of(user.id) + "/recovery", *left);
    if (!ref) return std::unexpected(std::move(ref.error()));
    auto change = change_of(SetSecondFactor{user.id, user.totp_ref, *std::move(ref)},
                            "user:" + user.username.text, request);
    change.if_match = user.version;
    // In the log before the sign-in goes on: two that come with the same code must not both pass.
    auto used = commit(c.cell, std::move(change));
    return !used && used.error().code == "stale_version" ? wrong : used;
}

struct FactorCode {
    std::string code;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("code", s.code));
    }
};

/// What the authenticator is shown: the QR's text as an image too, since a browser should not need a library
/// for it.
void begin(Context& c, Pending& pending, const Request& request, Responder respond) {
    const auto user = user_of(c, request);
    if (!user) return std::move(respond)(Rejection{"not_found", "There is no such user."});
    if (request.principal->user != user->id)
        return std::move(respond)(
            Rejection{"forbidden", "Only they themselves can set up their second factor."});
    if (user->totp_ref)
        return std::move(respond)(
            Rejection{"second_factor_set", "There is a second factor already; remove it first."});
    auto secret = access::make_totp_secret();
    const auto world = c.cell.world();
    const auto uri =
        access::totp_uri(secret, world->get<cell::Service>().cell.settings.domain.text, user->username.text);
    std::string body = "{\"secret\":";
    write_json_string(body, access::base32(secret).reveal());
    body += ",\"uri\":";
    write_json_string(body, uri.reveal());
    body += ",\"qr_svg\":";
    write_json_string(body, qr_svg(uri.reveal()).value_or(""));
    pending.put(user->id, std::move(secret), core::now());
    auto response = http::json_response(201, body + "}");
    response.headers.emplace_back("Cache-Control", "no-store");
    std::move(respond)(std::move(response));
}

/// Seals what the authenticator has proved to know.
Result<std::string> confirm(Context& c, Pending& pending, const Request& request) {
    const auto asked = body_of<FactorCode>(request);
    if (!asked) return std::unexpected(asked.error());
    const auto user = user_of(c, request);
    if (!user || request.principal->user != user->id)
        return reject("not_found", "No second factor waits to be confirmed: begin anew.");
    const auto secret = pending.get(user->id, core::now());
    if (!secret) return reject("not_found", "No second factor waits to be confirmed: begin anew.");
    const auto step = access::totp_step(*secret, asked->code, core::now());
    if (!step)
        return reject("second_factor_wrong",
                      "This is not the code of the moment. Is the device's clock right?");
    if (auto used = c.sessions.use_step(to_string(user->id), *step); !used)
        return std::unexpected(used.error());
    const auto codes = access::make_recovery_codes();
    const auto subject = accounts::subject_of(user->id);
    std::vector<vault::NewSecret> secrets;
    secrets.push_back({subject + "/totp", secret->clone()});
    secrets.push_back({subject + "/recovery", codes.hashes.clone()});
    auto refs = c.cell.vault().put_many(secrets);
    if (!refs) return std::unexpected(std::move(refs.error()));
    const auto actor = request.principal->actor;
    if (auto set =
            commit(c.cell, change_of(SetSecondFactor{user->id, (*refs)[0], (*refs)[1]}, actor, request));
        !set) {
        return std::unexpected(set.error());
    }
    pending.drop(user->id);
    std::string body = "{\"recovery_codes\":";
    write_json(body, codes.texts);
    return body + "}";
}

template <class Work>
void on_worker(Context& c, const Request& request, Responder respond, int status, Work work) {
    c.cell.post([&request, status, work = std::move(work), respond = std::move(respond)]() mutable {
        auto body = work(request);
        if (!body) return std::move(respond)(body.error());
        auto response = http::json_response(status, *std::move(body));
        response.headers.emplace_back("Cache-Control", "no-store");
        std::move(respond)(std::move(response));
    });
}

Result<std::string> remove(Context& c, const Request& request) {
    const auto user = user_of(c, request);
    if (!user) return reject("not_found", "There is no such user.");
    if (request.own_only || request.principal->user == user->id) {
        if (auto fresh = check_fresh(c, *request.principal); !fresh) return std::unexpected(fresh.error());
    }
    const auto removed =
        commit(c.cell, change_of(SetSecondFactor{user->id, {}, {}}, request.principal->actor, request));
    if (!removed) return std::unexpected(removed.error());
    return std::string();
}

}  // namespace

Result<void> check_second_factor(Context& c, const accounts::User& user,
                                 const std::optional<std::string>& code, const Request& request) {
    if (!user.totp_ref) return {};
    if (!code)
        return reject("second_factor_required",
                      "Send the code of the second factor, or a recovery code, as totp.");
    const auto secret = c.cell.vault().get(*user.totp_ref);
    if (!secret)
        return reject("secret_missing", "The vault does not hold this person's second factor any more.");
    const auto step = access::totp_step(*secret, *code, core::now());
    if (!step) return use_recovery(c, user, *code, request);
    const auto first = c.sessions.use_step(to_string(user.id), *step);
    if (!first) return std::unexpected(first.error());
    if (!*first)
        return reject("second_factor_wrong", "This code has been used already; wait for the next one.");
    return {};
}

Result<void> check_fresh(Context& c, const http::Principal& who) {
    if (who.kind == http::Principal::Kind::local) return {};
    if (who.kind == http::Principal::Kind::session && c.sessions.is_fresh(who.id, core::now())) return {};
    return reject(
        "step_up_required",
        "Sign in again for this (POST /session/confirm): the last time is more than five minutes ago.");
}

void add_second_factor_handlers(http::Handlers& handlers, Context& c) {
    const auto pending = std::make_shared<Pending>();
    handlers["beginTotp"] = [&c, pending](const Request& request, Responder respond) {
        begin(c, *pending, request, std::move(respond));
    };
    handlers["confirmTotp"] = [&c, pending](const Request& request, Responder respond) {
        on_worker(c, request, std::move(respond), 200,
                  [&c, pending](const Request& r) { return confirm(c, *pending, r); });
    };
    handlers["removeTotp"] = [&c](const Request& request, Responder respond) {
        on_worker(c, request, std::move(respond), 204, [&c](const Request& r) { return remove(c, r); });
    };
}

}  // namespace pic::api
