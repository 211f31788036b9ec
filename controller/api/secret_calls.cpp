// Named secrets of the vault. A value comes in and is sealed before any event speaks of it; it goes out to a
// person who has signed in just now, after the log says so, and to nobody else.
#include <fmt/format.h>

#include "controller/access/random_text.hpp"
#include "controller/api/commit.hpp"
#include "controller/api/expansion.hpp"
#include "controller/api/second_factor.hpp"
#include "controller/api/sign_in.hpp"
#include "projections/secrets/secrets.hpp"
#include "projections/world.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

constexpr std::size_t generated_bytes = 32;

/// The part of a body that never reaches the domain.
struct NewValue {
    std::optional<std::string> value;
    bool generate = false;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("value", s.value), defaulted("generate", s.generate));
    }
};

/// Nothing: neither a value nor a wish for one.
Result<std::optional<vault::Secret>> read_value(Json data) {
    auto asked = from_json<NewValue>(data);
    if (!asked) return std::unexpected(std::move(asked.error()));
    if (asked->value && asked->generate) {
        return reject("invalid_field", "give a value, or have one generated",
                      {{"/generate", "there is a value already"}});
    }
    if (asked->generate) return access::random_base64url(generated_bytes);
    if (asked->value) return vault::Secret::copy_of(*asked->value);
    return std::nullopt;
}

struct NewSecret {
    Label name;
    secrets::Profile<Plain> profile;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("name", s.name)), secrets::Profile<Plain>::fields(s.profile));
    }
};

Result<void> add_secret(Expansion& e) {
    auto asked = from_json<NewSecret>(e.data);
    if (!asked) return std::unexpected(std::move(asked.error()));
    auto value = read_value(e.data);
    if (!value) return std::unexpected(std::move(value.error()));
    if (!*value)
        return reject("invalid_field", "a value is needed, or generate",
                      {{"/value", "this field is required"}});
    const auto id = core::new_uuid();
    auto ref = e.seal(secrets::subject_of(id) + "/value", **value);
    if (!ref) return std::unexpected(std::move(ref.error()));
    e.add(secrets::AddSecret{id, std::move(asked->name), std::move(asked->profile), *std::move(ref)});
    return {};
}

struct OtherWords {
    Label name;
    secrets::Profile<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("name", s.name)), secrets::Profile<Patch>::fields(s.changes));
    }
};

Result<void> set_secret(Expansion& e) {
    auto asked = from_json<OtherWords>(e.data);
    if (!asked) return std::unexpected(std::move(asked.error()));
    auto value = read_value(e.data);
    if (!value) return std::unexpected(std::move(value.error()));
    secrets::SetSecret command{std::move(asked->name), std::move(asked->changes), std::nullopt};
    if (*value) {
        const auto world = e.with.cell.world();
        const auto* secret = secrets::find(*world, command.name.text);
        if (secret == nullptr)
            return reject("not_found", fmt::format("there is no secret '{}'", command.name.text));
        auto ref = e.seal(secret->value_ref.name, **value);
        if (!ref) return std::unexpected(std::move(ref.error()));
        if (e.call.dry_run) ref->version = secret->value_ref.version + 1;
        command.value_ref = *std::move(ref);
    }
    e.add(std::move(command));
    return {};
}

struct Which {
    std::uint32_t version = 0;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(defaulted("version", s.version));
    }
};

Result<std::string> reveal(Context& c, const Request& request) {
    const auto& who = *request.principal;
    if (auto fresh = check_fresh(c, who); !fresh) return std::unexpected(fresh.error());
    const auto asked = body_of<Which>(request);
    if (!asked) return std::unexpected(asked.error());
    const auto name = request.path_parameter("name");
    const auto world = c.cell.world();
    const auto* secret = secrets::find(*world, name);
    if (secret == nullptr) return reject("not_found", fmt::format("there is no secret '{}'", name));
    const auto ref = secrets::value_of(*secret, asked->version);
    if (!ref) return reject("not_found", fmt::format("version {} of '{}' is not kept", asked->version, name));
    const auto value = c.cell.vault().get(*ref);
    if (!value) return reject("secret_missing", "the vault does not hold this value any more");
    const auto shown =
        commit(c.cell, change_of(secrets::RevealSecret{secret->name, ref->version}, who.actor, request));
    if (!shown) return std::unexpected(shown.error());
    note(c, request, "revealed", who.actor, fmt::format("secret {} version {}", name, ref->version));
    std::string body = "{\"name\":";
    write_json_string(body, name);
    body += fmt::format(",\"number\":{},\"value\":", ref->version);
    write_json_string(body, value->reveal());
    return body + "}";
}

}  // namespace

void add_secret_expansions(Expansions& table) {
    table["AddSecret"] = {add_secret};
    table["SetSecret"] = {set_secret};
}

void add_secret_handlers(http::Handlers& handlers, Context& c) {
    handlers["revealSecret"] = on_worker(c, reveal);
}

}  // namespace pic::api
