#include "controller/vault/private_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using pic::test::TempFolder;
using namespace pic::vault;
using Code = FileError::Code;

namespace {
mode_t mode_of(const std::filesystem::path& file) {
    struct stat status{};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    return status.st_mode & 07777;
}
}  // namespace

TEST_CASE("a private file is written whole, for us alone, and read back") {
    const TempFolder folder;
    const auto file = folder / "key";
    ::umask(0);
    REQUIRE(write_private_file(file, Secret::copy_of("content"), IfExists::refuse).has_value());
    ::umask(022);
    CHECK(mode_of(file) == 0600);
    CHECK(read_private_file(file).value().reveal() == "content");

    const auto again = write_private_file(file, Secret::copy_of("other"), IfExists::refuse);
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().code == Code::exists);
    CHECK(read_private_file(file).value().reveal() == "content");

    REQUIRE(write_private_file(file, Secret::copy_of("other"), IfExists::replace).has_value());
    CHECK(read_private_file(file).value().reveal() == "other");
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);

    REQUIRE(remove_private_file(file).has_value());
    REQUIRE(remove_private_file(file).has_value());
    CHECK(read_private_file(file).error().code == Code::missing);
}

TEST_CASE("a file that others can reach is refused") {
    const TempFolder folder;
    const auto file = folder / "key";
    REQUIRE(write_private_file(file, Secret::copy_of("content"), IfExists::refuse).has_value());
    for (const mode_t mode : {0640, 0604, 0660, 0602, 0610, 0601}) {
        ::chmod(file.c_str(), mode);
        const auto read = read_private_file(file);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().code == Code::permissions);
        CHECK(read.error().detail.find("chmod 600") != std::string::npos);
    }
    ::chmod(file.c_str(), 0400);
    CHECK(read_private_file(file).has_value());
}

TEST_CASE("links, folders, pipes and long files are refused") {
    const TempFolder folder;
    REQUIRE(write_private_file(folder / "key", Secret::copy_of("content"), IfExists::refuse).has_value());
    std::filesystem::create_symlink(folder / "key", folder / "link");
    CHECK(read_private_file(folder / "link").error().code == Code::permissions);
    std::filesystem::create_directory(folder / "folder");
    CHECK(read_private_file(folder / "folder").error().code == Code::permissions);
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    CHECK(read_private_file(folder / "pipe").error().code == Code::permissions);
    const Secret long_one(private_file_limit + 1);
    REQUIRE(write_private_file(folder / "long", long_one, IfExists::refuse).has_value());
    CHECK(read_private_file(folder / "long").error().code == Code::permissions);
}

TEST_CASE("a private file in a folder that is not there is an error of the file system") {
    const TempFolder folder;
    const auto written = write_private_file(folder / "no/key", Secret::copy_of("x"), IfExists::refuse);
    REQUIRE_FALSE(written.has_value());
    CHECK(written.error().code == Code::io);
}
