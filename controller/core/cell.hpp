// The running cell: the one object that has the log, the vault, the write path, the publisher and the bus,
// wired in the order that makes a start deterministic (replay, then write, then render, then let agents in).
// It knows no HTTP; the ports in controller/api/ join the two.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bus/server.hpp"
#include "controller/access/tokens.hpp"
#include "controller/core/access_sync.hpp"
#include "controller/core/history.hpp"
#include "controller/core/live_history.hpp"
#include "controller/core/live_state.hpp"
#include "controller/core/operations.hpp"
#include "controller/core/publisher.hpp"
#include "controller/core/supply.hpp"
#include "controller/core/undo.hpp"
#include "controller/core/writer.hpp"
#include "controller/log/store.hpp"
#include "controller/vault/vault.hpp"
#include "projections/stack/stack.hpp"

namespace pic::core {

struct CellOptions {
    std::string bus_endpoint = "tcp://127.0.0.1:5560";
    std::string hint_endpoint = "tcp://127.0.0.1:*";
    std::filesystem::path live_file = {};  ///< where the last day of live state is kept; empty: nowhere
    Writer::Step step = {};                ///< for crash tests
    std::vector<stack::Assignment> running = {};  ///< the variables that this stack was started with
};

/// What a caller asks to be changed; the Cell fills in the rest of the submission.
struct ChangeRequest {
    std::vector<AnyCommand> commands;
    std::optional<Rejection> refused;  ///< see Submission
    std::string actor, source, request_id;
    std::optional<Sequence> causation;
    std::optional<StreamVersion> if_match;
    std::vector<Expectation> expected;
    std::optional<log::IdempotencyScope> key;
    Digest request_body{};
};

/// What a change would do, nothing written.
struct Plan {
    std::vector<NewEvent> events;
    std::vector<ResourceName> resources;
    World after;
    Artefacts artefacts_before, artefacts_after;
};

class ConfirmationKeeper;
class Housekeeping;

class Cell final : private bus::Backend {
  public:
    /// `world` is the state at the log's head. Everything referred to must outlive the cell.
    Cell(CellOptions options, log::LogStore& store, vault::Vault& vault, access::TokenTable& tokens,
         World world, History::Nearest nearest = {});
    ~Cell() override;
    Cell(const Cell&) = delete;
    Cell& operator=(const Cell&) = delete;

    /// Told after every commit, on the writer's thread; must be quick. Before start().
    void on_commit(std::function<void(Sequence)> told) { commit_told_.push_back(std::move(told)); }
    /// Told whenever a service's status changes. Before start().
    void on_status(std::function<void(const ServiceStatus&)> told) { publisher_.on_status(std::move(told)); }

    /// Told whenever a service's live table changes. Before start().
    void on_live(LiveState::Told told) { live_.on_change(std::move(told)); }

    /// Starts the writer, the bus and the housekeeping. Throws std::runtime_error where the bus cannot bind.
    void start();
    /// From now on nothing changes, and nothing is left to be changed: the queue is written, superfluous
    /// secrets are destroyed. Reading goes on.
    void rest();
    /// Ends what is queued and every thread. Idempotent.
    void stop();

    [[nodiscard]] std::shared_ptr<const World> world() const { return writer_->world(); }
    [[nodiscard]] bool claimed() const;

    using Done = std::move_only_function<void(Result<Answer>)>;
    using MakeAnswer = std::move_only_function<Answer(const Outcome&)>;
    /// Prepares and queues a change. `make` is called before the commit, `done` after it, both on the
    /// writer's thread (a refusal that needs no decision comes on the caller's).
    void change(ChangeRequest request, MakeAnswer make, Done done);
    /// What it would do. On the caller's thread; costs what the change costs to decide and render.
    [[nodiscard]] Result<Plan> plan(ChangeRequest request);

    [[nodiscard]] History& history() { return history_; }
    [[nodiscard]] Publisher& publisher() { return publisher_; }
    [[nodiscard]] const Publisher& publisher() const { return publisher_; }
    [[nodiscard]] const Operations& operations() const { return operations_; }
    [[nodiscard]] Operations& operations() { return operations_; }
    /// Has a service's agent carry something out now. Rejections: "not_found", "service_disabled",
    /// "service_not_installed", "agent_unreachable", "operation_under_way".
    [[nodiscard]] Result<OperationStatus> operate(const std::string& service, Operation::Kind kind);
    [[nodiscard]] const LiveState& live() const { return live_; }
    /// Nothing where it is not kept.
    [[nodiscard]] const LiveHistory* live_history() const {
        return live_history_ ? &*live_history_ : nullptr;
    }
    [[nodiscard]] const log::LogStore& store() const { return store_; }
    [[nodiscard]] vault::Vault& vault() { return vault_; }
    [[nodiscard]] Writer& writer() { return *writer_; }
    [[nodiscard]] std::uint16_t bus_port() const { return bus_->port(); }
    [[nodiscard]] const std::vector<stack::Assignment>& running() const { return options_.running; }
    [[nodiscard]] const std::string& bus_public_key() const { return bus_public_key_; }

    /// Runs `work` on a thread for what takes longer than a request may (replays, verification). What it
    /// throws is logged and ends `work`, nothing else.
    void post(std::move_only_function<void()> work);

    static constexpr std::size_t workers = 2;

  private:
    // bus::Backend, on the bus's thread
    void wake() override;
    void foresee() override;
    Result<bus::FetchAnswer> fetch(const bus::PeerIdentity& who, const bus::Fetch& fetch) override;
    void report(const bus::PeerIdentity& who, Report report) override;
    void status(const bus::PeerIdentity& who, bus::Status status) override;
    Result<bus::EventsPage> events(const bus::PeerIdentity& who, const Position& after,
                                   std::uint32_t limit) override;
    Result<bus::Snapshot> snapshot(const bus::PeerIdentity& who) override;
    void connected(const bus::PeerIdentity& who) override;
    void disconnected(const bus::PeerIdentity& who) override;
    void fault(std::string_view what) override;

    Result<void> before_commit(const std::shared_ptr<const World>& world);
    void committed(const World& before, const World& after);
    void open_live_history();
    void keep_confirmations();
    void tick();
    void start_bus();
    struct Workers;

    CellOptions options_;
    log::LogStore& store_;
    vault::Vault& vault_;
    log::Head head_at_start_;
    History history_;
    Publisher publisher_;
    Operations operations_;
    LiveState live_;
    std::optional<LiveHistory> live_history_;
    std::chrono::steady_clock::time_point sampled_{};
    AccessSync access_sync_;
    std::vector<std::function<void(Sequence)>> commit_told_;
    std::unique_ptr<Writer> writer_;
    std::unique_ptr<bus::Server> bus_;
    std::string bus_public_key_;
    std::unique_ptr<ConfirmationKeeper> confirmations_;
    std::unique_ptr<Workers> workers_;
    std::unique_ptr<Housekeeping> housekeeping_;
    World initial_;
    std::mutex foreseen_mutex_;
    std::shared_ptr<const World> foreseen_;  ///< whose commit is on its way to the disk
};

}  // namespace pic::core
