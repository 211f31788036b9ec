// The master key on paper: what brings the vault back when the machine is gone and a backup's passphrase too.
// 32 bytes and a checksum in groups of base32, which has no letters that look alike in either case and fits
// into a small QR code.
//
// A kit that was never tried is a hope: drill() opens a copy of the vault with what was typed from paper and
// unseals every secret in it.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string_view>

#include "controller/vault/vault.hpp"

namespace pic::vault {

/// "PIC1-ABCD-EFGH-..." of a master key.
[[nodiscard]] Secret encode_kit(const Secret& master);
/// The master key again, however the kit was typed (spaces, case). Nothing: a slip of the finger, or no kit.
[[nodiscard]] std::optional<Secret> decode_kit(std::string_view text);

/// Opens a copy of `vault`, made in `folder`, with the kit; the number of secrets that came to light.
/// Rejections: kit_invalid, kit_of_another_vault, vault_damaged; not_by_key_file for a vault that a
/// passphrase opens.
[[nodiscard]] Result<std::size_t> drill(const Vault& vault, std::string_view kit,
                                        const std::filesystem::path& folder);

}  // namespace pic::vault
