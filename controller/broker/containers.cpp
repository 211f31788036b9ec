#include "controller/broker/containers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/broker/log_lines.hpp"

namespace pic::broker {
namespace {

using nlohmann::json;

constexpr char project_label[] = "com.docker.compose.project";
constexpr char service_label[] = "com.docker.compose.service";
constexpr int stop_seconds = 10;  ///< between SIGTERM and SIGKILL
/// Compose's names for the containers without which nobody could start anything again by the API.
constexpr std::string_view indispensable[] = {"api", "broker"};

std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::string name_of(const json& container) {
    const auto names = container.value("Names", json::array());
    const auto name = names.empty() ? std::string() : names[0].get<std::string>();
    return name.starts_with('/') ? name.substr(1) : name;
}

std::string label(const json& container, const char* name) {
    const auto labels = container.value("Labels", json::object());
    return labels.is_object() ? labels.value(name, std::string()) : std::string();
}

/// Docker says it in the text of the status: "Up 2 minutes (healthy)".
std::string health_of(std::string_view status) {
    for (const std::string_view health : {"unhealthy", "healthy", "health: starting"}) {
        if (status.find(fmt::format("({})", health)) != status.npos)
            return health.starts_with("health:") ? "starting" : std::string(health);
    }
    return "none";
}

json ports_of(const json& container) {
    auto ports = json::array();
    for (const auto& port : container.value("Ports", json::array())) {
        if (!port.contains("PublicPort")) continue;
        ports.push_back({{"address", port.value("IP", "")},
                         {"published", port.at("PublicPort")},
                         {"port", port.at("PrivatePort")},
                         {"protocol", port.value("Type", "tcp")}});
    }
    return ports;
}

std::string address_of(const json& container) {
    for (const auto& network :
         container.value("NetworkSettings", json::object()).value("Networks", json::object())) {
        if (const auto address = network.value("IPAddress", ""); !address.empty()) return address;
    }
    return {};
}

json shown(const json& container) {
    const auto status = container.value("Status", "");
    return {{"name", name_of(container)},
            {"service", label(container, service_label)},
            {"image", container.value("Image", "")},
            {"state", container.value("State", "")},
            {"status", status},
            {"health", health_of(status)},
            {"address", address_of(container)},
            {"ports", ports_of(container)}};
}

/// What Docker says of a refusal: {"message": "..."}.
std::unexpected<Rejection> refused(const DockerAnswer& answer) {
    const auto said = json::parse(answer.body, nullptr, false);
    const auto why = said.is_object() ? said.value("message", "") : std::string();
    return reject("docker_refused",
                  why.empty() ? fmt::format("Docker answers {}", answer.status) : "Docker says: " + why);
}

std::uint64_t number(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool is_indispensable(const json& container) {
    return std::ranges::find(indispensable, label(container, service_label)) != std::end(indispensable);
}

json object(const json& parent, const char* name) {
    const auto found = parent.find(name);
    return found != parent.end() && found->is_object() ? *found : json::object();
}

/// Percent of one processor between the two samples that Docker took.
double cpu_percent(const json& stats) {
    const auto now = object(stats, "cpu_stats"), before = object(stats, "precpu_stats");
    const auto used = static_cast<double>(number(object(now, "cpu_usage"), "total_usage")) -
                      static_cast<double>(number(object(before, "cpu_usage"), "total_usage"));
    const auto passed = static_cast<double>(number(now, "system_cpu_usage")) -
                        static_cast<double>(number(before, "system_cpu_usage"));
    return passed > 0 && used > 0 ? 100 * used / passed * static_cast<double>(number(now, "online_cpus")) : 0;
}

}  // namespace

Result<json> Containers::all() const {
    const json filter{{"label", {fmt::format("{}={}", project_label, project_)}}};
    const auto answer = docker_.get("/containers/json?all=1&filters=" + percent_encoded(filter.dump()));
    if (!answer) return std::unexpected(answer.error());
    if (answer->status != 200) return refused(*answer);
    auto found = json::parse(answer->body, nullptr, false);
    if (!found.is_array()) return reject("docker_refused", "Docker's list of containers is none");
    // The filter is Docker's; that the project is ours is looked at here once more.
    auto& list = found.get_ref<json::array_t&>();
    std::erase_if(list,
                  [&](const json& one) { return !one.is_object() || label(one, project_label) != project_; });
    std::ranges::sort(list, {}, name_of);
    return found;
}

Result<json> Containers::find(const std::string& name) const {
    const auto ours = all();
    if (!ours) return std::unexpected(ours.error());
    const auto& list = ours->get_ref<const json::array_t&>();
    const auto found = std::ranges::find(list, name, name_of);
    if (found == list.end()) return reject("not_found", fmt::format("this cell has no container {}", name));
    return *found;
}

Result<json> Containers::act(const Request& request, const json& container) const {
    if (request.verb == Verb::stop && is_indispensable(container)) {
        return reject(
            "conflict",
            fmt::format("without {} nobody could start it again from here: use 'make stop' on the host, "
                        "or restart it",
                        request.container));
    }
    const auto limit = request.verb == Verb::start ? std::string() : fmt::format("?t={}", stop_seconds);
    const auto target =
        fmt::format("/containers/{}/{}{}", container.value("Id", ""), to_string(request.verb), limit);
    const auto answer = docker_.post(target);
    if (!answer) return std::unexpected(answer.error());
    constexpr int done = 204, already = 304;
    if (answer->status != done && answer->status != already) return refused(*answer);
    const auto now = find(request.container);
    if (!now) return std::unexpected(now.error());
    return json{{"container", shown(*now)}};
}

Result<json> Containers::logs(const std::string& id, unsigned tail) const {
    const auto answer =
        docker_.get(fmt::format("/containers/{}/logs?stdout=1&stderr=1&timestamps=1&tail={}", id, tail));
    if (!answer) return std::unexpected(answer.error());
    if (answer->status != 200) return refused(*answer);
    auto items = json::array();
    for (auto& line : log_lines(answer->body)) {
        items.push_back({{"at", std::move(line.at)},
                         {"stream", line.is_error ? "stderr" : "stdout"},
                         {"line", std::move(line.text)}});
    }
    return json{{"items", std::move(items)}};
}

Result<json> Containers::stats(const std::string& id) const {
    const auto answer = docker_.get(fmt::format("/containers/{}/stats?stream=false", id));
    if (!answer) return std::unexpected(answer.error());
    if (answer->status != 200) return refused(*answer);
    const auto stats = json::parse(answer->body, nullptr, false);
    if (!stats.is_object()) return reject("docker_refused", "Docker's figures are none");
    std::uint64_t received = 0, sent = 0;
    for (const auto& network : object(stats, "networks")) {
        received += number(network, "rx_bytes");
        sent += number(network, "tx_bytes");
    }
    const auto memory = object(stats, "memory_stats");
    // As `docker stats` does: what the page cache holds would be given back.
    const auto usage = number(memory, "usage"), cache = number(object(memory, "stats"), "inactive_file");
    return json{{"cpu_percent", cpu_percent(stats)},
                {"memory_bytes", usage > cache ? usage - cache : 0},
                {"memory_limit_bytes", number(memory, "limit")},
                {"received_bytes", received},
                {"sent_bytes", sent},
                {"processes", number(object(stats, "pids_stats"), "current")}};
}

Result<json> Containers::run(const Request& request) const {
    if (request.verb == Verb::list) {
        const auto ours = all();
        if (!ours) return std::unexpected(ours.error());
        auto items = json::array();
        for (const auto& one : *ours) items.push_back(shown(one));
        return json{{"items", std::move(items)}};
    }
    const auto container = find(request.container);
    if (!container) return std::unexpected(container.error());
    const auto id = container->value("Id", "");
    if (request.verb == Verb::logs) return logs(id, request.tail);
    if (request.verb == Verb::stats) return stats(id);
    return act(request, *container);
}

}  // namespace pic::broker
