#include "bus/messages.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <catch2/catch.hpp>

using namespace pic;
using namespace pic::bus;

namespace {

// Equality is told by the bytes: two messages that encode alike are alike, and encoding covers every field.
std::vector<std::string_view> views(const Frames& frames) { return {frames.begin(), frames.end()}; }

std::string any_name() {
    return *rc::gen::container<std::string>(*rc::gen::inRange(1, 64), rc::gen::inRange('a', '{'));
}

std::string any_text(std::size_t most) {
    return *rc::gen::container<std::string>(*rc::gen::inRange<std::size_t>(0, most),
                                            rc::gen::arbitrary<char>());
}

/// Text as JSON can carry it: ASCII, control characters included.
std::string any_ascii(std::size_t most) {
    return *rc::gen::container<std::string>(*rc::gen::inRange<std::size_t>(0, most),
                                            rc::gen::inRange('\1', '\x7f'));
}

Digest any_digest() { return *rc::gen::arbitrary<Digest>(); }

Position any_position() {
    Position position;
    position.cell.bytes = *rc::gen::arbitrary<std::array<std::uint8_t, 16>>();
    position.epoch.value = *rc::gen::arbitrary<std::uint64_t>();
    position.sequence.value = *rc::gen::arbitrary<std::uint64_t>();
    return position;
}

FileChange any_file() {
    FileChange file;
    file.path = any_name() + "/" + any_name();
    file.removed = *rc::gen::arbitrary<bool>();
    file.full = *rc::gen::arbitrary<bool>();
    file.root = any_digest();
    const int upserts = *rc::gen::inRange(0, 5);
    for (int i = 0; i < upserts; ++i) file.upserts.push_back({any_text(40), any_digest(), any_text(200)});
    const int removals = *rc::gen::inRange(0, 5);
    for (int i = 0; i < removals; ++i) file.removals.push_back(any_text(40));
    return file;
}

Bundle any_bundle() {
    Bundle bundle{any_name(),
                  any_position(),
                  Sequence{*rc::gen::arbitrary<std::uint64_t>()},
                  *rc::gen::arbitrary<bool>(),
                  {}};
    const int files = *rc::gen::inRange(0, 4);
    for (int i = 0; i < files; ++i) bundle.files.push_back(any_file());
    return bundle;
}

EventsPage any_page() {
    EventsPage page{any_position(), Sequence{*rc::gen::arbitrary<std::uint64_t>()}, {}};
    std::uint64_t sequence = *rc::gen::inRange(1, 1000);
    const int events = *rc::gen::inRange(0, 8);
    for (int i = 0; i < events; ++i, sequence += static_cast<std::uint64_t>(*rc::gen::inRange(1, 5))) {
        page.events.push_back(
            {Sequence{sequence}, fmt::format(R"({{"seq":{},"type":"{}"}})", sequence, any_name())});
    }
    page.next.sequence = Sequence{sequence};
    return page;
}

std::optional<Uuid> any_operation() {
    if (*rc::gen::arbitrary<bool>()) return std::nullopt;
    Uuid id;
    for (auto& byte : id.bytes) byte = *rc::gen::arbitrary<std::uint8_t>();
    return id;
}

Report any_report() {
    return {any_name(),
            any_position(),
            Sequence{*rc::gen::arbitrary<std::uint64_t>()},
            static_cast<ApplyState>(*rc::gen::inRange(0, 6)),
            any_name(),
            any_ascii(300),
            *rc::gen::arbitrary<bool>(),
            *rc::gen::arbitrary<bool>(),
            Timestamp{*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000)},
            any_operation()};
}

RequestBody any_request() {
    switch (*rc::gen::inRange(0, 8)) {
        case 0:
            return Hello{*rc::gen::arbitrary<std::uint32_t>(), any_name(), {any_name(), any_name()}};
        case 1:
            return Fetch{any_name(), any_position(), any_digest(), *rc::gen::arbitrary<bool>(),
                         any_operation()};
        case 2:
            return any_report();
        case 3:
            return Status{any_name(), fmt::format(R"({{"x":"{}"}})", any_name())};
        case 4:
            return FetchEvents{any_position(), *rc::gen::inRange<std::uint32_t>(1, page_limit + 1)};
        case 5:
            return FetchSnapshot{};
        case 6:
            return Heartbeat{};
        default:
            return Goodbye{};
    }
}

