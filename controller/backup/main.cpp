// pic-archive: puts files into one encrypted archive (docs/backup-format.md) and takes them out again, all or
// none, for what the daemon itself does not see: the services' own data. The passphrase is the first line of
// standard input. Exit codes: 0 done, 1 refused with a sentence, 2 wrong words.
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "controller/backup/archive.hpp"

namespace {

using namespace pic;

std::vector<backup::Member> members_of(const std::vector<std::string>& words) {
    std::vector<backup::Member> members;
    for (const auto& word : words) {
        const auto equals = word.find('=');
        if (equals == std::string::npos) throw CLI::ValidationError(word, "is no NAME=FILE");
        members.push_back({word.substr(0, equals), std::filesystem::path(word.substr(equals + 1))});
    }
    return members;
}

vault::Secret passphrase() {
    std::string line;
    std::getline(std::cin, line);
    auto secret = vault::Secret::copy_of(line);
    sodium_memzero(line.data(), line.size());
    return secret;
}

int said(const Result<backup::Manifest>& done) {
    if (done) return 0;
    std::fprintf(stderr, "pic-archive: %s (%s)\n", done.error().detail.c_str(), done.error().code.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::string archive, folder;
    std::vector<std::string> words;
    CLI::App app("pic-archive: files in and out of one encrypted archive; the passphrase on standard input",
                 "pic-archive");
    app.require_subcommand(1);
    auto* pack = app.add_subcommand("pack", "make ARCHIVE of files");
    pack->add_option("archive", archive, "the archive; it must not exist")->required();
    pack->add_option("members", words, "NAME=FILE")->required();
    auto* unpack = app.add_subcommand("unpack", "take everything out of ARCHIVE, or nothing");
    unpack->add_option("archive", archive, "the archive")->required();
    unpack->add_option("folder", folder, "where to; it must not exist")->required();
    try {
        app.parse(argc, argv);
        if (sodium_init() < 0) return 1;
        if (*pack) return said(backup::write_archive(archive, passphrase(), members_of(words)));
        return said(backup::read_archive(archive, passphrase(), folder));
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "pic-archive: %s\n", error.what());
        return 1;
    }
}
