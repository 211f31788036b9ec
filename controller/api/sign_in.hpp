// What set-up and signing in have in common: both read a small JSON body, both may be tried only so often,
// and both end in a session.
#pragma once

#include <simdjson.h>

#include "controller/api/handlers.hpp"
#include "projections/accounts/accounts.hpp"

namespace pic::api {

template <class T>
[[nodiscard]] Result<T> body_of(const http::Request& request) {
    simdjson::dom::parser parser;
    simdjson::dom::element json;
    if (parser.parse(request.body.data(), request.body.size()).get(json) != simdjson::SUCCESS) {
        return reject("malformed_json", "the body is no JSON");
    }
    return from_json<T>(json);
}

/// Leaves an entry in the access log.
void note(Context& c, const http::Request& request, std::string kind, std::string actor,
          std::string detail = {});

/// A handler that waits for the disk: runs `work` on a worker and answers with the JSON it made, which nobody
/// may keep.
[[nodiscard]] http::Handler on_worker(Context& c,
                                      Result<std::string> (*work)(Context&, const http::Request&));

/// A try that may have to wait. False: answered.
[[nodiscard]] bool may_try(Context& c, const http::Request& request, std::string_view account,
                           http::Responder& respond);

/// Starts a session and answers with its cookie. May block for an fsync.
[[nodiscard]] http::Response signed_in(Context& c, const Uuid& user, const Label& username,
                                       accounts::Role role, const http::Request& request);

}  // namespace pic::api
