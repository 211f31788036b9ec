#include "controller/daemon/options.hpp"

#include <CLI/CLI.hpp>

#include "schema/scalars.hpp"

namespace pic::daemon {
namespace {

/// An empty variable counts as one that is not set, so leaving an address out has a word of its own.
constexpr std::string_view no_address = "none";

}  // namespace

std::expected<Options, int> read_options(int argc, const char* const* argv) {
    Options options;
    CLI::App app("picd: the controller of a Personal Internet Cell", "picd");
    app.set_version_flag("--version", PIC_VERSION);
    app.add_option("--data", options.data, "Folder of the log, the vault and everything else that is kept")
        ->envname("PIC_DATA");
    app.add_option("--listen", options.listen,
                   "Address and port of the API; none: HTTPS and the unix socket alone")
        ->envname("PIC_LISTEN");
    app.add_option("--listen-tls", options.listen_tls, "Address and port of the API over HTTPS")
        ->envname("PIC_LISTEN_TLS");
    app.add_option("--trusted-proxy", options.trusted_proxies,
                   "A network whose X-Forwarded-For and X-Forwarded-Proto are believed (CIDR)")
        ->envname("PIC_TRUSTED_PROXIES")
        ->delimiter(',')
        ->check([](const std::string& text) {
            const auto network = Cidr::parse(text);
            return network ? std::string() : network.error();
        });
    app.add_option("--bus", options.bus, "Address and port of the bus")->envname("PIC_BUS");
    app.add_option("--log-level", options.log_level, "trace, debug, info, warn or error")
        ->envname("PIC_LOG_LEVEL")
        ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
    app.add_option("--ui", options.ui, "Folder of the built web UI")->envname("PIC_UI");
    app.add_option("--host", options.hosts, "A further name that requests may be addressed to")
        ->envname("PIC_HOSTS")
        ->delimiter(',');
    app.add_option("--passphrase-file", options.passphrase_file,
                   "Unlock the vault with the passphrase in this file")
        ->envname("PIC_PASSPHRASE_FILE");
    app.add_option("--agent-tokens", options.agent_tokens,
                   "Folder for a token a service, where each has an agent of its own")
        ->envname("PIC_AGENT_TOKENS");
    app.add_option("--resolver", options.resolver,
                   "Where the cell's own DNS answers (default: 127.0.0.1, port PIC_DNS_PORT)")
        ->envname("PIC_RESOLVER");
    app.add_option("--files", options.files,
                   "Where the files service answers, for the file manager; empty: nowhere")
        ->envname("PIC_FILES");
    app.add_option("--broker", options.broker, "Socket of pic-broker, in the stack")->envname("PIC_BROKER");
    try {
        app.parse(argc, argv);
        if (options.listen == no_address) options.listen.clear();
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return std::unexpected(code == 0 ? 0 : exit_usage);
    }
    return options;
}

}  // namespace pic::daemon
