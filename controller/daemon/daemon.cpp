#include "controller/daemon/daemon.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <thread>

#include "controller/api/commands.hpp"
#include "controller/api/findings.hpp"
#include "controller/api/gatekeeper.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/queries.hpp"
#include "controller/core/chain_key.hpp"
#include "controller/core/housekeeping.hpp"
#include "controller/daemon/crash_point.hpp"
#include "controller/daemon/local_agent.hpp"
#include "controller/daemon/restore.hpp"
#include "controller/daemon/start_state.hpp"
#include "controller/http/handlers/generic.hpp"
#include "controller/log/folder_lock.hpp"
#include "controller/log/sqlite_store.hpp"
#include "controller/vault/keys.hpp"
#include "projections/cell/cell.hpp"
#include "projections/certificates/chain.hpp"
#include "projections/dispatch.hpp"
#include "projections/files/door.hpp"
#include "projections/stack/stack.hpp"
#include "schema/openapi.hpp"

namespace pic::daemon {
namespace {

void make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    if (error)
        throw StartError(exit_data, fmt::format("the data folder {} cannot be used: {}", folder.string(),
                                                error.message()));
}

/// The log for a backup: streamed, or where that cannot be, copied first.
Result<backup::Content> log_content(const log::SqliteStore& store, const std::filesystem::path& copy) {
    if (std::shared_ptr snapshot = store.snapshot()) {
        return backup::Stream{snapshot->size(), [snapshot](const auto& sink) { snapshot->read(sink); }};
    }
    try {
        store.copy_to(copy);
    } catch (const log::ReadError& error) {
        return reject("backup_unwritable", error.what());
    }
    return copy;
}

std::unique_ptr<log::SqliteStore> open_log(const Options& options) {
    log::OpenOptions open{options.data, core::new_uuid(), core::now()};
    open.upcast = [](Event& event) {
        event.data = upcast(event.type, event.schema_version, std::move(event.data));
    };
    try {
        return std::make_unique<log::SqliteStore>(open);
    } catch (const log::OpenError& error) {
        const int code = error.code == "log_locked"          ? exit_locked
                         : error.code == "log_newer_version" ? exit_newer
                                                             : exit_data;
        if (error.code != "log_damaged") throw StartError(code, error.what());
        spdlog::error("log_damaged: {}; starting read-only", error.what());
    }
    open.read_only = true;
    try {
        return std::make_unique<log::SqliteStore>(open);
    } catch (const std::exception& error) {
        throw StartError(exit_data,
                         fmt::format("the log is damaged, and nothing of it can be read: {}", error.what()));
    }
}

std::optional<vault::Secret> vault_passphrase(const Options& options) {
    if (!options.passphrase_file) return std::nullopt;
    auto passphrase = vault::read_private_file(*options.passphrase_file);
    if (!passphrase) throw StartError(exit_master_key, passphrase.error().detail);
    return std::move(*passphrase);
}

std::unique_ptr<vault::Vault> open_vault(const Options& options) {
    vault::OpenOptions open{options.data / "vault.db", options.data / "master.key",
                            vault_passphrase(options)};
    auto opened = vault::Vault::open(std::move(open));
    if (opened) return std::move(*opened);
    using Code = vault::OpenCode;
    const auto code = opened.error().code;
    const int exit_code = code == Code::newer_version                 ? exit_newer
                          : code == Code::damaged || code == Code::io ? exit_data
                                                                      : exit_master_key;
    throw StartError(exit_code, opened.error().detail);
}

/// Ends what a restored backup began, before any of it is opened. A second daemon must not: the folder is
/// locked meanwhile.
void settle_data(const std::filesystem::path& folder) {
    make_folder(folder);
    try {
        const log::FolderLock lock(folder);
        finish_restore(folder);
    } catch (const log::OpenError& error) {
        throw StartError(error.code == "log_locked" ? exit_locked : exit_data, error.what());
    } catch (const std::filesystem::filesystem_error& error) {
        throw StartError(exit_data,
                         fmt::format("a restored backup cannot be put in place: {}", error.what()));
    }
}

template <class T, class E>
T need(std::expected<T, E> made) {
    if (!made) throw StartError(exit_data, made.error().detail);
    return std::move(*made);
}

}  // namespace

