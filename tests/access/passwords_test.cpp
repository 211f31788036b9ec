#include "controller/access/passwords.hpp"

#include <crypt.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

using namespace pic;
using namespace pic::access;
using vault::Secret;

namespace {

constexpr PasswordOptions cheap{.passes = 1, .memory = 8192 << 3};

Result<Secret> hash(Passwords& passwords, std::string_view password) {
    std::promise<Result<Secret>> promise;
    passwords.hash(Secret::copy_of(password),
                   [&](Result<Secret> result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
}

Result<Passwords::Verdict> verify(Passwords& passwords, std::string_view password,
                                  std::optional<Secret> stored) {
    std::promise<Result<Passwords::Verdict>> promise;
    passwords.verify(Secret::copy_of(password), std::move(stored),
                     [&](Result<Passwords::Verdict> result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
}

/// Holds the pool's threads until opened.
class Gate {
  public:
    void wait() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
    }
    void await_waiting(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_ >= count; });
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int waiting_ = 0;
    bool open_ = false;
};

}  // namespace

TEST_CASE("a password matches its hash, another does not") {
    Passwords passwords(cheap);
    const Secret stored = hash(passwords, "correct horse battery").value();
    CHECK(stored.reveal().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    CHECK(verify(passwords, "correct horse battery", stored.clone())->matches);
    CHECK_FALSE(verify(passwords, "correct horse batterz", stored.clone())->matches);
    CHECK_FALSE(verify(passwords, "", stored.clone())->matches);
    CHECK_FALSE(verify(passwords, "correct horse battery", Secret::copy_of("no hash"))->matches);
    CHECK_FALSE(hash(passwords, "correct horse battery").value().equals(stored.reveal()));
}

TEST_CASE("an unknown user is verified against a dummy of today's costs, which nothing matches") {
    for (const PasswordOptions options : {cheap, {.passes = 2, .memory = 16384 << 3}}) {
        Passwords passwords(options);
        const auto verdict = verify(passwords, "anything at all", std::nullopt);
        REQUIRE(verdict.has_value());
        CHECK_FALSE(verdict->matches);
        CHECK_FALSE(verdict->outdated);  // as a hash that is malformed or was made at other costs would be
    }
}

TEST_CASE("each password that is set or looked at costs one hash") {
    Passwords passwords(cheap);
    const Secret stored = hash(passwords, "correct horse battery").value();
    CHECK(passwords.computed() == 1);
    REQUIRE(verify(passwords, "correct horse battery", stored.clone()));
    REQUIRE(verify(passwords, "another one", stored.clone()));
    REQUIRE(verify(passwords, "another one", std::nullopt));
    CHECK(passwords.computed() == 4);
}

TEST_CASE("a hash made with other costs is told to be outdated") {
    Passwords passwords(cheap);
    const Secret stored = hash(passwords, "correct horse battery").value();
    CHECK_FALSE(verify(passwords, "correct horse battery", stored.clone())->outdated);
    Passwords dearer({.passes = 2, .memory = cheap.memory});
    const auto verdict = verify(dearer, "correct horse battery", stored.clone());
    CHECK(verdict->matches);
    CHECK(verdict->outdated);
}

TEST_CASE("passwords have bounds") {
    const std::string shortest = "vrd7-q2kx9",
                      longest = shortest + std::string(password_length_max - shortest.size(), 'z');
    CHECK(check_new_password(Secret::copy_of(shortest)).has_value());
    CHECK(check_new_password(Secret(password_length_min - 1)).error().code == "password_too_short");
    CHECK(check_new_password(Secret::copy_of(longest)).has_value());
    CHECK(check_new_password(Secret(password_length_max + 1)).error().code == "password_too_long");
    Passwords passwords(cheap);
    const std::string endless(password_length_max + 1, 'x');
    CHECK(hash(passwords, endless).error().code == "password_too_long");
    CHECK(verify(passwords, endless, std::nullopt).error().code == "password_too_long");
}

TEST_CASE("no more run at once than are allowed, no more wait than the queue holds") {
    Gate gate;
    std::atomic<int> done = 0;
    std::atomic<int> busy = 0;
    std::latch finished(5);
    PasswordOptions options = cheap;
    options.at_once = 2;
    options.queue_limit = 3;
    {
        Passwords passwords(options);
        const auto submit = [&] {
            passwords.hash(Secret::copy_of("password"), [&](Result<Secret> result) {
                if (!result) {
                    CHECK(result.error().code == "sign_in_busy");
                    ++busy;
                    return;
                }
                gate.wait();
                ++done;
                finished.count_down();
            });
        };
        submit();
        submit();
        gate.await_waiting(2);
        for (int i = 0; i < 5; ++i) submit();
        CHECK(busy == 2);
        CHECK(done == 0);
        gate.open();
        finished.wait();
        CHECK(hash(passwords, "password").has_value());
    }
    CHECK(busy == 2);
    CHECK(done == 5);
}

TEST_CASE("at the end every callback has been called once") {
    Gate gate;
    std::vector<std::string> outcomes;
    std::thread opener;
    {
        PasswordOptions options = cheap;
        options.at_once = 1;
        Passwords passwords(options);
        passwords.hash(Secret::copy_of("password"), [&](const Result<Secret>& result) {
            outcomes.emplace_back(result ? "hashed" : result.error().code);
            gate.wait();
        });
        gate.await_waiting(1);
        for (int i = 0; i < 2; ++i) {
            passwords.verify(Secret::copy_of("password"), std::nullopt,
                             [&](const Result<Passwords::Verdict>& result) {
                                 outcomes.emplace_back(result ? "verified" : result.error().code);
                             });
        }
        opener = std::thread([&gate] { gate.open(); });
    }
    opener.join();
    REQUIRE(outcomes.size() == 3);
    CHECK(outcomes[0] == "hashed");
    for (std::size_t i = 1; i < 3; ++i) CHECK((outcomes[i] == "verified" || outcomes[i] == "shutting_down"));
}

TEST_CASE("the costs are what the security page says") {
    const PasswordOptions options;
    CHECK(options.memory == 64 << 20);
    CHECK(options.passes == 3);
    CHECK(options.at_once == 2);
    Passwords passwords;
    CHECK(hash(passwords, "correct horse battery")
              .value()
              .reveal()
              .starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
}

TEST_CASE("a password that everybody would try is refused, however it is decorated") {
    const auto code = [](std::string_view password) {
        const std::array<std::string_view, 2> names{"alice", "home"};
        const auto checked = check_new_password(Secret::copy_of(password), names);
        return checked ? std::string("taken") : checked.error().code;
    };
    for (const auto* common :
         {"passwordpassword", "P4ssw0rd!2026", "qwertyuiop", "1234567890", "0987654321", "aaaaaaaaaaaa",
          "abcabcabcabc", "letmein12345", "administrator1", "alice-alice-1999", "homehomehome",
          "iloveyou2024!", "1q2w3e4r5t6y", "zaq12wsxcde3", "19771977197719"}) {
        CAPTURE(common);
        CHECK(code(common) == "password_common");
    }
    for (const auto* fine :
         {"correct horse battery staple", "vrd7-q2kx-91ha", "Ein Hund bellt leise", "8305719462805316"}) {
        CAPTURE(fine);
        CHECK(code(fine) == "taken");
    }
}

TEST_CASE("one password comes in the forms that services verify") {
    Passwords passwords(cheap);
    const auto forms = passwords.hash_all(Secret::copy_of("correct horse battery staple"));
    REQUIRE(forms);
    const auto opens = [](const Secret& hash, const char* password) {
        const std::string stored(hash.reveal());
        crypt_data work{};
        const char* again = crypt_rn(password, stored.c_str(), &work, sizeof work);
        return again != nullptr && stored == again;
    };
    CHECK(verify(passwords, "correct horse battery staple", forms->argon2id.clone())->matches);
    CHECK(forms->bcrypt.reveal().starts_with("$2y$10$"));
    CHECK(forms->sha512.reveal().starts_with("$6$rounds="));
    for (const auto* hash : {&forms->bcrypt, &forms->sha512}) {
        CHECK(opens(*hash, "correct horse battery staple"));
        CHECK_FALSE(opens(*hash, "correct horse battery stapler"));
    }
    const auto random = hash_random_password(Secret::copy_of("abcd-efgh"));
    CHECK(opens(random.bcrypt, "abcd-efgh"));
    CHECK(opens(random.sha512, "abcd-efgh"));
}
