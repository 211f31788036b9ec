#include "controller/api/enrolment.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include "projections/accounts/accounts.hpp"
#include "schema/sha256.hpp"

namespace pic::api {
namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::string_view prefix = "enr_";
constexpr std::size_t id_digits = 32;
constexpr std::size_t secret_at = prefix.size() + 1 + id_digits + 1;

char letter(accounts::BusKind kind) { return kind == accounts::BusKind::agent ? 'a' : 's'; }

std::string digits_of(const Uuid& id) {
    auto text = to_string(id);
    std::erase(text, '-');
    return text;
}

std::optional<Uuid> id_of(std::string_view digits) {
    std::string text(digits);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
    return parse_uuid(text);
}

vault::Secret hash_of(std::string_view text) {
    const auto digest = sha256(text);
    return vault::Secret::copy_of({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

std::string enrolment_secret(accounts::BusKind kind, const Uuid& id) {
    return fmt::format("{}/{}/enrolment", enum_name(kind), to_string(id));
}

EnrolmentToken make_enrolment_token(accounts::BusKind kind, const Uuid& id) {
    const auto random = vault::Secret::random(secret_bytes);
    std::array<char, sodium_base64_ENCODED_LEN(secret_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING)>
        encoded{};
    sodium_bin2base64(encoded.data(), encoded.size(), random.data(), random.size(),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    const auto text = fmt::format("{}{}{}_{}", prefix, letter(kind), digits_of(id), encoded.data());
    return {vault::Secret::copy_of(text), hash_of(text)};
}

std::optional<Invitation> named_in(std::string_view token) {
    if (!token.starts_with(prefix) || token.size() <= secret_at || token[secret_at - 1] != '_')
        return std::nullopt;
    const char kind = token[prefix.size()];
    if (kind != 'a' && kind != 's') return std::nullopt;
    const auto id = id_of(token.substr(prefix.size() + 1, id_digits));
    if (!id) return std::nullopt;
    return Invitation{kind == 'a' ? accounts::BusKind::agent : accounts::BusKind::subscriber, *id};
}

const accounts::BusClient* client_of(const World& world, const Invitation& who) {
    const auto& state = world.get<accounts::Service>();
    return (who.kind == accounts::BusKind::agent ? state.agents : state.subscribers).find(who.id);
}

bool opens(core::Cell& cell, const Invitation& who, std::string_view token) {
    const auto world = cell.world();
    const auto* client = client_of(*world, who);
    if (client == nullptr || !client->enrolment_ref || client->public_key) return false;
    const auto kept = cell.vault().get(*client->enrolment_ref);
    const auto offered = hash_of(token);
    return kept && kept->equals(offered.reveal());
}

}  // namespace pic::api
