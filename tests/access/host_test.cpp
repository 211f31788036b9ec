// What hangs on this machine: the installation's key, the set-up token, the local socket.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <regex>

#include "controller/access/installation.hpp"
#include "controller/access/local_socket.hpp"
#include "controller/access/setup_token.hpp"
#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::access;
using test::read_bytes;
using test::TempFolder;
using vault::FileError;

TEST_CASE("an installation keeps its cookie's name and its CSRF tokens over restarts") {
    const TempFolder folder;
    const auto first = Installation::open(folder / "installation.key").value();
    const auto again = Installation::open(folder / "installation.key").value();
    CHECK(std::regex_match(first.cookie_name(), std::regex("pic_sess_[0-9a-f]{8}")));
    CHECK(first.cookie_name() == again.cookie_name());
    const std::string token = first.csrf_token("cookie value");
    CHECK(token.size() == 43);
    CHECK(again.csrf_matches("cookie value", token));
    CHECK_FALSE(again.csrf_matches("other value", token));
    CHECK_FALSE(again.csrf_matches("cookie value", ""));
    CHECK_FALSE(again.csrf_matches("cookie value", token + "A"));
    CHECK_FALSE(again.csrf_matches("cookie value", std::string(43, 'A')));
}

TEST_CASE("two installations share neither cookie nor token") {
    const TempFolder folder;
    const auto one = Installation::open(folder / "one.key").value();
    const auto two = Installation::open(folder / "two.key").value();
    CHECK(one.cookie_name() != two.cookie_name());
    CHECK(one.csrf_token("cookie") != two.csrf_token("cookie"));
}

TEST_CASE("an installation's key that others can read, or that is damaged, is refused") {
    const TempFolder folder;
    const auto file = folder / "installation.key";
    REQUIRE(Installation::open(file).has_value());
    ::chmod(file.c_str(), 0644);
    CHECK(Installation::open(file).error().code == FileError::Code::permissions);
    ::chmod(file.c_str(), 0600);
    test::write_bytes(file, "short");
    CHECK(Installation::open(file).error().code == FileError::Code::io);
    CHECK(read_bytes(file) == "short");
}

TEST_CASE("the set-up token stays until it is used, then never works again") {
    const TempFolder folder;
    const auto file = folder / "setup-token";
    auto token = SetupToken::open(file).value();
    const std::string text(token.text().reveal());
    CHECK(text.size() == 32);
    CHECK(read_bytes(file) == text + "\n");
    struct stat status{};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK(SetupToken::open(file)->text().equals(text));

    CHECK(token.matches(text));
    CHECK_FALSE(token.matches(text + "\n"));
    CHECK_FALSE(token.matches(""));
    CHECK_FALSE(token.matches(std::string(32, 'A')));
    REQUIRE(token.consume().has_value());
    CHECK_FALSE(token.matches(text));
    CHECK_FALSE(std::filesystem::exists(file));
    CHECK(remove_setup_token(file).has_value());
    CHECK_FALSE(SetupToken::open(file)->text().equals(text));
}

TEST_CASE("a spoilt set-up token is made anew, one that others can read is refused") {
    const TempFolder folder;
    const auto file = folder / "setup-token";
    test::write_bytes(file, "x\n");
    ::chmod(file.c_str(), 0600);
    CHECK(SetupToken::open(file)->text().size() == 32);
    ::chmod(file.c_str(), 0604);
    CHECK(SetupToken::open(file).error().code == FileError::Code::permissions);
}

TEST_CASE("the kernel says who is at the other end of a unix socket") {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    const auto peer = peer_credentials(ends[0]);
    REQUIRE(peer.has_value());
    CHECK(peer->pid == getpid());
    CHECK(peer->uid == geteuid());
    CHECK(is_operator(*peer));
    close(ends[0]);
    close(ends[1]);
    CHECK_FALSE(peer_credentials(ends[0]).has_value());
}

TEST_CASE("only the daemon's own user and root are operators") {
    CHECK(is_operator({.pid = 1, .uid = 0, .gid = 0}));
    CHECK(is_operator({.pid = 1, .uid = geteuid(), .gid = 12345}));
    CHECK_FALSE(is_operator({.pid = 1, .uid = geteuid() + 1000, .gid = 0}));
}

TEST_CASE("a TCP socket has no peer that the kernel vouches for") {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(socket >= 0);
    CHECK_FALSE(peer_credentials(socket).has_value());
    close(socket);
}
