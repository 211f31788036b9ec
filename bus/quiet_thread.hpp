// A thread that no signal of the process interrupts: signals are for whoever waits for them, not for a poll.
#pragma once

#include <pthread.h>

#include <csignal>
#include <thread>
#include <utility>

namespace pic::bus {

template <class Function>
[[nodiscard]] std::thread quiet_thread(Function function) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread(std::move(function));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace pic::bus
