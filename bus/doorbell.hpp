// Wakes a thread that sleeps in a poll. An eventfd, since it is one system call, never blocks and never
// overflows; an inproc socket pair would need a socket a calling thread.
#pragma once

namespace pic::bus {

class Doorbell {
  public:
    Doorbell();  ///< throws std::system_error when the process has no descriptor left
    ~Doorbell();
    Doorbell(const Doorbell&) = delete;
    Doorbell& operator=(const Doorbell&) = delete;

    void ring() noexcept;    ///< from any thread; many rings before the sleeper answers are one
    void answer() noexcept;  ///< by the sleeper, before it looks at what it was woken for
    [[nodiscard]] int descriptor() const { return descriptor_; }

  private:
    int descriptor_;
};

}  // namespace pic::bus
