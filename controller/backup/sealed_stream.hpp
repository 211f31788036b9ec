// The encrypted envelope of a backup: a header that says how the passphrase becomes a key, then chunks of
// libsodium's secretstream. It knows bytes and nothing of what they mean; docs/backup-format.md has the
// layout.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "controller/backup/archive.hpp"
#include "controller/vault/descriptor.hpp"

namespace pic::backup {

inline constexpr std::size_t header_size = 64;

/// Seals what is written to it. finish() or nothing: without it a reader sees a truncated archive.
class SealedWriter {
  public:
    /// Writes the header.
    [[nodiscard]] static Result<SealedWriter> begin(const vault::Descriptor& file,
                                                    const vault::Secret& passphrase,
                                                    const vault::KdfCost& cost);
    [[nodiscard]] Result<void> write(std::string_view bytes);
    [[nodiscard]] Result<void> finish();

  private:
    SealedWriter(const vault::Descriptor& file, std::string header);
    Result<void> seal_chunk(unsigned char tag);

    const vault::Descriptor* file_;
    std::string header_;    ///< authenticated with the first chunk
    vault::Secret stream_;  ///< libsodium's state, which holds the key
    vault::Secret chunk_{chunk_size};
    std::size_t filled_ = 0;
};

/// The key of an archive: derived once, used for both passes.
struct ArchiveKey {
    std::string header;
    vault::Secret key;
};
/// Rejections backup_not_an_archive, backup_newer_version, backup_parameters.
[[nodiscard]] Result<ArchiveKey> read_header(const vault::Descriptor& file, const vault::Secret& passphrase);

/// Opens chunk by chunk; what it gives out is authentic, but only at the end is it known to be all.
class SealedReader {
  public:
    /// `file` stands after the header.
    [[nodiscard]] static Result<SealedReader> begin(const vault::Descriptor& file, const ArchiveKey& key);

    /// The next bytes, at most `limit`; empty at the end, which has been seen to be the end.
    [[nodiscard]] Result<std::string_view> read(std::size_t limit);

  private:
    SealedReader(const vault::Descriptor& file, const ArchiveKey& key);
    Result<void> open_chunk();

    const vault::Descriptor* file_;
    const ArchiveKey* key_;
    vault::Secret stream_;  ///< libsodium's state, which holds the key
    vault::Secret chunk_{chunk_size};
    std::size_t position_ = 0;
    std::size_t filled_ = 0;
    bool first_ = true;
    bool ended_ = false;
};

}  // namespace pic::backup
