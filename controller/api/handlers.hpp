// The calls that are neither a plain command nor a plain query: set-up and sign-in, downloads, backup,
// health. One file an area; everything else of the API comes from the document
// (controller/http/handlers/generic.hpp).
#pragma once

#include "controller/access/access_log.hpp"
#include "controller/access/installation.hpp"
#include "controller/access/passwords.hpp"
#include "controller/access/rate_limit.hpp"
#include "controller/access/sessions.hpp"
#include "controller/access/setup_token.hpp"
#include "controller/backup/archive.hpp"
#include "controller/broker/client.hpp"
#include "controller/core/cell.hpp"
#include "controller/health/watch.hpp"
#include "controller/http/metrics.hpp"
#include "controller/http/server.hpp"

namespace pic::api {

struct RestoreRequest {
    const std::filesystem::path& archive;
    const vault::Secret& passphrase;
    std::string actor, request_id;
};

/// What the handlers work on; all of it outlives them.
struct Context {
    core::Cell& cell;
    http::Commands& commands;
    access::Sessions& sessions;
    const access::Installation& installation;
    access::Passwords& passwords;
    access::SignInLimiter& limiter;
    access::AccessLog& access_log;
    access::SetupToken* setup_token = nullptr;  ///< of a cell that is not claimed yet
    http::Metrics& metrics;
    std::filesystem::path spool;  ///< folder for backups on their way, on the data's own disk
    /// see backup::BackupSources
    std::function<Result<backup::Content>(const std::filesystem::path&)> log_for_backup;
    std::function<Result<Epoch>(const RestoreRequest&)>
        restore;                          ///< puts an archive in the place of this cell; takes long
    std::function<void()> after_restore;  ///< when that was answered, whatever the answer: it may start anew
    std::string resolver;                 ///< where the cell's own DNS answers, for POST /dns/query
    const broker::Client& containers;
    health::Watch& watch;
};

void add_setup_handlers(http::Handlers& handlers, Context& context);    ///< the first run
void add_sign_in_handlers(http::Handlers& handlers, Context& context);  ///< session(s)
void add_enrolment_handlers(http::Handlers& handlers,
                            Context& context);  ///< agents and subscribers bring their keys
void add_peer_handlers(http::Handlers& handlers, Context& context);  ///< config, QR, one-time links
void add_dns_handlers(http::Handlers& handlers, Context& context);   ///< zone export and import, query
void add_artefact_handlers(http::Handlers& handlers, Context& context);
void add_health_handlers(http::Handlers& handlers, Context& context);  ///< healthz, readyz, metrics
void add_vault_handlers(http::Handlers& handlers, Context& context);   ///< root, chains, revocation list
void add_second_factor_handlers(http::Handlers& handlers, Context& context);  ///< TOTP
void add_invitation_handlers(http::Handlers& handlers, Context& context);     ///< joining by a link
void add_secret_handlers(http::Handlers& handlers, Context& context);         ///< named secrets
void add_vault_key_handlers(http::Handlers& handlers, Context& context);      ///< master key, recovery kit
void add_access_log_handlers(http::Handlers& handlers,
                             Context& context);                        ///< who came in, who was turned away
void add_export_handlers(http::Handlers& handlers, Context& context);  ///< both logs as JSON lines
void add_backup_handlers(http::Handlers& handlers, Context& context);
void add_container_handlers(http::Handlers& handlers, Context& context);  ///< by way of the broker
void add_operation_handlers(http::Handlers& handlers, Context& context);  ///< restart, reapply
void add_finding_handlers(http::Handlers& handlers, Context& context);

/// All of the above.
void add_handlers(http::Handlers& handlers, Context& context);

}  // namespace pic::api
