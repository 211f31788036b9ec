// The first run, and signing in to a cell on the network.
#include <arpa/inet.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/fake_daemon.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/sign_in.hpp"

using namespace pic::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// A variable of the environment for as long as this lives.
class Variable {
  public:
    Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
    ~Variable() { unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
};

Reply unclaimed(const Seen& seen) {
    if (seen.method == "GET") return {.body = R"({"claimed":false})"};
    return {.status = 201,
            .body = R"({"principal":"user:admin","kind":"session","scopes":[],"csrf_token":"c"})"};
}

}  // namespace

TEST_CASE("setup takes the token from the data folder and never a password from the command line") {
    const FakeDaemon daemon(unclaimed);
    std::ofstream(fs::path(daemon.folder()) / "setup-token") << "the-token\n";

    SECTION("from the environment, with defaults for the rest") {
        const Variable password("PIC_ADMIN_PASSWORD", "correct horse");
        const auto outcome = picctl(daemon, {"setup", "--domain", "home.example"});
        CHECK(outcome.code == 0);
        CHECK(json::parse(daemon.last("POST", "/api/v1/setup").body) ==
              json::parse(R"({"setup_token":"the-token","username":"admin","password":"correct horse",
                              "cell_name":"home","domain":"home.example","vpn_range":"10.8.0.0/24"})"));
    }
    SECTION("from standard input") {
        CHECK(picctl(daemon, {"setup", "--password-stdin"}, "correct horse\nmore\n").code == 0);
        CHECK(json::parse(daemon.last("POST", "/").body).at("password") == "correct horse");
    }
    SECTION("asked twice on a terminal, with the other questions") {
        const auto outcome = picctl(daemon, {"setup"}, "flat\nflat.example\n\n\n", {"secret", "secret"});
        CHECK(outcome.code == 0);
        const auto sent = json::parse(daemon.last("POST", "/").body);
        CHECK(sent.at("cell_name") == "flat");
        CHECK(sent.at("domain") == "flat.example");
        CHECK(sent.at("vpn_range") == "10.8.0.0/24");
        CHECK(sent.at("password") == "secret");
        CHECK_THAT(outcome.err, Catch::Contains("Name of the cell [home]: "));
    }
    SECTION("a slip of the finger sends nothing") {
        CHECK(picctl(daemon, {"setup"}, "\n\n\n\n", {"secret", "sceret"}).code == 2);
        CHECK(daemon.seen().size() == 1);
    }
    SECTION("nobody to ask") { CHECK(picctl(daemon, {"setup"}).code == 2); }
}

TEST_CASE("a cell that has been set up says so") {
    const FakeDaemon daemon([](const Seen&) -> Reply { return {.body = R"({"claimed":true})"}; });
    CHECK(picctl(daemon, {"setup"}).code == 5);
}

TEST_CASE("sign-ins are kept by URL in a file that nobody else can read") {
    const TempFolder home;
    const Variable config("XDG_CONFIG_HOME", home.path().string());
    using pic::cli::find_sign_in;

    CHECK_FALSE(find_sign_in("http://a"));
    pic::cli::store_sign_in("http://a", {.token = {}, .cookie = "pic_sess_1=x", .csrf_token = "c"});
    pic::cli::store_sign_in("http://b", {.token = "pic_1_2"});
    CHECK(find_sign_in("http://a")->cookie == "pic_sess_1=x");
    CHECK(find_sign_in("http://a")->csrf_token == "c");
    CHECK(find_sign_in("http://b")->token == "pic_1_2");
    CHECK_FALSE(find_sign_in(""));

    const auto file = home.path() / "pic" / "sign-ins.json";
    CHECK((fs::status(file).permissions() & (fs::perms::group_all | fs::perms::others_all)) ==
          fs::perms::none);

    pic::cli::forget_sign_in("http://a");
    CHECK_FALSE(find_sign_in("http://a"));
    CHECK(find_sign_in("http://b"));

    const Variable token("PIC_TOKEN", "pic_3_4");
    CHECK(find_sign_in("http://a")->token == "pic_3_4");
}

TEST_CASE("a token goes with every request") {
    const Variable token("PIC_TOKEN", "pic_3_4");
    const FakeDaemon daemon([](const Seen&) -> Reply { return {.body = "{}"}; });
    picctl(daemon, {"cell", "show"});
    CHECK(daemon.last("GET", "/").headers.at("authorization") == "Bearer pic_3_4");
}

TEST_CASE("login is for the network") {
    const FakeDaemon daemon(unclaimed);
    const auto outcome = picctl(daemon, {"login"});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, Catch::Contains("needs no sign-in"));
}
