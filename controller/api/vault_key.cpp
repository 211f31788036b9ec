// The vault's own key, and the kit that brings it back: only for who has signed in just now, and left in the
// access log.
#include <fmt/format.h>

#include "controller/api/second_factor.hpp"
#include "controller/api/sign_in.hpp"
#include "controller/vault/private_file.hpp"
#include "controller/vault/recovery_kit.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

struct MasterKeyRequest {
    std::optional<std::string> passphrase;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("passphrase", s.passphrase));
    }
};

Result<std::string> change_master_key(Context& c, const Request& request) {
    if (auto fresh = check_fresh(c, *request.principal); !fresh) return std::unexpected(fresh.error());
    const auto asked = body_of<MasterKeyRequest>(request);
    if (!asked) return std::unexpected(asked.error());
    std::optional<vault::Secret> passphrase;
    if (asked->passphrase) {
        passphrase = vault::Secret::copy_of(*asked->passphrase);
        if (auto fine = access::check_new_password(*passphrase); !fine)
            return std::unexpected(std::move(fine.error()));
    }
    if (auto changed = c.cell.vault().change_master_key(std::move(passphrase)); !changed)
        return std::unexpected(changed.error());
    note(c, request, "master_key_changed", request.principal->actor,
         asked->passphrase ? "by passphrase" : "by key file");
    return fmt::format(R"({{"opened_by":"{}"}})", asked->passphrase ? "passphrase" : "key_file");
}

Result<std::string> make_kit(Context& c, const Request& request) {
    if (auto fresh = check_fresh(c, *request.principal); !fresh) return std::unexpected(fresh.error());
    const auto file = c.cell.vault().key_file();
    if (!file)
        return reject("not_by_key_file", "This vault is opened by a passphrase: that is its recovery kit.");
    const auto master = vault::read_private_file(*file);
    if (!master) return reject("secret_missing", master.error().detail);
    const auto kit = vault::encode_kit(*master);
    note(c, request, "revealed", request.principal->actor, "recovery kit");
    std::string body = "{\"kit\":";
    write_json_string(body, kit.reveal());
    return body + "}";
}

struct Kit {
    std::string kit;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("kit", s.kit));
    }
};

Result<std::string> try_kit(Context& c, const Request& request) {
    const auto asked = body_of<Kit>(request);
    if (!asked) return std::unexpected(asked.error());
    const auto found = vault::drill(c.cell.vault(), asked->kit,
                                    c.spool / fmt::format("drill-{}", to_string(core::new_uuid())));
    if (!found) return std::unexpected(found.error());
    return fmt::format(R"({{"secrets":{}}})", *found);
}

}  // namespace

void add_vault_key_handlers(http::Handlers& handlers, Context& c) {
    handlers["changeMasterKey"] = on_worker(c, change_master_key);
    handlers["makeRecoveryKit"] = on_worker(c, make_kit);
    handlers["tryRecoveryKit"] = on_worker(c, try_kit);
}

}  // namespace pic::api
