#include "bus/file_frame.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "bus/messages.hpp"

namespace pic::bus {
namespace {

constexpr std::uint8_t removed_flag = 1;
constexpr std::uint8_t full_flag = 2;
constexpr std::size_t length_bytes = 4;
constexpr std::size_t least_upsert_bytes = length_bytes + sizeof(Digest) + length_bytes;

class Writer {
  public:
    explicit Writer(std::size_t size) { bytes_.reserve(size); }
    void byte(std::uint8_t value) { bytes_ += static_cast<char>(value); }
    void number(std::size_t value) {
        for (unsigned shift = 0; shift < 32; shift += 8) byte(static_cast<std::uint8_t>(value >> shift));
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_ += value;
    }
    void digest(const Digest& value) {
        bytes_.append(reinterpret_cast<const char*>(value.data()), value.size());
    }
    std::string finish() && { return std::move(bytes_); }

  private:
    std::string bytes_;
};

/// Reads on after an error as if over zeros, and says so in the end.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    std::string_view take(std::size_t size) {
        if (size > rest_.size()) {
            ok_ = false;
            return {};
        }
        const auto taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }
    std::uint8_t byte() {
        const auto taken = take(1);
        return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
    }
    std::size_t number() {
        std::size_t value = 0;
        for (unsigned shift = 0; shift < 32; shift += 8) value |= static_cast<std::size_t>(byte()) << shift;
        return value;
    }
    /// How many entries follow, of at least `least` bytes each: a count that the rest cannot hold is not
    /// believed.
    std::size_t count(std::size_t least) {
        const auto value = number();
        require(value <= fragments_limit && value * least <= rest_.size());
        return ok_ ? value : 0;
    }
    std::string text(std::size_t limit) {
        const auto size = number();
        require(size <= limit);
        return ok_ ? std::string(take(size)) : std::string();
    }
    Digest digest() {
        Digest value{};
        const auto taken = take(value.size());
        std::ranges::copy(taken, value.begin());
        return value;
    }
    void require(bool condition) { ok_ = ok_ && condition; }
    [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

std::size_t encoded_size(const FileChange& file) {
    std::size_t size = 1 + length_bytes + file.path.size() + sizeof(Digest) + 2 * length_bytes;
    for (const auto& fragment : file.upserts)
        size += least_upsert_bytes + fragment.key.size() + fragment.text.size();
    for (const auto& key : file.removals) size += length_bytes + key.size();
    return size;
}

/// Relative, without empty, "." or ".." parts, without control characters. The agent checks again when it
/// opens.
bool is_safe_path(std::string_view path) {
    if (path.empty() || path.size() > path_limit) return false;
    if (std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        return false;
    while (true) {
        const auto slash = path.find('/');
        const auto part = path.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

}  // namespace

std::string encode_file(const FileChange& file) {
    Writer out(encoded_size(file));
    out.byte(static_cast<std::uint8_t>((file.removed ? removed_flag : 0) | (file.full ? full_flag : 0)));
    out.text(file.path);
    out.digest(file.root);
    out.number(file.upserts.size());
    for (const auto& fragment : file.upserts) {
        out.text(fragment.key);
        out.digest(fragment.digest);
        out.text(fragment.text);
    }
    out.number(file.removals.size());
    for (const auto& key : file.removals) out.text(key);
    return std::move(out).finish();
}

Result<FileChange> decode_file(std::string_view frame) {
    Reader in(frame);
    FileChange file;
    const auto flags = in.byte();
    in.require(flags <= (removed_flag | full_flag));
    file.removed = (flags & removed_flag) != 0;
    file.full = (flags & full_flag) != 0;
    file.path = in.text(path_limit);
    in.require(is_safe_path(file.path));
    file.root = in.digest();
    file.upserts.resize(in.count(least_upsert_bytes));
    for (auto& fragment : file.upserts) {
        fragment.key = in.text(key_limit);
        fragment.digest = in.digest();
        fragment.text = in.text(answer_frame_limit);
    }
    file.removals.resize(in.count(length_bytes));
    for (auto& key : file.removals) key = in.text(key_limit);
    if (!in.finished()) return reject("malformed", "A file of the bundle does not follow the grammar.");
    return file;
}

}  // namespace pic::bus
