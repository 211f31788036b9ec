// Secrets on their way: sealed into an open transaction as they come, committed by whoever commits for all.
#include <fmt/format.h>
#include <sqlite3.h>

#include "controller/vault/records.hpp"

namespace pic::vault {

void Vault::State::open_staging() {
    if (staging.in_transaction) return;
    write.execute("BEGIN IMMEDIATE");
    staging.in_transaction = true;
    Sealer sealer(writing, keys);
    for (const Staging::Secret& secret : staging.secrets) {
        const auto ref = sealer.put(secret.ref.name, secret.value);
        // Nothing was written since these were handed out, or it would have been settled first.
        if (!ref || *ref != secret.ref) {
            throw Damaged(fmt::format("the staged secret \"{}\" changed its version", secret.ref.name));
        }
    }
}

void Vault::State::roll_back_staging() noexcept {
    sqlite3_exec(write.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    staging.in_transaction = false;
}

Result<void> Vault::State::settle() {
    if (staging.secrets.empty() && !staging.in_transaction) return {};
    try {
        open_staging();
        write.execute("COMMIT");
    } catch (const sqlite::Error& error) {
        roll_back_staging();
        if (!error.unwritable()) throw;
        return unwritable(error);
    } catch (...) {
        roll_back_staging();
        throw;
    }
    staging.in_transaction = false;
    staging.secrets.clear();
    staging.any = false;
    return {};
}

Result<SecretRef> Vault::stage(std::string_view name, const Secret& value) {
    const std::lock_guard lock(state_->write_mutex);
    Staging& staging = state_->staging;
    if (staging.secrets.size() >= put_many_limit) {
        return reject("vault_unwritable", "too many secrets wait to be committed");
    }
    try {
        state_->open_staging();
        auto ref = Sealer(state_->writing, state_->keys).put(name, value);
        if (!ref) return ref;
        staging.secrets.push_back({*ref, value.clone()});
        staging.any = true;
        return ref;
    } catch (const sqlite::Error& error) {
        state_->roll_back_staging();
        if (!error.unwritable()) throw;
        return unwritable(error);
    } catch (...) {
        state_->roll_back_staging();
        throw;
    }
}

Result<void> Vault::commit_staged() {
    if (!state_->staging.any) return {};
    const std::lock_guard lock(state_->write_mutex);
    return state_->settle();
}

}  // namespace pic::vault
