#include "controller/access/sessions.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "controller/sqlite/database.hpp"
#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::access;
using test::TempFolder;

namespace {

constexpr Timestamp start{1'790'000'000'000};
constexpr std::int64_t minute = 60'000;

Timestamp after(std::int64_t ms) { return {start.ms + ms}; }

struct SessionsFolder {
    TempFolder folder;
    std::filesystem::path file = folder / "access.db";
    [[nodiscard]] std::unique_ptr<Sessions> open(Timestamp now = start) const {
        return Sessions::open(file, now).value();
    }
};

std::string started(Sessions& sessions, std::string_view user = "alice", Timestamp now = start) {
    return std::string(sessions.start(user, "127.0.0.1 test", now).value().cookie.reveal());
}

}  // namespace

TEST_CASE("a cookie finds its session, and nothing else does") {
    const SessionsFolder folder;
    const auto sessions = folder.open();
    const auto begun = sessions->start("alice", "127.0.0.1 test", start).value();
    const std::string cookie(begun.cookie.reveal());
    CHECK(cookie.size() == 43);
    const auto found = sessions->find(cookie, after(1));
    REQUIRE(found.has_value());
    CHECK(found->id == begun.session.id);
    CHECK(found->user == "alice");
    CHECK(found->origin == "127.0.0.1 test");
    CHECK(found->last_seen == after(1));

    std::string other = cookie;
    other[7] = other[7] == 'A' ? 'B' : 'A';
    for (const std::string& wrong :
         {other, cookie + "A", cookie.substr(1), std::string(), std::string(100'000, 'x')}) {
        CHECK_FALSE(sessions->find(wrong, after(1)).has_value());
    }
    CHECK(started(*sessions) != cookie);
}

TEST_CASE("an unused session ends after half an hour, a used one after twelve") {
    const SessionsFolder folder;
    const auto sessions = folder.open();
    const std::string idle = started(*sessions);
    const std::string busy = started(*sessions);
    std::int64_t passed = 0;
    for (; passed <= session_absolute_ms; passed += 29 * minute)
        REQUIRE(sessions->find(busy, after(passed)).has_value());
    CHECK(sessions->find(busy, after(session_absolute_ms)).has_value());
    CHECK_FALSE(sessions->find(busy, after(session_absolute_ms + 1)).has_value());
    CHECK_FALSE(sessions->find(idle, after(session_idle_ms + 1)).has_value());

    const std::string fresh = started(*sessions);
    CHECK(sessions->find(fresh, after(session_idle_ms)).has_value());
    CHECK(sessions->find(fresh, after(2 * session_idle_ms)).has_value());
    CHECK_FALSE(sessions->find(fresh, after(3 * session_idle_ms + 1)).has_value());
}

TEST_CASE("sessions outlive the process, and a restart does not extend them") {
    const SessionsFolder folder;
    std::string cookie;
    {
        const auto sessions = folder.open();
        cookie = started(*sessions);
        CHECK(sessions->find(cookie, after(20 * minute)).has_value());
    }
    CHECK(folder.open(after(40 * minute))->find(cookie, after(40 * minute)).has_value());
    CHECK_FALSE(folder.open(after(71 * minute))->find(cookie, after(71 * minute)).has_value());
    const sqlite::Database raw(folder.file, sqlite::Database::Mode::read_write);
    CHECK(raw.query_integer("SELECT count(*) FROM session") == 0);
}

TEST_CASE("last seen is written at most once a minute, for all sessions together") {
    const SessionsFolder folder;
    const auto sessions = folder.open();
    const std::string first = started(*sessions);
    const std::string second = started(*sessions);
    const sqlite::Database raw(folder.file, sqlite::Database::Mode::read_write);
    const auto saved = [&raw] {
        return raw.query_integer("SELECT sum(last_seen - 1790000000000) FROM session");
    };
    for (std::int64_t ms = 0; ms < minute; ms += 1000) {
        CHECK(sessions->find(first, after(ms)).has_value());
        CHECK(sessions->find(second, after(ms)).has_value());
    }
    CHECK(saved() == 0);
    CHECK(sessions->find(first, after(minute)).has_value());
    CHECK(saved() == minute + 59'000);
    CHECK(sessions->find(second, after(minute + 5000)).has_value());
    CHECK(saved() == minute + 59'000);
    sessions->flush(after(minute + 6000));
    CHECK(saved() == 2 * minute + 5000);
}

TEST_CASE("a revoked session is over at once and after a kill -9") {
    const SessionsFolder folder;
    const auto sessions = folder.open();
    const auto begun = sessions->start("alice", "", start).value();
    const std::string cookie(begun.cookie.reveal());
    const std::string other = started(*sessions);
    CHECK(sessions->alive(begun.session.id, start));
    CHECK(sessions->revoke(begun.session.id).value());
    CHECK_FALSE(sessions->find(cookie, start).has_value());
    CHECK_FALSE(sessions->alive(begun.session.id, start));
    CHECK_FALSE(sessions->revoke(begun.session.id).value());
    // A second connection sees what a process that never closed the first would find.
    const auto again = folder.open();
    CHECK_FALSE(again->find(cookie, start).has_value());
    CHECK(again->find(other, start).has_value());
}

TEST_CASE("all sessions of a user end together") {
    const SessionsFolder folder;
    const auto sessions = folder.open();
    const std::string alice = started(*sessions);
    CHECK_FALSE(started(*sessions).empty());
    const std::string bob = started(*sessions, "bob");
    CHECK(sessions->list("alice", start).size() == 2);
    CHECK(sessions->list("", start).size() == 3);
    CHECK(sessions->revoke_user("alice").value() == 2);
    CHECK_FALSE(sessions->find(alice, start).has_value());
    CHECK(sessions->find(bob, start).has_value());
    CHECK(sessions->list("", start).size() == 1);
}

TEST_CASE("a rotated session keeps its name and drops its cookie") {
    const SessionsFolder folder;
    const auto sessions = folder.open();
    const std::string old_cookie = started(*sessions);
    const auto rotated = sessions->rotate(old_cookie, after(1)).value();
    REQUIRE(rotated.has_value());
    CHECK_FALSE(sessions->find(old_cookie, after(1)).has_value());
    CHECK(sessions->find(rotated->cookie.reveal(), after(1))->id == rotated->session.id);
    CHECK(rotated->session.created == start);
    CHECK_FALSE(sessions->rotate(old_cookie, after(1)).value().has_value());
    CHECK(folder.open()->find(rotated->cookie.reveal(), after(1)).has_value());
}

TEST_CASE("a user's sessions are bounded: the one longest unused goes") {
    const SessionsFolder folder;
    const auto sessions = folder.open();
    const std::string first = started(*sessions, "alice", start);
    const std::string second = started(*sessions, "alice", after(1));
    const std::string bob = started(*sessions, "bob", start);
    CHECK(sessions->find(first, after(2)).has_value());
    for (std::size_t i = 2; i < sessions_per_user_limit + 1; ++i) started(*sessions, "alice", after(3));
    CHECK_FALSE(sessions->find(second, after(4)).has_value());
    CHECK(sessions->find(first, after(4)).has_value());
    CHECK(sessions->find(bob, after(4)).has_value());
    CHECK(sessions->list("alice", after(4)).size() == sessions_per_user_limit);
    CHECK(folder.open()->list("alice", after(4)).size() == sessions_per_user_limit);
}

TEST_CASE("neither cookie nor a way to make one is in the file, which is ours alone") {
    const SessionsFolder folder;
    const auto sessions = folder.open();
    const std::string cookie = started(*sessions);
    const std::string bytes =
        test::read_bytes(folder.file) + test::read_bytes(folder.folder / "access.db-wal");
    CHECK(bytes.find("alice") != std::string::npos);
    CHECK(bytes.find(cookie) == std::string::npos);
    struct stat status{};
    REQUIRE(::stat(folder.file.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("a file that holds no sessions is refused") {
    const SessionsFolder folder;
    SECTION("noise") {
        test::write_bytes(folder.file, std::string(5000, 'x'));
        CHECK(Sessions::open(folder.file, start).error().code == OpenError::Code::damaged);
    }
    SECTION("another database") {
        sqlite::Database(folder.file, sqlite::Database::Mode::create).execute("CREATE TABLE x(y)");
        CHECK(Sessions::open(folder.file, start).error().code == OpenError::Code::damaged);
    }
    SECTION("a newer version") {
        CHECK(folder.open() != nullptr);
        sqlite::Database(folder.file, sqlite::Database::Mode::read_write).execute("PRAGMA user_version=9");
        CHECK(Sessions::open(folder.file, start).error().code == OpenError::Code::newer_version);
    }
    SECTION("no folder") {
        CHECK(Sessions::open(folder.folder / "no/access.db", start).error().code == OpenError::Code::io);
    }
}

TEST_CASE("a started session survives kill -9") {
    const SessionsFolder folder;
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
        const auto sessions = folder.open();
        const std::string cookie = started(*sessions);
        if (write(ends[1], cookie.data(), cookie.size()) != 43) _exit(1);
        for (;;) pause();
    }
    std::string cookie(43, ' ');
    REQUIRE(read(ends[0], cookie.data(), cookie.size()) == 43);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ends[0]);
    close(ends[1]);
    CHECK(folder.open()->find(cookie, start)->user == "alice");
}

TEST_CASE("threads may start, find, list and revoke at once") {
    const SessionsFolder folder;
    const auto sessions = folder.open();
    std::vector<std::thread> threads;
    std::vector<int> wrong(3);
    for (std::size_t t = 0; t < wrong.size(); ++t) {
        threads.emplace_back([&, t] {
            const std::string user = "user" + std::to_string(t);
            for (int i = 0; i < 20; ++i) {
                const auto begun = sessions->start(user, "", after(i * minute));
                if (!begun || !sessions->find(begun->cookie.reveal(), after(i * minute))) ++wrong[t];
                if (sessions->list(user, after(i * minute)).empty()) ++wrong[t];
                if (!sessions->revoke(begun->session.id).value()) ++wrong[t];
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(3));
    CHECK(sessions->list("", start).empty());
}
