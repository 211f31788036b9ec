#include "controller/log/chain.hpp"

#include <cstring>
#include <numeric>

namespace pic::log {
namespace {

constexpr std::string_view event_tag = "pic.log.event.1";
constexpr std::string_view genesis_tag = "pic.log.genesis.1";
constexpr std::string_view head_tag = "pic.log.head.1";

std::string_view octets_of(const Uuid& id) {
    return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}
std::string_view octets_of(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

template <class Unsigned>
char* put_little_endian(char* out, Unsigned number) {
    for (std::size_t i = 0; i < sizeof number; ++i) *out++ = static_cast<char>((number >> (8 * i)) & 0xff);
    return out;
}

/// 8 bytes little-endian, two's complement.
class NumberField {
  public:
    explicit NumberField(std::uint64_t number) { put_little_endian(bytes_, number); }
    explicit NumberField(std::int64_t number) : NumberField(static_cast<std::uint64_t>(number)) {}
    [[nodiscard]] std::string_view view() const { return {bytes_, sizeof bytes_}; }

  private:
    char bytes_[8];
};

/// Each field as its length in 4 bytes, little-endian, and its bytes.
template <std::size_t N>
void append_fields(std::string& out, const std::string_view (&fields)[N]) {
    const auto size = std::accumulate(std::begin(fields), std::end(fields), N * sizeof(std::uint32_t),
                                      [](std::size_t sum, std::string_view f) { return sum + f.size(); });
    const auto start = out.size();
    out.resize(start + size);
    char* to = out.data() + start;
    for (const auto field : fields) {
        to = put_little_endian(to, static_cast<std::uint32_t>(field.size()));
        if (!field.empty()) std::memcpy(to, field.data(), field.size());
        to += field.size();
    }
}

}  // namespace

Digest genesis_hash(const Uuid& cell) {
    std::string form;
    append_fields(form, {genesis_tag, octets_of(cell)});
    return sha256(form);
}

std::string signed_message(const Uuid& cell, Epoch epoch, Sequence sequence, const Digest& hash) {
    const NumberField life(epoch.value), position(sequence.value);
    std::string form;
    append_fields(form, {head_tag, octets_of(cell), life.view(), position.view(), octets_of(hash)});
    return form;
}

ChainedEvent view_of(const Event& e) {
    return {e.sequence,
            e.id,
            e.stream,
            e.version,
            e.type,
            e.schema_version,
            e.data,
            e.change.change_id,
            e.change.causation,
            e.change.actor,
            e.change.source,
            e.change.request_id,
            e.change.at};
}

void append_canonical(std::string& out, const Digest& previous, const ChainedEvent& e) {
    const NumberField sequence(e.sequence.value), version(e.version.value), at(e.at.ms);
    const NumberField schema_version(std::int64_t{e.schema_version});
    const NumberField causation(e.causation.value_or(Sequence{}).value);
    append_fields(out, {event_tag, octets_of(previous), sequence.view(), octets_of(e.id), e.stream,
                        version.view(), e.type, schema_version.view(), octets_of(e.change_id),
                        e.causation ? causation.view() : std::string_view(), e.actor, e.source, e.request_id,
                        at.view(), e.data});
}

Digest ChainHasher::hash(const Digest& previous, const ChainedEvent& event) {
    buffer_.clear();
    append_canonical(buffer_, previous, event);
    return sha_.update(buffer_).finish();
}

}  // namespace pic::log
