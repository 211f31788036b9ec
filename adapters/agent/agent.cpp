#include "adapters/agent/agent.hpp"

#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "adapters/agent/service.hpp"
#include "bus/names.hpp"

namespace pic::agent {

namespace {

const char* word(ApplyState state) {
    switch (state) {
        case ApplyState::applied:
            return "applied";
        case ApplyState::refused:
            return "refused";
        case ApplyState::rolled_back:
            return "rolled back";
        case ApplyState::retrying:
            return "retrying";
        case ApplyState::not_installed:
            return "not installed";
        case ApplyState::disabled:
            return "disabled";
    }
    return "?";
}

}  // namespace

struct Agent::Impl : bus::AgentHandler {
    explicit Impl(AgentOptions o) : options(std::move(o)) {}

    AgentOptions options;
    std::map<std::string, std::unique_ptr<Service>> services;
    std::mutex mutex;  ///< of the following: the services speak while the client is still being made
    std::unique_ptr<bus::Client> client;
    std::map<std::string, Report> reports;        ///< the newest of each service
    std::map<std::string, std::string> statuses;  ///< likewise
    std::map<std::string, std::string>
        refused_said;  ///< the client's thread's alone: the last refusal by service

    void log(std::string_view service, std::string_view line) const {
        if (options.log) options.log(service, line);
    }
    template <class F>
    void with_client(F&& f) {
        const std::scoped_lock lock(mutex);
        if (client) f(*client);
    }
    Service& service(const std::string& name) { return *services.at(name); }
    void add(const AdapterSpec& spec, const SealKey& key);
    void say(const Report& report);

    std::optional<Position> have(const std::string& name) override;
    void on_bundle(Bundle bundle) override;
    void on_operation(const Operation& operation) override;
    void on_up_to_date(const std::string&, const Position&) override {}
    void on_connected(const bus::Welcome& welcome) override;
    void on_disconnected() override { log("", "lost the controller; what is live stays so"); }
    void on_refused(const std::string& name, const Rejection& why) override;
};

void Agent::Impl::say(const Report& report) {
    log(report.service, fmt::format("{} {}{}{}{}{}", word(report.state), report.revision.sequence.value,
                                    report.state == ApplyState::applied ? "" : " at " + report.step,
                                    report.healthy ? "" : ", not healthy", report.drift ? ", drifted" : "",
                                    report.detail.empty() ? "" : ": " + report.detail));
    if (options.reported) options.reported(report);
    const std::scoped_lock lock(mutex);
    reports[report.service] = report;
    if (client) client->report(report);
}

void Agent::Impl::add(const AdapterSpec& spec, const SealKey& key) {
    const auto name = spec.service;
    ApplierOptions o;
    o.spec = spec;
    o.data = options.data / "services" / name;
    o.memory = options.memory / name;
    o.state = options.state / name;
    std::filesystem::create_directories(o.data);
    o.key = key;
    o.overrides = options.overrides;
    o.program_folders = options.program_folders;
    o.private_namespace = options.private_namespace;
    o.log = [this, name](std::string_view line) { log(name, line); };
    if (options.step) o.step = [this, name](std::string_view step) { options.step(name, step); };
    Service::Outlet outlet;
    outlet.report = [this](const Report& report) { say(report); };
    outlet.status = [this, name](const std::string& json) {
        const std::scoped_lock lock(mutex);
        statuses[name] = json;
        if (client) client->status({name, json});
    };
    outlet.live = [this, name](const std::string& json) {
        with_client([&](bus::Client& c) { c.status({name, json}); });
    };
    outlet.ready = [this, name] { with_client([&](bus::Client& c) { c.ask(name); }); };
    if (options.held)
        outlet.held = [this, name](const Content& content) { options.held(name, content.revision); };
    services[name] = std::make_unique<Service>(std::move(o), std::move(outlet));
}

std::optional<Position> Agent::Impl::have(const std::string& name) {
    return services.contains(name) ? service(name).have() : std::nullopt;
}

void Agent::Impl::on_bundle(Bundle bundle) {
    if (!services.contains(bundle.service)) return;
    if (auto ok = service(bundle.service).offer(bundle); !ok) {
        log(bundle.service, fmt::format("bundle not taken: {}: {}", ok.error().code, ok.error().detail));
    }
}

void Agent::Impl::on_operation(const Operation& operation) {
    if (!services.contains(operation.service)) return;
    log(operation.service, fmt::format("asked for: {}", bus::name_of(operation.kind)));
    service(operation.service).operate(operation);
}

void Agent::Impl::on_connected(const bus::Welcome& welcome) {
    refused_said.clear();
    log("", fmt::format("connected; the log stands at {}", welcome.head.sequence.value));
    with_client([&](bus::Client& c) {
        for (const auto& [name, json] : statuses) c.status({name, json});
    });
    for (const auto& [name, service] : services) service->tell_anew();
}

void Agent::Impl::on_refused(const std::string& name, const Rejection& why) {
    // Said once: where the controller is another one now, every handshake fails, many times a second.
    if (std::exchange(refused_said[name], why.code) != why.code)
        log(name, fmt::format("refused by the controller: {}: {}", why.code, why.detail));
    if (services.contains(name)) service(name).refused(why);
}

Agent::Agent(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Agent>> Agent::start(AgentOptions options) {
    const auto key = load_or_make_seal_key(options.data / "seal.key");
    if (!key) return std::unexpected(key.error());
    auto impl = std::make_unique<Impl>(std::move(options));
    for (const auto& spec : impl->options.adapters) impl->add(spec, *key);
    bus::ClientOptions c;
    c.address = impl->options.bus;
    c.server_public_key = impl->options.server_public_key;
    c.keys = impl->options.keys;
    c.software = "pic-agent/0.1";
    for (const auto& spec : impl->options.adapters) c.services.push_back(spec.service);
    {
        const std::scoped_lock lock(impl->mutex);
        impl->client = std::make_unique<bus::Client>(std::move(c), *impl);
        for (const auto& [name, report] : impl->reports) impl->client->report(report);
    }
    return std::unique_ptr<Agent>(new Agent(std::move(impl)));
}

Agent::~Agent() {
    // Without the lock: the client's thread may be waiting for a service that waits for it.
    std::unique_ptr<bus::Client> leaving;
    impl_->with_client([&](bus::Client&) { leaving = std::move(impl_->client); });
    leaving.reset();
    for (auto at = impl_->services.rbegin(); at != impl_->services.rend(); ++at) at->second->stop();
}

}  // namespace pic::agent
