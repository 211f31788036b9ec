#include "controller/http/api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace pic::http {
namespace {

using Json = nlohmann::json;

constexpr std::pair<const char*, Method> methods[] = {{"get", Method::get},
                                                      {"put", Method::put},
                                                      {"post", Method::post},
                                                      {"patch", Method::patch},
                                                      {"delete", Method::remove}};

std::string escape(std::string_view step) {
    std::string out;
    for (const char c : step)
        out += c == '/' ? std::string("~1") : c == '~' ? std::string("~0") : std::string(1, c);
    return out;
}

std::string text(const Json& source, const char* key) { return source.value(key, std::string()); }

class Reader {
  public:
    Reader(const Json& document, SchemaSet& schemas) : document_(document), schemas_(schemas) {}

    Operation operation(const std::string& path, const Json& item, const char* verb, Method method) {
        const auto& source = item.at(verb);
        const auto pointer = fmt::format("/paths/{}/{}", escape(path), verb);
        Operation made;
        made.id = text(source, "operationId");
        made.scope = text(source, "x-scope");
        if (made.id.empty() || made.scope.empty()) {
            throw std::runtime_error(
                fmt::format("{} {}: an operation needs operationId and x-scope", verb, path));
        }
        made.own = text(source, "x-own");
        check_rights(made);
        made.method = method;
        made.path = item.contains("servers") ? path : std::string(base_path) + path;
        made.command = text(source, "x-command");
        made.query = text(source, "x-query");
        made.rest = text(source, "x-rest");
        made.before_claim = source.value("x-before-claim", false);
        made.creates = source.value("x-creates", false);
        made.not_built = source.value("x-not-built", false);
        made.websocket = source.value("x-websocket", false);
        made.change_set = source.value("x-change-set", false);
        made.body_to_file = source.value("x-body-file", false);
        add_parameters(made, source, pointer);
        add_body(made, source, pointer);
        add_produced(made, source);
        return made;
    }

  private:
    /// A scope that no role can hold, or an owner that nobody knows, would be a door that is always open or
    /// always shut.
    static void check_rights(const Operation& made) {
        constexpr std::array owners{"user", "users", "peer", "peers", "session", "sessions"};
        const std::array scopes{made.scope};
        if (made.needs_scope() && !access::Scopes::parse(scopes)) {
            throw std::runtime_error(fmt::format("{}: x-scope '{}' is no scope", made.id, made.scope));
        }
        if (!made.own.empty() && std::ranges::find(owners, made.own) == owners.end()) {
            throw std::runtime_error(fmt::format("{}: x-own '{}' is unknown", made.id, made.own));
        }
    }

    void add_parameters(Operation& made, const Json& source, const std::string& pointer) {
        if (!source.contains("parameters")) return;
        const auto& list = source.at("parameters");
        for (std::size_t i = 0; i < list.size(); ++i) {
            auto at = fmt::format("{}/parameters/{}", pointer, i);
            if (const auto target = text(list[i], "$ref"); !target.empty()) at = target.substr(1);
            const auto& parameter = document_.at(Json::json_pointer(at));
            const auto where = text(parameter, "in");
            const auto in = where == "path"    ? Parameter::In::path
                            : where == "query" ? Parameter::In::query
                                               : Parameter::In::header;
            made.parameters.push_back({text(parameter, "name"), in, parameter.value("required", false),
                                       parameter.at("schema").value("type", Json()) == "integer",
                                       &schemas_.at(at + "/schema")});
        }
    }

    void add_body(Operation& made, const Json& source, const std::string& pointer) {
        if (!source.contains("requestBody")) return;
        const auto& body = source.at("requestBody");
        made.takes_body = true;
        made.body_required = body.value("required", false);
        for (const auto& [media, content] : body.at("content").items()) {
            made.consumes.push_back(media);
            if (!media.ends_with("json")) continue;
            made.body = &schemas_.at(fmt::format("{}/requestBody/content/{}/schema", pointer, escape(media)));
        }
    }

    static void add_produced(Operation& made, const Json& source) {
        for (const auto& [status, response] : source.at("responses").items()) {
            if (!status.starts_with('2') || !response.contains("content")) continue;
            for (const auto& [media, content] : response.at("content").items())
                made.produces.push_back(media);
        }
    }

    const Json& document_;
    SchemaSet& schemas_;
};

}  // namespace

Api::Api(std::string_view openapi_json) : document_(openapi_json), schemas_(document_) {
    const auto document = Json::parse(document_);
    Reader reader(document, schemas_);
    for (const auto& [path, item] : document.at("paths").items()) {
        for (const auto& [verb, method] : methods) {
            if (!item.contains(verb)) continue;
            auto& made = operations_.emplace_back(reader.operation(path, item, verb, method));
            made.index = operations_.size() - 1;
        }
    }
    for (const auto& [name, schema] : document.at("components").at("schemas").items()) {
        if (!schema.contains("x-scope")) continue;
        const auto& type = schema.at("properties").at("type").at("const");
        command_scopes_[type.get<std::string>()] = schema.at("x-scope").get<std::string>();
    }
}

std::string_view Api::command_scope(std::string_view command) const {
    const auto found = command_scopes_.find(command);
    return found == command_scopes_.end() ? std::string_view{} : found->second;
}

}  // namespace pic::http
