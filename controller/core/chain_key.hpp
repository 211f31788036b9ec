// The key that signs the chain's heads. It lives in the vault, sealed and apart from the cell's identity, and
// so it is also what pins the log: a log that somebody wrote anew, and signed anew with a key of his own,
// carries that key in its rows, and only the vault says that it is not the cell's. The two travel together in
// a backup, and a restored log is held to the vault that came with it.
#pragma once

#include <memory>
#include <vector>

#include "controller/log/signer.hpp"
#include "controller/vault/vault.hpp"

namespace pic::core {

struct ChainKey {
    std::shared_ptr<const log::Signer> signer;
    std::vector<log::TrustedKey>
        trusted;  ///< what verify() is to take for the cell's own: this key, from event 1
};

/// Made where there is none yet. Rejections: those of Vault::put, "vault_damaged".
[[nodiscard]] Result<ChainKey> chain_key(vault::Vault& vault);

}  // namespace pic::core
