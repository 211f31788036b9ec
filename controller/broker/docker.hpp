// The little of Docker's HTTP API that the broker needs, over Docker's unix socket: one request a connection,
// spoken as HTTP/1.0, which ends an answer by closing and so needs no chunks. Nothing that a user typed gets
// into a path: callers name containers by the id that Docker itself gave.
#pragma once

#include <chrono>
#include <string>

#include "schema/rejection.hpp"

namespace pic::broker {

struct DockerAnswer {
    int status = 0;
    std::string body;
};

class Docker {
  public:
    explicit Docker(std::string socket) : socket_(std::move(socket)) {}

    /// Refusal: "docker_unreachable", also where an answer does not come within `patience` or is longer than
    /// answer_limit.
    [[nodiscard]] Result<DockerAnswer> get(const std::string& target) const {
        return exchange("GET", target);
    }
    [[nodiscard]] Result<DockerAnswer> post(const std::string& target) const {
        return exchange("POST", target);
    }

    static constexpr std::chrono::seconds patience{
        40};  ///< stopping takes Docker 10 s where a program does not end

  private:
    [[nodiscard]] Result<DockerAnswer> exchange(const char* method, const std::string& target) const;

    std::string socket_;
};

}  // namespace pic::broker
