// How an agent comes to speak on the bus: it makes its own key pair, brings the public half to the controller
// over HTTP with a one-time token, and learns the address and the key of the bus. What it learned is kept;
// the token is used once and then never again. The secret half never leaves the machine.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/rejection.hpp"

namespace pic::agent {

struct Enrolment {
    std::string id;
    std::string server_public_key;  ///< Z85
    std::string bus;                ///< "tcp://host:port"
    std::vector<std::string> services;
    std::string token_digest;  ///< of the token that it was got with
};

/// Hexadecimal SHA-256: names a token without giving it away.
[[nodiscard]] std::string digest_of(const std::string& token);

/// What was kept by an earlier enrolment. Refusal: "enrolment_file" where it cannot be read as one.
[[nodiscard]] Result<std::optional<Enrolment>> load_enrolment(const std::filesystem::path& file);
[[nodiscard]] Result<void> save_enrolment(const std::filesystem::path& file, const Enrolment& enrolment);

/// POST <controller>/api/v1/enrolment. `controller` is "http://host:port". Refusals: "unreachable", worth
/// another try; else the code that the controller gave.
[[nodiscard]] Result<Enrolment> enrol(const std::string& controller, const std::string& token,
                                      const std::string& public_key);

}  // namespace pic::agent
