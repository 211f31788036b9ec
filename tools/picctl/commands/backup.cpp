// The cell as a file: the encrypted backup of everything, and the readable configuration.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/file.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds restart_patience{120};
constexpr std::chrono::milliseconds restart_pause{50};

const Parameter passphrase_stdin{
    .name = "--passphrase-stdin",
    .help = "read the passphrase from standard input (else PIC_BACKUP_PASSPHRASE, else it is asked)",
    .kind = Kind::flag};

std::string passphrase(Session& session, const Arguments& arguments, bool twice) {
    return secret_from(session.terminal(), {.what = "Passphrase of the backup",
                                            .variable = "PIC_BACKUP_PASSPHRASE",
                                            .option = passphrase_stdin.name,
                                            .from_stdin = arguments.has(passphrase_stdin.name),
                                            .twice = twice});
}

/// The daemon starts anew after its answer: until it is there again, as the restored cell.
void await_epoch(Session& session, std::uint64_t epoch) {
    const auto deadline = std::chrono::steady_clock::now() + restart_patience;
    while (true) {
        const auto readiness = session.readiness();
        if (readiness.is_object() && readiness.value("epoch", std::uint64_t{0}) >= epoch) return;
        if (std::chrono::steady_clock::now() > deadline)
            throw Failure(
                ExitCode::unreachable,
                "the backup is in place, but the daemon did not come back; its own output says why");
        std::this_thread::sleep_for(restart_pause);
    }
}

void backup(Session& session, const Arguments& arguments) {
    const auto path = arguments.text("file");
    Request request{.target = "/backup",
                    .headers = {{"Pic-Passphrase", passphrase(session, arguments, true)}}};
    NewFile file(path);
    std::uint64_t size = 0;
    {
        Progress progress(session.terminal(), "backing up");
        session.send(std::move(request),
                     [&](std::string_view piece, std::uint64_t done, std::uint64_t total) {
                         file.write(piece);
                         size = done;
                         progress.bytes(done, total);
                     });
    }
    file.commit();
    if (!session.show_json({{"file", path}, {"bytes", size}}))
        session.terminal().out << fmt::format(
            "Wrote {} ({} bytes). Without its passphrase it is worth nothing.\n", path, size);
}

void backup_restore(Session& session, const Arguments& arguments) {
    const auto path = arguments.text("file");
    if (!std::filesystem::is_regular_file(path))
        throw Failure(ExitCode::usage, fmt::format("{}: no such file", path));
    Request request{.method = "POST",
                    .target = "/backup/restore",
                    .headers = {{"Content-Type", "application/octet-stream"},
                                {"Pic-Passphrase", passphrase(session, arguments, false)}},
                    .body_file = path};
    json answer;
    {
        const Progress progress(session.terminal(), "restoring");
        answer = json::parse(session.send(std::move(request)).body);
        await_epoch(session, answer.at("epoch").get<std::uint64_t>());
    }
    if (!session.show_json(answer))
        session.terminal().out << fmt::format(
            "The cell is now what {} holds (epoch {}). What it took the place of lies in the data folder, "
            "under "
            "replaced.\n",
            path, answer.at("epoch").get<std::uint64_t>());
}

void export_config(Session& session, const Arguments& arguments) {
    const auto text = session.get("/config").dump(2) + "\n";
    if (!arguments.has("--out")) {
        session.terminal().out << text;
        return;
    }
    write_private_file(arguments.text("--out"), text);
    session.terminal().out << fmt::format("Wrote {}.\n", arguments.text("--out"));
}

void import_config(Session& session, const Arguments& arguments) {
    const auto path = arguments.text("file");
    const auto config = json::parse(read_file(path), nullptr, false);
    if (!config.is_object()) throw Failure(ExitCode::usage, fmt::format("{} is no JSON object", path));
    session.show_change(session.change("PUT", "/config", config),
                        fmt::format("The cell is now as {} says", path));
}

const Parameter file_parameter{.name = "file", .help = "the file", .required = true};

}  // namespace

Verbs backup_verbs() {
    return {
        {"backup",
         Role::local,
         "write the whole cell to one encrypted file",
         {file_parameter, passphrase_stdin},
         backup},
        {"backup-restore",
         Role::local,
         "put a backup in the place of this cell",
         {file_parameter, passphrase_stdin},
         backup_restore},
        {"export",
         Role::query,
         "print the configuration as cell_config.json",
         {{.name = "--out", .help = "write it to this file"}},
         export_config},
        {"import",
         Role::command,
         "make the cell as a cell_config.json says, as one change",
         {{.name = "file", .help = "the file, - for standard input", .required = true}},
         import_config},
    };
}

}  // namespace pic::cli
