#include <sodium.h>

#include <algorithm>

#include "controller/log/store.hpp"

namespace pic::log {

RandomSource kernel_random() {
    // A system call for every event would cost more than its hash: they are fetched a page at a time.
    struct Pool {
        std::array<std::uint8_t, 4000> bytes;
        std::size_t used = sizeof bytes;
    };
    return [pool = Pool{}]() mutable {
        std::array<std::uint8_t, 10> taken;
        if (pool.used + taken.size() > pool.bytes.size()) {
            randombytes_buf(pool.bytes.data(), pool.bytes.size());
            pool.used = 0;
        }
        std::copy_n(pool.bytes.begin() + static_cast<std::ptrdiff_t>(pool.used), taken.size(), taken.begin());
        pool.used += taken.size();
        return taken;
    };
}

}  // namespace pic::log
