#include "core/random_history.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace pic::test {
namespace {

using Ids = std::vector<std::string>;

template <std::size_t N>
const char* pick(const std::array<const char*, N>& from, std::uint8_t which) {
    return from[which % N];
}

constexpr std::array peer_pool{"laptop", "phone", "tablet", "nas", "tv", "printer"};
constexpr std::array record_pool{"www", "nas", "mail", "@", "*", "laptop", "_sip._tcp"};
constexpr std::array record_values{
    R"("type":"A","value":"10.8.0.99")",     R"("type":"A","value":"192.168.1.20")",
    R"("type":"AAAA","value":"fd00::20")",   R"("type":"CNAME","value":"docs.example.org")",
    R"("type":"TXT","value":"v=spf1 -all")", R"("type":"MX","value":"10 mx.example.org")",
    R"("type":"TXT","value":"a \" ; $ b")",  R"("type":"CAA","value":"0 issue letsencrypt.org")",
};
constexpr std::array peer_changes{
    R"("enabled":false)",
    R"("enabled":true)",
    R"("internet":false)",
    R"("keepalive":21)",
    R"("name":"nas")",
    R"("name":"console")",
    R"("address":"10.8.0.40")",
    R"("preshared_key":true)",
    R"("services":["dns"])",
    R"("preshared_key":false)",
    R"("lans":["192.168.77.0/24"])",
    R"("keep_key":true)",
};
constexpr std::array cell_changes{
    R"({"domain":"home.example"})",
    R"({"domain":"other.example"})",
    R"({"vpn_range":"10.8.0.0/24"})",
    R"({"vpn_range":"10.9.0.0/16"})",
    R"({"lan_range":"192.168.1.0/24"})",
    R"({"lan_range":null})",
    R"({"endpoint":"vpn.example.org:51820"})",
    R"({"timezone":"Europe/Zurich"})",
    R"({"name":"flat"})",
};
constexpr std::array wireguard_changes{R"({"listen_port":51821})", R"({"mtu":1380})", R"({"keepalive":0})",
                                       R"({"dns":["9.9.9.9"]})",   R"({"dns":null})", R"({"mtu":1420})"};
constexpr std::array upstreams{
    R"({"servers":["9.9.9.9"],"forwards":[]})", R"({"servers":["1.1.1.1","9.9.9.9"],"forwards":[]})",
    R"({"servers":[],"forwards":[{"domain":"corp.example","servers":["10.9.9.9"]}]})"};
constexpr std::array service_names{"dns", "wireguard"};
constexpr std::array bus_kinds{"agent", "subscriber"};
constexpr const char* bus_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf";

template <class Map>
Ids ids_of(const Map& map) {
    Ids ids;
    map.for_each([&](const Uuid& id, const auto&) { ids.push_back(to_string(id)); });
    return ids;
}

/// One that is there; where none is, one that never was.
std::string one_of(const Ids& ids, std::uint8_t which) {
    return ids.empty() ? std::string("00000000-0000-7000-8000-00000000dead") : ids[which % ids.size()];
}

struct Told {
    std::string type, json;
};

Told peer_step(const World& world, const Step& s) {
    const auto id = one_of(ids_of(world.get<peers::Service>().peers), s.which);
    switch (s.what % 8) {
        case 0:
        case 1:
        case 2:
            return {"AddPeer", fmt::format(R"({{"name":"{}"{}}})", pick(peer_pool, s.which),
                                           s.how % 3 == 0 ? R"(,"preshared_key":true)" : "")};
        case 3:
        case 4:
            return {"ChangePeer", fmt::format(R"({{"id":"{}",{}}})", id, pick(peer_changes, s.how))};
        case 5:
            return {"RemovePeer", fmt::format(R"({{"id":"{}"}})", id)};
        case 6:
            return {"RotatePeerKey", fmt::format(R"({{"id":"{}"}})", id)};
        default:
            return {"DropPeerKey", fmt::format(R"({{"id":"{}"}})", id)};
    }
}

Told dns_step(const World& world, const Step& s) {
    const auto id = one_of(ids_of(world.get<dns::Service>().records), s.which);
    switch (s.what % 6) {
        case 0:
        case 1:
        case 2:
            return {"AddDnsRecord", fmt::format(R"({{"name":"{}",{}}})", pick(record_pool, s.which),
                                                pick(record_values, s.how))};
        case 3:
            return {"ChangeDnsRecord", fmt::format(R"({{"id":"{}",{}}})", id, pick(record_values, s.how))};
        case 4:
            return {"RemoveDnsRecord", fmt::format(R"({{"id":"{}"}})", id)};
        default:
            return {"SetDnsUpstreams", pick(upstreams, s.how)};
    }
}

Told settings_step(const Step& s) {
    switch (s.what % 4) {
        case 0:
            return {"ChangeCell", pick(cell_changes, s.how)};
        case 1:
            return {"ChangeWireguard", pick(wireguard_changes, s.how)};
        case 2:
            return {"RotateWireguardKey", "{}"};
        default:
            return {"ChangeService", fmt::format(R"({{"service":"{}","enabled":{}}})",
                                                 pick(service_names, s.which), s.how % 2 == 0)};
    }
}

