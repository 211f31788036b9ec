#include "controller/backup/archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "controller/backup/sealed_stream.hpp"
#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::backup;
using test::read_bytes;
using test::TempFolder;
using test::write_bytes;
using vault::Secret;

namespace {

constexpr vault::KdfCost cheap{.passes = 1, .memory = 8192};
const std::string phrase = "correct horse battery";

struct ArchiveFolder {
    TempFolder folder;
    std::filesystem::path archive = folder / "cell.pic";
    std::filesystem::path staging = folder / "staging";

    Result<Manifest> write(std::vector<Member> members) const {
        return write_archive(archive, Secret::copy_of(phrase), members, cheap);
    }
    Result<Manifest> read(std::string_view passphrase = phrase,
                          std::uint64_t limit = archive_size_limit) const {
        return read_archive(archive, Secret::copy_of(passphrase), staging, limit);
    }

    /// Reads, expects that code, and that nothing is left behind.
    void expect(const std::string& code, std::uint64_t limit = archive_size_limit) const {
        const auto manifest = read(phrase, limit);
        REQUIRE_FALSE(manifest.has_value());
        CHECK(manifest.error().code == code);
        CHECK_FALSE(std::filesystem::exists(staging));
    }

    /// An archive by someone who knows the passphrase, with any content.
    void forge(std::string_view plain) const {
        const vault::Descriptor file(::open(archive.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
        auto writer = SealedWriter::begin(file, Secret::copy_of(phrase), cheap);
        REQUIRE(writer.has_value());
        REQUIRE(writer->write(plain).has_value());
        REQUIRE(writer->finish().has_value());
    }
};

std::string size8(std::uint64_t size) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(size >> (8 * i) & 0xff);
    return bytes;
}

std::string entry(const std::string& name, std::uint64_t size) {
    return static_cast<char>(name.size()) + name + size8(size);
}

std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 % 251);
    return bytes;
}

/// Members of that many bytes, the first from memory, the others from files.
std::vector<Member> members_of(const TempFolder& folder, std::initializer_list<std::size_t> sizes) {
    std::vector<Member> members;
    for (const std::size_t size : sizes) {
        const std::string name = "member-" + std::to_string(members.size());
        if (members.empty()) {
            members.push_back({name, Secret::copy_of(pattern(size))});
            continue;
        }
        write_bytes(folder / ("source-" + name), pattern(size));
        members.push_back({name, folder / ("source-" + name)});
    }
    return members;
}

}  // namespace

