// A wall clock that a test moves while the program runs, preloaded (ld.so(8)): what is due in two months or in seven
// years happens now. PIC_MOVED_CLOCK names a file whose first eight bytes are the seconds to add. CLOCK_MONOTONIC stays:
// timers and waits are the program's own affair. (libfaketime was rejected: within jemalloc's start it hangs.)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

const volatile std::int64_t* moved_by() {
    static const volatile std::int64_t* const seconds = [] {
        const char* file = std::getenv("PIC_MOVED_CLOCK");
        const int fd = file == nullptr ? -1 : open(file, O_RDONLY | O_CLOEXEC);
        void* page = fd < 0 ? MAP_FAILED : mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
        if (page == MAP_FAILED) abort();
        close(fd);
        return static_cast<const volatile std::int64_t*>(page);
    }();
    return seconds;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    const auto failed = syscall(SYS_clock_gettime, clock, now);
    if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *moved_by();
    return static_cast<int>(failed);
}

time_t time(time_t* out) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != nullptr) *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(timeval* __restrict out, void* __restrict) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

}
