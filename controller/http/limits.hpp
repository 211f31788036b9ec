// Every bound of the HTTP layer, by name. Tests inject short ones.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pic::http {

struct Limits {
    std::size_t header_bytes = 8 * 1024;                ///< 431 beyond
    std::size_t body_bytes = 1024 * 1024;               ///< 413 beyond
    std::uint64_t file_bytes = std::uint64_t{1} << 38;  ///< of an upload that goes to a file
    std::size_t drain_bytes =
        8 * 1024 * 1024;                     ///< of a refused body, read so that the client sees the answer
    std::size_t connections = 16 * 1024;     ///< beyond, new ones are closed at once
    std::chrono::milliseconds idle{60'000};  ///< between requests
    std::chrono::milliseconds request{20'000};       ///< from a request's first byte to its last
    std::chrono::milliseconds transfer{60'000};      ///< for each piece of a file, either way
    std::chrono::milliseconds files_connect{5'000};  ///< until the files service takes a connection
    std::chrono::milliseconds files_answer{
        120'000};  ///< until it begins to answer; removing a large tree takes it long
    std::chrono::milliseconds write{30'000};  ///< until the client took an answer
    std::chrono::milliseconds drain{2'000};
    std::chrono::milliseconds shutdown{5'000};  ///< for what is in flight when the server stops
    std::chrono::milliseconds sweep{250};       ///< how often all these are looked at
    std::size_t stream_ring = 4096;  ///< events kept for live websockets; who falls behind gets 1013
    std::size_t stream_page = 256;   ///< events a read of the log
    std::chrono::milliseconds stream_check{500};  ///< how often a websocket's session is looked at
    std::chrono::milliseconds stream_ping{
        30'000};  ///< silence before a websocket is pinged, and then before it is dropped
};

/// A websocket is closed within a second of the end of what it came in with.
static_assert(Limits{}.stream_check + Limits{}.sweep < std::chrono::seconds{1});

}  // namespace pic::http
