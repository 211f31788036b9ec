#include "tools/picctl/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include "tools/picctl/failure.hpp"

namespace pic::cli {
namespace {

Failure failed(const std::filesystem::path& path) {
    return {ExitCode::usage, fmt::format("{}: {}", path.string(), std::system_category().message(errno))};
}

}  // namespace

NewFile::NewFile(std::filesystem::path path)
    : path_(std::move(path)), temporary_(path_.string() + ".XXXXXX") {
    fd_ = mkostemp(temporary_.data(), O_CLOEXEC);  // made with mode 0600
    if (fd_ < 0) throw failed(path_);
}

NewFile::~NewFile() {
    if (fd_ < 0) return;
    close(fd_);
    unlink(temporary_.c_str());
}

void NewFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::write(fd_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw failed(path_);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void NewFile::commit() {
    if (fsync(fd_) != 0 || rename(temporary_.c_str(), path_.c_str()) != 0) throw failed(path_);
    close(fd_);
    fd_ = -1;
}

void write_private_file(const std::filesystem::path& path, std::string_view content) {
    NewFile file(path);
    file.write(content);
    file.commit();
}

std::string read_file(const std::string& path) {
    if (path == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
    std::ifstream file(path, std::ios::binary);
    if (!file) throw failed(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace pic::cli
