// Logs for tests: ids and times that are the same in every run, and short ways to write events.
#pragma once

#include <memory>

#include "controller/log/memory_store.hpp"
#include "controller/log/sqlite_store.hpp"
#include "support/temp_folder.hpp"

namespace pic::test {

inline const Uuid cell_id = *parse_uuid("01930000-0000-7000-8000-000000000001");
inline constexpr Timestamp start_time{1'790'000'000'000};

/// 1, 2, 3, ... in the last bytes.
inline log::RandomSource counting_random() {
    return [count = std::uint64_t{0}]() mutable {
        std::array<std::uint8_t, 10> bytes{};
        ++count;
        for (std::size_t i = 0; i < 8; ++i) bytes[9 - i] = static_cast<std::uint8_t>(count >> (8 * i));
        return bytes;
    };
}

inline Uuid change_id(std::uint64_t number) {
    std::array<std::uint8_t, 10> bytes{};
    for (std::size_t i = 0; i < 8; ++i) bytes[9 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return make_uuid7(Timestamp{start_time.ms + static_cast<std::int64_t>(number)}, bytes);
}

inline ChangeInfo change(std::uint64_t number, std::string actor = "user:alice") {
    const Timestamp at{start_time.ms + static_cast<std::int64_t>(number)};
    return {
        change_id(number), std::nullopt, std::move(actor), "http", "request-" + std::to_string(number), at};
}

inline NewEvent fact(std::string stream, std::string type = "PeerAdded",
                     std::string data = R"({"name":"laptop"})") {
    return {std::move(stream), std::move(type), 1, std::move(data)};
}

inline std::shared_ptr<const log::Signer> signer(std::uint8_t number) {
    log::Seed seed{};
    seed.back() = number;
    return log::make_ed25519_signer(seed);
}

inline log::OpenOptions options(const TempFolder& folder) {
    return {.folder = folder.path(), .cell = cell_id, .now = start_time, .random = counting_random()};
}

/// One change in a transaction of its own.
inline std::vector<log::Appended> append(log::LogStore& store, const ChangeInfo& info,
                                         std::vector<NewEvent> events) {
    auto batch = store.begin();
    auto appended = batch->append(info, events);
    batch->commit();
    return appended;
}

/// `count` changes of one event each, on `streams` streams in turn.
inline void fill(log::LogStore& store, std::uint64_t count, std::uint64_t streams = 7) {
    auto batch = store.begin();
    for (std::uint64_t i = 1; i <= count; ++i) {
        const NewEvent event =
            fact("peer-" + std::to_string(i % streams), i % 3 ? "PeerAdded" : "PeerRenamed",
                 R"({"number":)" + std::to_string(i) + "}");
        batch->append(change(i), {&event, 1});
    }
    batch->commit();
}

inline constexpr Sequence whole_log{~std::uint64_t{0}};

}  // namespace pic::test