AnswerBody any_answer() {
    switch (*rc::gen::inRange(0, 8)) {
        case 0:
            return Welcome{*rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint16_t>(),
                           any_position()};
        case 1:
            return any_bundle();
        case 2:
            return UpToDate{any_name(), any_position()};
        case 3:
            return any_page();
        case 4:
            return Snapshot{any_position(), any_text(500)};
        case 5:
            return Pulse{any_position()};
        case 6:
            return Operation{any_name(), any_operation().value_or(Uuid{}),
                             static_cast<Operation::Kind>(*rc::gen::inRange(0, 2))};
        default:
            return Error{any_name(), any_ascii(200)};
    }
}

/// Removes, doubles or changes a byte of some frame, or a whole frame.
Frames damaged(Frames frames) {
    auto& frame = frames[*rc::gen::inRange<std::size_t>(0, frames.size())];
    const auto at = *rc::gen::inRange<std::size_t>(0, frame.size() + 1);
    switch (*rc::gen::inRange(0, 5)) {
        case 0:
            frame.resize(at);
            break;
        case 1:
            frame.insert(at, 1, *rc::gen::arbitrary<char>());
            break;
        case 2:
            frames.push_back(frame);
            break;
        case 3:
            frames.pop_back();
            break;
        default:
            if (at < frame.size()) frame[at] = *rc::gen::arbitrary<char>();
    }
    return frames;
}

std::string refusal_of(const auto& result) { return result ? "" : result.error().code; }

Frames header_alone(std::string header) { return {std::move(header)}; }

std::string request_code(const Frames& frames) { return refusal_of(decode_request(views(frames))); }

}  // namespace

TEST_CASE("a request comes out of its frames as it went in", "[messages]") {
    CHECK(rc::check([] {
        const RequestId id{*rc::gen::arbitrary<std::uint64_t>()};
        const auto frames = encode(id, any_request());
        const auto request = decode_request(views(frames));
        RC_ASSERT(refusal_of(request) == "");
        RC_ASSERT(request->id == id);
        RC_ASSERT(encode(request->id, request->body) == frames);
    }));
}

TEST_CASE("an answer comes out of its frames as it went in", "[messages]") {
    CHECK(rc::check([] {
        const RequestId id{*rc::gen::arbitrary<std::uint64_t>()};
        const auto frames = encode(id, any_answer());
        const auto answer = decode_answer(views(frames));
        RC_ASSERT(refusal_of(answer) == "");
        RC_ASSERT(answer->id == id);
        RC_ASSERT(encode(answer->id, answer->body) == frames);
    }));
}

TEST_CASE("damaged frames are refused or read, never worse", "[messages]") {
    CHECK(rc::check([] {
        const auto request = damaged(encode(RequestId{7}, any_request()));
        if (const auto read = decode_request(views(request)))
            RC_ASSERT(!encode(read->id, read->body).empty());
        const auto answer = damaged(encode(RequestId{7}, any_answer()));
        if (const auto read = decode_answer(views(answer))) RC_ASSERT(!encode(read->id, read->body).empty());
        RC_ASSERT(!decode_hint(any_text(100)).has_value());
    }));
}

TEST_CASE("a message that lacks any one of its fields, or has it of another type, is refused", "[messages]") {
    CHECK(rc::check([] {
        const bool asking = *rc::gen::arbitrary<bool>();
        auto frames = asking ? encode(RequestId{7}, any_request()) : encode(RequestId{7}, any_answer());
        std::vector<std::size_t> names;
        for (auto at = frames[0].find("\":"); at != std::string::npos; at = frames[0].find("\":", at + 1)) {
            names.push_back(at);
        }
        frames[0].insert(*rc::gen::elementOf(names), "x");
        const auto code =
            asking ? refusal_of(decode_request(views(frames))) : refusal_of(decode_answer(views(frames)));
        const auto has = [&](const char* name) { return frames[0].find(name) != std::string::npos; };
        const bool optional = has("\"waitx\"") || has("\"have_rootx\"") || (asking && has("\"operationx\""));
        RC_ASSERT(optional == code.empty());
    }));
}

TEST_CASE("a hint carries its sequence and nothing more", "[messages]") {
    const auto hint = encode(Hint{Sequence{42}});
    CHECK(hint == R"({"type":"hint","sequence":42})");
    CHECK(decode_hint(hint)->head == Sequence{42});
    CHECK(refusal_of(decode_hint(R"({"type":"hint","sequence":-1})")) == "malformed");
    CHECK(refusal_of(decode_hint(R"({"type":"pulse","sequence":1})")) == "unknown_type");
}

