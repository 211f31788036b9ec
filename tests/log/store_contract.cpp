#include "log/store_contract.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "log/log_fixture.hpp"

namespace pic::test {
namespace {

std::string text_of(const log::ScannedEvent& e) {
    return std::to_string(e.sequence.value) + " " + std::string(e.type) + " " + std::string(e.data);
}

log::RememberedAnswer answer(std::string body) {
    return {sha256("asked"), 201, "\"1\"", "/api/v1/peers/laptop", Sequence{1}, std::move(body)};
}

}  // namespace

void contract_of_writing(const MakeStore& make) {
    const auto store = make();

    SECTION("a new log is empty and ends in its genesis hash") {
        CHECK(store->head().sequence == Sequence{0});
        CHECK(store->head().cell == cell_id);
        CHECK(store->head().epoch == Epoch{1});
        CHECK(store->head().hash == log::genesis_hash(cell_id));
        CHECK(store->verify(Sequence{0}, whole_log).ok);
    }
    SECTION("sequences are gap-free and versions count within their stream") {
        const auto first = append(*store, change(1), {fact("peer-a"), fact("peer-b"), fact("peer-a")});
        const auto second = append(*store, change(2), {fact("peer-b")});
        REQUIRE(first.size() == 3);
        CHECK(first[0].sequence == Sequence{1});
        CHECK(first[2].sequence == Sequence{3});
        CHECK(first[0].version == StreamVersion{1});
        CHECK(first[1].version == StreamVersion{1});
        CHECK(first[2].version == StreamVersion{2});
        CHECK(second.at(0).sequence == Sequence{4});
        CHECK(second.at(0).version == StreamVersion{2});
        CHECK(store->head().sequence == Sequence{4});
        CHECK(store->head().hash == second[0].hash);
    }
    SECTION("several changes share a batch, which sees its own writes") {
        auto batch = store->begin();
        const NewEvent event = fact("peer-a");
        CHECK(batch->stream_version("peer-a") == StreamVersion{0});
        batch->append(change(1), {&event, 1});
        CHECK(batch->stream_version("peer-a") == StreamVersion{1});
        batch->append(change(2), {&event, 1});
        CHECK(batch->stream_version("peer-a") == StreamVersion{2});
        CHECK(store->head().sequence == Sequence{0});
        CHECK(store->read(Sequence{0}, 10).empty());
        batch->commit();
        CHECK(store->head().sequence == Sequence{2});
        CHECK(store->read(Sequence{0}, 10).size() == 2);
    }
    SECTION("a batch that is not committed never was") {
        append(*store, change(1), {fact("peer-a")});
        const auto before = store->head();
        {
            auto batch = store->begin();
            const std::vector<NewEvent> events{fact("peer-a", "NewType"), fact("peer-new")};
            batch->append(change(2, "user:new"), events);
            batch->remember({"user:new", "POST", "/", "k"}, answer("{}"), start_time);
        }
        CHECK(store->head().hash == before.hash);
        CHECK(store->head().sequence == before.sequence);
        auto batch = store->begin();
        CHECK(batch->stream_version("peer-new") == StreamVersion{0});
        CHECK(batch->stream_version("peer-a") == StreamVersion{1});
        CHECK_FALSE(batch->recall({"user:new", "POST", "/", "k"}, start_time));
        const std::vector<NewEvent> events{fact("peer-a", "NewType"), fact("peer-new")};
        const auto appended = batch->append(change(3, "user:new"), events);
        batch->commit();
        CHECK(appended.at(0).sequence == Sequence{2});
        CHECK(appended.at(0).version == StreamVersion{2});
        CHECK(store->event(Sequence{3})->stream == "peer-new");
        CHECK(store->event(Sequence{3})->change.actor == "user:new");
        CHECK(store->verify(Sequence{0}, whole_log).ok);
    }
    SECTION("ids are UUIDv7 of the change's time") {
        const auto appended = append(*store, change(1), {fact("peer-a"), fact("peer-a")});
        CHECK(appended[0].id != appended[1].id);
        CHECK(to_string(appended[0].id).substr(0, 13) == to_string(change_id(1)).substr(0, 13));
        CHECK(to_string(appended[0].id)[14] == '7');
    }
    SECTION("an epoch is only ever raised") {
        CHECK(store->raise_epoch(Epoch{0}, start_time) == Epoch{2});
        CHECK(store->raise_epoch(Epoch{9}, start_time) == Epoch{9});
        CHECK(store->raise_epoch(Epoch{3}, start_time) == Epoch{10});
        CHECK(store->head().epoch == Epoch{10});
    }
}

void contract_of_reading(const MakeStore& make) {
    const auto store = make();

    SECTION("an event comes back as it was given, byte for byte") {
        auto info = change(1, "token:01");
        info.causation = Sequence{1};
        append(*store, change(0), {fact("cell")});
        const std::string bytes("{\"t\":\"\xC3\xA4\xFF\0\xE2\x80\xA8\"}", 14);
        const auto appended =
            append(*store, info, {{"peer-a", "PeerAdded", 3, bytes}, {"peer-b", "Empty", 1, ""}});
        const auto event = store->event(Sequence{2});
        REQUIRE(event);
        CHECK(event->sequence == Sequence{2});
        CHECK(event->id == appended[0].id);
        CHECK(event->stream == "peer-a");
        CHECK(event->version == StreamVersion{1});
        CHECK(event->type == "PeerAdded");
        CHECK(event->schema_version == 3);
        CHECK(event->data == bytes);
        CHECK(event->change.change_id == change_id(1));
        CHECK(event->change.causation == Sequence{1});
        CHECK(event->change.actor == "token:01");
        CHECK(event->change.source == "http");
        CHECK(event->change.request_id == "request-1");
        CHECK(event->change.at == info.at);
        CHECK(event->hash == appended[0].hash);
        CHECK(event->previous_hash == store->event(Sequence{1})->hash);
        CHECK(store->event(Sequence{3})->data.empty());
        CHECK_FALSE(store->event(Sequence{1})->change.causation);
        CHECK_FALSE(store->event(Sequence{0}));
        CHECK_FALSE(store->event(Sequence{4}));
    }
    SECTION("reading goes forward from a sequence, so many at a time") {
        fill(*store, 20);
        const auto page = store->read(Sequence{5}, 4);
        REQUIRE(page.size() == 4);
        CHECK(page.front().sequence == Sequence{6});
        CHECK(page.back().sequence == Sequence{9});
        CHECK(store->read(Sequence{18}, 10).size() == 2);
        CHECK(store->read(Sequence{20}, 10).empty());
        CHECK(store->read(whole_log, 10).empty());
        CHECK(store->read(Sequence{0}, 0).empty());
    }
    SECTION("filters choose by type, stream, actor, source, request and time") {
        append(*store, change(1, "user:alice"), {fact("peer-a", "PeerAdded"), fact("peer-b", "PeerAdded")});
        append(*store, change(2, "user:bob"), {fact("peer-a", "PeerRenamed")});
        append(*store, change(3, "user:alice"), {fact("peer-a", "PeerRemoved")});
        const auto sequences = [&](const log::Filter& filter) {
            std::vector<std::uint64_t> found;
            for (const auto& e : store->read(Sequence{0}, 100, filter)) found.push_back(e.sequence.value);
            return found;
        };
        using Sequences = std::vector<std::uint64_t>;
        CHECK(sequences({.type = "PeerAdded"}) == Sequences{1, 2});
        CHECK(sequences({.stream = "peer-a"}) == Sequences{1, 3, 4});
        CHECK(sequences({.actor = "user:alice"}) == Sequences{1, 2, 4});
        CHECK(sequences({.stream = "peer-a", .actor = "user:alice"}) == Sequences{1, 4});
        CHECK(sequences({.request_id = "request-1"}) == Sequences{1, 2});
        CHECK(sequences({.actor = "user:bob", .source = "http", .request_id = "request-2"}) == Sequences{3});
        CHECK(sequences({.source = "http", .request_id = "request-9"}).empty());
        CHECK(sequences({.request_id = "request-1' OR 1=1 --"}).empty());
        CHECK(sequences({.source = "unheard"}).empty());
        CHECK(sequences({.since = change(2).at}) == Sequences{3, 4});
        CHECK(sequences({.until = change(2).at}) == Sequences{1, 2});
        CHECK(sequences({.since = change(2).at, .until = change(3).at}) == Sequences{3});
        CHECK(sequences({.type = "Unheard"}).empty());
        CHECK(sequences({.stream = "peer-c"}).empty());
        CHECK(store->read(Sequence{1}, 1, {.stream = "peer-a"}).at(0).sequence == Sequence{3});
    }
    SECTION("a change is found by its id") {
        append(*store, change(1), {fact("peer-a")});
        append(*store, change(2), {fact("peer-a"), fact("peer-b")});
        append(*store, change(3), {fact("peer-a")});
        const auto events = store->change(change_id(2));
        REQUIRE(events.size() == 2);
        CHECK(events[0].sequence == Sequence{2});
        CHECK(events[1].sequence == Sequence{3});
        CHECK(store->change(change_id(4)).empty());
    }
    SECTION("a scan visits every event in order and stops when told to") {
        fill(*store, 3000);
        std::vector<std::string> seen;
        store->scan(Sequence{2}, Sequence{5}, [&](const log::ScannedEvent& e) {
            seen.push_back(text_of(e));
            return true;
        });
        CHECK(seen == std::vector<std::string>{"3 PeerRenamed {\"number\":3}", "4 PeerAdded {\"number\":4}",
                                               "5 PeerAdded {\"number\":5}"});
        std::uint64_t count = 0;
        std::map<std::uint32_t, std::string> types;
        store->scan(Sequence{0}, whole_log, [&](const log::ScannedEvent& e) {
            types.emplace(e.type_id, e.type);
            CHECK(types.at(e.type_id) == e.type);
            return ++count < 2500;
        });
        CHECK(count == 2500);
        CHECK(types.size() == 2);
    }
    SECTION("readers on other threads see whole batches while the writer goes on") {
        constexpr std::uint64_t batches = 60, size = 5;
        std::atomic<bool> done{false};
        std::atomic<int> torn{0};
        std::vector<std::thread> readers;
        for (int i = 0; i < 2; ++i) {
            readers.emplace_back([&] {
                while (!done) {
                    const auto head = store->head().sequence;
                    const auto events = store->read(Sequence{0}, 10'000);
                    if (events.size() % size != 0 || events.size() < head.value) ++torn;
                }
            });
        }
        for (std::uint64_t i = 0; i < batches; ++i)
            append(*store, change(i), std::vector<NewEvent>(size, fact("peer-a")));
        done = true;
        for (auto& reader : readers) reader.join();
        CHECK(torn == 0);
        CHECK(store->head().sequence == Sequence{batches * size});
    }
}

void contract_of_answers(const MakeStore& make) {
    const auto store = make();
    const log::IdempotencyScope scope{"user:alice", "POST", "/api/v1/peers", "key-1"};
    const auto recall = [&](const log::IdempotencyScope& s, Timestamp now) {
        return store->begin()->recall(s, now);
    };
    const auto remember = [&](const log::RememberedAnswer& a, Timestamp now) {
        auto batch = store->begin();
        batch->remember(scope, a, now);
        batch->commit();
    };

    SECTION("an answer is kept whole, with its scope") {
        {
            auto batch = store->begin();
            batch->remember(scope, answer("{\"id\":1}"), start_time);
            CHECK(batch->recall(scope, start_time)->body == "{\"id\":1}");
            batch->commit();
        }
        const auto kept = recall(scope, start_time);
        REQUIRE(kept);
        CHECK(kept->request_body == sha256("asked"));
        CHECK(kept->status == 201);
        CHECK(kept->etag == "\"1\"");
        CHECK(kept->location == "/api/v1/peers/laptop");
        CHECK(kept->sequence == Sequence{1});
        CHECK(kept->body == "{\"id\":1}");
    }
    SECTION("the same key of another actor, method or path is another key") {
        remember(answer("{}"), start_time);
        CHECK_FALSE(recall({"user:bob", "POST", "/api/v1/peers", "key-1"}, start_time));
        CHECK_FALSE(recall({"user:alice", "PUT", "/api/v1/peers", "key-1"}, start_time));
        CHECK_FALSE(recall({"user:alice", "POST", "/api/v1/peers/", "key-1"}, start_time));
        CHECK_FALSE(recall({"user:alice", "POST", "/api/v1/peers", "key-2"}, start_time));
        CHECK_FALSE(recall({"user:alic", "ePOST", "/api/v1/peers", "key-1"}, start_time));
    }
    SECTION("after seven days it is forgotten, and may be given anew") {
        remember(answer("old"), start_time);
        const Timestamp last{start_time.ms + log::idempotency_lifetime_ms - 1}, over{last.ms + 1};
        CHECK(recall(scope, last));
        CHECK_FALSE(recall(scope, over));
        remember(answer("new"), over);
        CHECK(recall(scope, over)->body == "new");
    }
}

void contract_of_the_chain(const MakeStore& make) {
    const auto store = make();
    const auto key = signer(1);
    const std::vector<log::TrustedKey> trusted{{key->public_key(), Sequence{1}, std::nullopt}};

    SECTION("verify counts what it walked") {
        fill(*store, 50);
        auto verdict = store->verify(Sequence{0}, whole_log);
        CHECK(verdict.ok);
        CHECK(verdict.events == 50);
        CHECK(verdict.head == Sequence{50});
        verdict = store->verify(Sequence{20}, Sequence{30});
        CHECK(verdict.ok);
        CHECK(verdict.events == 10);
        CHECK(verdict.head == Sequence{30});
    }
    SECTION("heads are signed at every interval and on demand") {
        store->sign_with(key);
        fill(*store, 2 * log::signature_interval + 10);
        CHECK(store->last_signed() == Sequence{2 * log::signature_interval});
        store->sign_head();
        store->sign_head();
        CHECK(store->last_signed() == store->head().sequence);
        CHECK(store->verify(Sequence{0}, whole_log, trusted).ok);
        CHECK(store->verify(store->last_signed(), whole_log, trusted).ok);
    }
    SECTION("a key that is not trusted does not count") {
        store->sign_with(signer(2));
        fill(*store, log::signature_interval + 10);
        const auto verdict = store->verify(Sequence{0}, whole_log, trusted);
        CHECK_FALSE(verdict.ok);
        CHECK(verdict.first_bad == Sequence{log::signature_interval});
        CHECK(store->verify(Sequence{0}, whole_log).ok);
    }
    SECTION("a signature that is due must be there") {
        fill(*store, log::signature_interval + 10);
        const auto verdict = store->verify(Sequence{0}, whole_log, trusted);
        CHECK_FALSE(verdict.ok);
        CHECK(verdict.first_bad == Sequence{log::signature_interval});
        const std::vector<log::TrustedKey> later{
            {key->public_key(), Sequence{log::signature_interval + 1}, std::nullopt}};
        CHECK(store->verify(Sequence{0}, whole_log, later).ok);
    }
    SECTION("keys rotate: each counts in its range") {
        store->sign_with(key);
        fill(*store, log::signature_interval);
        store->sign_with(signer(2));
        fill(*store, log::signature_interval);
        const Sequence last{log::signature_interval};
        std::vector<log::TrustedKey> both{{key->public_key(), Sequence{1}, last},
                                          {signer(2)->public_key(), last.next(), std::nullopt}};
        CHECK(store->verify(Sequence{0}, whole_log, both).ok);
        both[1].key = both[0].key;
        CHECK(store->verify(Sequence{0}, whole_log, both).first_bad == Sequence{2 * log::signature_interval});
    }
    SECTION("a signature holds for the epoch in which it was made") {
        store->sign_with(key);
        append(*store, change(1), {fact("peer-a")});
        store->sign_head();
        store->raise_epoch(Epoch{2}, start_time);
        append(*store, change(2), {fact("peer-a")});
        store->sign_head();
        CHECK(store->verify(Sequence{0}, whole_log, trusted).ok);
    }
}

}  // namespace pic::test
