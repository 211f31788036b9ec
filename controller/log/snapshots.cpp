#include "controller/log/snapshots.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <vector>

#include "schema/sha256.hpp"

namespace pic::log {
namespace {

constexpr std::string_view suffix = ".snapshot";

/// What must match for the bytes to be used, hashed over them.
Digest seal(const Uuid& cell, std::string_view code, Sequence sequence, const Digest& hash,
            std::string_view bytes) {
    Sha256 sha;
    sha.update("pic.snapshot.1")
        .update(cell.bytes)
        .update_prefixed(code)
        .update_number(sequence.value)
        .update(hash);
    return sha.update_prefixed(bytes).finish();
}

std::optional<Sequence> sequence_of(const std::filesystem::path& file) {
    const auto name = file.filename().string();
    if (!name.ends_with(suffix)) return std::nullopt;
    Sequence sequence;
    const auto* end = name.data() + name.size() - suffix.size();
    const auto [at, error] = std::from_chars(name.data(), end, sequence.value);
    if (error != std::errc{} || at != end) return std::nullopt;
    return sequence;
}

/// Newest first.
std::vector<Sequence> listed(const std::filesystem::path& folder) {
    std::vector<Sequence> all;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (const auto sequence = sequence_of(entry.path())) all.push_back(*sequence);
    }
    std::ranges::sort(all, std::greater{});
    return all;
}

std::filesystem::path file_of(const std::filesystem::path& folder, Sequence sequence) {
    return folder / (std::to_string(sequence.value) + std::string(suffix));
}

/// The one whose neighbours are nearest, so that those that stay are spread over the past; never the newest.
std::optional<Sequence> superfluous(const std::vector<Sequence>& newest_first) {
    if (newest_first.size() <= snapshots_kept) return std::nullopt;
    std::size_t best = 1;
    const auto gap = [&](std::size_t i) { return newest_first[i - 1].value - newest_first[i + 1].value; };
    for (std::size_t i = 1; i + 1 < newest_first.size(); ++i) {
        if (gap(i) < gap(best)) best = i;
    }
    return newest_first[best];
}

}  // namespace

Snapshots::Snapshots(std::filesystem::path folder, Uuid cell, std::string code)
    : folder_(std::move(folder)), cell_(cell), code_(std::move(code)) {
    std::error_code ignored;  // a cache that cannot be written is no fault
    std::filesystem::create_directories(folder_, ignored);
}

bool Snapshots::save(Sequence sequence, const Digest& hash, std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    const auto file = file_of(folder_, sequence);
    auto draft = file;
    draft += ".draft";
    {
        std::ofstream out(draft, std::ios::binary | std::ios::trunc);
        out << to_hex(seal(cell_, code_, sequence, hash, bytes)) << '\n' << bytes;
        if (!out.flush()) return false;
    }
    std::error_code error;
    std::filesystem::rename(draft, file, error);
    if (error) return false;
    if (const auto old = superfluous(listed(folder_))) std::filesystem::remove(file_of(folder_, *old), error);
    return true;
}

std::optional<Snapshot> Snapshots::nearest(Sequence at, const HashAt& hash_at) {
    const std::lock_guard lock(mutex_);
    for (const auto sequence : listed(folder_)) {
        if (sequence > at) continue;
        const auto file = file_of(folder_, sequence);
        std::ifstream in(file, std::ios::binary);
        std::string expected;
        std::getline(in, expected);
        std::string bytes{std::istreambuf_iterator<char>(in), {}};
        const auto hash = hash_at(sequence);
        if (hash && expected == to_hex(seal(cell_, code_, sequence, *hash, bytes)))
            return Snapshot{sequence, std::move(bytes)};
        std::error_code ignored;
        std::filesystem::remove(file, ignored);
    }
    return std::nullopt;
}

Sequence Snapshots::highest() const {
    const std::lock_guard lock(mutex_);
    const auto all = listed(folder_);
    return all.empty() ? Sequence{} : all.front();
}

}  // namespace pic::log
