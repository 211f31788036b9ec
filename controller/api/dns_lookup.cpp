#include "controller/api/dns_lookup.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <resolv.h>

#include <array>
#include <chrono>
#include <map>

namespace pic::api {
namespace {

constexpr int tries = 2;
constexpr int seconds_a_try = 2;
constexpr std::size_t message_limit = 65535;

const std::map<std::string_view, ns_type>& types() {
    static const std::map<std::string_view, ns_type> table = {{"A", ns_t_a},
                                                              {"AAAA", ns_t_aaaa},
                                                              {"CNAME", ns_t_cname},
                                                              {"MX", ns_t_mx},
                                                              {"TXT", ns_t_txt},
                                                              {"SRV", ns_t_srv},
                                                              {"CAA", static_cast<ns_type>(257)},
                                                              {"PTR", ns_t_ptr},
                                                              {"NS", ns_t_ns},
                                                              {"SOA", ns_t_soa}};
    return table;
}

std::string type_name(ns_type type) {
    for (const auto& [name, value] : types()) {
        if (value == type) return std::string(name);
    }
    return fmt::format("TYPE{}", static_cast<int>(type));
}

std::string rcode_name(int rcode) {
    constexpr std::array<std::string_view, 6> names = {"NOERROR",  "FORMERR", "SERVFAIL",
                                                       "NXDOMAIN", "NOTIMP",  "REFUSED"};
    return static_cast<std::size_t>(rcode) < names.size()
               ? std::string(names[static_cast<std::size_t>(rcode)])
               : fmt::format("RCODE{}", rcode);
}

/// glibc's resolver state, pointed at one server.
class Resolver {
  public:
    explicit Resolver(const std::string& server) {
        if (res_ninit(&state_) != 0) throw std::runtime_error("the resolver cannot be initialised");
        const auto colon = server.rfind(':');
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(server.substr(colon + 1))));
        if (inet_pton(AF_INET, server.substr(0, colon).c_str(), &address.sin_addr) != 1) {
            throw std::runtime_error("the resolver's address is no IPv4 address");
        }
        state_.nscount = 1;
        state_.nsaddr_list[0] = address;
        state_.retry = tries;
        state_.retrans = seconds_a_try;
        state_.options = RES_INIT | RES_RECURSE | RES_USE_EDNS0;
    }
    ~Resolver() { res_nclose(&state_); }
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// The answer's bytes; nothing when none came, an empty one for a name that is none.
    std::optional<std::vector<unsigned char>> ask(const std::string& name, ns_type type) {
        std::vector<unsigned char> question(NS_PACKETSZ), answer(message_limit);
        const int size = res_nmkquery(&state_, ns_o_query, name.c_str(), ns_c_in, type, nullptr, 0, nullptr,
                                      question.data(), static_cast<int>(question.size()));
        if (size < 0) return std::vector<unsigned char>{};
        const int got =
            res_nsend(&state_, question.data(), size, answer.data(), static_cast<int>(answer.size()));
        if (got <= 0) return std::nullopt;
        answer.resize(std::min<std::size_t>(static_cast<std::size_t>(got), answer.size()));
        return answer;
    }

  private:
    struct __res_state state_{};
};

/// What ns_sprintrr() prints, from the fourth column on: name, ttl, class, type come before.
std::string value_of(const ns_msg& message, const ns_rr& record) {
    std::array<char, 8192> text{};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \
    "-Wdeprecated-declarations"  // glibc has no other printer of records, and says no successor
    const int size = ns_sprintrr(&message, &record, nullptr, nullptr, text.data(), text.size());
#pragma GCC diagnostic pop
    if (size < 0) return {};
    const std::string_view line(text.data(), static_cast<std::size_t>(size));
    const auto type = type_name(ns_rr_type(record));
    constexpr std::string_view blanks = " \t";
    // The columns are parted by blanks or tabs, as it happens. The type's is the first that reads like it.
    for (auto end = line.find_first_of(blanks); end != std::string_view::npos;) {
        const auto begin = line.find_first_not_of(blanks, end);
        if (begin == std::string_view::npos) break;
        end = line.find_first_of(blanks, begin);
        if (end == std::string_view::npos || line.substr(begin, end - begin) != type) continue;
        const auto value = line.find_first_not_of(blanks, end);
        return value == std::string_view::npos ? std::string() : std::string(line.substr(value));
    }
    return {};
}

}  // namespace

Result<DnsReply> dns_lookup(const std::string& server, const std::string& name, const std::string& type) {
    const auto started = std::chrono::steady_clock::now();
    const auto bytes = Resolver(server).ask(name, types().at(type));
    if (!bytes)
        return reject("resolver_silent", fmt::format("The cell's resolver at {} did not answer.", server));
    ns_msg message;
    if (bytes->empty() || ns_initparse(bytes->data(), static_cast<int>(bytes->size()), &message) != 0) {
        return reject("invalid_field", "This is not a name that can be looked up.",
                      {{"/name", "is not a name that can be looked up"}});
    }
    DnsReply reply;
    reply.rcode = rcode_name(ns_msg_getflag(message, ns_f_rcode));
    for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, i, &record) != 0) break;
        reply.answers.push_back({ns_rr_name(record), type_name(ns_rr_type(record)), ns_rr_ttl(record),
                                 value_of(message, record)});
    }
    const auto took = std::chrono::steady_clock::now() - started;
    reply.milliseconds =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
    return reply;
}

}  // namespace pic::api
