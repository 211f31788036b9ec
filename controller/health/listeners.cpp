#include "controller/health/listeners.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace pic::health {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view tcp_listen = "0A", udp_unconnected = "07";  // include/net/tcp_states.h

std::string text_of(const fs::path& file) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

template <class T>
T number(std::string_view text, int base) {
    T value{};
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

std::string process_of(std::uint64_t inode) {
    const auto wanted = fmt::format("socket:[{}]", inode);
    std::error_code error;
    for (const auto& process : fs::directory_iterator("/proc", error)) {
        const auto pid = process.path().filename().string();
        if (!std::ranges::all_of(pid, [](char c) { return c >= '0' && c <= '9'; })) continue;
        for (auto fd = fs::directory_iterator(process.path() / "fd", error);
             !error && fd != fs::directory_iterator(); fd.increment(error)) {
            std::error_code gone;
            if (fs::read_symlink(fd->path(), gone) != wanted) continue;
            auto name = text_of(process.path() / "comm");
            if (name.ends_with('\n')) name.pop_back();
            return fmt::format("{} (pid {})", name, pid);
        }
        error.clear();
    }
    return {};
}

}  // namespace

std::vector<Listener> parse_listeners(std::string_view table, bool tcp) {
    std::vector<Listener> found;
    std::istringstream lines{std::string(table)};
    std::string line;
    std::getline(lines, line);  // the headings
    while (std::getline(lines, line)) {
        // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
        std::istringstream words(line);
        std::string sl, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
        words >> sl >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
        const auto colon = local.rfind(':');
        if (inode.empty() || colon == std::string::npos || state != (tcp ? tcp_listen : udp_unconnected))
            continue;
        found.push_back({tcp, number<std::uint16_t>(std::string_view(local).substr(colon + 1), 16),
                         number<std::uint64_t>(inode, 10)});
    }
    return found;
}

std::optional<std::string> port_owner(std::uint16_t port, bool tcp) {
    for (const char* file :
         {tcp ? "/proc/net/tcp" : "/proc/net/udp", tcp ? "/proc/net/tcp6" : "/proc/net/udp6"}) {
        for (const auto& listener : parse_listeners(text_of(file), tcp)) {
            if (listener.port == port) return process_of(listener.inode);
        }
    }
    return std::nullopt;
}

}  // namespace pic::health
