#include "faults/faulty_cell.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pic::test {
namespace {

/// How often each peer was ever added.
std::map<std::string, int> additions(const log::LogStore& store) {
    std::map<std::string, int> count;
    for (const auto& event : store.read({}, 10'000, {.type = "PeerAdded"})) {
        const auto start = event.data.find(R"("name":")") + 8;
        ++count[event.data.substr(start, event.data.find('"', start) - start)];
    }
    return count;
}

}  // namespace

bool FaultyCell::open() {
    const auto key = folder_ / "master.key";
    if (!std::filesystem::exists(key)) {
        write_bytes(key, std::string(32, 'k'));
        std::filesystem::permissions(
            key, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    try {
        log::OpenOptions options{.folder = folder_, .cell = cell_id, .now = start_time};
        store_ = std::make_unique<log::SqliteStore>(options);
        auto vault =
            vault::Vault::open({.database = folder_ / "vault.db", .key_file = folder_ / "master.key"});
        if (!vault) return refuse(vault.error().detail);
        vault_ = std::move(*vault);
        store_->sign_with(signer(1));
        supply_.emplace(*vault_);
        path_.emplace(*store_, [this](const auto&) { return vault_->commit_staged(); });
        path_->with(*supply_);
        return true;
    } catch (const std::runtime_error& error) {  // log::OpenError, log::ReadError, sqlite::Error
        return refuse(error.what());
    }
}

bool FaultyCell::refuse(std::string why) {
    why_not_ = std::move(why);
    close();
    return false;
}

void FaultyCell::close() {
    path_.reset();
    supply_.reset();
    vault_.reset();
    store_.reset();
}

bool FaultyCell::set_up() {
    if (path_->world().get<cell::Service>().cell.claimed) return true;
    return path_
        ->run("SetUpCell", R"({"cell_name":"home","domain":"home.example","vpn_range":"10.8.0.0/24"})")
        .has_value();
}

std::optional<core::Submission> FaultyCell::adding(const std::string& name) {
    try {
        auto made = path_->submission("AddPeer", R"({"name":")" + name + R"(","preshared_key":true})");
        return path_->keyed(std::move(made), name, name);
    } catch (const core::SupplyError&) {
        return std::nullopt;
    }
}

Result<core::Answer> FaultyCell::add(const std::string& name) {
    auto submission = adding(name);
    if (!submission) return reject("vault_unwritable", "");
    return path_->run(*std::move(submission));
}

void FaultyCell::add(const std::vector<std::string>& names, Book& book) {
    std::vector<core::Submission> batch;
    std::vector<std::string> asked;
    for (const auto& name : names) {
        auto submission = adding(name);
        if (!submission) {
            book.refused.push_back(name);
            continue;
        }
        batch.push_back(*std::move(submission));
        asked.push_back(name);
    }
    const auto answers = path_->batch(std::move(batch));
    for (std::size_t i = 0; i < answers.size(); ++i) {
        (answers[i] ? book.acknowledged : book.refused).push_back(asked[i]);
    }
}

std::vector<std::string> FaultyCell::faults() {
    std::vector<std::string> found;
    const std::vector<log::TrustedKey> trusted{{signer(1)->public_key(), Sequence{1}, std::nullopt}};
    if (const auto verdict = store_->verify({}, whole_log, trusted); !verdict.ok)
        found.push_back(verdict.detail);
    const auto world = path_->world();
    if (text_of(replayed(*store_)) != text_of(world)) found.emplace_back("a replay is not the live state");
    const auto check = [&](const std::optional<SecretRef>& ref) {
        if (ref && !vault_->get(*ref))
            found.push_back(fmt::format("the secret {} is not there", to_string(*ref)));
    };
    world.get<peers::Service>().peers.for_each([&](const Uuid&, const peers::Peer& peer) {
        check(peer.private_key_ref);
        check(peer.preshared_key_ref);
    });
    std::ranges::copy(vault_->verify(), std::back_inserter(found));
    return found;
}

std::vector<std::string> FaultyCell::faults(const Book& book) {
    auto found = faults();
    const auto added = additions(*store_);
    for (const auto& [name, times] : added) {
        if (times != 1) found.push_back(fmt::format("{} was added {} times", name, times));
    }
    for (const auto& name : book.acknowledged) {
        if (!added.contains(name)) found.push_back(fmt::format("{} was acknowledged and is lost", name));
    }
    return found;
}

void live(FaultyCell& cell, Book& book) {
    if (!cell.open() || !cell.set_up()) return;
    cell.add({"laptop"}, book);
    cell.add({"phone", "tablet", "desktop"}, book);
    cell.close();
    if (!cell.open()) return;
    cell.add({"printer"}, book);
    cell.add({"camera", "doorbell"}, book);
}

}  // namespace pic::test
