#include "tools/bench/workload.hpp"

#include <fmt/format.h>

#include <fstream>
#include <random>
#include <stdexcept>

namespace pic::bench {
namespace {

std::vector<std::string> read_ids(const std::filesystem::path& file) {
    std::vector<std::string> ids;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) ids.push_back(line);
    if (ids.empty()) throw std::runtime_error(fmt::format("there are no ids in {}", file.string()));
    return ids;
}

}  // namespace

Workload::Workload(Options options) : options_(std::move(options)), run_(std::random_device{}()) {
    if (options_.kind != "peers") records_ = read_ids(options_.records);
    if (options_.kind != "records") peers_ = read_ids(options_.peers);
}

const std::string& Workload::pick(const std::vector<std::string>& ids) const {
    return ids[number_ % ids.size()];
}

std::string Workload::record_value() {
    auto value = fmt::format("{:08x} {} ", run_, number_);
    value.resize(options_.value_bytes, 'x');
    return value;
}

/// In the upper half of the interface identifiers, where the cell gives none by itself.
std::string Workload::peer_address() {
    return fmt::format("{}:8000:{:x}:{:x}:{:x}", options_.prefix6, run_ & 0xffff, (number_ >> 16) & 0xffff,
                       number_ & 0xffff);
}

std::string Workload::change_set() {
    std::string body = R"({"commands":[)";
    auto out = std::back_inserter(body);
    for (std::size_t i = 0; i < options_.set_size; ++i) {
        if (i != 0) body += ',';
        if (i % 2 == 0) {
            fmt::format_to(out, R"({{"type":"ChangeDnsRecord","data":{{"id":"{}","value":"{}"}}}})",
                           pick(records_), record_value());
        } else {
            fmt::format_to(out, R"({{"type":"ChangePeer","data":{{"id":"{}","address6":"{}"}}}})",
                           pick(peers_), peer_address());
        }
        ++number_;
    }
    return body + "]}";
}

Call Workload::next() {
    Call call{"PATCH", {}, {}, fmt::format("bench-{:08x}-{}", run_, number_)};
    if (options_.kind == "records") {
        path_ = "/api/v1/dns/records/" + pick(records_);
        call.body = fmt::format(R"({{"value":"{}"}})", record_value());
    } else if (options_.kind == "peers") {
        path_ = "/api/v1/peers/" + pick(peers_);
        call.body = fmt::format(R"({{"address6":"{}"}})", peer_address());
    } else {
        path_ = "/api/v1/changes";
        call.method = "POST";
        call.body = change_set();
    }
    ++number_;
    call.path = path_;
    return call;
}

std::size_t Workload::events_per_call() const { return options_.kind == "sets" ? options_.set_size : 1; }

}  // namespace pic::bench
