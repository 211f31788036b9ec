#include "bus/doorbell.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace pic::bus {

Doorbell::Doorbell() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Doorbell::~Doorbell() { ::close(descriptor_); }

void Doorbell::ring() noexcept { ::eventfd_write(descriptor_, 1); }

void Doorbell::answer() noexcept {
    eventfd_t count = 0;
    ::eventfd_read(descriptor_, &count);
}

}  // namespace pic::bus
