// Follows the log of a cell: prints each event as a line of JSON and keeps its position in a file, so that it
// goes on where it was after a restart of either side. An example to start an integration from;
// docs/bus-protocol.md has the rest.
//
//   example-subscriber tcp://127.0.0.1:5560 <the controller's public key> <key file> <position file>
//
// The key file is made on the first run, and its public key printed for the administrator, who lists it:
// POST /api/v1/subscribers. A position is saved after its events are printed: killed in between, the next run
// prints them again, so whoever reads them should pass over a "seq" that it has had.
//
// Exit codes: 0 stopped by SIGINT or SIGTERM, 1 usage or files, 3 the position does not fit the log (the
// sentence says why; remove the position file to begin anew).
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "bus/subscriber.hpp"

namespace {

namespace bus = pic::bus;

constexpr int bad_usage = 1;
constexpr int bad_position = 3;
constexpr std::chrono::milliseconds look_at_signals{200};

std::atomic<bool> stopping{false};

void stop(int) { stopping = true; }

/// The position kept in the file; where there is none, the beginning.
pic::Result<pic::Position> load(const std::filesystem::path& file) {
    std::ifstream in(file);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    return text.empty() ? pic::Position{} : bus::parse_position(text);
}

/// Written beside and renamed, so that a kill leaves the old position or the new.
bool save(const std::filesystem::path& file, const pic::Position& position) {
    auto beside = file;
    beside += ".new";
    std::ofstream out(beside, std::ios::trunc);
    out << bus::format_position(position);
    out.close();
    if (out.fail()) return false;
    std::error_code error;
    std::filesystem::rename(beside, file, error);
    return !error;
}

bool is_about_position(const std::string& code) {
    return code == "stale_epoch" || code == "ahead_of_log" || code == "wrong_cell" ||
           code == "epoch_went_back" || code == "sequence_went_back";
}

int follow(bus::Subscriber& subscriber, const std::filesystem::path& position_file) {
    while (!stopping) {
        const auto events = subscriber.next(look_at_signals);
        if (!events) {
            fmt::print(stderr, "{}: {}\n", events.error().code, events.error().detail);
            if (is_about_position(events.error().code)) return bad_position;
            continue;
        }
        for (const auto& event : *events) fmt::print("{}\n", event.json);
        std::fflush(stdout);
        if (!events->empty() && !save(position_file, subscriber.position())) {
            fmt::print(stderr, "{} cannot be written\n", position_file.string());
            return bad_usage;
        }
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 5) {
        fmt::print(stderr, "usage: {} <address> <server public key> <key file> <position file>\n", argv[0]);
        return bad_usage;
    }
    std::signal(SIGINT, stop);
    std::signal(SIGTERM, stop);
    const auto keys = bus::load_or_make_key_pair(argv[3]);
    const auto position = load(argv[4]);
    if (!keys || !position) {
        fmt::print(stderr, "{}\n", keys ? position.error().detail : keys.error().detail);
        return bad_usage;
    }
    fmt::print(stderr, "my public key: {}\n", keys->public_key);
    bus::Subscriber subscriber({argv[1], argv[2], *keys, "example-subscriber", *position});
    return follow(subscriber, argv[4]);
} catch (const std::exception& broken) {
    fmt::print(stderr, "{}\n", broken.what());
    return bad_usage;
}