struct Daemon::Parts {
    Options options;
    broker::Client containers;
    access::Installation installation;
    std::unique_ptr<log::SqliteStore> store;
    std::unique_ptr<vault::Vault> vault;
    core::ChainKey key;
    log::Snapshots snapshots;
    access::TokenTable tokens;
    std::unique_ptr<access::Sessions> sessions;
    std::unique_ptr<access::AccessLog> access_log;
    access::Passwords passwords;
    access::SignInLimiter limiter;
    std::optional<access::SetupToken> setup_token;
    std::optional<Sequence> bad_at;
    std::unique_ptr<core::Cell> cell;
    std::vector<std::unique_ptr<LocalAgent>> agents;
    http::Api api{openapi_json()};
    http::Metrics metrics{api};
    std::unique_ptr<api::CommandPort> commands;
    std::unique_ptr<api::QueryPort> queries;
    std::unique_ptr<api::EventPagePort> pages;
    std::unique_ptr<api::CellGatekeeper> gatekeeper;
    std::unique_ptr<health::Watch> watch;
    std::unique_ptr<api::Context> context;
    std::unique_ptr<http::Server> server;
    std::atomic<std::uint64_t> snapshot_at{0};
    std::atomic<bool> snapshotting{false};
    std::mutex tls_mutex;
    certificates::ChainStamp tls_shown;  ///< of what HTTPS shows
    std::atomic<bool> restoring{false}, start_anew{false};

    explicit Parts(Options told)
        : options(std::move(told)),
          containers(options.broker),
          installation(need(access::Installation::open(options.data / "installation.key"))),
          store(open_log(options)),
          vault(open_vault(options)),
          key(need(core::chain_key(*vault))),
          snapshots(options.data / "snapshots", store->head().cell, std::string(evolve_version)) {
        check_tail();
        auto world = load();
        if (!bad_at) {
            // Of a damaged log the world is not whole: its head must not be signed, nor a secret be taken for
            // an orphan.
            store->sign_with(key.signer);
            collect_orphans(world);
        }
        sessions = need(access::Sessions::open(options.data / "access.db", core::now()));
        access_log = need(access::AccessLog::open(options.data / "access-log.db"));
        open_claim(world);
        core::CellOptions cell_options{"tcp://" + options.bus,
                                       "tcp://" + options.bus.substr(0, options.bus.rfind(':')) + ":*"};
        cell_options.live_file = options.data / "live.db";
        cell_options.step = crash_point();
        cell_options.running = running_environment();
        cell = std::make_unique<core::Cell>(
            std::move(cell_options), *store, *vault, tokens, std::move(world),
            [this](Sequence at) { return nearest_snapshot(snapshots, *store, at); });
        if (bad_at) cell->writer().make_read_only(read_only_sentence());
        offer_agents();
        serve();
    }

    [[nodiscard]] std::string read_only_sentence() const {
        return fmt::format(
            "the log is damaged at event {}: nothing is written until it was looked at (picctl log verify)",
            bad_at->value);
    }

    /// What was written since the last signed head, before anything is built on it.
    void check_tail() {
        const auto head = store->head().sequence;
        const auto verdict = store->verify(store->last_signed(), head, key.trusted);
        if (!verdict.ok) {
            spdlog::error("log_damaged: {}", verdict.detail);
            found_bad(verdict.first_bad.value_or(head.next()));
        } else if (snapshots.highest() > head) {
            spdlog::error("log_damaged: the log ends at {}, but there is a snapshot of {}: its tail was lost",
                          head.value, snapshots.highest().value);
            found_bad(head.next());
        }
    }

    World load() {
        const auto head = store->head().sequence;
        const auto last_good = [&] { return Sequence{std::min(bad_at->value - 1, head.value)}; };
        try {
            return load_world(snapshots, *store, bad_at ? last_good() : head);
        } catch (const BadEvent& bad) {
            spdlog::error("log_damaged: {}", bad.what());
            found_bad(bad.sequence);
        } catch (const log::ReadError& error) {
            spdlog::error("{}: {}", error.code, error.what());
            found_bad(store->verify({}, head, key.trusted).first_bad.value_or(head.next()));
        }
        return load_what_can_be_read(*store, last_good());
    }

    /// The first counts. There is no event 0: damage before the first is damage of the first.
    void found_bad(Sequence at) {
        at = std::max(at, Sequence{1});
        bad_at = bad_at ? std::min(*bad_at, at) : at;
    }

    void collect_orphans(const World& world) {
        const auto collected = vault->collect_orphans(core::references_of(world));
        if (!collected)
            spdlog::warn("vault_unwritable: orphaned secrets stay for now: {}", collected.error().detail);
    }

