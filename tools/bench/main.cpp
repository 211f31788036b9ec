// pic-bench: the load generators and stopwatches that `make bench` drives (tools/bench/bench.py). Each
// subcommand prints one line of JSON.
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tools/bench/apply.hpp"
#include "tools/bench/delivery.hpp"
#include "tools/bench/disk.hpp"
#include "tools/bench/history.hpp"
#include "tools/bench/load.hpp"

namespace {

using namespace pic::bench;

void add_target(CLI::App& command, Target& target) {
    command.add_option("--port", target.port, "picd's, on 127.0.0.1")->required();
    command.add_option("--token", target.token, "bearer token")->required()->envname("PIC_BENCH_TOKEN");
}

void add_workload(CLI::App& command, Workload::Options& workload) {
    command.add_option("--kind", workload.kind, "records, peers or sets")->required();
    command.add_option("--records", workload.records, "file of ids");
    command.add_option("--peers", workload.peers, "file of ids");
    command.add_option("--prefix6", workload.prefix6, "of the VPN's IPv6 range");
    command.add_option("--set-size", workload.set_size, "commands of a change-set");
}

}  // namespace

int main(int argc, char** argv) try {
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used on this machine");
    CLI::App app("pic-bench: loads and stopwatches for make bench");
    app.require_subcommand(1);

    LoadOptions load_options;
    Workload::Options workload;
    auto* load_command = app.add_subcommand("load", "commands over HTTP in a closed loop");
    add_target(*load_command, load_options.target);
    add_workload(*load_command, workload);
    load_command->add_option("--clients", load_options.clients);
    load_command->add_option("--seconds", load_options.seconds);
    load_command->add_option("--events", load_options.events);

    DeliveryOptions delivery_options;
    auto* delivery_command = app.add_subcommand("delivery", "from a command to the agent");
    add_target(*delivery_command, delivery_options.target);
    add_workload(*delivery_command, workload);
    delivery_command->add_option("--bus", delivery_options.bus)->required();
    delivery_command->add_option("--server-key", delivery_options.server_public_key)->required();
    delivery_command->add_option("--key-file", delivery_options.key_file)->required();
    delivery_command->add_option("--count", delivery_options.count);
    delivery_command->add_option("--gap-ms", delivery_options.gap_ms);

    std::filesystem::path key_file, folder;
    auto* key_command = app.add_subcommand("key", "an agent's public key, made where there is none");
    key_command->add_option("file", key_file)->required();

    double disk_seconds = 2;
    auto* disk_command = app.add_subcommand("disk", "fdatasync'd appends");
    disk_command->add_option("--folder", folder)->required();
    disk_command->add_option("--seconds", disk_seconds);

    int rounds = 5;
    auto* history_command = app.add_subcommand("history", "raw scan, rebuild and verification of a log");
    history_command->add_option("--data", folder)->required();
    history_command->add_option("--rounds", rounds);

    ApplyOptions apply_options;
    auto* apply_command = app.add_subcommand("apply", "one changed peer at the agent, and by hand");
    apply_command->add_option("--adapter", apply_options.adapter)->required();
    apply_command->add_option("--folder", apply_options.folder)->required();
    apply_command->add_option("--peers", apply_options.peers);
    apply_command->add_option("--rounds", apply_options.rounds);

    CLI11_PARSE(app, argc, argv);
    std::string line;
    if (*load_command || *delivery_command) {
        Workload calls(workload);
        line = *load_command ? load(load_options, calls) : delivery(delivery_options, calls);
    } else if (*key_command) {
        line = agent_public_key(key_file);
    } else if (*disk_command) {
        line = synced_appends(folder, disk_seconds);
    } else if (*history_command) {
        line = history(folder, rounds);
    } else {
        line = apply_one_peer(apply_options);
    }
    std::puts(line.c_str());
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "pic-bench: %s\n", error.what());
    return 1;
}
