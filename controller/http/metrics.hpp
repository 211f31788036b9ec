// What the daemon tells Prometheus. The HTTP layer counts here; others register families of their own in
// registry().
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace prometheus {
class Registry;
}

namespace pic::http {

class Api;

class Metrics {
  public:
    explicit Metrics(const Api& api);
    ~Metrics();

    /// `operation`: its index, -1 for a request that found none.
    void answered(int operation, int status, std::chrono::steady_clock::duration took);
    void connections(std::size_t open);
    void websockets(std::size_t open);

    [[nodiscard]] prometheus::Registry& registry();
    /// Prometheus text format 0.0.4.
    [[nodiscard]] std::string text() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pic::http
