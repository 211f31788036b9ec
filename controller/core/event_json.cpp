#include "controller/core/event_json.hpp"

#include "schema/record.hpp"

namespace pic::core {

std::string event_json(const Event& e) {
    std::string out = "{\"seq\":";
    out.reserve(e.data.size() + 512);
    const auto member = [&](std::string_view name, const auto& value) {
        out += ",\"";
        out += name;
        out += "\":";
        write_json(out, value);
    };
    write_json(out, e.sequence);
    member("id", e.id);
    member("stream", e.stream);
    member("version", e.version);
    member("type", e.type);
    member("schema_version", std::int64_t{e.schema_version});
    out += ",\"data\":";
    out += e.data;
    member("actor", e.change.actor);
    member("source", e.change.source);
    member("request_id", e.change.request_id);
    member("at", e.change.at);
    member("change_id", e.change.change_id);
    member("causation", e.change.causation);
    member("hash", e.hash);
    out += '}';
    return out;
}

}  // namespace pic::core