TEST_CASE("what is no message is refused by name", "[messages]") {
    CHECK(request_code({}) == "malformed");
    CHECK(request_code(header_alone("")) == "malformed");
    CHECK(request_code(header_alone("null")) == "malformed");
    CHECK(request_code(header_alone("[]")) == "malformed");
    CHECK(request_code(header_alone("{}")) == "unknown_type");
    CHECK(request_code(header_alone(R"({"type":"launch","id":1})")) == "unknown_type");
    CHECK(request_code(header_alone(R"({"type":"heartbeat"})")) == "malformed");
    CHECK(request_code(header_alone(R"({"type":"heartbeat","id":-1})")) == "malformed");
    CHECK(request_code({R"({"type":"heartbeat","id":1})", "more"}) == "malformed");
    CHECK(request_code(header_alone(R"({"type":"hello","id":1,"protocol":1,"software":"x"})")) ==
          "malformed");
    CHECK(request_code(header_alone(
              R"({"type":"hello","id":1,"protocol":1,"software":"x","services":[1]})")) == "malformed");
    CHECK(request_code({R"({"type":"status","id":1,"service":"dns"})"}) == "malformed");
    CHECK(request_code({R"({"type":"status","id":1,"service":"dns"})", "[]"}) == "malformed");
    CHECK(request_code(header_alone("\xff\xfe")) == "malformed");
}

TEST_CASE("unknown fields are passed over, so that a later version may add some", "[messages]") {
    CHECK(request_code(header_alone(R"({"type":"heartbeat","id":1,"mood":{"deep":[1,2]}})")) == "");
}

TEST_CASE("limits are refused as limits", "[messages]") {
    const std::string deep(header_depth_limit, '[');
    const std::string shut(header_depth_limit, ']');
    CHECK(request_code(header_alone(R"({"type":"heartbeat","id":1,"x":)" + deep + shut + "}")) ==
          "malformed");
    CHECK(request_code(header_alone(std::string(header_limit + 1, ' '))) == "too_large");
    CHECK(request_code({R"({"type":"status","id":1,"service":"dns"})",
                        std::string(request_frame_limit + 1, ' ')}) == "too_large");
    CHECK(request_code({R"({"type":"status","id":1,"service":"dns"})",
                        "{\"x\":\"" + std::string(status_limit, 'x') + "\"}"}) == "too_large");
    CHECK(request_code(encode(RequestId{1}, RequestBody(FetchEvents{{}, 0}))) == "malformed");
    CHECK(request_code(encode(RequestId{1}, RequestBody(FetchEvents{{}, page_limit + 1}))) == "malformed");
    CHECK(request_code(encode(RequestId{1}, RequestBody(Heartbeat{}))) == "");
    CHECK(request_code(
              encode(RequestId{1}, RequestBody(Fetch{std::string(name_limit + 1, 'x'), {}, {}, false}))) ==
          "malformed");
    CHECK(request_code(encode(RequestId{1}, RequestBody(Fetch{"", {}, {}, false}))) == "malformed");
}

TEST_CASE("a header may be as deep as the limit and no deeper", "[messages]") {
    const auto nested = [](std::size_t levels) {
        return R"({"type":"heartbeat","id":1,"x":)" + std::string(levels, '[') + std::string(levels, ']') +
               "}";
    };
    CHECK(request_code(header_alone(nested(header_depth_limit - 2))) == "");
    CHECK(request_code(header_alone(nested(header_depth_limit))) == "malformed");
}

TEST_CASE("a path that leaves its folder makes the bundle malformed", "[messages]") {
    const auto with_path = [](std::string path) {
        FileChange file;
        file.path = std::move(path);
        return refusal_of(
            decode_answer(views(encode(RequestId{1}, AnswerBody(Bundle{"dns", {}, {}, true, {file}})))));
    };
    CHECK(with_path("zones/home.example.zone") == "");
    for (const std::string bad : {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "a\nb"}) {
        CHECK(with_path(bad) == "malformed");
    }
    CHECK(with_path(std::string("a\0b", 3)) == "malformed");
    CHECK(with_path(std::string(path_limit + 1, 'x')) == "malformed");
}

