#include "tools/bench/load.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <system_error>
#include <vector>

#include "tools/bench/samples.hpp"

namespace pic::bench {
namespace {

struct Client {
    Connection connection;
    Clock::time_point sent;
};

class Loop {
  public:
    Loop(const LoadOptions& options, Workload& workload)
        : options_(options), workload_(workload), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        for (std::size_t i = 0; i < options_.clients; ++i)
            clients_.push_back({Connection(options_.target.port), {}});
        for (auto& client : clients_) watch(client);
    }
    ~Loop() { ::close(epoll_); }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    std::string run() {
        begin_ = Clock::now();
        for (auto& client : clients_) ask(client);
        std::array<epoll_event, 64> events;
        while (waiting_ > 0) {
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i)
                take(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
        }
        return samples_.json(Clock::now() - begin_);
    }

  private:
    void watch(Client& client) {
        epoll_event event{.events = EPOLLIN, .data = {.ptr = &client}};
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.connection.descriptor(), &event) != 0)
            throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }

    [[nodiscard]] bool is_over() const {
        if (options_.events != 0) return asked_ * workload_.events_per_call() >= options_.events;
        return seconds(Clock::now() - begin_) >= options_.seconds;
    }

    void ask(Client& client) {
        if (is_over()) return;
        const auto request = format_request(options_.target, workload_.next());
        client.sent = Clock::now();
        client.connection.send(request);
        ++asked_;
        ++waiting_;
    }

    void take(Client& client) {
        Answer answer;
        if (!client.connection.receive(answer, false)) return;
        samples_.add(Clock::now() - client.sent);
        --waiting_;
        require_success(answer);
        ask(client);
    }

    const LoadOptions& options_;
    Workload& workload_;
    int epoll_;
    std::vector<Client> clients_;
    Samples samples_;
    Clock::time_point begin_;
    std::uint64_t asked_ = 0;
    std::size_t waiting_ = 0;
};

}  // namespace

std::string load(const LoadOptions& options, Workload& workload) { return Loop(options, workload).run(); }

}  // namespace pic::bench
