#include "tools/bench/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

#include "tools/bench/samples.hpp"

namespace pic::bench {

namespace {
constexpr std::size_t append_bytes = 400;
[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }
}  // namespace

std::string synced_appends(const std::filesystem::path& folder, double limit) {
    const auto file = folder / "appends";
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) fail("open");
    const std::string record(append_bytes, 'x');
    Samples samples;
    const auto begin = Clock::now();
    while (seconds(Clock::now() - begin) < limit) {
        const auto start = Clock::now();
        if (::write(fd, record.data(), record.size()) != static_cast<ssize_t>(record.size())) fail("write");
        if (::fdatasync(fd) != 0) fail("fdatasync");
        samples.add(Clock::now() - start);
    }
    const auto elapsed = Clock::now() - begin;
    ::close(fd);
    std::filesystem::remove(file);
    return samples.json(elapsed);
}

}  // namespace pic::bench
