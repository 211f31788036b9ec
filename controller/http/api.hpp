// The calls, as the OpenAPI document has them. It is read once at start; the router, the checks on parameters
// and bodies and the scopes all come from it, so nothing can be served that is not described, nor described
// and not served.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/message.hpp"
#include "schema/json_schema.hpp"

namespace pic::http {

struct Parameter {
    enum class In { path, query, header };
    std::string name;
    In in = In::query;
    bool required = false;
    bool is_number = false;
    const Schema* schema = nullptr;
};

struct Operation {
    std::string id;
    Method method = Method::get;
    std::string path;   ///< with the base path: "/api/v1/peers/{id}"
    std::string scope;  ///< "peers:read", or "public", or "session" for any principal
    /// Whose own things it is about, which need no scope: "user", "peer" or "session" name the owner of {id},
    /// the plurals those of the list, or of what is made. Empty: the scope alone counts.
    std::string own;
    std::string command;
    std::string query;
    bool before_claim = false;
    bool creates = false;
    bool not_built = false;
    bool websocket = false;
    bool change_set = false;
    bool body_to_file = false;
    std::string rest;  ///< the path parameter that may hold slashes
    std::vector<Parameter> parameters;
    bool takes_body = false;
    bool body_required = false;
    std::vector<std::string> consumes;  ///< media types
    const Schema* body = nullptr;       ///< of a JSON body
    std::vector<std::string> produces;  ///< media types of the success
    std::size_t index = 0;

    [[nodiscard]] bool is_public() const { return scope == "public"; }
    [[nodiscard]] bool needs_scope() const { return scope != "public" && scope != "session"; }
};

inline constexpr std::string_view base_path = "/api/v1";

class Api {
  public:
    /// Throws std::runtime_error naming what is wrong: an operation without id or scope, a scope or an owner
    /// that is none, a schema outside the subset.
    explicit Api(std::string_view openapi_json);

    [[nodiscard]] const std::deque<Operation>& operations() const { return operations_; }
    [[nodiscard]] std::string_view document() const { return document_; }
    /// The scope that a command of a change-set needs; empty for one that is not allowed there.
    [[nodiscard]] std::string_view command_scope(std::string_view command) const;

  private:
    std::string document_;
    SchemaSet schemas_;
    std::deque<Operation> operations_;
    std::map<std::string, std::string, std::less<>> command_scopes_;
};

}  // namespace pic::http
