// What the containers of a stack are given: their network, their addresses on it, the ports that are
// published and where. A `.env` is read once, when the stack is set up, and is from then on rendered from
// here. A field is its variable in lower case (`dns_port` is DNS_PORT), so that the struct below is the one
// list of them: .env.example is held against it by a test. WG_PORT alone is none of these: where WireGuard
// listens is WireGuard's own setting, which the variable shows.
//
// In the local runtime nothing is ever configured here, and nothing asks.
#pragma once

#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::stack {

using Port = std::uint16_t;

enum class LogLevel { trace, debug, info, warn, error };
constexpr std::array<std::string_view, 5> enum_names(LogLevel) {
    return {"trace", "debug", "info", "warn", "error"};
}

template <template <class> class F>
struct Settings {
    F<Cidr4> cell_network;
    F<Ipv4> caddy_ip, dns_ip, dhcp_ip, ntp_ip, wg_ip, mail_ip, radicale_ip, webdav_ip, api_ip, webui_ip,
        rainloop_ip, filegator_ip;
    F<Port> http_port, https_port, dns_port, dhcp_port, ntp_port, mail_smtp_port, mail_submission_port,
        mail_submissions_port, mail_imap_port, radicale_port, webdav_port, api_port, webui_port,
        rainloop_port, filegator_port;
    /// Addresses of the host to publish at; 0.0.0.0: all.
    F<Ipv4> caddy_bind, dns_bind, dhcp_bind, ntp_bind, wg_bind, mail_bind, radicale_bind, webdav_bind,
        api_bind, webui_bind, rainloop_bind, filegator_bind;
    F<std::uint32_t> puid, pgid;  ///< own the files that people see
    F<LogLevel> pic_log_level;
    F<Label> compose_project_name;

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(
            defaulted("cell_network", s.cell_network), defaulted("caddy_ip", s.caddy_ip),
            defaulted("dns_ip", s.dns_ip), defaulted("dhcp_ip", s.dhcp_ip), defaulted("ntp_ip", s.ntp_ip),
            defaulted("wg_ip", s.wg_ip), defaulted("mail_ip", s.mail_ip),
            defaulted("radicale_ip", s.radicale_ip), defaulted("webdav_ip", s.webdav_ip),
            defaulted("api_ip", s.api_ip), defaulted("webui_ip", s.webui_ip),
            defaulted("rainloop_ip", s.rainloop_ip), defaulted("filegator_ip", s.filegator_ip),
            defaulted("http_port", s.http_port), defaulted("https_port", s.https_port),
            defaulted("dns_port", s.dns_port), defaulted("dhcp_port", s.dhcp_port),
            defaulted("ntp_port", s.ntp_port), defaulted("mail_smtp_port", s.mail_smtp_port),
            defaulted("mail_submission_port", s.mail_submission_port),
            defaulted("mail_submissions_port", s.mail_submissions_port),
            defaulted("mail_imap_port", s.mail_imap_port), defaulted("radicale_port", s.radicale_port),
            defaulted("webdav_port", s.webdav_port), defaulted("api_port", s.api_port),
            defaulted("webui_port", s.webui_port), defaulted("rainloop_port", s.rainloop_port),
            defaulted("filegator_port", s.filegator_port), defaulted("caddy_bind", s.caddy_bind),
            defaulted("dns_bind", s.dns_bind), defaulted("dhcp_bind", s.dhcp_bind),
            defaulted("ntp_bind", s.ntp_bind), defaulted("wg_bind", s.wg_bind),
            defaulted("mail_bind", s.mail_bind), defaulted("radicale_bind", s.radicale_bind),
            defaulted("webdav_bind", s.webdav_bind), defaulted("api_bind", s.api_bind),
            defaulted("webui_bind", s.webui_bind), defaulted("rainloop_bind", s.rainloop_bind),
            defaulted("filegator_bind", s.filegator_bind), defaulted("puid", s.puid),
            defaulted("pgid", s.pgid), defaulted("pic_log_level", s.pic_log_level),
            defaulted("compose_project_name", s.compose_project_name));
    }
};

/// The list of docker-compose.yml before anybody changed anything.
[[nodiscard]] Settings<Plain> original();

struct Stack {
    bool configured = false;
    Settings<Plain> settings = original();
    StreamVersion version;

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("configured", s.configured)),
                              Settings<Plain>::fields(s.settings), std::tuple(field("version", s.version)));
    }
};

struct State {
    Stack stack;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(defaulted("stack", s.stack));
    }
};

// --- events

/// A `.env` was read: this cell runs as a stack.
struct StackConfigured {
    static constexpr std::string_view type = "StackConfigured";
    static constexpr int schema_version = 1;
    Settings<Plain> settings = original();
    template <class Self>
    static auto fields(Self& s) {
        return Settings<Plain>::fields(s.settings);
    }
};

struct StackChanged {
    static constexpr std::string_view type = "StackChanged";
    static constexpr int schema_version = 1;
    Settings<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return Settings<Patch>::fields(s.changes);
    }
};

// --- commands

/// A line of a `.env`.
struct Assignment {
    std::string name, value;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("value", s.value));
    }
};

/// Reads a `.env`: the first time it configures the stack, later it adopts what was edited by hand. A
/// variable that is not given keeps its value. FLASK_DEBUG=1 of an old file is understood as
/// PIC_LOG_LEVEL=debug.
struct ImportEnvironment {
    static constexpr std::string_view type = "ImportEnvironment";
    std::vector<Assignment> variables;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("variables", s.variables));
    }
};

/// A new cell_network takes the addresses along that are not given with it.
struct ChangeStack {
    static constexpr std::string_view type = "ChangeStack";
    Settings<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return Settings<Patch>::fields(s.changes);
    }
};

struct Service {
    static constexpr std::string_view name = "stack";
    static constexpr bool renders = false;
    using State = stack::State;
    using Events = TypeList<StackConfigured, StackChanged>;
    using Commands = TypeList<ImportEnvironment, ChangeStack>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(singleton("stack", state.stack));
    }
};

inline constexpr std::string_view stream = "stack";

[[nodiscard]] Result<Decision> decide(const World& world, const ImportEnvironment& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangeStack& command);
void evolve(State& state, const StackConfigured& event, const Meta& meta);
void evolve(State& state, const StackChanged& event, const Meta& meta);
void reconcile(Service, const World& now, const World& target, Reconciler& out);

// --- for others

/// The `.env` of this cell, without its secrets: what `make restart` writes. Empty where no stack was
/// configured.
[[nodiscard]] std::string environment(const World& world);

/// What environment() assigns, in its order.
[[nodiscard]] std::vector<Assignment> assignments(const World& world);

/// The published port of a service that has one, where there is a stack.
[[nodiscard]] std::optional<Port> port_of(const World& world, std::string_view service);
/// What makes it another. Rejections: "conflict" where there is no stack, "invalid_field" for a service
/// without one port.
[[nodiscard]] Result<void> change_port(const World& world, std::string_view service, Port port,
                                       Decision& decision);
/// Refuses a VPN or LAN that overlaps the containers' network.
[[nodiscard]] Result<void> check_network(const World& world, const char* pointer, const Cidr4& network);

/// The variables that a service's container is made from and that are not yet what `running` says; "" where
/// all are. e.g. "DNS_PORT is 53 and becomes 5353 with the next make restart".
[[nodiscard]] std::string pending_restart(const World& world, std::string_view service,
                                          const std::vector<Assignment>& running);

}  // namespace pic::stack
