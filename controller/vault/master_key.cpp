#include "controller/vault/master_key.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <utility>

#include "controller/vault/private_file.hpp"

namespace pic::vault {

namespace {

constexpr std::uint64_t passes_limit = 20;
constexpr std::uint64_t memory_limit = std::uint64_t{4} << 30;

OpenError from_file_error(const FileError& error) {
    switch (error.code) {
        case FileError::Code::missing:
            return {
                OpenCode::master_key_missing,
                error.detail + ": the vault cannot be opened without it; put it back, or restore a backup"};
        case FileError::Code::permissions:
            return {OpenCode::master_key_permissions, error.detail};
        case FileError::Code::exists:
        case FileError::Code::io:
            break;
    }
    return {OpenCode::io, error.detail};
}

Secret derive(const Secret& master, std::uint64_t number) {
    Secret key(key_bytes);
    crypto_kdf_derive_from_key(key.bytes().data(), key.size(), number, "picvault", master.data());
    return key;
}

std::optional<Secret> stretch(const Secret& passphrase, const Sealed& salt, const KdfCost& cost) {
    Secret key(key_bytes);
    if (crypto_pwhash(key.bytes().data(), key.size(), passphrase.reveal().data(), passphrase.size(),
                      salt.data(), cost.passes, static_cast<std::size_t>(cost.memory),
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return std::nullopt;
    }
    return key;
}

Place lock_place(const PassphraseLock& lock) {
    Place place("pic vault master 1");
    place.add(std::string_view(reinterpret_cast<const char*>(lock.salt.data()), lock.salt.size()));
    return place.add(lock.cost.passes).add(lock.cost.memory);
}

/// Binds the whole header, so that a lock cannot be taken away or put in unnoticed.
Place check_place(const std::optional<PassphraseLock>& lock) {
    Place place("pic vault header 1");
    if (lock) place.add(lock_place(*lock).bytes());
    return place;
}

}  // namespace

MasterKeys derive_keys(const Secret& master) {
    return {derive(master, 1), derive(master, 2), derive(master, 3)};
}

Header header_for(const Secret& master) {
    return {.lock = std::nullopt, .key_check = seal(derive(master, 3), check_place(std::nullopt), Secret())};
}

std::optional<Opened> make_master_key(const std::optional<Secret>& passphrase, const KdfCost& cost) {
    Secret master = Secret::random(key_bytes);
    if (!passphrase) {
        Header header = header_for(master);
        return Opened{std::move(master), std::move(header)};
    }
    PassphraseLock lock{.salt = Sealed(crypto_pwhash_SALTBYTES), .cost = cost, .wrapped_master = {}};
    randombytes_buf(lock.salt.data(), lock.salt.size());
    const std::optional<Secret> wrapping = stretch(*passphrase, lock.salt, cost);
    if (!wrapping) return std::nullopt;
    lock.wrapped_master = seal(*wrapping, lock_place(lock), master);
    Header header{.lock = std::move(lock), .key_check = {}};
    header.key_check = seal(derive(master, 3), check_place(header.lock), Secret());
    return Opened{std::move(master), std::move(header)};
}

bool belongs_to(const Secret& master, const Header& header) {
    return master.size() == key_bytes &&
           unseal(derive(master, 3), check_place(header.lock), header.key_check).has_value();
}

std::expected<Secret, OpenError> unwrap_master(const PassphraseLock& lock, const Secret& passphrase) {
    if (lock.salt.size() != crypto_pwhash_SALTBYTES || lock.cost.passes < crypto_pwhash_OPSLIMIT_MIN ||
        lock.cost.passes > passes_limit || lock.cost.memory < crypto_pwhash_MEMLIMIT_MIN ||
        lock.cost.memory > memory_limit) {
        return refuse(OpenCode::damaged,
                      "the vault's header asks for a key derivation that this program never writes");
    }
    const std::optional<Secret> wrapping = stretch(passphrase, lock.salt, lock.cost);
    if (!wrapping) {
        return refuse(OpenCode::io, fmt::format("the passphrase needs {} MiB of memory, which are not there",
                                                lock.cost.memory >> 20));
    }
    std::optional<Secret> master = unseal(*wrapping, lock_place(lock), lock.wrapped_master);
    if (!master) return refuse(OpenCode::passphrase_wrong, "the passphrase does not open this vault");
    return std::move(*master);
}

std::filesystem::path next_key_file(const std::filesystem::path& key_file) {
    std::filesystem::path next = key_file;
    next += ".new";
    return next;
}

std::expected<Secret, OpenError> master_from_file(const std::filesystem::path& key_file,
                                                  const Header& header) {
    const std::filesystem::path next_file = next_key_file(key_file);
    auto current = read_private_file(key_file);
    auto next = read_private_file(next_file);
    if (current && belongs_to(*current, header)) {
        if (next)
            (void)remove_private_file(
                next_file);  // the change never committed; if it stays, it is found again
        return std::move(*current);
    }
    if (next && belongs_to(*next, header)) {
        if (auto placed = write_private_file(key_file, *next, IfExists::replace); !placed) {
            return std::unexpected(from_file_error(placed.error()));
        }
        (void)remove_private_file(next_file);
        return std::move(*next);
    }
    if (!current) return std::unexpected(from_file_error(current.error()));
    return refuse(
        OpenCode::master_key_wrong,
        fmt::format("{} is not the key of this vault, or one of the two is damaged", key_file.string()));
}

std::expected<Secret, OpenError> read_or_make_key_file(const std::filesystem::path& key_file) {
    auto existing = read_private_file(key_file);
    if (existing) {
        if (existing->size() == key_bytes) return std::move(*existing);
        return refuse(OpenCode::master_key_wrong, fmt::format("{} is no master key: it must hold {} bytes",
                                                              key_file.string(), key_bytes));
    }
    if (existing.error().code != FileError::Code::missing)
        return std::unexpected(from_file_error(existing.error()));
    Secret master = Secret::random(key_bytes);
    if (auto written = write_private_file(key_file, master, IfExists::refuse); !written) {
        return std::unexpected(from_file_error(written.error()));
    }
    return master;
}

}  // namespace pic::vault
