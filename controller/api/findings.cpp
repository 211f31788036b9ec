// The findings, with what people decided to ignore marked as such.
#include "controller/api/findings.hpp"

#include <simdjson.h>

#include "controller/api/dns_lookup.hpp"
#include "controller/api/handlers.hpp"
#include "controller/authority/office.hpp"
#include "controller/health/gather.hpp"
#include "controller/health/listeners.hpp"
#include "projections/certificates/certificates.hpp"
#include "projections/dns/dns.hpp"
#include "projections/findings/findings.hpp"
#include "projections/secrets/secrets.hpp"
#include "projections/stack/stack.hpp"

namespace pic::api {
namespace {

using health::Situation;

std::vector<std::string> resolvers_of(const World& world) {
    std::vector<std::string> servers;
    constexpr std::uint16_t dns_port = 53;
    for (const auto& server : world.get<dns::Service>().upstreams.servers) {
        servers.push_back(
            to_string(SocketAddress{server.address, server.port == 0 ? dns_port : server.port}));
    }
    return servers;
}

/// Any answer will do, a refusal too: it is the silence that matters.
bool answers(const std::string& server) { return dns_lookup(server, "example.com", "A").has_value(); }

void look_at_services(core::Cell& cell, const World& world, Situation& s) {
    for (const auto& status : cell.publisher().status()) {
        s.services.push_back({.name = status.name,
                              .enabled = status.enabled,
                              .connected = status.connected,
                              .reported = status.report.has_value(),
                              .healthy = status.report && status.report->healthy,
                              .drift = status.report && status.report->drift,
                              .state = std::string(status.state()),
                              .detail = status.report ? status.report->detail : "",
                              .pending_restart = stack::pending_restart(world, status.name, cell.running())});
    }
}

/// Of a service that fails, whoever has its port: worth a look only where the services are programs of this
/// machine.
void look_at_ports(const std::string& resolver, Situation& s) {
    const auto colon = resolver.rfind(':');
    const auto port = static_cast<std::uint16_t>(std::atoi(resolver.c_str() + colon + 1));
    for (const auto& service : s.services) {
        if (service.name != "dns" || !service.enabled || service.state == "applied") continue;
        for (const bool tcp : {false, true}) {
            const auto owner = health::port_owner(port, tcp);
            if (owner && !owner->starts_with("coredns"))
                s.taken_ports.push_back({service.name, tcp ? "tcp" : "udp", port, *owner});
        }
    }
}

void look_at_containers(const broker::Client& client, Situation& s) {
    const auto answer = client.ask({.verb = broker::Verb::list, .container = {}});
    if (!answer) {
        s.broker_problem = answer.error().detail;
        return;
    }
    simdjson::dom::parser parser;
    simdjson::dom::array items;
    if (parser.parse(*answer)["items"].get(items) != simdjson::SUCCESS) return;
    const auto text = [](simdjson::dom::element item, const char* name) {
        std::string_view value;
        return item[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
    };
    for (const auto item : items) {
        s.containers.push_back(
            {text(item, "name"), text(item, "state"), text(item, "health"), text(item, "status")});
    }
}

void look_at_secrets(const World& world, Situation& s) {
    const auto now = core::now();
    world.get<secrets::Service>().secrets.for_each(
        [&](const std::string& name, const secrets::NamedSecret& secret) {
            if (const auto due = secrets::rotation_due(secret); due && *due <= now)
                s.old_secrets.push_back({name, to_string(*due)});
        });
}

/// Renewal begins when a third of a certificate's life is left; at a sixth something stands in its way.
void look_at_certificates(const World& world, Situation& s) {
    const auto now = core::now();
    for (const auto& wanted : certificates::wanted_certificates(world)) {
        const auto* certificate = certificates::for_service(world, wanted.service.text);
        if (certificate == nullptr) continue;
        const auto& content = certificate->content;
        if (content.not_after.ms - now.ms < (content.not_after.ms - content.not_before.ms) / 6)
            s.expiring.push_back({wanted.service.text, to_string(content.not_after)});
    }
    const auto& authority = world.get<certificates::Service>().authority;
    if (!authority.root_key_ref && authority::intermediate_is_due(world, now))
        s.intermediate_until = to_string(authority::validity_of(*authority.intermediate).not_after);
}

std::string finding_json(const health::Seen& seen, bool ignored) {
    const auto& f = seen.finding;
    std::string out = "{\"id\":";
    write_json_string(out, f.id);
    out += ",\"service\":";
    if (f.service.empty()) {
        out += "null";
    } else {
        write_json_string(out, f.service);
    }
    out += ",\"severity\":";
    write_json_string(out, to_string(f.severity));
    for (const auto& [name, text] :
         {std::pair(",\"what\":", &f.what), {",\"why\":", &f.why}, {",\"fix\":", &f.fix}}) {
        out += name;
        write_json_string(out, *text);
    }
    out += ",\"since\":";
    write_json_string(out, to_string(seen.since));
    return out + (ignored ? ",\"ignored\":true}" : ",\"ignored\":false}");
}

}  // namespace

std::unique_ptr<health::Watch> watch_over(core::Cell& cell, const broker::Client& containers,
                                          std::filesystem::path data, std::string resolver) {
    const auto probe = std::make_shared<health::UpstreamProbe>(answers);
    auto look = [&cell, &containers, probe, data = std::move(data), resolver = std::move(resolver)] {
        const auto world = cell.world();
        Situation s;
        s.stack = containers.exists();
        look_at_services(cell, *world, s);
        if (s.stack) {
            look_at_containers(containers, s);
        } else {
            look_at_ports(resolver, s);
        }
        look_at_secrets(*world, s);
        look_at_certificates(*world, s);
        s.disk = health::look_at_disk(data);
        s.clock_synchronised = health::look_at_clock();
        s.year = health::current_year();
        s.upstreams = probe->look(resolvers_of(*world));
        s.read_only = cell.writer().read_only().value_or("");
        return s;
    };
    return std::make_unique<health::Watch>(std::move(look), core::now);
}

void add_finding_handlers(http::Handlers& handlers, Context& c) {
    handlers["listFindings"] = [&c](const http::Request&, http::Responder respond) {
        c.cell.post([&c, respond = std::move(respond)]() mutable {
            const auto seen = c.watch.findings();
            const auto world = c.cell.world();
            const auto& ignored = world->get<findings::Service>().ignored;
            std::string body = "{\"items\":[";
            for (const auto& one : seen) {
                if (body.back() != '[') body += ',';
                body += finding_json(one, ignored.contains(one.finding.id));
            }
            auto response = http::json_response(200, body + "]}");
            response.seq = world->sequence;
            std::move(respond)(std::move(response));
        });
    };
}

}  // namespace pic::api
