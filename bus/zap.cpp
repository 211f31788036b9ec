#include "bus/zap.hpp"

#include <zmq.h>

#include <array>
#include <cstdint>

#include "bus/keys.hpp"
#include "bus/sockets.hpp"

namespace pic::bus {
namespace {

// RFC 27: version, request id, domain, address, identity, mechanism, and for CURVE the raw public key.
constexpr std::size_t request_id_frame = 1;
constexpr std::size_t domain_frame = 2;
constexpr std::size_t mechanism_frame = 5;
constexpr std::size_t key_frame = 6;
constexpr std::size_t frames_of_a_question = 7;

std::string key_of(const Incoming& question) {
    const auto& frames = question.frames;
    if (frames.size() != frames_of_a_question || question.too_many) return {};
    if (frames[domain_frame] != zap_domain || frames[mechanism_frame] != "CURVE") return {};
    if (frames[key_frame].size() != raw_key_length) return {};
    std::array<char, z85_key_length + 1> text{};
    zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(frames[key_frame].data()),
                   raw_key_length);
    return text.data();
}

}  // namespace

ZapHandler::ZapHandler(zmq::context_t& context, const AllowList& allowed)
    : socket_(context, zmq::socket_type::rep), allowed_(allowed) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.bind("inproc://zeromq.zap.01");
}

void ZapHandler::answer() {
    for (Incoming question; receive(socket_, question, frames_of_a_question);) {
        const auto key = key_of(question);
        const bool known = !key.empty() && allowed_.find(key) != nullptr;
        const std::string id(question.frames.size() > request_id_frame ? question.frames[request_id_frame]
                                                                       : "");
        send(socket_, {},
             {"1.0", id, known ? "200" : "400", known ? "OK" : "Key not listed", known ? key : "", ""});
    }
}

}  // namespace pic::bus
