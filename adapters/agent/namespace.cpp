#include "adapters/agent/namespace.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace pic::agent {

namespace fs = std::filesystem;

namespace {

constexpr char holder_program[] = "/bin/sleep";
constexpr int listen_backlog = 64;

/// What the holder does before it sleeps, made ready before the fork: from there on only system calls are
/// allowed.
struct Plan {
    struct Cover {
        std::string mount_point;           ///< gets a private tmpfs
        std::vector<std::string> folders;  ///< then made within, outermost first
    };
    std::vector<Cover> covers;
    bool user = false;  ///< make a user namespace first
    std::string uid_map;
    std::string gid_map;
};

/// Where the holder failed, sent through a pipe; an empty `what` means that it stands.
struct Outcome {
    int error = 0;
    char what[60] = {};
};

bool is_within(const fs::path& inner, const fs::path& outer) {
    const auto [end, unused] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
    return end == outer.end();
}

Result<Plan::Cover> plan_cover(const std::string& folder, const std::vector<std::string>& needed) {
    Plan::Cover cover;
    std::error_code error;
    fs::path point = folder;
    while (!fs::is_directory(point, error)) {
        cover.folders.insert(cover.folders.begin(), point.string());
        point = point.parent_path();
    }
    cover.mount_point = fs::canonical(point).string();
    for (const auto& path : needed) {
        if (is_within(fs::weakly_canonical(path, error), cover.mount_point)) {
            return reject("namespace", fmt::format("a private {} would hide {}", cover.mount_point, path));
        }
    }
    return cover;
}

// --- in the holder: system calls only

[[noreturn]] void fail(int pipe, const char* what) {
    Outcome outcome{.error = errno};
    std::strncpy(outcome.what, what, sizeof outcome.what - 1);
    if (::write(pipe, &outcome, sizeof outcome) < 0) ::_exit(2);
    ::_exit(1);
}

bool bring_loopback_up() {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    ifreq request{};
    std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    const bool ok = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    ::close(fd);
    return ok;
}

[[noreturn]] void hold(const Plan& plan, int pipe, pid_t parent) {
    // The kernel lets a user who is not root map their ids only where the process may be looked into.
    if (plan.user && ::prctl(PR_SET_DUMPABLE, 1) != 0) fail(pipe, "prctl");
    const int flags = CLONE_NEWNET | CLONE_NEWNS | (plan.user ? CLONE_NEWUSER : 0);
    if (::unshare(flags) != 0) fail(pipe, "unshare");
    if (plan.user) {
        if (!put("/proc/self/setgroups", "deny")) fail(pipe, "setgroups");
        if (!put("/proc/self/uid_map", plan.uid_map.c_str())) fail(pipe, "uid_map");
        if (!put("/proc/self/gid_map", plan.gid_map.c_str())) fail(pipe, "gid_map");
    }
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail(pipe, "making mounts private");
    for (const auto& cover : plan.covers) {
        if (::mount("tmpfs", cover.mount_point.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                    "mode=0700") != 0) {
            fail(pipe, "mounting a tmpfs");
        }
        for (const auto& folder : cover.folders) {
            if (::mkdir(folder.c_str(), S_IRWXU) != 0) fail(pipe, "making a folder on the tmpfs");
        }
    }
    if (!bring_loopback_up()) fail(pipe, "bringing the loopback up");
    // A router where the kernel lets it be one; what may pass is for the service's own filters to say. A
    // machine that does not let it has no tunnel to route from either.
    (void)put("/proc/sys/net/ipv4/ip_forward", "1");
    (void)put("/proc/sys/net/ipv6/conf/all/forwarding", "1");
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(pipe, "prctl");
    if (::getppid() != parent) ::_exit(0);
    const Outcome stands{};
    if (::write(pipe, &stands, sizeof stands) < 0) ::_exit(1);
    ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0U);
    char name[] = "sleep";
    char forever[] = "infinity";
    char* argv[] = {name, forever, nullptr};
    char* environment[] = {nullptr};
    ::execve(holder_program, argv, environment);
    ::_exit(127);
}

// --- in the agent

Result<Child> start_holder(const Plan& plan) {
    auto [read, write] = make_pipe();
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) hold(plan, write.get(), parent);
    Child holder(pid);
    write.reset();
    Outcome outcome;
    const ssize_t n = ::read(read.get(), &outcome, sizeof outcome);
    if (n != static_cast<ssize_t>(sizeof outcome))
        return reject("namespace", "the holder of the namespace ended at once");
    if (outcome.error != 0) {
        return reject("namespace",
                      fmt::format("this machine lets this user make no network namespace ({}: {})",
                                  outcome.what, std::strerror(outcome.error)));
    }
    return holder;
}

