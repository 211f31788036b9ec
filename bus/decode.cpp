#include <algorithm>
#include <array>

#include "bus/file_frame.hpp"
#include "bus/header_reader.hpp"
#include "bus/messages.hpp"
#include "bus/names.hpp"

namespace pic::bus {
namespace {

std::unexpected<Rejection> malformed(std::string detail) { return reject("malformed", std::move(detail)); }

std::string service_of(HeaderReader& in) {
    const auto service = in.text("service", name_limit);
    if (service.empty()) in.refuse("service");
    return std::string(service);
}

constexpr std::size_t uuid_limit = 36;  ///< bytes

Uuid operation_of(HeaderReader& in) {
    const auto id = parse_uuid(in.text("operation", uuid_limit));
    if (!id) in.refuse("operation");
    return id.value_or(Uuid{});
}

// --- requests: each reads its fields; the caller asks the reader for its verdict and counts the frames
// ---------------

RequestBody read_hello(HeaderReader& in, FrameViews) {
    Hello m;
    m.protocol = static_cast<std::uint32_t>(in.number("protocol", UINT32_MAX));
    m.software = in.text("software", name_limit);
    m.services = in.texts("services", services_limit, name_limit);
    return m;
}

RequestBody read_fetch(HeaderReader& in, FrameViews) {
    Fetch m;
    m.service = service_of(in);
    m.have = in.position("have");
    if (in.has("have_root")) {
        m.have_root = parse_digest(in.text("have_root", 64));
        if (!m.have_root) in.refuse("have_root");
    }
    m.wait = in.has("wait") && in.boolean("wait");
    if (in.has("operation")) m.operation = operation_of(in);
    return m;
}

RequestBody read_report(HeaderReader& in, FrameViews) {
    Report m;
    m.service = service_of(in);
    m.revision = in.position("revision");
    m.applied = Sequence{in.number("applied")};
    const auto state = apply_state_of(in.text("state", name_limit));
    if (!state) in.refuse("state");
    m.state = state.value_or(ApplyState::refused);
    m.step = in.text("step", name_limit);
    m.detail = in.text("detail", report_detail_limit);
    m.healthy = in.boolean("healthy");
    m.drift = in.boolean("drift");
    const auto at = parse_timestamp(in.text("at", name_limit));
    if (!at) in.refuse("at");
    m.at = at.value_or(Timestamp{});
    if (in.has("operation")) m.operation = operation_of(in);
    return m;
}

RequestBody read_status(HeaderReader& in, FrameViews payload) {
    Status m;
    m.service = service_of(in);
    if (!payload.empty()) m.json = payload[0];
    return m;
}

RequestBody read_fetch_events(HeaderReader& in, FrameViews) {
    FetchEvents m;
    m.after = in.position("after");
    m.limit = static_cast<std::uint32_t>(in.number("limit", page_limit));
    if (m.limit == 0) in.refuse("limit");
    return m;
}

template <class Empty>
RequestBody read_empty(HeaderReader&, FrameViews) {
    return Empty{};
}

struct RequestForm {
    std::string_view type;
    RequestBody (*read)(HeaderReader&, FrameViews);
    std::size_t payload_frames;
};

constexpr std::array<RequestForm, 8> request_forms{{
    {"fetch", read_fetch, 0},
    {"heartbeat", read_empty<Heartbeat>, 0},
    {"report", read_report, 0},
    {"fetch_events", read_fetch_events, 0},
    {"status", read_status, 1},
    {"hello", read_hello, 0},
    {"fetch_snapshot", read_empty<FetchSnapshot>, 0},
    {"goodbye", read_empty<Goodbye>, 0},
}};

// --- answers
// ---------------------------------------------------------------------------------------------------------

Result<AnswerBody> read_welcome(HeaderReader& in, FrameViews) {
    Welcome m;
    m.protocol = static_cast<std::uint32_t>(in.number("protocol", UINT32_MAX));
    m.hint_port = static_cast<std::uint16_t>(in.number("hint_port", UINT16_MAX));
    m.head = in.position("head");
    return m;
}

Result<AnswerBody> read_bundle(HeaderReader& in, FrameViews payload) {
    Bundle m;
    m.service = service_of(in);
    m.revision = in.position("revision");
    m.base = Sequence{in.number("base")};
    m.enabled = in.boolean("enabled");
    m.files.reserve(payload.size());
    for (const auto frame : payload) {
        auto file = decode_file(frame);
        if (!file) return std::unexpected(file.error());
        m.files.push_back(std::move(*file));
    }
    return m;
}

Result<AnswerBody> read_up_to_date(HeaderReader& in, FrameViews) {
    return UpToDate{service_of(in), in.position("revision")};
}

Result<AnswerBody> read_operation(HeaderReader& in, FrameViews) {
    Operation m;
    m.service = service_of(in);
    m.id = operation_of(in);
    const auto kind = operation_kind_of(in.text("kind", name_limit));
    if (!kind) in.refuse("kind");
    m.kind = kind.value_or(Operation::Kind::restart);
    return m;
}

/// One event a line, each an object with a "seq" above the one before.
bool read_lines(std::string_view payload, EventsPage& page) {
    Sequence last{0};
    while (!payload.empty()) {
        const auto end = payload.find('\n');
        if (end == std::string_view::npos || page.events.size() == page_limit) return false;
        const auto line = payload.substr(0, end);
        payload.remove_prefix(end + 1);
        const auto sequence = sequence_of(line, payload_depth_limit);
        if (!sequence || Sequence{*sequence} <= last) return false;
        last = Sequence{*sequence};
        page.events.push_back({last, std::string(line)});
    }
    return last <= page.next.sequence;
}

Result<AnswerBody> read_events(HeaderReader& in, FrameViews payload) {
    EventsPage m;
    m.next = in.position("next");
    m.head = Sequence{in.number("head")};
    if (!payload.empty() && !read_lines(payload[0], m)) {
        return malformed("The lines of the page are not events in the order of their sequences.");
    }
    return m;
}

Result<AnswerBody> read_snapshot(HeaderReader& in, FrameViews payload) {
    Snapshot m;
    m.position = in.position("position");
    if (!payload.empty()) m.json = payload[0];
    return m;
}

Result<AnswerBody> read_pulse(HeaderReader& in, FrameViews) { return Pulse{in.position("head")}; }

Result<AnswerBody> read_error(HeaderReader& in, FrameViews) {
    return Error{std::string(in.text("code", name_limit)), std::string(in.text("detail", detail_limit))};
}

struct AnswerForm {
    std::string_view type;
    Result<AnswerBody> (*read)(HeaderReader&, FrameViews);
    std::size_t least_payload_frames;
    std::size_t most_payload_frames;
};

constexpr std::array<AnswerForm, 8> answer_forms{{
    {"bundle", read_bundle, 0, files_limit},
    {"up_to_date", read_up_to_date, 0, 0},
    {"pulse", read_pulse, 0, 0},
    {"events", read_events, 1, 1},
    {"welcome", read_welcome, 0, 0},
    {"operation", read_operation, 0, 0},
    {"snapshot", read_snapshot, 1, 1},
    {"error", read_error, 0, 0},
}};

template <class Forms>
auto form_of(const Forms& forms, std::string_view type) {
    return std::ranges::find(forms, type, [](const auto& form) { return form.type; });
}

Result<HeaderReader> read_header(FrameViews frames) {
    if (frames.empty()) return malformed("A message has at least a header frame.");
    return HeaderReader::parse(frames[0]);
}

}  // namespace

Result<Request> decode_request(FrameViews frames) {
    for (const auto frame : frames) {
        if (frame.size() > request_frame_limit) return reject("too_large", "A frame is larger than 128 KiB.");
    }
    auto header = read_header(frames);
    if (!header) return std::unexpected(header.error());
    const auto form = form_of(request_forms, header->text("type", name_limit));
    if (form == request_forms.end()) return reject("unknown_type", "This is no type of request.");
    const auto payload = frames.subspan(1);
    if (payload.size() != form->payload_frames) return malformed("The message has another count of frames.");
    Request request{RequestId{header->number("id")}, form->read(*header, payload)};
    if (auto verdict = header->verdict(); !verdict) return std::unexpected(verdict.error());
    if (const auto* status = std::get_if<Status>(&request.body)) {
        if (status->json.size() > status_limit)
            return reject("too_large", "The status is larger than 64 KiB.");
        if (!is_object(status->json, header_depth_limit)) return malformed("The status is no JSON object.");
    }
    return request;
}

Result<Answer> decode_answer(FrameViews frames) {
    auto header = read_header(frames);
    if (!header) return std::unexpected(header.error());
    const auto form = form_of(answer_forms, header->text("type", name_limit));
    if (form == answer_forms.end()) return reject("unknown_type", "This is no type of answer.");
    const auto payload = frames.subspan(1);
    if (payload.size() < form->least_payload_frames || payload.size() > form->most_payload_frames) {
        return malformed("The message has another count of frames.");
    }
    const RequestId id{header->number("id")};
    auto body = form->read(*header, payload);
    if (!body) return std::unexpected(body.error());
    if (auto verdict = header->verdict(); !verdict) return std::unexpected(verdict.error());
    return Answer{id, std::move(*body)};
}

Result<Hint> decode_hint(std::string_view frame) {
    auto header = HeaderReader::parse(frame);
    if (!header) return std::unexpected(header.error());
    if (header->text("type", name_limit) != "hint") return reject("unknown_type", "This is no hint.");
    const Hint hint{Sequence{header->number("sequence")}};
    if (auto verdict = header->verdict(); !verdict) return std::unexpected(verdict.error());
    return hint;
}

}  // namespace pic::bus
