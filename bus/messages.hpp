// The messages of the bus and how they become frames. Both directions are pure functions between plain
// structs and byte strings, so that they can be fuzzed and tested without a socket; docs/bus-protocol.md is
// their grammar.
//
// A message is a small JSON header frame, readable in any language, and payload frames for what is big
// (files, events, snapshots). Rejected: all JSON (a bundle of 10,000 fragments would be escaped, parsed and
// held three times), and a schema compiler such as Protocol Buffers (a second source beside the JSON Schemas,
// for a dozen messages).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/bundle.hpp"
#include "schema/rejection.hpp"
#include "schema/units.hpp"

namespace pic::bus {

/// The version of the grammar, told in hello. Raised when an old peer could misread a new message; an added
/// optional field does not raise it.
inline constexpr std::uint32_t protocol_version = 1;

// Limits. A message beyond one is refused as a whole (code "too_large" or "malformed"), never cut.
inline constexpr std::size_t header_limit = 64 * 1024;  ///< bytes of the header frame
inline constexpr std::size_t header_depth_limit = 32;   ///< nesting of a header and of a status
inline constexpr std::size_t payload_depth_limit =
    64;  ///< nesting of an event: a command's 32 and its envelope
inline constexpr std::size_t request_frame_limit = 128 * 1024;  ///< bytes of a frame towards the controller
inline constexpr std::size_t answer_frame_limit =
    64 * 1024 * 1024;  ///< bytes of a frame from the controller: a full
                       ///< file of 10,000 fragments is about 3 MiB
inline constexpr std::size_t answer_limit = 128 * 1024 * 1024;  ///< bytes of all the frames of one answer
inline constexpr std::size_t files_limit = 1024;                ///< files (payload frames) of a bundle
inline constexpr std::size_t fragments_limit = 1'000'000;       ///< upserts or removals of one file
inline constexpr std::size_t path_limit = 255;                  ///< bytes of a file's path
inline constexpr std::size_t key_limit = 1024;                  ///< bytes of a fragment's key
inline constexpr std::size_t name_limit = 64;           ///< bytes of a service's, peer's or step's name
inline constexpr std::size_t services_limit = 64;       ///< services of one hello
inline constexpr std::size_t status_limit = 64 * 1024;  ///< bytes of a status's JSON
inline constexpr std::size_t page_limit = 1000;         ///< events of one page
inline constexpr std::size_t page_bytes_limit =
    4 * 1024 * 1024;                               ///< a page ends with the event that passes this
inline constexpr std::size_t detail_limit = 4096;  ///< bytes of an error's or a report's detail

/// Chosen by the asker, repeated in the answer. 0: an answer nobody asked for.
using RequestId = Number<struct RequestIdTag>;

// --- towards the controller
// -----------------------------------------------------------------------------------------

/// The first message on a connection, and again after each reconnection.
struct Hello {
    std::uint32_t protocol = protocol_version;
    std::string software;  ///< for people, e.g. "pic-agent/0.1"
    std::vector<std::string>
        services;  ///< what an agent means to speak for; must be within what its key allows
};

/// Asks for what lies between `have` and the desired revision. A default Position asks from nothing. With
/// `wait` the request stands after an up_to_date answer: the next change that concerns the service is
/// answered at once, once, with its bundle, under the same id. One fetch a service and connection stands; a
/// newer one replaces it.
struct Fetch {
    std::string service;
    Position have;
    std::optional<Digest> have_root;  ///< reserved: the agent's own digest over what it has
    bool wait = false;
    /// The operation taken in last, nil where none was. Without it the agent knows of none and is sent none.
    std::optional<Uuid> operation = {};
};

/// Live state of a service, not interpreted by the bus: one JSON object, at most status_limit bytes.
struct Status {
    std::string service;
    std::string json;
};

/// Asks for at most `limit` (1..page_limit) events after a position.
struct FetchEvents {
    Position after;
    std::uint32_t limit = page_limit;
};

/// Asks for the readable picture of the whole cell and the position it stands for.
struct FetchSnapshot {};

/// "I am here." Answered by the head. Sent when nothing else was for heartbeat_interval (bus/timing.hpp).
struct Heartbeat {};

/// "I am leaving." Not answered.
struct Goodbye {};

using RequestBody =
    std::variant<Hello, Fetch, Report, Status, FetchEvents, FetchSnapshot, Heartbeat, Goodbye>;

// --- from the controller
// --------------------------------------------------------------------------------------------

/// The answer to hello: where the hints are, and where the log stands.
struct Welcome {
    std::uint32_t protocol = protocol_version;
    std::uint16_t hint_port = 0;  ///< of the PUB socket, on the host that the ROUTER was reached at
    Position head;
};

/// Nothing newer for this service; `revision` is the desired one, equal to the agent's.
struct UpToDate {
    std::string service;
    Position revision;
};

/// An event as GET /api/v1/events shows it: a JSON object with its sequence under "seq", secrets never in it.
struct EventRecord {
    Sequence sequence;
    std::string json;  ///< one line
    friend bool operator==(const EventRecord&, const EventRecord&) = default;
};

/// Events in the order of the log. `next` is where to go on from: it may be beyond the last event when the
/// asker's topics hid some. No more to be had now: next equals head.
struct EventsPage {
    Position next;
    Sequence head;
    std::vector<EventRecord> events;
};

/// The state as one JSON document, and the position from which events go on.
struct Snapshot {
    Position position;
    std::string json;
};

/// The answer to heartbeat.
struct Pulse {
    Position head;
};

/// A refusal of the request with the same id. Codes: docs/bus-protocol.md.
struct Error {
    std::string code;
    std::string detail;
    friend bool operator==(const Error&, const Error&) = default;
};

using AnswerBody = std::variant<Welcome, Bundle, UpToDate, Operation, EventsPage, Snapshot, Pulse, Error>;

/// Broadcast on the PUB socket: the log has reached this sequence. No more than that, as PUB reaches every
/// listed key.
struct Hint {
    Sequence head;
};

// --- frames
// ---------------------------------------------------------------------------------------------------------

using Frames = std::vector<std::string>;
using FrameViews = std::span<const std::string_view>;

struct Request {
    RequestId id;
    RequestBody body;
};

struct Answer {
    RequestId id;
    AnswerBody body;
};

/// Encoding does not check limits: what we send is ours; frame_bytes() lets a sender compare with
/// answer_limit.
[[nodiscard]] Frames encode(RequestId id, const RequestBody& body);
[[nodiscard]] Frames encode(RequestId id, const AnswerBody& body);
[[nodiscard]] std::string encode(const Hint& hint);
[[nodiscard]] std::size_t frame_bytes(const Frames& frames);

/// Decoding takes any bytes whatever and never throws (out of memory aside). Refusals: "malformed",
/// "too_large", "unknown_type". A header's unknown fields are ignored.
[[nodiscard]] Result<Request> decode_request(FrameViews frames);
[[nodiscard]] Result<Answer> decode_answer(FrameViews frames);
[[nodiscard]] Result<Hint> decode_hint(std::string_view frame);

/// Whether a reader at `have` may be brought to `offered`. Refusals: "wrong_cell", "epoch_went_back",
/// "sequence_went_back". A reader with nothing (the default Position) may be brought anywhere.
[[nodiscard]] Result<void> check_advance(const Position& have, const Position& offered);

/// Whether a reader at `have` can be served by a log that stands at `head`. Refusals: "wrong_cell";
/// "ahead_of_log" when the reader has seen what the log has not; "stale_epoch" when it comes from before a
/// restore.
[[nodiscard]] Result<void> check_reader(const Position& have, const Position& head);

/// "<cell> <epoch> <sequence>", the form in which a position is kept in a file.
[[nodiscard]] std::string format_position(const Position& position);
/// The inverse. Refusal: "malformed".
[[nodiscard]] Result<Position> parse_position(std::string_view text);

}  // namespace pic::bus
