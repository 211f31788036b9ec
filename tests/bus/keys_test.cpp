#include "bus/keys.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::bus;

namespace {

std::string code_of(const auto& result) { return result ? "" : result.error().code; }

}  // namespace

TEST_CASE("a pair is kept in a file that only its owner reads", "[keys]") {
    const pic::test::TempFolder folder;
    const auto file = folder / "key";
    const auto made = load_or_make_key_pair(file);
    REQUIRE(made);
    struct stat info{};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
    const auto again = load_or_make_key_pair(file);
    REQUIRE(again);
    CHECK(again->public_key == made->public_key);
    CHECK(again->secret_key.reveal() == made->secret_key.reveal());
    CHECK(code_of(save_key_pair(file, *made)) == "key_file");
}

TEST_CASE("a key file that others may read is refused", "[keys]") {
    const pic::test::TempFolder folder;
    const auto file = folder / "key";
    REQUIRE(save_key_pair(file, make_key_pair()));
    ::chmod(file.c_str(), 0640);
    CHECK(code_of(load_key_pair(file)) == "key_file");
}

TEST_CASE("a key file is two keys that are a pair, and nothing else", "[keys]") {
    const pic::test::TempFolder folder;
    const auto written = [&](const std::string& text) {
        const auto file = folder / "key";
        std::ofstream(file) << text;
        ::chmod(file.c_str(), 0600);
        return code_of(load_key_pair(file));
    };
    const auto one = make_key_pair();
    const auto other = make_key_pair();
    CHECK(code_of(load_key_pair(folder / "missing")) == "key_file");
    CHECK(written("") == "bad_key");
    CHECK(written(one.public_key + "\n" + one.secret_key.reveal() + "\n") == "");
    CHECK(written(one.public_key + "\n" + other.secret_key.reveal() + "\n") == "bad_key");
    CHECK(written(one.public_key + "\n" + one.secret_key.reveal() + "\n\n") == "bad_key");
    CHECK(written(one.public_key + "\n" + std::string(40, '~') + "\n") == "bad_key");
}

TEST_CASE("a key is 40 characters of Z85", "[keys]") {
    CHECK(is_key(make_key_pair().public_key));
    CHECK(is_key(std::string(40, '0')));
    CHECK_FALSE(is_key(""));
    CHECK_FALSE(is_key(std::string(39, '0')));
    CHECK_FALSE(is_key(std::string(41, '0')));
    CHECK_FALSE(is_key(std::string(40, '#')));  // beyond 2^32
    CHECK_FALSE(is_key(std::string(40, '\xff')));
    CHECK_FALSE(is_key(std::string(39, '0') + "\n"));
    CHECK_FALSE(is_key(std::string(39, '0') + '\0'));
}
