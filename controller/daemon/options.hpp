// What picd can be told: every option is also an environment variable.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pic::daemon {

struct Options {
    std::filesystem::path data = "./data";  ///< PIC_DATA; made with mode 0700
    std::string listen = "127.0.0.1:3000";  ///< PIC_LISTEN; "none" (here empty): no plain HTTP
    std::string listen_tls;  ///< PIC_LISTEN_TLS: HTTPS with the cell's own certificate; empty: none
    std::vector<std::string>
        trusted_proxies;                      ///< PIC_TRUSTED_PROXIES: networks whose forwarded headers count
    std::string bus = "127.0.0.1:5560";       ///< PIC_BUS
    std::string log_level = "info";           ///< PIC_LOG_LEVEL: trace, debug, info, warn, error
    std::filesystem::path ui = "webui/dist";  ///< PIC_UI: the built web UI; may be missing
    std::vector<std::string> hosts;           ///< PIC_HOSTS: further names that a Host header may hold
    std::optional<std::filesystem::path>
        passphrase_file;  ///< PIC_PASSPHRASE_FILE: unlocks the vault, instead of master.key
    std::filesystem::path
        agent_tokens;      ///< PIC_AGENT_TOKENS: of a stack, <folder>/<service>/agent-token for each agent
    std::string resolver;  ///< PIC_RESOLVER: where the cell's DNS answers, address:port
    std::string files = "127.0.0.1:5080";  ///< PIC_FILES: where the files service answers, host:port
    std::filesystem::path broker;          ///< PIC_BROKER: the broker's socket; empty: no containers here
};

/// The options, or the exit code of the program (after --help, or a fault that was printed).
[[nodiscard]] std::expected<Options, int> read_options(int argc, const char* const* argv);

// Exit codes, besides 0.
inline constexpr int exit_usage = 2;        ///< an option that cannot be read
inline constexpr int exit_locked = 10;      ///< another daemon has this data folder
inline constexpr int exit_newer = 11;       ///< the data is of a newer version
inline constexpr int exit_master_key = 12;  ///< the master key is missing, wrong or open to others
inline constexpr int exit_data =
    13;  ///< the data folder cannot be used: damaged, or not ours, or an I/O error
inline constexpr int exit_address = 14;  ///< an address cannot be listened at
inline constexpr int exit_failure = 1;   ///< anything else

}  // namespace pic::daemon
