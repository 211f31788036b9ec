#include "controller/log/folder_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "controller/log/store.hpp"

namespace pic::log {

FolderLock::FolderLock(const std::filesystem::path& folder) {
    const auto file = folder / "log.lock";
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor_ < 0)
        throw OpenError("log_io", fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    const int error = errno;
    ::close(descriptor_);
    if (error == EWOULDBLOCK) {
        throw OpenError("log_locked", fmt::format("another daemon is using the data in {}", folder.string()));
    }
    throw OpenError("log_io", fmt::format("cannot lock {}: {}", file.string(), std::strerror(error)));
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace pic::log
