#include "controller/vault/secret.hpp"

#include <fmt/core.h>

#include <catch2/catch.hpp>
#include <thread>
#include <type_traits>
#include <vector>

using pic::vault::Secret;

// What keeps a secret out of a log line is the compiler.
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view> &&
              !std::is_convertible_v<Secret, std::string>);
template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Streamable<Secret> && Streamable<int>);

TEST_CASE("a secret holds its bytes, is moved, and is copied by name only") {
    Secret first = Secret::copy_of("correct horse");
    CHECK(first.reveal() == "correct horse");
    CHECK(first.equals("correct horse"));
    CHECK_FALSE(first.equals("correct horsf"));
    CHECK_FALSE(first.equals("correct"));

    const Secret twin = first.clone();
    CHECK(twin.data() != first.data());
    const Secret moved = std::move(first);
    CHECK(moved.reveal() == "correct horse");
    CHECK(twin.reveal() == "correct horse");
    CHECK(Secret().empty());
    CHECK(Secret::copy_of("").equals(""));
}

TEST_CASE("released bytes are zeroed before anybody gets them again") {
    const unsigned char* where = nullptr;
    {
        const Secret secret = Secret::copy_of(std::string(48, 'x'));
        where = secret.data();
    }
    // The pool keeps the pages, so looking is allowed; it may have put a link into the first bytes of a free
    // block.
    const std::string_view left(reinterpret_cast<const char*>(where), 48);
    CHECK(left.find("xx") == std::string_view::npos);
}

TEST_CASE("random secrets differ") {
    CHECK(Secret::random(32).size() == 32);
    CHECK_FALSE(Secret::random(32).equals(Secret::random(32).reveal()));
}

TEST_CASE("threads may make and drop secrets at once, of any size") {
    std::vector<std::thread> threads;
    std::vector<int> wrong(4);
    for (std::size_t t = 0; t < wrong.size(); ++t) {
        threads.emplace_back([t, &wrong] {
            for (std::size_t size = 1; size < 9000; size = size * 3 / 2 + 1) {
                const std::string text(size, static_cast<char>('a' + t));
                if (!Secret::copy_of(text).clone().equals(text)) ++wrong[t];
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(4));
}