Told access_step(const World& world, WritePath& path, const Step& s) {
    const auto& state = world.get<accounts::Service>();
    const auto kind = pick(bus_kinds, s.which);
    const auto clients = s.which % 2 == 0 ? ids_of(state.agents) : ids_of(state.subscribers);
    const auto fresh = to_string(path.supply().uuid());
    switch (s.what % 6) {
        case 0:
            return {
                "AddUser",
                fmt::format(
                    R"({{"username":"{}","role":"viewer","password_ref":"user/{}/password@1","id":"{}"}})",
                    pick(peer_pool, s.which), fresh, fresh)};
        case 1:
            return {"AddToken",
                    fmt::format(R"({{"id":"{0}","name":"t","scopes":["peers:read"],"owner":"user:alice",)"
                                R"("expires_at":null,"hash_ref":"token/{0}/hash@1"}})",
                                fresh)};
        case 2:
            return {"RevokeToken", fmt::format(R"({{"id":"{}"}})", one_of(ids_of(state.tokens), s.how))};
        case 3:
            return {"InviteBusClient",
                    fmt::format(R"({{"id":"{0}","kind":"{1}","name":"n","services":["dns"],)"
                                R"("enrolment_ref":"{1}/{0}/enrolment@1"}})",
                                fresh, kind)};
        case 4:
            return {"EnrolBusClient", fmt::format(R"({{"id":"{}","kind":"{}","public_key":"{}{}"}})",
                                                  one_of(clients, s.how), kind, bus_key, s.how % 10)};
        default:
            return {"RemoveBusClient",
                    fmt::format(R"({{"id":"{}","kind":"{}"}})", one_of(clients, s.how), kind)};
    }
}

Told told_of(const World& world, WritePath& path, const Step& s) {
    const Step rest{static_cast<std::uint8_t>(s.what / 8), s.which, s.how};
    switch (s.what % 8) {
        case 0:
        case 1:
        case 2:
            return peer_step(world, rest);
        case 3:
        case 4:
        case 5:
            return dns_step(world, rest);
        case 6:
            return settings_step(rest);
        default:
            return access_step(world, path, rest);
    }
}

}  // namespace

RandomHistory::RandomHistory() {
    path_.set_up();
    note();
}

void RandomHistory::note() { worlds_.emplace(store_.head().sequence, world()); }

bool RandomHistory::take(const Step& step) {
    const auto before = store_.head().sequence;
    if (step.what % 16 == 15 && step.how % 2 == 0) {
        const Sequence at{1 + (step.which * 31U + step.how) % before.value};
        told_ += fmt::format("{} {}\n", step.how % 4 == 0 ? "undo" : "restore", at.value);
        (void)(step.how % 4 == 0 ? undo(at) : restore(at));
    } else {
        std::vector<AnyCommand> commands;
        const auto count = step.how % 5 == 0 ? 2 : 1;  // now and then a change-set
        for (int i = 0; i < count; ++i) {
            const Step one{static_cast<std::uint8_t>(step.what + 8 * i),
                           static_cast<std::uint8_t>(step.which + i), step.how};
            const auto told = told_of(world(), path_, one);
            told_ += fmt::format("{}{} {}\n", i == 0 ? "" : "  with ", told.type, told.json);
            auto command = path_.decoded(told.type, told.json);
            if (!command) {
                told_ += fmt::format("  -> {}: {}\n", command.error().code, command.error().detail);
                return false;
            }
            commands.push_back(*std::move(command));
        }
        (void)run(std::move(commands));
    }
    return store_.head().sequence != before;
}

Result<core::Answer> RandomHistory::run(std::vector<AnyCommand> commands) {
    auto made = path_.run(path_.submission(std::move(commands)));
    told_ += made ? fmt::format("  -> {}\n", store_.head().sequence.value)
                  : fmt::format("  -> {}: {}\n", made.error().code, made.error().detail);
    note();
    return made;
}

Result<core::Answer> RandomHistory::make(Result<core::Compensation> plan) {
    if (!plan) return std::unexpected(plan.error());
    for (auto& command : plan->commands) command->prepare(path_.supply());
    return run(std::move(plan->commands));
}

Result<core::Answer> RandomHistory::undo(Sequence sequence) {
    return make(core::plan_undo(store_, history_, world(), sequence));
}

Result<core::Answer> RandomHistory::restore(Sequence sequence) {
    return make(core::plan_restore(history_, world(), sequence));
}

std::string restorable(const World& world) {
    auto json = nlohmann::ordered_json::parse(snapshot_world(world));
    json.erase("sequence");
    json.erase("accounts");
    json["peers"].erase("newest_keys");
    json["dns"].erase("serials");
    const auto forget = [](nlohmann::ordered_json& resource) {
        for (const char* name :
             {"version", "created_at", "updated_at", "public_key", "private_key_ref", "preshared_key_ref"}) {
            resource.erase(name);
        }
    };
    forget(json["cell"]["cell"]);
    forget(json["wireguard"]["wireguard"]);
    forget(json["dns"]["upstreams"]);
    for (auto& peer : json["peers"]["peers"]) forget(peer);
    for (auto& record : json["dns"]["records"]) forget(record);
    // A service that was never switched is one that is on.
    nlohmann::ordered_json off = nlohmann::ordered_json::array();
    for (const auto& setting : json["services"]["settings"]) {
        if (!setting["enabled"].get<bool>()) off.push_back(setting["name"]);
    }
    json["services"] = off;
    return json.dump(1);
}

}  // namespace pic::test
