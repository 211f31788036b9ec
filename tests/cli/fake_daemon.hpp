// A daemon that says what a test tells it to: a real unix socket in a folder of its own, a thread, and a
// record of every request. It knows just enough of HTTP and of websockets to be a partner for picctl, and
// none of the product.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/temp_folder.hpp"

namespace pic::test {

struct Seen {
    std::string method;
    std::string target;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

struct Reply {
    int status = 200;
    std::string body = "{}";
    std::map<std::string, std::string> headers = {};
    /// Not empty: answers as a websocket that sends these text messages and then closes with `close_code`.
    std::vector<std::string> messages = {};
    int close_code = 1000;
};

class FakeDaemon {
  public:
    using Handler = std::function<Reply(const Seen&)>;

    explicit FakeDaemon(Handler handler);
    ~FakeDaemon();
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;

    /// What --data takes.
    [[nodiscard]] std::string folder() const { return folder_.path().string(); }
    [[nodiscard]] std::vector<Seen> seen() const;
    /// The last request with this method and a target that starts so; fails the test where there is none.
    [[nodiscard]] Seen last(const std::string& method, const std::string& target) const;

  private:
    void serve();
    void talk(int connection);

    Handler handler_;
    TempFolder folder_;
    int listener_ = -1;
    int stop_[2] = {-1, -1};  ///< a pipe: its end wakes the thread
    mutable std::mutex mutex_;
    std::vector<Seen> seen_;
    std::thread thread_;
};

/// What a run of picctl gave.
struct Outcome {
    int code = 0;
    std::string out;
    std::string err;
};

/// Runs the verbs as the program does. `input` is stdin; `answers`, if any, make stdin a terminal and are
/// what is typed at questions without an echo.
Outcome picctl(const std::vector<std::string>& words, const std::string& input = {},
               const std::vector<std::string>& answers = {});
/// The same against the daemon's folder.
Outcome picctl(const FakeDaemon& daemon, std::vector<std::string> words, const std::string& input = {},
               const std::vector<std::string>& answers = {});

}  // namespace pic::test
