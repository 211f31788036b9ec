#include "controller/core/cell.hpp"

#include <fmt/format.h>
#include <sodium.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "controller/core/certificate_keeper.hpp"
#include "controller/core/confirmation_keeper.hpp"
#include "controller/core/event_json.hpp"
#include "controller/core/housekeeping.hpp"
#include "projections/cell/cell.hpp"
#include "projections/dispatch.hpp"
#include "projections/files/door.hpp"
#include "projections/peers/peers.hpp"

namespace pic::core {
namespace {

constexpr std::string_view bus_key_name = "bus/server_key";

/// The key that agents know the cell by: made at the first start, kept in the vault.
bus::KeyPair bus_keys(vault::Vault& vault) {
    if (const auto ref = vault.newest(bus_key_name)) {
        if (const auto secret = vault.get(*ref)) {
            auto pair = bus::key_pair_of(bus::SecretKey(std::string(secret->reveal())));
            if (pair) return *std::move(pair);
        }
        throw std::runtime_error("the bus's key in the vault cannot be read");
    }
    auto pair = bus::make_key_pair();
    const auto kept = vault.put(bus_key_name, vault::Secret::copy_of(pair.secret_key.reveal()));
    if (!kept) throw std::runtime_error("the bus's key cannot be kept: " + kept.error().detail);
    return pair;
}

/// What artefacts name without an event having said so.
void keep_door_key(vault::Vault& vault) {
    constexpr std::size_t bytes = 32;
    const auto key = files::door_key();
    if (vault.newest(key.name)) return;
    const auto random = vault::Secret::random(bytes);
    vault::Secret text(2 * bytes + 1);  // sodium ends it with a zero
    sodium_bin2hex(reinterpret_cast<char*>(text.bytes().data()), text.size(), random.data(), random.size());
    const auto kept = vault.put(key.name, vault::Secret::copy_of(text.reveal().substr(0, 2 * bytes)));
    if (!kept) throw std::runtime_error("the key of the files' door cannot be kept: " + kept.error().detail);
    if (*kept != key) throw std::runtime_error("the vault once had a key of the files' door, and lost it");
}

}  // namespace

struct Cell::Workers {
    boost::asio::thread_pool pool{workers};
};

Cell::Cell(CellOptions options, log::LogStore& store, vault::Vault& vault, access::TokenTable& tokens,
           World world, History::Nearest nearest)
    : options_(std::move(options)),
      store_(store),
      vault_(vault),
      head_at_start_(store.head()),
      history_(store, std::move(nearest)),
      publisher_(head_at_start_.cell, head_at_start_.epoch, vault),
      access_sync_(vault, tokens),
      workers_(std::make_unique<Workers>()),
      initial_(std::move(world)) {
    keep_door_key(vault_);
    access_sync_.update(World{}, initial_);
    std::vector<Writer::Observer> observers;
    observers.emplace_back([this](const World& before, const World& after) { committed(before, after); });
    writer_ = std::make_unique<Writer>(
        store_, initial_, std::move(observers),
        [this](const std::shared_ptr<const World>& next) { return before_commit(next); }, options_.step);
}

Cell::~Cell() { stop(); }

void Cell::start() {
    Housekeeping::Hooks hooks;
    hooks.tick = [this] { tick(); };
    hooks.world = [this] { return world(); };
    hooks.expire = [this](const Uuid& id) {
        ChangeRequest request;
        peers::ChangePeer disable{};
        disable.id = id;
        disable.changes.enabled = false;
        request.commands.push_back(std::make_unique<CommandOf<peers::ChangePeer>>(std::move(disable)));
        request.actor = "system";
        request.source = "daemon";
        change(std::move(request), [](const Outcome&) { return Answer{}; }, [](Result<Answer>) {});
    };
    open_live_history();
    keep_confirmations();
    const auto keeper =
        std::make_shared<CertificateKeeper>(vault_, [this](std::vector<AnyCommand> commands, auto done) {
            ChangeRequest request;
            request.commands = std::move(commands);
            request.actor = "system";
            request.source = "daemon";
            change(
                std::move(request), [](const Outcome&) { return Answer{}; },
                [done = std::move(done)](Result<Answer> answer) {
                    if (!answer)
                        spdlog::warn("{}: a certificate was not issued: {}", answer.error().code,
                                     answer.error().detail);
                    done();
                });
        });
    hooks.renew = [keeper](const World& now_world) { keeper->look(now_world, now()); };
    publisher_.render(world());
    start_bus();
    housekeeping_ = std::make_unique<Housekeeping>(vault_, std::move(hooks));
    housekeeping_->start();
}

/// Charts are a convenience: a cell whose live.db cannot be written runs without them.
void Cell::open_live_history() {
    if (options_.live_file.empty()) return;
    try {
        live_history_.emplace(options_.live_file);
    } catch (const sqlite::Error& error) {
        spdlog::warn("live_history: it is not kept: {}", error.what());
    }
}

void Cell::keep_confirmations() {
    ConfirmationKeeper::Hooks hooks;
    hooks.post = [this](auto work) { post(std::move(work)); };
    hooks.plan = [this](const World& now_world, Sequence sequence) {
        return plan_undo(store_, history_, now_world, sequence, Later::taken_along);
    };
    hooks.change = [this](std::vector<AnyCommand> commands, std::optional<Sequence> causation, auto done) {
        ChangeRequest request;
        request.commands = std::move(commands);
        request.causation = causation;
        request.actor = "system";
        request.source = "daemon";
        change(
            std::move(request), [](const Outcome&) { return Answer{}; },
            [done = std::move(done)](Result<Answer> answer) {
                done(answer ? Result<void>{} : std::unexpected(std::move(answer.error())));
            });
    };
    confirmations_ = std::make_unique<ConfirmationKeeper>(std::move(hooks));
}

/// On the housekeeping's thread; what waits for a disk goes to a worker.
void Cell::tick() {
    const auto now = std::chrono::steady_clock::now();
    publisher_.tick(now);
    operations_.tick(core::now(), now);
    confirmations_->look(world(), core::now(), now);
    if (!live_history_ || now - sampled_ < std::chrono::milliseconds(LiveHistory::step_ms)) return;
    sampled_ = now;
    post([this] {
        try {
            live_history_->sample(live_, core::now());
        } catch (const sqlite::Error& error) {
            spdlog::warn("live_history: a minute of it is lost: {}", error.what());
        }
    });
}

void Cell::start_bus() {
    auto keys = bus_keys(vault_);
    bus_public_key_ = keys.public_key;
    const auto head = store_.head();
    bus::ServerOptions options{options_.bus_endpoint,
                               options_.hint_endpoint,
                               std::move(keys),
                               {head.cell, head.epoch, head.sequence}};
    bus::Backend& backend = *this;
    bus_ = std::make_unique<bus::Server>(options, backend);
    access_sync_.set_bus(bus_.get());
    access_sync_.update(World{}, *world());
}

void Cell::rest() {
    if (writer_) writer_->stop();
    if (housekeeping_) housekeeping_->stop();
}

void Cell::stop() {
    rest();
    if (bus_) bus_->stop();
    if (workers_) workers_->pool.join();
}

/// While the disk is busy with the log, the bus's thread may render what is to be sent afterwards.
Result<void> Cell::before_commit(const std::shared_ptr<const World>& world) {
    auto sealed = vault_.commit_staged();
    if (!sealed || !bus_) return sealed;
    {
        const std::lock_guard lock(foreseen_mutex_);
        foreseen_ = world;
    }
    bus_->foresee();
    return {};
}

void Cell::committed(const World& before, const World& after) {
    access_sync_.update(before, after);
    if (housekeeping_) housekeeping_->committed(before, after);
    if (bus_) bus_->notify(after.sequence);
    for (const auto& told : commit_told_) told(after.sequence);
}

bool Cell::claimed() const { return world()->get<cell::Service>().cell.claimed; }

void Cell::change(ChangeRequest request, MakeAnswer make, Done done) {
    VaultSupply supply(vault_);
    try {
        for (auto& command : request.commands) command->prepare(supply);
    } catch (const SupplyError& error) {
        return done(std::unexpected(error.rejection));
    } catch (const std::exception& error) {
        spdlog::error("internal: a change could not be prepared: {}", error.what());
        return done(reject("internal", "the change could not be prepared; the daemon's log says why"));
    }
    Submission submission;
    submission.info = {new_uuid(),
                       request.causation,
                       std::move(request.actor),
                       std::move(request.source),
                       std::move(request.request_id),
                       now()};
    submission.commands = std::move(request.commands);
    submission.refused = std::move(request.refused);
    submission.if_match = request.if_match;
    submission.expected = std::move(request.expected);
    submission.key = std::move(request.key);
    submission.request_body = request.request_body;
    submission.answer = std::move(make);
    submission.done = std::move(done);
    writer_->submit(std::move(submission));
}

namespace {

/// Brings a rehearsal ids and references that name nothing: a dry run leaves no secret behind.
class DrySupply final : public Supply {
  public:
    Timestamp now() override { return core::now(); }
    Uuid uuid() override { return new_uuid(); }
    std::uint64_t random() override { return 0; }
    SealedKeyPair wireguard_key_pair(const std::string& subject) override {
        WgKey key;  // of nobody, and another one each time: a change-set may make several
        randombytes_buf(key.bytes.data(), key.bytes.size());
        return {key, {subject + "/private_key", 1}};
    }
    SecretRef preshared_key(const std::string& subject) override { return {subject + "/preshared_key", 1}; }
};

}  // namespace

Result<Plan> Cell::plan(ChangeRequest request) {
    DrySupply supply;
    for (auto& command : request.commands) command->prepare(supply);
    const auto before = world();
    Plan plan;
    plan.after = *before;
    Evolver evolver;
    const auto no_version = [](std::string_view) { return StreamVersion{}; };
    auto rehearsed = rehearse(plan.after, evolver, request.commands, now(), no_version);
    if (!rehearsed) return std::unexpected(std::move(rehearsed.error()));
    plan.events = std::move(rehearsed->events);
    plan.resources = std::move(rehearsed->resources);
    plan.artefacts_before = publisher_.artefacts(*before);
    plan.artefacts_after = plan.artefacts_before;
    for (const auto name : rendering_services()) {
        render_service(name, before.get(), plan.after, plan.artefacts_after[std::string(name)]);
    }
    return plan;
}

void Cell::post(std::move_only_function<void()> work) {
    // Asio's executor wants copyable work.
    boost::asio::post(workers_->pool,
                      [shared = std::make_shared<std::move_only_function<void()>>(std::move(work))] {
                          try {
                              (*shared)();
                          } catch (const std::exception& error) {
                              spdlog::error("internal: {}", error.what());
                          }
                      });
}

// --- bus::Backend
// ------------------------------------------------------------------------------------------------------

void Cell::wake() { publisher_.render(world()); }

void Cell::foresee() {
    std::shared_ptr<const World> next;
    {
        const std::lock_guard lock(foreseen_mutex_);
        next = std::exchange(foreseen_, nullptr);
    }
    if (next) publisher_.render_ahead(std::move(next));
}

Result<bus::FetchAnswer> Cell::fetch(const bus::PeerIdentity&, const bus::Fetch& fetch) {
    auto answer = publisher_.fetch(fetch.service, fetch.have);
    if (answer && fetch.operation && std::holds_alternative<bus::UpToDate>(*answer)) {
        if (auto operation = operations_.for_agent(fetch.service, *fetch.operation))
            return *std::move(operation);
    }
    return answer;
}

/// First what an operation came to: the service is shown with it.
void Cell::report(const bus::PeerIdentity&, Report report) {
    operations_.report(report, core::now());
    publisher_.report(report);
}

Result<OperationStatus> Cell::operate(const std::string& service, Operation::Kind kind) {
    const auto status = publisher_.status(service);
    if (!status) return reject("not_found", fmt::format("there is no service '{}'", service));
    const auto state = status->state();
    if (state == "disabled")
        return reject("service_disabled", fmt::format("{} is off, or has nothing to do", service));
    if (state == "not_installed")
        return reject("service_not_installed",
                      fmt::format("{} cannot run here: {}", service, status->report->detail));
    if (state == "unreachable")
        return reject("agent_unreachable",
                      fmt::format("the agent of {} is not connected: nobody could do it", service));
    auto asked = operations_.ask({service, new_uuid(), kind}, core::now(), std::chrono::steady_clock::now());
    if (asked) bus_->notify(world()->sequence);  // its standing question is answered with it
    return asked;
}

void Cell::status(const bus::PeerIdentity&, bus::Status status) {
    if (const auto ok = live_.take(status.service, status.json, core::now()); !ok) {
        spdlog::warn("live_state: {}: {}", status.service, ok.error().detail);
    }
}

namespace {

/// A subscriber's scopes, as a token has them; none means all.
Result<access::Scopes> scopes_of(const bus::PeerIdentity& who) {
    if (who.topics.empty()) return access::Scopes::everything();
    return access::Scopes::parse(who.topics);
}

}  // namespace

Result<bus::EventsPage> Cell::events(const bus::PeerIdentity& who, const Position& after,
                                     std::uint32_t limit) {
    const auto scopes = scopes_of(who);
    if (!scopes) return std::unexpected(scopes.error());
    bus::EventsPage page;
    const auto head = store_.head();
    page.head = head.sequence;
    page.next = after;
    for (const auto& event : store_.read(after.sequence, limit)) {
        page.next.sequence = event.sequence;
        if (access::authorize(*scopes, fmt::format("{}:read", area_of_event(event.type))))
            page.events.push_back({event.sequence, event_json(event)});
    }
    return page;
}

Result<bus::Snapshot> Cell::snapshot(const bus::PeerIdentity& who) {
    const auto scopes = scopes_of(who);
    if (!scopes) return std::unexpected(scopes.error());
    if (auto all = access::authorize(*scopes, "*:read"); !all) return std::unexpected(all.error());
    const auto now = world();
    return bus::Snapshot{{head_at_start_.cell, head_at_start_.epoch, now->sequence}, snapshot_world(*now)};
}

void Cell::connected(const bus::PeerIdentity& who) { publisher_.connected(who.services, true); }
void Cell::disconnected(const bus::PeerIdentity& who) { publisher_.connected(who.services, false); }
void Cell::fault(std::string_view what) { spdlog::error("bus_fault: {}", what); }

}  // namespace pic::core
