#include "controller/broker/client.hpp"

#include <fmt/format.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <nlohmann/json.hpp>

#include "controller/broker/docker.hpp"

namespace pic::broker {

using nlohmann::json;

Result<std::string> Client::ask(const Request& request) const {
    if (!exists()) {
        return reject("no_containers",
                      "The local runtime has no containers: its services are programs of this machine. The "
                      "stack has them.");
    }
    constexpr std::chrono::seconds more{
        5};  // than Docker may take, so that the broker's own sentence arrives
    boost::asio::local::stream_protocol::iostream stream;
    stream.expires_after(Docker::patience + more);
    stream.connect(boost::asio::local::stream_protocol::endpoint(socket_.string()));
    std::string line;
    if (stream) stream << to_line(request) << std::flush;
    if (!stream || !std::getline(stream, line)) {
        return reject("broker_unreachable", fmt::format("The broker does not answer at {}: {}",
                                                        socket_.string(), stream.error().message()));
    }
    auto answer = json::parse(line, nullptr, false);
    if (!answer.is_object()) return reject("broker_unreachable", "What the broker answers is no JSON.");
    if (!answer.value("ok", false))
        return reject(answer.value("code", "internal"), answer.value("detail", "The broker refused."));
    answer.erase("ok");
    return answer.dump();
}

}  // namespace pic::broker