TEST_CASE("what goes into an archive comes out, whatever its size") {
    const ArchiveFolder folder;
    const std::vector<std::size_t> sizes{
        32, 0, 1, chunk_size - 100, chunk_size, chunk_size + 1, 3 * chunk_size, 1'000'000};
    const auto written = folder.write(members_of(
        folder.folder, {32, 0, 1, chunk_size - 100, chunk_size, chunk_size + 1, 3 * chunk_size, 1'000'000}));
    REQUIRE(written.has_value());
    const auto manifest = folder.read();
    REQUIRE(manifest.has_value());
    CHECK(manifest->members == written->members);
    REQUIRE(manifest->members.size() == sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        CHECK(read_bytes(folder.staging / manifest->members[i].name) == pattern(sizes[i]));
        struct stat status{};
        REQUIRE(::stat((folder.staging / manifest->members[i].name).c_str(), &status) == 0);
        CHECK((status.st_mode & 07777) == 0600);
    }
    struct stat status{};
    REQUIRE(::stat(folder.staging.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0700);
    REQUIRE(::stat(folder.archive.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("contents that fill their last chunk to the byte are complete") {
    // One member named "m": the list takes 11 bytes.
    for (const std::size_t size : {chunk_size - 12, chunk_size - 11, chunk_size - 10, 2 * chunk_size - 11}) {
        const ArchiveFolder folder;
        std::vector<Member> members;
        members.push_back({"m", Secret::copy_of(pattern(size))});
        REQUIRE(folder.write(std::move(members)).has_value());
        REQUIRE(folder.read().has_value());
        CHECK(read_bytes(folder.staging / "m") == pattern(size));
    }
}

TEST_CASE("an archive shows nothing of what is in it") {
    const ArchiveFolder folder;
    std::vector<Member> members;
    members.push_back({"canary-name", Secret::copy_of("canary-content")});
    REQUIRE(folder.write(std::move(members)).has_value());
    CHECK(read_bytes(folder.archive).find("canary") == std::string::npos);
}

TEST_CASE("every flipped bit is found") {
    const ArchiveFolder folder;
    REQUIRE(folder.write(members_of(folder.folder, {32, 500})).has_value());
    const std::string good = read_bytes(folder.archive);
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ (1 << i % 8));
        write_bytes(folder.archive, bad);
        INFO("byte " << i);
        const auto manifest = folder.read();
        REQUIRE_FALSE(manifest.has_value());
        REQUIRE_FALSE(std::filesystem::exists(folder.staging));
    }
}

TEST_CASE("damage is named by where it is") {
    const ArchiveFolder folder;
    REQUIRE(folder.write(members_of(folder.folder, {32, 5 * chunk_size})).has_value());
    std::string bytes = read_bytes(folder.archive);
    const auto flip = [&](std::size_t at) { bytes[at] = static_cast<char>(bytes[at] ^ 1); };
    std::string code;
    SECTION("the magic") {
        flip(0);
        code = "backup_not_an_archive";
    }
    SECTION("the version") {
        flip(8);
        code = "backup_newer_version";
    }
    SECTION("absurd costs") {
        bytes[23] = '\x7f';
        code = "backup_parameters";
    }
    SECTION("the salt") {
        flip(30);
        code = "backup_wrong_passphrase";
    }
    SECTION("the middle") {
        flip(bytes.size() / 2);
        code = "backup_damaged";
    }
    SECTION("the end") {
        flip(bytes.size() - 1);
        code = "backup_damaged";
    }
    SECTION("two chunks have changed places") {
        const std::size_t sealed = chunk_size + 17;
        const std::string second = bytes.substr(header_size + sealed, sealed);
        bytes.replace(header_size + sealed, sealed, bytes.substr(header_size + 2 * sealed, sealed));
        bytes.replace(header_size + 2 * sealed, sealed, second);
        code = "backup_damaged";
    }
    SECTION("something follows") {
        bytes += "x";
        code = "backup_damaged";
    }
    SECTION("an empty file") {
        bytes.clear();
        code = "backup_not_an_archive";
    }
    SECTION("cut in the header") {
        bytes.resize(40);
        code = "backup_truncated";
    }
    SECTION("cut after the header") {
        bytes.resize(header_size);
        code = "backup_truncated";
    }
    SECTION("cut between chunks") {
        bytes.resize(header_size + 2 * (chunk_size + 17));
        code = "backup_truncated";
    }
    SECTION("cut within a chunk") {
        bytes.resize(header_size + 2 * (chunk_size + 17) + 1000);
        code = "backup_damaged";
    }
    write_bytes(folder.archive, bytes);
    folder.expect(code);
}

TEST_CASE("a wrong passphrase is refused") {
    const ArchiveFolder folder;
    REQUIRE(folder.write(members_of(folder.folder, {32})).has_value());
    CHECK(folder.read("correct horse batterz").error().code == "backup_wrong_passphrase");
    CHECK(folder.read("").error().code == "backup_wrong_passphrase");
    CHECK_FALSE(std::filesystem::exists(folder.staging));
}

TEST_CASE("names that reach out of the folder are refused, and so is every other oddity") {
    const ArchiveFolder folder;
    for (const std::string name : {"../evil", "/etc/passwd", "..", ".", ".hidden", "a/b", "a\\b", "A", "a b",
                                   "", "log.db\n", "-rf", "\xc3\xa4"}) {
        INFO(name);
        folder.forge(std::string("\x01") + entry(name, 1) + "x");
        folder.expect("backup_member_invalid");
    }
    folder.forge(std::string("\x01") + entry(std::string("log\0db", 6), 1) + "x");
    folder.expect("backup_member_invalid");
    CHECK_FALSE(std::filesystem::exists(folder.folder / "evil"));
}

TEST_CASE("a list of members that does not fit its contents is refused") {
    const ArchiveFolder folder;
    std::string plain;
    SECTION("no members") { plain = std::string(1, '\0'); }
    SECTION("too many members") {
        plain = std::string(1, '\x11');
        for (int i = 0; i < 17; ++i) plain += entry("m" + std::to_string(i), 0);
    }
    SECTION("twice the same") { plain = std::string("\x02") + entry("m", 1) + entry("m", 1) + "xy"; }
    SECTION("less than it says") { plain = std::string("\x01") + entry("m", 9) + "x"; }
    SECTION("more than it says") { plain = std::string("\x01") + entry("m", 1) + "xyz"; }
    SECTION("cut in the list") { plain = std::string("\x02") + entry("m", 1); }
    SECTION("nothing at all") { plain = ""; }
    folder.forge(plain);
    folder.expect("backup_member_invalid");
}

TEST_CASE("sizes are bounded, also where their sum overflows") {
    const ArchiveFolder folder;
    folder.forge(std::string("\x02") + entry("a", ~std::uint64_t{0}) + entry("b", 2) + "x");
    folder.expect("backup_too_large");
    folder.forge(std::string("\x02") + entry("a", 2) + entry("b", ~std::uint64_t{0}) + "x");
    folder.expect("backup_too_large");
    folder.forge(std::string("\x01") + entry("a", 5) + "12345");
    folder.expect("backup_too_large", 4);
    CHECK(folder.read(phrase, 5).has_value());
}

TEST_CASE("nothing that exists is written over") {
    const ArchiveFolder folder;
    write_bytes(folder.archive, "mine");
    CHECK(folder.write(members_of(folder.folder, {1})).error().code == "backup_exists");
    CHECK(read_bytes(folder.archive) == "mine");
    std::filesystem::remove(folder.archive);
    REQUIRE(folder.write(members_of(folder.folder, {1})).has_value());
    std::filesystem::create_directory(folder.staging);
    write_bytes(folder.staging / "mine", "mine");
    CHECK(folder.read().error().code == "backup_exists");
    CHECK(read_bytes(folder.staging / "mine") == "mine");
}

TEST_CASE("what cannot be written into an archive leaves none") {
    const ArchiveFolder folder;
    std::vector<Member> members;
    std::string code;
    SECTION("a file that is not there") {
        members.push_back({"m", folder.folder / "missing"});
        code = "backup_unwritable";
    }
    SECTION("a folder") {
        members.push_back({"m", folder.folder.path()});
        code = "backup_member_invalid";
    }
    SECTION("a symbolic link") {
        write_bytes(folder.folder / "file", "x");
        std::filesystem::create_symlink(folder.folder / "file", folder.folder / "link");
        members.push_back({"m", folder.folder / "link"});
        code = "backup_unwritable";
    }
    SECTION("a bad name") {
        members.push_back({"../m", Secret::copy_of("x")});
        code = "backup_member_invalid";
    }
    SECTION("nothing") { code = "backup_member_invalid"; }
    CHECK(folder.write(std::move(members)).error().code == code);
    CHECK_FALSE(std::filesystem::exists(folder.archive));
    CHECK_FALSE(std::filesystem::exists(folder.folder / "cell.pic.part"));
}

TEST_CASE("a passphrase has a least length, and an archive has to be there") {
    const ArchiveFolder folder;
    const auto members = members_of(folder.folder, {1});
    CHECK(write_archive(folder.archive, Secret::copy_of("short"), members, cheap).error().code ==
          "passphrase_too_short");
    CHECK(folder.read().error().code == "backup_missing");
    std::filesystem::create_directory(folder.archive);
    CHECK(folder.read().error().code == "backup_missing");
}

TEST_CASE("a member may be a stream, which keeps to its size") {
    const ArchiveFolder folder;
    const auto bytes = pattern(200'000);
    const auto streamed = [&](std::uint64_t size) {
        std::vector<Member> members;
        members.push_back({"log.db", Stream{size, [&bytes](const auto& sink) {
                                                const std::string_view all = bytes;
                                                if (sink(all.substr(0, 70'000))) sink(all.substr(70'000));
                                            }}});
        return folder.write(std::move(members));
    };
    CHECK(streamed(bytes.size() - 1).error().code == "backup_member_invalid");
    CHECK(streamed(bytes.size() + 1).error().code == "backup_member_invalid");
    CHECK_FALSE(std::filesystem::exists(folder.archive));
    REQUIRE(streamed(bytes.size()).has_value());
    REQUIRE(folder.read().has_value());
    CHECK(read_bytes(folder.staging / "log.db") == bytes);
}

TEST_CASE("what a stream throws goes through and leaves no draft") {
    const ArchiveFolder folder;
    std::vector<Member> members;
    members.push_back({"log.db", Stream{1, [](const auto&) { throw std::runtime_error("torn"); }}});
    CHECK_THROWS_WITH(folder.write(std::move(members)), "torn");
    CHECK(std::filesystem::is_empty(folder.folder.path()));
}
