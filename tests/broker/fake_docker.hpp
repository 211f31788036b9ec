// A Docker engine that is not there: a real unix socket and real HTTP, answering as the Engine API documents,
// and a record of every request line, so that a test can say what never reached it.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pic::test {

struct DockerReply {
    int status = 200;
    std::string body;
};

class FakeDocker {
  public:
    using Handler = std::function<DockerReply(const std::string& request_line)>;

    FakeDocker(std::filesystem::path socket, Handler handler);
    ~FakeDocker();
    FakeDocker(const FakeDocker&) = delete;
    FakeDocker& operator=(const FakeDocker&) = delete;

    [[nodiscard]] std::vector<std::string> seen() const;

  private:
    void serve();

    std::filesystem::path socket_;
    Handler handler_;
    int listener_ = -1;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::vector<std::string> seen_;
    std::thread thread_;
};

}  // namespace pic::test
