#include "adapters/agent/folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fmt/format.h>

#include "adapters/agent/process.hpp"

namespace pic::agent {

namespace fs = std::filesystem;

namespace {

// Secrets may be among them, and the programs that read them are of the agent's own user.
constexpr mode_t file_mode = 0600;

std::unexpected<Rejection> failed(const std::string& what) {
    return reject("write", fmt::format("{}: {}", what, std::strerror(errno)));
}

FileStamp stamp_of(const struct stat& s) { return {s.st_ino, s.st_size, s.st_mtim}; }

bool make_parents(const fs::path& file) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    return !error;
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

}  // namespace

Folder::Folder(fs::path root) : root_(std::move(root)) {
    fs::remove_all(root_);
    fs::create_directories(root_);
    fs::permissions(root_, fs::perms::owner_all);
}

fs::path Folder::version(std::uint64_t number) const { return root_ / fmt::format("v{}", number); }

Result<std::uint64_t> Folder::begin() {
    const auto next = ++last_;
    if (::mkdir(version(next).c_str(), S_IRWXU) != 0) return failed(version(next).string());
    return next;
}

Result<FileStamp> Folder::write(std::uint64_t number, const std::string& path, std::string_view text) {
    const auto file = version(number) / path;
    if (!make_parents(file)) return failed(file.string());
    const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file_mode));
    struct stat status{};
    if (!fd || !write_all(fd.get(), text) || ::fstat(fd.get(), &status) != 0) return failed(file.string());
    return stamp_of(status);
}

bool Folder::keep(std::uint64_t number, const std::string& path, const FileStamp& stamp) {
    const auto from = version(live_) / path;
    const auto to = version(number) / path;
    struct stat status{};
    return live_ != 0 && ::lstat(from.c_str(), &status) == 0 && stamp_of(status) == stamp &&
           make_parents(to) && ::link(from.c_str(), to.c_str()) == 0;
}

Result<void> Folder::publish(std::uint64_t number) {
    const auto fresh = root_ / "live.new";
    ::unlink(fresh.c_str());
    if (number == 0) {
        ::unlink(live().c_str());
        live_ = 0;
        return {};
    }
    const auto target = fmt::format("v{}", number);
    if (::symlink(target.c_str(), fresh.c_str()) != 0 || ::rename(fresh.c_str(), live().c_str()) != 0) {
        return failed(live().string());
    }
    live_ = number;
    return {};
}

void Folder::discard(std::uint64_t number) {
    if (number == live_ || number == 0) return;
    std::error_code ignored;
    fs::remove_all(version(number), ignored);
}

std::optional<std::string> Folder::read_live(const std::string& path) const {
    std::ifstream in(live() / path, std::ios::binary);
    if (!in) return std::nullopt;
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

}  // namespace pic::agent
