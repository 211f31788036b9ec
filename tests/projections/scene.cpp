#include "scene.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <catch2/catch.hpp>

#include "schema/sha256.hpp"

namespace pic::test {
namespace {

const Timestamp epoch = *parse_timestamp("2026-11-24T00:00:00.000Z");

}  // namespace

Uuid nth_uuid(std::uint64_t n) { return *parse_uuid(fmt::format("00000000-0000-7000-8000-{:012x}", n)); }

WgKey nth_key(std::uint64_t n) { return WgKey{sha256(fmt::format("public key {}", n))}; }

Timestamp FakeSupply::now() { return epoch; }
Uuid FakeSupply::uuid() { return nth_uuid(++uuids_); }
std::uint64_t FakeSupply::random() { return 0x1122334455667788U * ++randoms_; }

SecretRef FakeSupply::sealed(const std::string& name) { return {name, ++versions_[name]}; }
SealedKeyPair FakeSupply::wireguard_key_pair(const std::string& subject) {
    return {nth_key(++keys_), sealed(subject + "/private_key")};
}
SecretRef FakeSupply::preshared_key(const std::string& subject) { return sealed(subject + "/preshared_key"); }

Result<AnyCommand> Scene::make(std::string_view type, std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::padded_string padded(json);
    simdjson::dom::element element;
    if (parser.parse(padded).get(element) != simdjson::SUCCESS)
        return reject("malformed_json", std::string(json));
    auto command = decode_command(type, element);
    if (command) (*command)->prepare(supply_);
    return command;
}

Result<ResourceName> Scene::run(std::string_view type, std::string_view json) {
    auto command = make(type, json);
    if (!command) return std::unexpected(command.error());
    std::vector<AnyCommand> one;
    one.push_back(std::move(*command));
    auto done = run(std::move(one));
    if (!done) return std::unexpected(done.error());
    return done->front();
}

StreamVersion Scene::version_of(const std::string& stream) const {
    const auto found = versions_.find(stream);
    return found == versions_.end() ? StreamVersion{} : found->second;
}

Result<std::vector<ResourceName>> Scene::run(std::vector<AnyCommand> commands) {
    World tentative = world_;
    std::vector<StoredEvent> made;
    std::map<std::string, StreamVersion> versions;
    std::vector<ResourceName> resources;
    for (const auto& command : commands) {
        auto decision = command->decide(tentative);
        if (!decision) return std::unexpected(decision.error());
        for (auto& event : decision->events) {
            auto& version = versions.try_emplace(event.stream, version_of(event.stream)).first->second;
            version = version.next();
            const Meta meta{
                tentative.sequence.next(), version, {epoch.ms + static_cast<std::int64_t>(changes_) * 1000}};
            evolver_.apply(tentative, {event.type, event.schema_version, event.data, meta});
            made.push_back({std::move(event), meta, changes_});
        }
        resources.push_back(std::move(decision->resource));
    }
    world_ = std::move(tentative);
    for (auto& event : made) log_.push_back(std::move(event));
    for (const auto& [stream, version] : versions) versions_[stream] = version;
    ++changes_;
    return resources;
}

ResourceName Scene::must(std::string_view type, std::string_view json) {
    auto done = run(type, json);
    INFO(type << " " << json << ": " << refusal(done) << (done ? "" : " " + done.error().detail));
    REQUIRE(done);
    return *done;
}

Scene& Scene::set_up(std::string_view vpn_range, std::string_view domain) {
    must("SetUpCell",
         fmt::format(R"({{"cell_name":"home","domain":"{}","vpn_range":"{}"}})", domain, vpn_range));
    must("RotateWireguardKey");
    return *this;
}

Result<std::vector<ResourceName>> Scene::restore(Sequence to) {
    auto commands = reconcile_worlds(world_, replay(to), [](std::string_view) { return true; });
    for (auto& command : commands) command->prepare(supply_);
    return run(std::move(commands));
}

Result<std::vector<ResourceName>> Scene::undo(std::size_t change) {
    std::set<std::string, std::less<>> streams;
    Sequence before;
    for (const auto& stored : log_) {
        if (stored.change < change) before = stored.meta.sequence;
        if (stored.change == change) streams.insert(stored.event.stream);
    }
    auto commands = reconcile_worlds(world_, replay(before),
                                     [&](std::string_view stream) { return streams.contains(stream); });
    for (auto& command : commands) command->prepare(supply_);
    return run(std::move(commands));
}

World Scene::replay(Sequence to) const {
    World world;
    Evolver evolver;
    for (const auto& stored : log_) {
        if (stored.meta.sequence > to) break;
        evolver.apply(world,
                      {stored.event.type, stored.event.schema_version, stored.event.data, stored.meta});
    }
    return world;
}

std::map<std::string, std::string> pictures(const World& world, std::string_view service) {
    RenderedService rendered;
    render_service(service, nullptr, world, rendered);
    std::map<std::string, std::string> out;
    for (const auto& [path, file] : rendered.files) {
        auto& text = out[path];
        if (path != parameters_path) {
            text = picture(file);
            continue;
        }
        file.for_each([&](const std::string& key, const RenderedFragment& fragment) {
            text += key + " = " + std::get<std::string>(fragment.nodes.front()) + "\n";
        });
    }
    return out;
}

std::string file_of(const World& world, std::string_view service, const std::string& path) {
    auto all = pictures(world, service);
    const auto found = all.find(path);
    return found == all.end() ? std::string() : found->second;
}

}  // namespace pic::test
