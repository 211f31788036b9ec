// The controller's end of the broker. There is one where a stack gave us its socket; in the local runtime
// there is none, and saying so is the whole of what containers do there.
#pragma once

#include <filesystem>
#include <string>

#include "controller/broker/request.hpp"

namespace pic::broker {

class Client {
  public:
    /// `socket` empty: there is no broker.
    explicit Client(std::filesystem::path socket = {}) : socket_(std::move(socket)) {}

    [[nodiscard]] bool exists() const { return !socket_.empty(); }
    /// Asks and waits: a call takes as long as Docker does, so it belongs on a worker's thread. The broker's
    /// answer, a JSON object. Refusals: "no_containers", "broker_unreachable", and what the broker refuses.
    [[nodiscard]] Result<std::string> ask(const Request& request) const;

  private:
    std::filesystem::path socket_;
};

}  // namespace pic::broker
