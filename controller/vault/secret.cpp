#include "controller/vault/secret.hpp"

#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory_resource>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>

namespace pic::vault {

namespace {

std::atomic<bool> all_locked{true};

/// Whole pages, locked and left out of core dumps: what the pool is made of.
class LockedPages : public std::pmr::memory_resource {
    static std::size_t whole_pages(std::size_t size) {
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        return (size + page - 1) / page * page;
    }
    void* do_allocate(std::size_t size, std::size_t) override {
        const std::size_t length = whole_pages(size);
        void* pages = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED) throw std::bad_alloc();
        if (mlock(pages, length) != 0) all_locked = false;
        madvise(pages, length, MADV_DONTDUMP);
        return pages;
    }
    void do_deallocate(void* pages, std::size_t size, std::size_t) override {
        munmap(pages, whole_pages(size));
    }
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
};

class LockedPool {
  public:
    LockedPool() {
        if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
    }
    unsigned char* take(std::size_t size) {
        const std::lock_guard lock(mutex_);
        return static_cast<unsigned char*>(pool_.allocate(size, alignof(std::max_align_t)));
    }
    void give_back(unsigned char* data, std::size_t size) {
        sodium_memzero(data, size);
        const std::lock_guard lock(mutex_);
        pool_.deallocate(data, size, alignof(std::max_align_t));
    }

  private:
    std::mutex mutex_;
    LockedPages pages_;
    std::pmr::unsynchronized_pool_resource pool_{&pages_};
};

/// Never destroyed: secrets in static objects may outlive any order of destruction.
LockedPool& pool() {
    static auto* const the_pool = new LockedPool;
    return *the_pool;
}

}  // namespace

Secret::Secret(std::size_t size) : data_(size ? pool().take(size) : nullptr), size_(size) {
    if (size) std::memset(data_, 0, size);
}

Secret Secret::copy_of(std::string_view bytes) {
    Secret secret(bytes.size());
    if (!bytes.empty()) std::memcpy(secret.data_, bytes.data(), bytes.size());
    return secret;
}

Secret Secret::random(std::size_t size) {
    Secret secret(size);
    if (size) randombytes_buf(secret.data_, size);
    return secret;
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

Secret::~Secret() {
    if (data_) pool().give_back(data_, size_);
}

Secret Secret::clone() const { return copy_of(reveal()); }

bool Secret::equals(std::string_view other) const {
    return other.size() == size_ && (size_ == 0 || sodium_memcmp(data_, other.data(), size_) == 0);
}

bool secrets_are_locked() { return all_locked; }

}  // namespace pic::vault
