// picd: the controller.
#include <signal.h>
#include <sodium.h>
#include <sys/stat.h>

#include <cstdio>

#include "controller/daemon/daemon.hpp"
#include "schema/private_memory.hpp"

/// What jemalloc(3) reads at its start, and nothing where it is not linked. Two arenas do for the two threads
/// that work at a time; what was freed goes back after a second, since a load comes in bursts.
extern "C" {
[[maybe_unused]] extern const char* const malloc_conf;
const char* const malloc_conf = "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0";
}

namespace {

/// Signals are taken by one thread that waits for them; blocked here, before any other thread is there.
void block_signals() {
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, pic::daemon::Daemon::own_signal);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int main(int argc, char** argv) {
    auto options = pic::daemon::read_options(argc, argv);
    if (!options) return options.error();
    umask(0077);
    block_signals();
    pic::keep_memory_private();
    if (sodium_init() < 0) {
        std::fputs("picd: libsodium cannot be used on this machine\n", stderr);
        return pic::daemon::exit_failure;
    }
    try {
        while (pic::daemon::Daemon(*options).run()) {
        }
        return 0;
    } catch (const pic::daemon::StartError& error) {
        std::fprintf(stderr, "picd: %s\n", error.what());
        return error.code;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "picd: %s\n", error.what());
        return pic::daemon::exit_failure;
    }
}
