#include "adapters/agent/seed.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "adapters/agent/process.hpp"

namespace pic::agent {

namespace {

std::unexpected<Rejection> failed(std::string_view path) {
    return reject("seed", fmt::format("{}: {}", path, std::strerror(errno)));
}

/// The folder of that name within another, made where it is not there. No link is followed.
Fd folder_in(const Fd& parent, const std::string& name) {
    if (::mkdirat(parent.get(), name.c_str(), S_IRWXU) != 0 && errno != EEXIST) return {};
    return Fd(::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

Result<void> plant(const std::filesystem::path& root, std::string_view path, std::string_view text) {
    Fd folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return failed(root.string());
    auto rest = path;
    for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
        const std::string name(rest.substr(0, slash));
        if (name.empty() || name == "." || name == "..")
            return reject("seed", fmt::format("{} leads elsewhere", path));
        folder = folder_in(folder, name);
        if (!folder) return failed(path);
        rest.remove_prefix(slash + 1);
    }
    if (rest.empty()) return {};
    if (rest == "." || rest == "..") return reject("seed", fmt::format("{} leads elsewhere", path));
    const std::string name(rest);
    const Fd file(
        ::openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file) return errno == EEXIST ? Result<void>{} : failed(path);
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return failed(path);
    return {};
}

}  // namespace pic::agent