    void open_claim(const World& world) {
        const auto file = options.data / "setup-token";
        if (world.get<cell::Service>().cell.claimed) {
            (void)access::remove_setup_token(file);
        } else {
            setup_token.emplace(need(access::SetupToken::open(file)));
        }
    }

    /// What Compose gave us of the stack's variables: all containers are made from the same ones.
    [[nodiscard]] static std::vector<stack::Assignment> running_environment() {
        std::vector<stack::Assignment> running;
        for (auto& variable : stack::assignments(World())) {
            const char* const value =
                std::getenv(variable.name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing sets it
            if (value != nullptr) running.push_back({std::move(variable.name), value});
        }
        return running;
    }

    /// Where the cell's DNS answers: PIC_RESOLVER, or at the local runtime's PIC_DNS_PORT, the agent's option
    /// too.
    [[nodiscard]] std::string resolver_address() const {
        if (!options.resolver.empty()) return options.resolver;
        const char* const port =
            std::getenv("PIC_DNS_PORT");  // NOLINT(concurrency-mt-unsafe): nothing sets it
        return fmt::format("127.0.0.1:{}", port == nullptr ? "5300" : port);
    }

    void serve() {
        commands =
            std::make_unique<api::CommandPort>(api::CommandContext{*cell, passwords, *sessions, limiter});
        queries = std::make_unique<api::QueryPort>(*cell);
        pages = std::make_unique<api::EventPagePort>(*cell);
        gatekeeper =
            std::make_unique<api::CellGatekeeper>(*cell, *sessions, tokens, *access_log, installation);
        const auto log_for_backup = [this](const std::filesystem::path& copy) {
            return log_content(*store, copy);
        };
        const auto put_back = [this](const api::RestoreRequest& asked) { return restore(asked); };
        const auto after_restore = [this] {
            if (start_anew) server->stop();
        };
        watch = api::watch_over(*cell, containers, options.data, resolver_address());
        context = std::make_unique<api::Context>(
            api::Context{*cell, *commands, *sessions, installation, passwords, limiter, *access_log,
                         setup_token ? &*setup_token : nullptr, metrics, options.data / "spool",
                         log_for_backup, put_back, after_restore, resolver_address(), containers, *watch});
        std::error_code ignored;
        std::filesystem::remove_all(context->spool, ignored);  // what a killed daemon left on its way
        make_folder(context->spool);
        http::Handlers handlers;
        api::add_handlers(handlers, *context);
        http::add_generic_handlers(handlers, api, *commands, *queries);
        http::ServerOptions serving;
        serving.listen = options.listen;
        serving.listen_tls = options.listen_tls;
        for (const auto& network : options.trusted_proxies)
            serving.trusted_proxies.push_back(*Cidr::parse(network));
        serving.unix_socket = options.data / "picd.sock";
        serving.ui = options.ui;
        serving.files = options.files;
        if (auto door = vault->get(files::door_key()))
            serving.files_key = std::make_shared<const vault::Secret>(*std::move(door));
        serving.spool = context->spool;
        serving.hosts = options.hosts;
        try {
            server = std::make_unique<http::Server>(std::move(serving), api, std::move(handlers), *gatekeeper,
                                                    *pages, metrics);
            // Where the log stands, before anything is committed: a stream that resumes after a restart asks
            // for that.
            server->notify(cell->world()->sequence);
            look_at_certificate();
            cell->on_commit([this](Sequence head) { committed(head); });
            cell->on_status([this](const core::ServiceStatus& s) {
                server->status(s.name, api::service_json(*cell, s));
                for (auto& agent : agents) agent->look(s);
            });
            cell->on_live([this](const std::string& service, const std::string& table) {
                server->live_changed(service, table);
            });
            cell->start();
        } catch (const StartError&) {
            throw;
        } catch (const std::exception& error) {
            throw StartError(exit_address, error.what());
        }
        snapshot_at = cell->world()->sequence.value;
        look_for_agents();
        cell->post([this] { verify_all(); });
    }

    Result<Epoch> restore(const api::RestoreRequest& asked) {
        if (restoring.exchange(true))
            return reject("restore_under_way", "another backup is being restored at this moment");
        auto staged =
            Restore::stage(options.data, asked.archive, asked.passphrase, vault_passphrase(options));
        if (!staged) {
            restoring = false;
            return std::unexpected(std::move(staged.error()));
        }
        start_anew = true;  // a cell that came to rest does not move again
        cell->rest();
        const auto world = cell->world();
        ChangeInfo who{core::new_uuid(), std::nullopt, asked.actor, "http", asked.request_id, core::now()};
        auto epoch = (*staged)->commit({store->head(), *world, *vault}, std::move(who));
        if (epoch) spdlog::info("a backup was restored; the log goes on in epoch {}", epoch->value);
        return epoch;
    }

    void offer_agents() {
        const auto& folder = options.agent_tokens;
        if (folder.empty()) {
            agents.push_back(std::make_unique<LocalAgent>(*cell, options.data / "agent-token"));
            return;
        }
        for (const auto service : rendering_services()) {
            agents.push_back(
                std::make_unique<LocalAgent>(*cell, std::string(service), folder / service / "agent-token"));
        }
    }

    void look_for_agents() {
        for (auto& agent : agents) agent->look();
    }

    void committed(Sequence head) {
        server->notify(head);
        look_for_agents();
        look_at_certificate();
        if (head.value - snapshot_at < snapshot_interval || snapshotting.exchange(true)) return;
        snapshot_at = head.value;
        cell->post([this] {
            if (!save_snapshot(snapshots, *store, *cell->world()))
                spdlog::warn("snapshot_unwritable: no snapshot was written");
            snapshotting = false;
        });
    }

    /// The cell's own certificate is what HTTPS shows: taken over when it, or the intermediate, was renewed.
    void look_at_certificate() {
        if (options.listen_tls.empty()) return;
        const auto world = cell->world();
        const auto* certificate = certificates::for_service(*world, "cell");
        if (certificate == nullptr || !certificate->content.key_ref) return;
        const auto shown = certificates::chain_stamp(*world, "cell");
        const std::lock_guard lock(tls_mutex);
        if (tls_shown == shown) return;
        const auto secret = vault->get(*certificate->content.key_ref);
        if (!secret)
            return spdlog::error("secret_missing: the vault does not hold the key of the cell's certificate");
        const auto used =
            server->use_certificate(certificates::chain_pem(*world, *certificate), secret->reveal());
        if (!used) return spdlog::error("the cell's certificate cannot be used: {}", used.error().detail);
        spdlog::info("HTTPS shows the certificate {}, valid until {}", certificate->content.serial,
                     to_string(certificate->content.not_after));
        tls_shown = shown;
    }

    /// The whole chain, behind everybody's back: a fault found turns the daemon read-only.
    void verify_all() {
        const auto head = store->head().sequence;
        const auto verdict = store->verify({}, head, key.trusted);
        if (verdict.ok) return;
        found_bad(verdict.first_bad.value_or(head.next()));
        spdlog::error("log_damaged: {}", verdict.detail);
        cell->writer().make_read_only(read_only_sentence());
    }

    void close() {
        cell->stop();
        if (bad_at) {
            store->sign_with(nullptr);  // closing would sign the head
        } else {
            try {
                store->sign_head();
            } catch (const log::WriteError& error) {
                spdlog::warn("{}: the head could not be signed: {}", error.code, error.what());
            }
            if (cell->world()->sequence.value > 0) save_snapshot(snapshots, *store, *cell->world());
        }
        sessions->flush(core::now());
    }
};

Daemon::Daemon(Options options) {
    spdlog::set_level(spdlog::level::from_str(options.log_level == "warn" ? "warning" : options.log_level));
    settle_data(options.data);
    parts_ = std::make_unique<Parts>(std::move(options));
}

Daemon::~Daemon() = default;

bool Daemon::run() {
    sigset_t ending;
    sigemptyset(&ending);
    for (const int signal : {SIGTERM, SIGINT, own_signal}) sigaddset(&ending, signal);
    std::atomic<bool> told{false};
    std::thread waiter([&] {
        int signal = 0;
        sigwait(&ending, &signal);
        if (signal == own_signal) return;
        told = true;
        spdlog::info("stopping");
        parts_->server->stop();
    });
    spdlog::info("listening at http://{} (port {}), bus at port {}", parts_->options.listen,
                 parts_->server->port(), parts_->cell->bus_port());
    if (!parts_->options.listen_tls.empty())
        spdlog::info("listening at https://{} (port {})", parts_->options.listen_tls,
                     parts_->server->tls_port());
    if (parts_->setup_token) {
        spdlog::info("this cell is not set up yet; the set-up token is in {}",
                     (parts_->options.data / "setup-token").string());
    }
    parts_->server->run();
    if (!told) pthread_kill(waiter.native_handle(), own_signal);
    waiter.join();
    parts_->close();
    return parts_->start_anew && !told;
}

}  // namespace pic::daemon
