// The last good content of a service on disk, sealed, so that a killed agent comes back to it: a file of
// records, each a bundle (as the bus encodes it) that moves the content before it on. Applying a change
// appends one record of the change's size and syncs it; the file is written anew once it has grown to twice
// what the content needs. A record that is cut short, which only a crash in the middle of the last append
// leaves behind, is the end. (Rejected: the whole content written at each change, which would make one peer
// cost a thousand.)
//
//   record = length of the rest (4 bytes LE) || nonce (24 bytes) || crypto_secretbox of the frames, each with
//   its length (4 bytes LE)
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

#include "adapters/agent/content.hpp"

namespace pic::agent {

/// Of crypto_secretbox (XSalsa20-Poly1305, libsodium).
using SealKey = std::array<unsigned char, 32>;

/// Reads the key of this agent, or makes it, mode 0600. Refusal: "key_file".
[[nodiscard]] Result<SealKey> load_or_make_seal_key(const std::filesystem::path& file);

class Journal {
  public:
    Journal(std::filesystem::path file, std::string service, const SealKey& key);

    /// What was appended last; an empty content where there is nothing. Refusal: "bad_journal" when a record
    /// that is whole cannot be opened or applied (another key, or the file was altered); the file stays as it
    /// is.
    [[nodiscard]] Result<Content> load();

    /// Makes `to` the content that load() gives, durably; `from` is what was appended before. Refusal:
    /// "write".
    [[nodiscard]] Result<void> append(const Content& from, const Content& to);

    /// Forgets everything.
    void clear();

  private:
    [[nodiscard]] std::string seal(const Bundle& bundle) const;
    [[nodiscard]] Result<Bundle> open(std::string_view record) const;
    [[nodiscard]] Result<void> rewrite(const Content& content);

    std::filesystem::path file_;
    std::string service_;
    SealKey key_;
    std::uint64_t size_ = 0;       ///< of what is valid in the file
    std::uint64_t base_size_ = 0;  ///< of its first record, which is the whole content as it was then
};

}  // namespace pic::agent
