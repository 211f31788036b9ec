#include "controller/vault/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "controller/vault/descriptor.hpp"

namespace pic::vault {

namespace {

std::unexpected<FileError> refuse(FileError::Code code, std::string detail) {
    return std::unexpected(FileError{code, std::move(detail)});
}

std::unexpected<FileError> io_error(const char* doing, const std::filesystem::path& file) {
    return refuse(FileError::Code::io,
                  fmt::format("cannot {} {}: {}", doing, file.string(), std::strerror(errno)));
}

std::expected<void, FileError> sync_folder(const std::filesystem::path& file) {
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor || ::fsync(descriptor.number()) != 0) return io_error("sync the folder", folder);
    return {};
}

/// Nothing wrong: an empty string.
std::string why_not_private(const struct stat& status) {
    if (!S_ISREG(status.st_mode)) return "it is not a plain file";
    if (status.st_uid != ::geteuid() && status.st_uid != 0) return "it belongs to another user";
    if ((status.st_mode & 077) != 0) {
        return fmt::format("its mode is {:04o} and must be 0600 (chmod 600)", status.st_mode & 07777);
    }
    if (static_cast<std::uint64_t>(status.st_size) > private_file_limit)
        return "it is too long to be one of ours";
    return {};
}

}  // namespace

std::expected<Secret, FileError> read_private_file(const std::filesystem::path& file) {
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!descriptor) {
        if (errno == ENOENT)
            return refuse(FileError::Code::missing, fmt::format("{} is missing", file.string()));
        if (errno == ELOOP) {
            return refuse(FileError::Code::permissions, fmt::format("{} is a symbolic link", file.string()));
        }
        return io_error("open", file);
    }
    struct stat status{};
    if (::fstat(descriptor.number(), &status) != 0) return io_error("look at", file);
    if (const std::string why = why_not_private(status); !why.empty()) {
        return refuse(FileError::Code::permissions, fmt::format("{} is refused: {}", file.string(), why));
    }
    Secret content(static_cast<std::size_t>(status.st_size));
    const ssize_t got = descriptor.read_up_to(content.bytes().data(), content.size());
    if (got != static_cast<ssize_t>(content.size())) return io_error("read", file);
    return content;
}

std::expected<void, FileError> write_private_file(const std::filesystem::path& file, const Secret& content,
                                                  IfExists if_exists) {
    std::filesystem::path draft = file;
    draft += ".part";
    ::unlink(draft.c_str());
    {
        const Descriptor descriptor(
            ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!descriptor) return io_error("create", draft);
        if (!descriptor.write_all(content.reveal()) || ::fsync(descriptor.number()) != 0) {
            auto error = io_error("write", draft);
            ::unlink(draft.c_str());
            return error;
        }
    }
    // link() refuses to replace, rename() replaces: each is atomic.
    const bool replace = if_exists == IfExists::replace;
    if ((replace ? ::rename(draft.c_str(), file.c_str()) : ::link(draft.c_str(), file.c_str())) != 0) {
        const bool exists = errno == EEXIST;
        auto error = io_error("put in place", file);
        ::unlink(draft.c_str());
        return exists ? refuse(FileError::Code::exists, fmt::format("{} exists already", file.string()))
                      : error;
    }
    if (!replace) ::unlink(draft.c_str());
    return sync_folder(file);
}

std::expected<void, FileError> remove_private_file(const std::filesystem::path& file) {
    if (::unlink(file.c_str()) != 0) {
        if (errno == ENOENT) return {};
        return io_error("remove", file);
    }
    return sync_folder(file);
}

}  // namespace pic::vault
