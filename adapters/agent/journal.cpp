#include "adapters/agent/journal.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "adapters/agent/process.hpp"
#include "bus/messages.hpp"

namespace pic::agent {

namespace fs = std::filesystem;

namespace {

constexpr mode_t journal_mode = 0600;
constexpr std::size_t length_size = 4;
constexpr std::size_t nonce_size = crypto_secretbox_NONCEBYTES;
constexpr std::uint64_t rewrite_above = 64 * 1024;  ///< smaller files may grow as they like

std::unexpected<Rejection> failed(const fs::path& file) {
    return reject("write", fmt::format("{}: {}", file.string(), std::strerror(errno)));
}

void put_length(std::string& to, std::size_t length) {
    for (std::size_t i = 0; i < length_size; ++i) to += static_cast<char>(length >> (8 * i) & 0xff);
}

/// Takes a length and as many bytes off the front; false when they are not all there.
bool take_piece(std::string_view& from, std::string_view& piece) {
    if (from.size() < length_size) return false;
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_size; ++i)
        length |= std::size_t{static_cast<std::uint8_t>(from[i])} << (8 * i);
    if (from.size() - length_size < length) return false;
    piece = from.substr(length_size, length);
    from.remove_prefix(length_size + length);
    return true;
}

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

bool write_synced(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return ::fdatasync(fd) == 0;
}

bool sync_folder(const fs::path& folder) {
    const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd && ::fsync(fd.get()) == 0;
}

/// Replaces a file, durably: after a crash there is the old one or the new.
Result<void> replace_file(const fs::path& file, std::string_view text) {
    const fs::path fresh = file.string() + ".new";
    ::unlink(fresh.c_str());
    {
        const Fd fd(
            ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, journal_mode));
        if (!fd || !write_synced(fd.get(), text)) return failed(fresh);
    }
    if (::rename(fresh.c_str(), file.c_str()) != 0 || !sync_folder(file.parent_path())) return failed(file);
    return {};
}

std::string read_file(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

}  // namespace

Result<SealKey> load_or_make_seal_key(const fs::path& file) {
    SealKey key;
    struct stat status{};
    if (::lstat(file.c_str(), &status) != 0) {
        crypto_secretbox_keygen(key.data());
        const std::string text(key.begin(), key.end());
        if (auto ok = replace_file(file, text); !ok) return reject("key_file", ok.error().detail);
        return key;
    }
    if (!S_ISREG(status.st_mode) || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return reject("key_file", file.string() + " must be a file that nobody else may read (mode 0600)");
    }
    const auto text = read_file(file);
    if (text.size() != key.size()) return reject("key_file", file.string() + " holds no key");
    std::copy(text.begin(), text.end(), key.begin());
    return key;
}

Journal::Journal(fs::path file, std::string service, const SealKey& key)
    : file_(std::move(file)), service_(std::move(service)), key_(key) {}

std::string Journal::seal(const Bundle& bundle) const {
    std::string plain;
    for (const auto& frame : bus::encode(bus::RequestId{}, bus::AnswerBody(bundle))) {
        put_length(plain, frame.size());
        plain += frame;
    }
    std::string sealed(nonce_size + crypto_secretbox_MACBYTES + plain.size(), '\0');
    randombytes_buf(sealed.data(), nonce_size);
    crypto_secretbox_easy(bytes(sealed) + nonce_size, bytes(plain), plain.size(), bytes(sealed), key_.data());
    sodium_memzero(plain.data(), plain.size());
    std::string record;
    put_length(record, sealed.size());
    return record + sealed;
}

Result<Bundle> Journal::open(std::string_view sealed) const {
    const auto bad = [&](const char* why) {
        return reject("bad_journal", fmt::format("{}: {}", file_.string(), why));
    };
    if (sealed.size() < nonce_size + crypto_secretbox_MACBYTES) return bad("a record is too short");
    const auto box = sealed.substr(nonce_size);
    std::string plain(box.size() - crypto_secretbox_MACBYTES, '\0');
    if (crypto_secretbox_open_easy(bytes(plain), bytes(box), box.size(), bytes(sealed), key_.data()) != 0) {
        return bad("a record was sealed with another key, or altered");
    }
    std::vector<std::string_view> frames;
    std::string_view rest = plain;
    for (std::string_view frame; take_piece(rest, frame);) frames.push_back(frame);
    auto answer = rest.empty() ? bus::decode_answer(frames) : reject("malformed", "frames");
    auto* bundle = answer ? std::get_if<Bundle>(&answer->body) : nullptr;
    if (bundle == nullptr || bundle->service != service_) return bad("a record is no bundle of this service");
    return std::move(*bundle);
}

Result<Content> Journal::load() {
    const auto text = read_file(file_);
    std::string_view rest = text;
    Content content;
    size_ = base_size_ = 0;
    for (std::string_view record; take_piece(rest, record);) {
        const auto bundle = open(record);
        if (!bundle) return std::unexpected(bundle.error());
        auto next = advance(content, *bundle);
        if (!next) return reject("bad_journal", fmt::format("{}: {}", file_.string(), next.error().detail));
        content = std::move(*next);
        size_ += length_size + record.size();
        if (base_size_ == 0) base_size_ = size_;
    }
    return content;
}

Result<void> Journal::append(const Content& from, const Content& to) {
    const auto bundle = difference(service_, from, to);
    if (size_ == 0 || bundle.base == Sequence{}) return rewrite(to);
    const auto record = seal(bundle);
    if (size_ + record.size() > std::max(rewrite_above, 2 * base_size_)) return rewrite(to);
    const Fd fd(::open(file_.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    // What a crash left behind the last whole record goes first.
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(size_)) != 0 ||
        ::lseek(fd.get(), static_cast<off_t>(size_), SEEK_SET) < 0 || !write_synced(fd.get(), record)) {
        return failed(file_);
    }
    size_ += record.size();
    return {};
}

Result<void> Journal::rewrite(const Content& content) {
    const auto record = seal(difference(service_, {}, content));
    if (auto ok = replace_file(file_, record); !ok) return ok;
    size_ = base_size_ = record.size();
    return {};
}

void Journal::clear() {
    std::error_code ignored;
    fs::remove(file_, ignored);
    size_ = base_size_ = 0;
}

}  // namespace pic::agent
