#include "controller/health/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pic::health {
namespace {

using Findings = std::vector<Finding>;

/// An id is a label: what is none of its characters becomes a hyphen.
std::string label(std::string text) {
    for (char& c : text) {
        const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!fits) c = '-';
    }
    return text;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string look_at(const Situation& s, const std::string& service) {
    return s.stack ? fmt::format("'make logs-{}' shows what it says", service)
                   : "the window of 'make run' shows what it says";
}

void unreachable(const Situation& s, const ServiceSituation& service, Findings& out) {
    if (service.connected) return;
    out.push_back(
        {"agent-unreachable-" + service.name, service.name, Severity::error,
         fmt::format("The agent of {} is not connected", service.name),
         "What was live stays so, but no change reaches it and nobody knows how it is.",
         s.stack ? fmt::format(
                       "'make status' shows whether its container runs; {}; 'make restart' starts it again.",
                       look_at(s, service.name))
                 : "Start it again: 'make run' runs the daemon and its agent together."});
}

void refused(const Situation& s, const ServiceSituation& service, Findings& out) {
    if (service.state == "not_installed") {
        out.push_back({"not-installed-" + service.name, service.name, Severity::error,
                       fmt::format("{} cannot run on this machine", service.name), first_line(service.detail),
                       "The sentence says what is missing; it is looked for again by itself."});
    } else if (service.state == "refused") {
        out.push_back(
            {"refused-" + service.name, service.name, Severity::error,
             fmt::format("{} did not take the newest configuration; the last good one serves", service.name),
             first_line(service.detail),
             "Undo or mend the change ('picctl events', 'picctl undo SEQUENCE'); it is tried again at the "
             "next one."});
    } else if (service.connected && service.reported && service.enabled && !service.healthy) {
        out.push_back({"unhealthy-" + service.name, service.name, Severity::error,
                       fmt::format("{} runs and does not answer as it should", service.name),
                       service.detail.empty() ? "Its probe fails." : first_line(service.detail),
                       look_at(s, service.name) + "."});
    }
}

void drifted(const Situation&, const ServiceSituation& service, Findings& out) {
    if (!service.drift) return;
    out.push_back(
        {"drift-" + service.name, service.name, Severity::warning,
         fmt::format("A live file of {} was changed by hand", service.name),
         "It differs from what the log renders, and the next change overwrites it.",
         fmt::format("'picctl services reapply {}' brings the log's version back at once.", service.name)});
}

void pending(const Situation&, const ServiceSituation& service, Findings& out) {
    if (service.pending_restart.empty()) return;
    out.push_back(
        {"restart-pending-" + service.name, service.name, Severity::warning,
         fmt::format("{} waits for a restart", service.name), service.pending_restart + ".",
         "Run 'make restart' on the host: it makes anew the containers that differ, and no others."});
}

void taken_ports(const Situation& s, Findings& out) {
    for (const auto& taken : s.taken_ports) {
        const auto owner = taken.owner.empty() ? std::string("another program") : taken.owner;
        const bool resolved = taken.owner.starts_with("systemd-resolve");
        out.push_back(
            {label(fmt::format("port-{}-{}-taken", taken.protocol, taken.port)), taken.service,
             Severity::error,
             fmt::format("Port {}/{} of {} is held by {}", taken.port, taken.protocol, taken.service, owner),
             resolved ? "systemd-resolved listens at port 53 of this machine for itself."
                      : "Two programs cannot listen at one address and port.",
             resolved ? "Put DNSStubListener=no under [Resolve] in /etc/systemd/resolved.conf, then "
                        "'systemctl restart "
                        "systemd-resolved'."
                      : fmt::format("Stop {}, or give {} another port.", owner, taken.service)});
    }
}

void disk(const Situation& s, Findings& out) {
    if (!s.disk || s.disk->total == 0) return;
    const auto percent = 100 * s.disk->free / s.disk->total;
    if (percent >= disk_least_percent && s.disk->free >= disk_least_bytes) return;
    out.push_back({"disk-nearly-full", "", Severity::error,
                   fmt::format("The disk of {} is nearly full: {} MB are left, {} %", s.disk->folder,
                               s.disk->free / 1'000'000, percent),
                   "When it is full no change can be written; what is live goes on.",
                   "Make room: old backups in backups/, 'docker image prune', logs of the host."});
}

void clock_off(const Situation& s, Findings& out) {
    if (s.year < earliest_year) {
        out.push_back({"clock-off", "", Severity::error,
                       fmt::format("The clock of this machine says {}", s.year),
                       "Sign-ins, one-time links, certificates and second factors go by it.",
                       "Set it, and keep it right: 'timedatectl set-ntp true' on the host."});
    } else if (s.clock_synchronised == false) {
        out.push_back(
            {"clock-not-synchronised", "", Severity::warning, "Nothing keeps the clock of this machine right",
             "The kernel says that it is not synchronised. Second factors and certificates go by it.",
             "'timedatectl set-ntp true' on the host, or chrony there."});
    }
}

void upstreams(const Situation& s, Findings& out) {
    std::string dead;
    std::size_t count = 0;
    for (const auto& upstream : s.upstreams) {
        if (upstream.answers) continue;
        ++count;
        dead += (dead.empty() ? "" : ", ") + upstream.server;
    }
    if (count == 0) return;
    const bool all = count == s.upstreams.size();
    out.push_back(
        {"upstream-dns-silent", "dns", all ? Severity::error : Severity::warning,
         fmt::format(
             "{}: {}",
             all ? "No resolver behind the cell answers" : "A resolver behind the cell does not answer",
             dead),
         all ? "Names outside the cell cannot be looked up: the way out is cut, or the resolvers are wrong."
             : "The others answer; names take longer while this one is tried first.",
         "Look at the host's own connection, or set others: 'picctl dns upstreams 9.9.9.9 1.1.1.1'."});
}

void read_only(const Situation& s, Findings& out) {
    if (s.read_only.empty()) return;
    out.push_back(
        {"log-read-only", "", Severity::error, "Nothing is written any more", s.read_only + ".",
         "'picctl log verify' names the damage; restore the newest backup into an empty data folder."});
}

void containers(const Situation& s, Findings& out) {
    if (!s.broker_problem.empty()) {
        out.push_back({"broker-unreachable", "", Severity::warning, "The containers cannot be seen",
                       s.broker_problem,
                       "'make logs-broker' shows what it says; 'make restart' starts it again."});
    }
    for (const auto& container : s.containers) {
        const bool down = container.state != "running";
        if (!down && container.health != "unhealthy") continue;
        out.push_back(
            {label("container-" + container.name), "", Severity::error,
             fmt::format("The container {} {}", container.name, down ? "does not run" : "is not healthy"),
             fmt::format("Docker says: {}.", container.status.empty() ? container.state : container.status),
             "'make status', then 'make logs'; 'make start' starts what does not run."});
    }
}

void old_secrets(const Situation& s, Findings& out) {
    for (const auto& secret : s.old_secrets) {
        out.push_back(
            {label("rotate-" + secret.name), "", Severity::warning,
             fmt::format("The secret {} is due for a new value", secret.name),
             fmt::format("It was to be changed by {}.", secret.due),
             fmt::format("Change it where it is used, then 'picctl vault secret set {}'.", secret.name)});
    }
}

void certificates(const Situation& s, Findings& out) {
    for (const auto& certificate : s.expiring) {
        out.push_back(
            {label("certificate-" + certificate.service), "", Severity::error,
             fmt::format("The certificate of {} has not been renewed", certificate.service),
             fmt::format("It ends at {}; after that browsers and apps refuse it.", certificate.until),
             "The daemon's own log says why it could not be made; 'picctl vault certificate list' shows "
             "them all."});
    }
    if (s.intermediate_until.empty()) return;
    out.push_back({"intermediate-due", "", Severity::warning,
                   "The certificate authority's intermediate has to be renewed",
                   fmt::format("It ends at {}, and the root's key is kept elsewhere.", s.intermediate_until),
                   "Bring the key: 'picctl vault ca renew --root-key FILE'. It is looked at and not kept."});
}

}  // namespace

std::vector<Finding> diagnose(const Situation& s) {
    Findings out;
    for (const auto& service : s.services) {
        if (!service.enabled) continue;
        for (const auto diagnoser : {unreachable, refused, drifted, pending}) diagnoser(s, service, out);
    }
    for (const auto diagnoser :
         {taken_ports, disk, clock_off, upstreams, read_only, containers, old_secrets, certificates})
        diagnoser(s, out);
    std::ranges::sort(out, [](const Finding& a, const Finding& b) {
        return a.severity != b.severity ? a.severity > b.severity : a.id < b.id;
    });
    return out;
}

std::string_view to_string(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

}  // namespace pic::health
