// pic-broker: the only program of a cell that holds the Docker socket. Exit codes: 0 asked to end, 1
// something broke, 2 wrong options.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "controller/broker/server.hpp"
#include "schema/private_memory.hpp"

int main(int argc, char** argv) {
    std::string docker = "/var/run/docker.sock", socket = "/run/pic/broker.sock", project;
    CLI::App app("pic-broker: lists, starts, stops and shows the containers of one cell", "pic-broker");
    app.add_option("--docker", docker, "Docker's socket")->envname("PIC_DOCKER");
    app.add_option("--socket", socket, "Where to listen")->envname("PIC_BROKER");
    app.add_option("--project", project, "The cell's Compose project")->envname("PIC_PROJECT")->required();
    CLI11_PARSE(app, argc, argv);
    pic::keep_memory_private();

    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    try {
        const pic::broker::Server server(socket, {pic::broker::Docker(docker), project});
        std::printf("pic-broker: listening at %s for the containers of %s\n", socket.c_str(),
                    project.c_str());
        std::fflush(stdout);
        int signal = 0;
        sigwait(&ending, &signal);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "pic-broker: %s\n", error.what());
        return 1;
    }
}