Fd open_namespace(pid_t pid, const char* kind) {
    Fd fd(::open(fmt::format("/proc/{}/ns/{}", pid, kind).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) throw std::system_error(errno, std::generic_category(), "opening a namespace");
    return fd;
}

/// An address to bind to, IPv4 or IPv6.
struct Endpoint {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

std::optional<Endpoint> endpoint_of(const std::string& address, std::uint16_t port) {
    Endpoint e;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&e.storage);
    if (::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        e.size = sizeof *v4;
        return e;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&e.storage);
    if (::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        e.size = sizeof *v6;
        return e;
    }
    return std::nullopt;
}

/// The socket, or -1 with errno.
int bound_socket(const Endpoint& e, bool listening) {
    const int fd = ::socket(e.storage.ss_family, (listening ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // An IPv6 address cannot be bound to while the kernel still looks for duplicates of it.
    if (e.storage.ss_family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&e.storage), e.size) != 0) return -1;
    if (listening && ::listen(fd, listen_backlog) != 0) return -1;
    return fd;
}

/// One int and, when it is 0, one descriptor (unix(7), SCM_RIGHTS).
union Rights {
    cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

void send_descriptor(int channel, int fd, int error) {
    iovec data{&error, sizeof error};
    Rights rights{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (fd >= 0) {
        message.msg_control = rights.space;
        message.msg_controllen = sizeof rights.space;
        rights.header.cmsg_len = CMSG_LEN(sizeof fd);
        rights.header.cmsg_level = SOL_SOCKET;
        rights.header.cmsg_type = SCM_RIGHTS;
        std::memcpy(CMSG_DATA(&rights.header), &fd, sizeof fd);
    }
    if (::sendmsg(channel, &message, MSG_NOSIGNAL) < 0) ::_exit(1);
}

Fd receive_descriptor(int channel, int& error) {
    iovec data{&error, sizeof error};
    Rights rights{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = rights.space;
    message.msg_controllen = sizeof rights.space;
    error = ECONNRESET;
    if (::recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != static_cast<ssize_t>(sizeof error)) return {};
    if (error != 0 || message.msg_controllen == 0) return {};
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(&rights.header), sizeof fd);
    return Fd(fd);
}

}  // namespace

Result<Namespace> Namespace::make(const std::vector<std::string>& private_folders,
                                  const std::vector<std::string>& needed) {
    Plan plan;
    for (const auto& folder : private_folders) {
        auto cover = plan_cover(folder, needed);
        if (!cover) return std::unexpected(cover.error());
        plan.covers.push_back(std::move(*cover));
    }
    plan.user = ::geteuid() != 0;
    plan.uid_map = fmt::format("0 {} 1", ::geteuid());
    plan.gid_map = fmt::format("0 {} 1", ::getegid());
    auto holder = start_holder(plan);
    if (!holder) return std::unexpected(holder.error());

    Namespace space;
    if (plan.user) space.user_ = open_namespace(holder->pid(), "user");
    space.network_ = open_namespace(holder->pid(), "net");
    space.mounts_ = open_namespace(holder->pid(), "mnt");
    space.holder_.emplace(std::move(*holder));
    return space;
}

bool Namespace::enter() const {
    return (!user_ || ::setns(user_.get(), CLONE_NEWUSER) == 0) &&
           ::setns(network_.get(), CLONE_NEWNET) == 0 && ::setns(mounts_.get(), CLONE_NEWNS) == 0;
}

Result<Fd> open_socket(const std::string& address, std::uint16_t port, bool listen) {
    const auto endpoint = endpoint_of(address, port);
    if (!endpoint) return reject("socket", address + " is no address");
    Fd socket(bound_socket(*endpoint, listen));
    if (!socket) return reject("socket", fmt::format("{} port {}: {}", address, port, std::strerror(errno)));
    return socket;
}

// A threaded process cannot enter another's user namespace: a child goes, and sends the socket back.
Result<Fd> Namespace::open_socket(const std::string& address, std::uint16_t port, bool listen) const {
    const auto endpoint = endpoint_of(address, port);
    if (!endpoint) return reject("socket", address + " is no address");
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    const Fd here(ends[0]);
    Fd there(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) {
        const int fd = enter() ? bound_socket(*endpoint, listen) : -1;
        send_descriptor(there.get(), fd, fd < 0 ? errno : 0);
        ::_exit(0);
    }
    Child child(pid);
    there.reset();
    int error = 0;
    Fd socket = receive_descriptor(here.get(), error);
    child.wait();
    if (!socket) return reject("socket", fmt::format("{} port {}: {}", address, port, std::strerror(error)));
    return socket;
}

}  // namespace pic::agent
