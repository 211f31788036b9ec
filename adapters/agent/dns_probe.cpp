#include "adapters/agent/dns_probe.hpp"

#include <array>
#include <thread>

#include <fmt/format.h>

#include "adapters/agent/exchange.hpp"

namespace pic::agent {

namespace {

using Clock = Exchange::Clock;

constexpr std::uint16_t type_soa = 6;
constexpr std::uint16_t class_in = 1;
constexpr std::size_t header_size = 12;
constexpr std::size_t label_limit = 63;
constexpr std::size_t name_limit = 253;
constexpr std::size_t message_limit = 65535;
constexpr std::chrono::milliseconds one_query{500};
constexpr std::chrono::milliseconds between_queries{10};

void put16(std::string& to, std::uint16_t value) {
    to += static_cast<char>(value >> 8);
    to += static_cast<char>(value & 0xff);
}

/// Reads a message without ever leaving it.
class Cursor {
  public:
    explicit Cursor(std::string_view message) : message_(message) {}

    bool skip(std::size_t bytes) {
        if (message_.size() - at_ < bytes) return false;
        at_ += bytes;
        return true;
    }
    bool take16(std::uint16_t& value) {
        if (message_.size() - at_ < 2) return false;
        value = static_cast<std::uint16_t>(byte(at_) << 8 | byte(at_ + 1));
        at_ += 2;
        return true;
    }
    bool take32(std::uint32_t& value) {
        std::uint16_t high = 0;
        std::uint16_t low = 0;
        if (!take16(high) || !take16(low)) return false;
        value = static_cast<std::uint32_t>(high) << 16 | low;
        return true;
    }
    /// A name ends with an empty label or with a pointer (RFC 1035 4.1.4); where that points is of no
    /// interest here.
    bool skip_name() {
        while (at_ < message_.size()) {
            const unsigned length = byte(at_);
            if ((length & 0xc0) == 0xc0) return skip(2);
            if (length > label_limit || !skip(1 + length)) return false;
            if (length == 0) return true;
        }
        return false;
    }

  private:
    [[nodiscard]] unsigned byte(std::size_t i) const { return static_cast<std::uint8_t>(message_[i]); }

    std::string_view message_;
    std::size_t at_ = 0;
};

std::string response_code(unsigned code) {
    static constexpr std::array names{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
    return code < names.size() ? names[code] : fmt::format("code {}", code);
}

std::unexpected<Rejection> bad_answer(std::string detail) { return reject("dns_answer", std::move(detail)); }

std::string ask_udp(const addrinfo& to, const std::string& query, Clock::time_point deadline) {
    Exchange exchange(to, deadline);
    return exchange.send(query) ? exchange.receive(message_limit) : std::string{};
}

std::string ask_tcp(const addrinfo& to, const std::string& query, Clock::time_point deadline) {
    Exchange exchange(to, deadline);
    std::string framed;
    put16(framed, static_cast<std::uint16_t>(query.size()));
    if (!exchange.send(framed + query)) return {};
    std::string answer;
    while (true) {
        const auto more = exchange.receive(message_limit + 2);
        if (more.empty()) return {};
        answer += more;
        if (answer.size() < 2) continue;
        const auto size = static_cast<std::size_t>(static_cast<std::uint8_t>(answer[0])) << 8 |
                          static_cast<std::uint8_t>(answer[1]);
        if (answer.size() >= size + 2) return answer.substr(2, size);
    }
}

Result<void> expect_over(const char* protocol, const addrinfo& to, std::string_view zone,
                         std::uint32_t serial, Clock::time_point deadline) {
    std::string last = "no answer";
    for (std::uint16_t id = 1; Clock::now() < deadline; ++id) {
        const auto query = soa_query(id, zone);
        if (!query) return std::unexpected(query.error());
        const auto try_until = std::min(deadline, Clock::now() + one_query);
        const auto answer =
            to.ai_socktype == SOCK_DGRAM ? ask_udp(to, *query, try_until) : ask_tcp(to, *query, try_until);
        if (!answer.empty()) {
            const auto got = soa_serial(id, answer);
            if (got && *got == serial) return {};
            last = got ? fmt::format("serial {} instead of {}", *got, serial) : got.error().detail;
        }
        std::this_thread::sleep_for(between_queries);
    }
    return bad_answer(fmt::format("{} over {}: {}", zone, protocol, last));
}

}  // namespace

Result<std::string> soa_query(std::uint16_t id, std::string_view zone) {
    if (zone.ends_with('.')) zone.remove_suffix(1);
    if (zone.empty() || zone.size() > name_limit) return reject("bad_name", "not a domain name");
    std::string message;
    put16(message, id);
    for (const unsigned field : {0U, 1U, 0U, 0U, 0U})
        put16(message, static_cast<std::uint16_t>(field));  // no flags, one question
    while (true) {
        const auto label = zone.substr(0, zone.find('.'));
        if (label.empty() || label.size() > label_limit) return reject("bad_name", "not a domain name");
        message += static_cast<char>(label.size());
        message += label;
        if (label.size() == zone.size()) break;
        zone.remove_prefix(label.size() + 1);
    }
    message += '\0';
    put16(message, type_soa);
    put16(message, class_in);
    return message;
}

Result<std::uint32_t> soa_serial(std::uint16_t id, std::string_view message) {
    Cursor in(message);
    std::uint16_t got_id = 0;
    std::uint16_t flags = 0;
    std::uint16_t questions = 0;
    std::uint16_t answers = 0;
    if (message.size() < header_size || !in.take16(got_id) || !in.take16(flags) || !in.take16(questions) ||
        !in.take16(answers) || !in.skip(4)) {
        return bad_answer("the answer is cut short");
    }
    if (got_id != id || (flags & 0x8000) == 0) return bad_answer("the answer is to another question");
    if ((flags & 0xf) != 0) return bad_answer("the server says " + response_code(flags & 0xf));
    for (; questions > 0; --questions) {
        if (!in.skip_name() || !in.skip(4)) return bad_answer("the answer is malformed");
    }
    for (; answers > 0; --answers) {
        std::uint16_t type = 0;
        std::uint16_t size = 0;
        if (!in.skip_name() || !in.take16(type) || !in.skip(6) || !in.take16(size)) {
            return bad_answer("the answer is malformed");
        }
        if (type != type_soa) {
            if (!in.skip(size)) return bad_answer("the answer is malformed");
            continue;
        }
        std::uint32_t serial = 0;
        if (!in.skip_name() || !in.skip_name() || !in.take32(serial))
            return bad_answer("the answer is malformed");
        return serial;
    }
    return bad_answer("the answer holds no SOA");
}

Result<void> expect_serial(const std::string& server, std::string_view zone, std::uint32_t serial,
                           std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    for (const auto& [protocol, type] : {std::pair{"UDP", SOCK_DGRAM}, std::pair{"TCP", SOCK_STREAM}}) {
        const auto addresses = numeric_address(server, type);
        if (!addresses) return std::unexpected(addresses.error());
        if (auto ok = expect_over(protocol, **addresses, zone, serial, deadline); !ok) return ok;
    }
    return {};
}

}  // namespace pic::agent
