#include "controller/backup/sealed_stream.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace pic::backup {

using vault::Descriptor;
using vault::KdfCost;
using vault::Secret;

namespace {

constexpr std::string_view magic("\x89PICBAK\n", 8);
constexpr std::uint32_t version = 1;
constexpr std::uint64_t passes_limit = 20;
constexpr std::uint64_t memory_limit = std::uint64_t{1} << 30;
constexpr std::size_t salt_offset = 24;
constexpr std::size_t stream_offset = salt_offset + crypto_pwhash_SALTBYTES;
constexpr std::size_t chunk_overhead = crypto_secretstream_xchacha20poly1305_ABYTES;
static_assert(stream_offset + crypto_secretstream_xchacha20poly1305_HEADERBYTES == header_size);

const unsigned char* unsigned_bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* unsigned_bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

template <class Integer>
void append(std::string& to, Integer number) {
    for (std::size_t i = 0; i < sizeof number; ++i) to += static_cast<char>(number >> (8 * i) & 0xff);
}

template <class Integer>
Integer number_at(std::string_view bytes, std::size_t offset) {
    Integer number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) {
        number |= static_cast<Integer>(Integer{static_cast<unsigned char>(bytes[offset + i])} << (8 * i));
    }
    return number;
}

Result<Secret> derive(const Secret& passphrase, std::string_view header, const KdfCost& cost) {
    Secret key(crypto_secretstream_xchacha20poly1305_KEYBYTES);
    if (crypto_pwhash(key.bytes().data(), key.size(), passphrase.reveal().data(), passphrase.size(),
                      unsigned_bytes(header) + salt_offset, cost.passes,
                      static_cast<std::size_t>(cost.memory), crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return reject(
            "backup_parameters",
            fmt::format("the passphrase needs {} MiB of memory, which are not there", cost.memory >> 20));
    }
    return key;
}

using StreamState = crypto_secretstream_xchacha20poly1305_state;

/// Locked memory comes aligned for anything.
StreamState* state_of(Secret& memory) { return reinterpret_cast<StreamState*>(memory.bytes().data()); }

bool is_sane(const KdfCost& cost) {
    return cost.passes >= crypto_pwhash_OPSLIMIT_MIN && cost.passes <= passes_limit &&
           cost.memory >= crypto_pwhash_MEMLIMIT_MIN && cost.memory <= memory_limit;
}

std::unexpected<Rejection> io_failure(const char* doing) {
    return reject("backup_unwritable", fmt::format("cannot {} the backup: {}", doing, std::strerror(errno)));
}

}  // namespace

SealedWriter::SealedWriter(const Descriptor& file, std::string header)
    : file_(&file), header_(std::move(header)), stream_(sizeof(StreamState)) {}

Result<SealedWriter> SealedWriter::begin(const Descriptor& file, const Secret& passphrase,
                                         const KdfCost& cost) {
    if (!is_sane(cost)) return reject("backup_parameters", "the costs of the passphrase are out of bounds");
    std::string header(magic);
    append(header, version);
    append(header, static_cast<std::uint32_t>(cost.passes));
    append(header, cost.memory);
    header.resize(header_size);
    randombytes_buf(unsigned_bytes(header) + salt_offset, crypto_pwhash_SALTBYTES);
    auto key = derive(passphrase, header, cost);
    if (!key) return std::unexpected(std::move(key).error());

    SealedWriter writer(file, std::move(header));
    crypto_secretstream_xchacha20poly1305_init_push(
        state_of(writer.stream_), unsigned_bytes(writer.header_) + stream_offset, key->data());
    if (!file.write_all(writer.header_)) return io_failure("write");
    return writer;
}

Result<void> SealedWriter::write(std::string_view bytes) {
    while (!bytes.empty()) {
        // A full chunk is sealed only when more comes, so that the last one can be marked as such.
        if (filled_ == chunk_size) {
            if (auto sealed = seal_chunk(crypto_secretstream_xchacha20poly1305_TAG_MESSAGE); !sealed)
                return sealed;
        }
        const std::size_t part = std::min(bytes.size(), chunk_size - filled_);
        std::memcpy(chunk_.bytes().data() + filled_, bytes.data(), part);
        filled_ += part;
        bytes.remove_prefix(part);
    }
    return {};
}

