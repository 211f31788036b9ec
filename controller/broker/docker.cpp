#include "controller/broker/docker.hpp"

#include <fmt/format.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <charconv>

#include "controller/broker/request.hpp"

namespace pic::broker {
namespace {

constexpr std::size_t status_at = 9;  ///< "HTTP/1.0 200"

/// Status and body of a whole answer; status 0 where it is none.
DockerAnswer parse(std::string text) {
    const auto end = text.find("\r\n\r\n");
    DockerAnswer answer;
    if (!text.starts_with("HTTP/1.") || text.size() < status_at + 3 || end == std::string::npos)
        return answer;
    std::from_chars(text.data() + status_at, text.data() + status_at + 3, answer.status);
    answer.body = text.substr(end + 4);
    return answer;
}

}  // namespace

Result<DockerAnswer> Docker::exchange(const char* method, const std::string& target) const {
    const auto unreachable = [&](std::string_view why) {
        return reject("docker_unreachable", fmt::format("Docker does not answer at {}: {}", socket_, why));
    };
    boost::asio::local::stream_protocol::iostream stream;
    stream.expires_after(patience);
    stream.connect(boost::asio::local::stream_protocol::endpoint(socket_));
    if (!stream) return unreachable(stream.error().message());
    stream << method << ' ' << target << " HTTP/1.0\r\nHost: docker\r\nContent-Length: 0\r\n\r\n"
           << std::flush;
    std::string text;
    char piece[16 * 1024];
    while (stream.read(piece, sizeof piece) || stream.gcount() > 0) {
        text.append(piece, static_cast<std::size_t>(stream.gcount()));
        if (text.size() > answer_limit) return unreachable("its answer is too long");
    }
    if (stream.error() && stream.error() != boost::asio::error::eof)
        return unreachable(stream.error().message());
    auto answer = parse(std::move(text));
    if (answer.status == 0) return unreachable("what it answers is no HTTP");
    return answer;
}

}  // namespace pic::broker
