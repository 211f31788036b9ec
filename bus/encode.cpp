#include <algorithm>

#include "bus/file_frame.hpp"
#include "bus/header_writer.hpp"
#include "bus/messages.hpp"
#include "bus/names.hpp"

namespace pic::bus {
namespace {

HeaderWriter header(std::string_view type, RequestId id) {
    HeaderWriter writer(type);
    writer.field("id", id.value);
    return writer;
}

Frames alone(HeaderWriter&& writer) {
    Frames frames;
    frames.push_back(std::move(writer).finish());
    return frames;
}

Frames with_payload(HeaderWriter&& writer, std::string payload) {
    auto frames = alone(std::move(writer));
    frames.push_back(std::move(payload));
    return frames;
}

/// A line break within an event's JSON can only be white space between its tokens.
std::string lines(const std::vector<EventRecord>& events) {
    std::string out;
    for (const auto& event : events) {
        const auto start = static_cast<std::ptrdiff_t>(out.size());
        out += event.json;
        std::replace(out.begin() + start, out.end(), '\n', ' ');
        out += '\n';
    }
    return out;
}

struct Encoder {
    RequestId id;

    Frames operator()(const Hello& m) const {
        return alone(std::move(header("hello", id)
                                   .field("protocol", std::uint64_t{m.protocol})
                                   .field("software", m.software)
                                   .field("services", m.services)));
    }
    Frames operator()(const Fetch& m) const {
        auto writer = header("fetch", id);
        writer.field("service", m.service).field("have", m.have).field("wait", m.wait);
        if (m.have_root) writer.field("have_root", to_hex(*m.have_root));
        if (m.operation) writer.field("operation", to_string(*m.operation));
        return alone(std::move(writer));
    }
    Frames operator()(const Report& m) const {
        auto writer = header("report", id);
        writer.field("service", m.service)
            .field("revision", m.revision)
            .field("applied", m.applied.value)
            .field("state", name_of(m.state))
            .field("step", m.step)
            .field("detail", m.detail)
            .field("healthy", m.healthy)
            .field("drift", m.drift)
            .field("at", to_string(m.at));
        if (m.operation) writer.field("operation", to_string(*m.operation));
        return alone(std::move(writer));
    }
    Frames operator()(const Status& m) const {
        return with_payload(std::move(header("status", id).field("service", m.service)), m.json);
    }
    Frames operator()(const FetchEvents& m) const {
        return alone(std::move(
            header("fetch_events", id).field("after", m.after).field("limit", std::uint64_t{m.limit})));
    }
    Frames operator()(const FetchSnapshot&) const { return alone(header("fetch_snapshot", id)); }
    Frames operator()(const Heartbeat&) const { return alone(header("heartbeat", id)); }
    Frames operator()(const Goodbye&) const { return alone(header("goodbye", id)); }

    Frames operator()(const Welcome& m) const {
        return alone(std::move(header("welcome", id)
                                   .field("protocol", std::uint64_t{m.protocol})
                                   .field("hint_port", std::uint64_t{m.hint_port})
                                   .field("head", m.head)));
    }
    Frames operator()(const Bundle& m) const {
        auto frames = alone(std::move(header("bundle", id)
                                          .field("service", m.service)
                                          .field("revision", m.revision)
                                          .field("base", m.base.value)
                                          .field("enabled", m.enabled)));
        frames.reserve(1 + m.files.size());
        for (const auto& file : m.files) frames.push_back(encode_file(file));
        return frames;
    }
    Frames operator()(const UpToDate& m) const {
        return alone(
            std::move(header("up_to_date", id).field("service", m.service).field("revision", m.revision)));
    }
    Frames operator()(const Operation& m) const {
        return alone(std::move(header("operation", id)
                                   .field("service", m.service)
                                   .field("operation", to_string(m.id))
                                   .field("kind", name_of(m.kind))));
    }
    Frames operator()(const EventsPage& m) const {
        return with_payload(std::move(header("events", id).field("next", m.next).field("head", m.head.value)),
                            lines(m.events));
    }
    Frames operator()(const Snapshot& m) const {
        return with_payload(std::move(header("snapshot", id).field("position", m.position)), m.json);
    }
    Frames operator()(const Pulse& m) const {
        return alone(std::move(header("pulse", id).field("head", m.head)));
    }
    Frames operator()(const Error& m) const {
        return alone(std::move(header("error", id).field("code", m.code).field("detail", m.detail)));
    }
};

}  // namespace

Frames encode(RequestId id, const RequestBody& body) { return std::visit(Encoder{id}, body); }
Frames encode(RequestId id, const AnswerBody& body) { return std::visit(Encoder{id}, body); }
std::string encode(const Hint& hint) {
    return std::move(HeaderWriter("hint").field("sequence", hint.head.value)).finish();
}

std::size_t frame_bytes(const Frames& frames) {
    std::size_t bytes = 0;
    for (const auto& frame : frames) bytes += frame.size();
    return bytes;
}

}  // namespace pic::bus
