// The broker's unix socket. A few threads each take one connection after another: what comes at once beyond
// them waits in the kernel's own queue, so nothing grows, and one slow `docker stop` does not hold up a list.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "controller/broker/containers.hpp"

namespace pic::broker {

class Server {
  public:
    /// Listens at `socket`, in the place of one that a former broker left. Throws std::system_error.
    Server(const std::filesystem::path& socket, Containers containers);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    static constexpr unsigned threads = 4;
    static constexpr int patience_seconds = 5;  ///< for a client's request, and for it to take the answer

  private:
    void serve();
    void answer(int connection) const;

    Containers containers_;
    std::filesystem::path path_;
    int listener_ = -1;
    std::atomic<bool> stopping_{false};
    std::vector<std::thread> threads_;
};

}  // namespace pic::broker
