// What is wrong, why, and what to do about it, in sentences for the person who has to do it. A diagnoser is a
// pure function of a Situation, so every one of them is tested without breaking a machine; what looks at the
// machine (situation.hpp) decides nothing. (`make doctor`, which runs before there is a daemon, is
// tools/stack/doctor.sh.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pic::health {

enum class Severity { warning, error };

struct Finding {
    std::string id;       ///< stable while it lasts, a label: "drift-dns"
    std::string service;  ///< that it is about; empty: the cell as a whole
    Severity severity = Severity::warning;
    std::string what, why, fix;
};

struct ServiceSituation {
    std::string name;
    bool enabled = true, connected = true, reported = false, healthy = true, drift = false;
    std::string state;            ///< as GET /services has it
    std::string detail;           ///< what the agent said last
    std::string pending_restart;  ///< why, or empty
};

/// Somebody else listens where a service wants to.
struct TakenPort {
    std::string service, protocol;  ///< "udp", "tcp"
    std::uint16_t port = 0;
    std::string
        owner;  ///< the program's name, and its pid where that could be seen; empty: nobody's we may look at
};

struct Disk {
    std::string folder;
    std::uint64_t total = 0, free = 0;  ///< bytes
};

struct Upstream {
    std::string server;
    bool answers = true;
};

struct ContainerSituation {
    std::string name, state, health, status;
};

/// A secret of the vault whose value is older than its people wanted it to become.
struct OldSecret {
    std::string name, due;  ///< RFC 3339
};

/// A certificate that should have been renewed by now.
struct ExpiringCertificate {
    std::string service, until;  ///< RFC 3339
};

struct Situation {
    bool stack = false;  ///< there are containers
    std::vector<ServiceSituation> services;
    std::vector<TakenPort> taken_ports;
    std::optional<Disk> disk;
    std::optional<bool> clock_synchronised;
    int year = 2026;
    std::vector<Upstream> upstreams;
    std::string read_only;       ///< why nothing is written any more, or empty
    std::string broker_problem;  ///< why the containers cannot be seen, or empty
    std::vector<ContainerSituation> containers;
    std::vector<OldSecret> old_secrets;
    std::vector<ExpiringCertificate> expiring;
    std::string intermediate_until;  ///< when it expires, where only the root's key from elsewhere renews it
};

inline constexpr std::uint64_t disk_least_bytes = 500'000'000;
inline constexpr unsigned disk_least_percent = 5;
inline constexpr int earliest_year = 2025;  ///< a clock before this was never set

/// Worst first, otherwise by id.
[[nodiscard]] std::vector<Finding> diagnose(const Situation& situation);

[[nodiscard]] std::string_view to_string(Severity severity);

}  // namespace pic::health