Result<void> SealedWriter::finish() { return seal_chunk(crypto_secretstream_xchacha20poly1305_TAG_FINAL); }

Result<void> SealedWriter::seal_chunk(unsigned char tag) {
    std::vector<unsigned char> sealed(filled_ + chunk_overhead);
    crypto_secretstream_xchacha20poly1305_push(state_of(stream_), sealed.data(), nullptr, chunk_.data(),
                                               filled_, unsigned_bytes(std::string_view(header_)),
                                               header_.size(), tag);
    header_.clear();
    filled_ = 0;
    if (!file_->write_all({reinterpret_cast<const char*>(sealed.data()), sealed.size()}))
        return io_failure("write");
    return {};
}

Result<ArchiveKey> read_header(const Descriptor& file, const Secret& passphrase) {
    std::string header(header_size, '\0');
    const ssize_t got = file.read_up_to(unsigned_bytes(header), header_size);
    if (got < 0) return io_failure("read");
    if (!std::string_view(header).starts_with(magic)) {
        return reject("backup_not_an_archive", "this file is no backup of a cell");
    }
    if (static_cast<std::size_t>(got) < header_size)
        return reject("backup_truncated", "the backup ends in its header");
    if (number_at<std::uint32_t>(header, 8) != version) {
        return reject("backup_newer_version", fmt::format("the backup has format {}, this program knows {}",
                                                          number_at<std::uint32_t>(header, 8), version));
    }
    const KdfCost cost{.passes = number_at<std::uint32_t>(header, 12),
                       .memory = number_at<std::uint64_t>(header, 16)};
    if (!is_sane(cost)) {
        return reject("backup_parameters",
                      "the backup asks for a key derivation that this program never writes");
    }
    auto key = derive(passphrase, header, cost);
    if (!key) return std::unexpected(std::move(key).error());
    return ArchiveKey{std::move(header), std::move(*key)};
}

SealedReader::SealedReader(const Descriptor& file, const ArchiveKey& key)
    : file_(&file), key_(&key), stream_(sizeof(StreamState)) {}

Result<SealedReader> SealedReader::begin(const Descriptor& file, const ArchiveKey& key) {
    SealedReader reader(file, key);
    if (crypto_secretstream_xchacha20poly1305_init_pull(
            state_of(reader.stream_), unsigned_bytes(key.header) + stream_offset, key.key.data()) != 0) {
        return reject("backup_damaged", "the backup's header is damaged");
    }
    return reader;
}

Result<std::string_view> SealedReader::read(std::size_t limit) {
    if (position_ == filled_ && !ended_) {
        if (auto opened = open_chunk(); !opened) return std::unexpected(std::move(opened).error());
    }
    const std::size_t part = std::min(limit, filled_ - position_);
    const std::string_view bytes = chunk_.reveal().substr(position_, part);
    position_ += part;
    return bytes;
}

Result<void> SealedReader::open_chunk() {
    std::array<unsigned char, chunk_size + chunk_overhead> sealed;
    const ssize_t got = file_->read_up_to(sealed.data(), sealed.size());
    if (got < 0) return io_failure("read");
    const auto size = static_cast<std::size_t>(got);
    if (size < chunk_overhead) return reject("backup_truncated", "the backup ends before it is complete");

    const std::string_view bound = first_ ? std::string_view(key_->header) : std::string_view();
    unsigned char tag = 0;
    if (crypto_secretstream_xchacha20poly1305_pull(state_of(stream_), chunk_.bytes().data(), nullptr, &tag,
                                                   sealed.data(), size, unsigned_bytes(bound),
                                                   bound.size()) != 0) {
        if (first_) return reject("backup_wrong_passphrase", "the passphrase does not open this backup");
        return reject("backup_damaged", "the backup was altered or cut short; nothing of it is used");
    }
    first_ = false;
    position_ = 0;
    filled_ = size - chunk_overhead;
    ended_ = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    if (!ended_) return {};
    unsigned char beyond = 0;
    if (file_->read_up_to(&beyond, 1) != 0)
        return reject("backup_damaged", "there is more in the file than the backup");
    return {};
}

}  // namespace pic::backup
