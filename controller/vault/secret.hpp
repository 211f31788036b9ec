// Bytes that must not leak. They live in pages that are locked into memory and left out of core dumps, and
// are zeroed when released. The type has no formatter and no stream operator, and copying is a named act, so
// that a secret cannot slip into a log line or an answer by accident: whoever wants the bytes writes
// reveal(), which is easy to search for.
//
// sodium_malloc() for every secret was rejected: it takes four pages and two guard mappings each, and a cell
// with ten thousand peers would hit the kernel's limit of mappings. All secrets share one pool of such pages
// instead.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string_view>

namespace pic::vault {

class Secret {
  public:
    Secret() = default;
    /// `size` zero bytes, to be written through bytes().
    explicit Secret(std::size_t size);
    /// Takes a copy; the original is the caller's to wipe.
    [[nodiscard]] static Secret copy_of(std::string_view bytes);
    [[nodiscard]] static Secret random(std::size_t size);

    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();

    [[nodiscard]] Secret clone() const;

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    /// The bytes themselves. Do not copy them into a std::string that outlives the need.
    [[nodiscard]] std::string_view reveal() const { return {reinterpret_cast<const char*>(data()), size_}; }
    /// Never null, also where there is nothing: C interfaces do not take that.
    [[nodiscard]] const unsigned char* data() const { return data_ ? data_ : &nothing; }
    [[nodiscard]] std::span<unsigned char> bytes() { return {data_, size_}; }

    /// In a time that depends on the length alone.
    [[nodiscard]] bool equals(std::string_view other) const;

  private:
    static constexpr unsigned char nothing = 0;
    unsigned char* data_ = nullptr;
    std::size_t size_ = 0;
};

std::ostream& operator<<(std::ostream&, const Secret&) = delete;

/// False once the kernel refused to lock pages (RLIMIT_MEMLOCK): secrets may then reach the swap. For a
/// warning.
[[nodiscard]] bool secrets_are_locked();

}  // namespace pic::vault
