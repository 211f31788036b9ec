#include "adapters/agent/enrolment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <boost/asio/ip/tcp.hpp>
#include <nlohmann/json.hpp>

#include "schema/sha256.hpp"

namespace pic::agent {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr std::size_t answer_limit = 64 * 1024;
constexpr std::chrono::seconds patience{10};
constexpr std::string_view scheme = "http://";

struct Url {
    std::string host;
    std::string port;
};

std::optional<Url> parse_url(std::string_view text) {
    if (!text.starts_with(scheme)) return std::nullopt;
    text.remove_prefix(scheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || text.contains('/')) return std::nullopt;
    return Url{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string without_brackets(const std::string& host) {
    return host.size() > 1 && host.front() == '[' ? host.substr(1, host.size() - 2) : host;
}

/// The whole answer to one request on a connection of its own (RFC 9112, closed at its end).
Result<std::string> exchange(const Url& url, const std::string& path, const std::string& body) {
    boost::asio::ip::tcp::iostream stream;
    stream.expires_after(patience);
    stream.connect(without_brackets(url.host), url.port);
    stream << fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
        path, url.host, url.port, body.size(), body);
    stream.flush();
    std::string answer(answer_limit, '\0');
    stream.read(answer.data(), static_cast<std::streamsize>(answer.size()));
    answer.resize(static_cast<std::size_t>(stream.gcount()));
    if (answer.empty()) {
        return reject("unreachable", fmt::format("{}:{}: {}", url.host, url.port, stream.error().message()));
    }
    return answer;
}

/// Status and body; the controller gives a Content-Length and so does not chunk.
std::optional<std::pair<int, Json>> parse_answer(const std::string& answer) {
    const auto end = answer.find("\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 ") || answer.size() < 12 || end == std::string::npos)
        return std::nullopt;
    auto body = Json::parse(answer.substr(end + 4), nullptr, false);
    if (!body.is_object()) return std::nullopt;
    return std::pair{std::atoi(answer.c_str() + 9), std::move(body)};
}

}  // namespace

std::string digest_of(const std::string& token) { return to_hex(sha256(token)); }

Result<std::optional<Enrolment>> load_enrolment(const fs::path& file) {
    std::ifstream in(file);
    if (!in) return std::nullopt;
    const auto json = Json::parse(in, nullptr, false);
    try {
        return Enrolment{.id = json.at("id"),
                         .server_public_key = json.at("server_public_key"),
                         .bus = json.at("bus"),
                         .services = json.at("services"),
                         .token_digest = json.value("token_digest", "")};
    } catch (const Json::exception& e) {
        return reject("enrolment_file", fmt::format("{} holds no enrolment: {}", file.string(), e.what()));
    }
}

Result<void> save_enrolment(const fs::path& file, const Enrolment& enrolment) {
    const Json json{{"id", enrolment.id},
                    {"server_public_key", enrolment.server_public_key},
                    {"bus", enrolment.bus},
                    {"services", enrolment.services},
                    {"token_digest", enrolment.token_digest}};
    const fs::path fresh = file.string() + ".new";
    std::ofstream out(fresh);
    out << json.dump(2) << '\n';
    out.close();
    std::error_code error;
    fs::rename(fresh, file, error);
    if (!out || error) return reject("enrolment_file", fmt::format("{} cannot be written", file.string()));
    return {};
}

Result<Enrolment> enrol(const std::string& controller, const std::string& token,
                        const std::string& public_key) {
    const auto url = parse_url(controller);
    if (!url) return reject("bad_controller", controller + " is no http://host:port");
    const Json request{{"enrolment_token", token}, {"public_key", public_key}};
    const auto raw = exchange(*url, "/api/v1/enrolment", request.dump());
    if (!raw) return std::unexpected(raw.error());
    const auto answer = parse_answer(*raw);
    if (!answer) return reject("unreachable", controller + " does not answer as a controller does");
    const auto& [status, body] = *answer;
    try {
        if (status != 201) {
            const bool later = status >= 500 || status == 429;
            return reject(later ? "unreachable" : body.value("code", "refused"),
                          body.value("detail", fmt::format("status {}", status)));
        }
        return Enrolment{.id = body.at("id"),
                         .server_public_key = body.at("server_public_key"),
                         .bus = fmt::format("tcp://{}:{}", url->host, body.at("bus_port").get<int>()),
                         .services = body.at("services"),
                         .token_digest = digest_of(token)};
    } catch (const Json::exception& e) {
        return reject("unreachable", fmt::format("{} answers with something else: {}", controller, e.what()));
    }
}

}  // namespace pic::agent
