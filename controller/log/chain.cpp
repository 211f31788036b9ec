#include "controller/log/chain.hpp"

namespace pic::log {
namespace {

constexpr std::string_view event_tag = "pic.event.1";
constexpr std::string_view genesis_tag = "pic.genesis.1";

std::string_view bytes_of(const Uuid& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }
std::string_view bytes_of(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

/// 8 bytes little-endian.
void put_number(std::string& out, std::uint64_t number) {
    for (int i = 0; i < 8; ++i, number >>= 8) out += static_cast<char>(number & 0xff);
}

void put(std::string& out, std::string_view bytes) {
    put_number(out, bytes.size());
    out += bytes;
}

}  // namespace

Digest genesis_hash(const Uuid& cell) {
    std::string form(genesis_tag);
    put(form, bytes_of(cell));
    return sha256(form);
}

Digest ChainHasher::hash(const Digest& previous, const ChainedEvent& e) {
    // One buffer and one call: the hash of an event is on the path of every command.
    auto& form = buffer_;
    form.assign(event_tag);
    put(form, bytes_of(previous));
    put_number(form, e.sequence.value);
    put(form, bytes_of(e.id));
    put(form, e.stream);
    put_number(form, e.version.value);
    put(form, e.type);
    put_number(form, static_cast<std::uint64_t>(e.schema_version));
    put(form, e.data);
    put(form, bytes_of(e.change_id));
    put_number(form, e.causation ? e.causation->value : 0);  // 0 is no event's sequence
    put(form, e.actor);
    put(form, e.source);
    put(form, e.request_id);
    put_number(form, static_cast<std::uint64_t>(e.at.ms));
    return sha_.update(form).finish();
}

}  // namespace pic::log