TEST_CASE("a count that the frame cannot hold is not believed", "[messages]") {
    FileChange file;
    file.path = "a";
    auto frames = encode(RequestId{1}, AnswerBody(Bundle{"dns", {}, {}, true, {file}}));
    const auto upserts_at = frames[1].size() - 8;
    frames[1].replace(upserts_at, 4, "\xff\xff\xff\x7f", 4);
    CHECK(refusal_of(decode_answer(views(frames))) == "malformed");
}

TEST_CASE("events of a page are in order, each on a line", "[messages]") {
    const auto page = [](std::string lines) {
        const auto empty =
            encode(RequestId{1}, AnswerBody(EventsPage{{{}, {}, Sequence{9}}, Sequence{9}, {}}));
        return refusal_of(decode_answer(views({empty[0], std::move(lines)})));
    };
    CHECK(page("") == "");
    CHECK(page("{\"seq\":1}\n{\"seq\":9}\n") == "");
    CHECK(page("{\"seq\":1}\n{\"seq\":1}\n") == "malformed");
    CHECK(page("{\"seq\":10}\n") == "malformed");
    CHECK(page("{\"seq\":1}") == "malformed");
    CHECK(page("{\"sequence\":1}\n") == "malformed");
    CHECK(page("\n") == "malformed");
    CHECK(page("{\"seq\":0}\n") == "malformed");
}

TEST_CASE("an event written on several lines travels on one", "[messages]") {
    const EventsPage page{{{}, {}, Sequence{1}}, Sequence{1}, {{Sequence{1}, "{\n  \"seq\": 1\n}"}}};
    const auto answer = decode_answer(views(encode(RequestId{1}, AnswerBody(page))));
    REQUIRE(answer);
    CHECK(std::get<EventsPage>(answer->body).events[0].json == "{   \"seq\": 1 }");
}

TEST_CASE("a program's output that is not UTF-8 still makes a report", "[messages]") {
    Report report{"dns", {}, {}, ApplyState::refused, "validate", "caf\xe9\r\n\"\\\x01", false, false, {}};
    const auto request = decode_request(views(encode(RequestId{1}, RequestBody(report))));
    REQUIRE(request);
    CHECK(std::get<Report>(request->body).detail == "caf?\r\n\"\\\x01");
    report.detail = "caf\xc3\xa9";
    CHECK(std::get<Report>(decode_request(views(encode(RequestId{1}, RequestBody(report))))->body).detail ==
          "caf\xc3\xa9");
}

TEST_CASE("a position has one written form", "[messages]") {
    CHECK(rc::check([] {
        const auto position = any_position();
        RC_ASSERT(*parse_position(format_position(position)) == position);
    }));
    CHECK(refusal_of(parse_position("")) == "malformed");
    CHECK(refusal_of(parse_position("x 1 2")) == "malformed");
    CHECK(refusal_of(parse_position(format_position({}) + " ")) == "malformed");
    CHECK(refusal_of(parse_position("00000000-0000-0000-0000-000000000000 1 -2")) == "malformed");
}

TEST_CASE("a reader goes forward within an epoch and from epoch to epoch", "[messages]") {
    const Uuid cell{{1}};
    const Position have{cell, Epoch{2}, Sequence{10}};
    CHECK(refusal_of(check_advance({}, have)) == "");
    CHECK(refusal_of(check_advance(have, have)) == "");
    CHECK(refusal_of(check_advance(have, {cell, Epoch{2}, Sequence{11}})) == "");
    CHECK(refusal_of(check_advance(have, {cell, Epoch{3}, Sequence{1}})) == "");
    CHECK(refusal_of(check_advance(have, {cell, Epoch{2}, Sequence{9}})) == "sequence_went_back");
    CHECK(refusal_of(check_advance(have, {cell, Epoch{1}, Sequence{99}})) == "epoch_went_back");
    CHECK(refusal_of(check_advance(have, {Uuid{{2}}, Epoch{9}, Sequence{99}})) == "wrong_cell");

    CHECK(refusal_of(check_reader({}, have)) == "");
    CHECK(refusal_of(check_reader(have, have)) == "");
    CHECK(refusal_of(check_reader({cell, Epoch{2}, Sequence{11}}, have)) == "ahead_of_log");
    CHECK(refusal_of(check_reader({cell, Epoch{3}, Sequence{1}}, have)) == "ahead_of_log");
    CHECK(refusal_of(check_reader({cell, Epoch{1}, Sequence{99}}, have)) == "stale_epoch");
    CHECK(refusal_of(check_reader({Uuid{{2}}, Epoch{2}, Sequence{1}}, have)) == "wrong_cell");
}
