// WebDAV for the web UI's file manager: what comes to /dav/... is passed on to the files service, piece by
// piece with the pace of the slower side, and so is its answer; nothing is kept here. A browser lets a page
// speak to its own origin alone, and the files service is another.
//
// The gate lets in whoever is signed in, from our own page (session, Origin, CSRF token). The files service
// decides what that person may touch, and is told who it is in a header that it believes only with the door's
// key beside it (projections/files). Rejected: the person's password on the way, which a page would have to
// ask for again and keep, and which with a second factor opens nothing here; and deciding over paths on this
// side, where what the server's file system makes of them is not known.
//
// Only the headers named in pass_on.cpp go on: no cookie, no token, no credential of whoever asks. Of the
// answer, what a page needs; it is marked X-Pic-Files, and can neither run nor be shown as a page.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "controller/http/message.hpp"
#include "controller/vault/secret.hpp"

namespace pic::http {

inline constexpr std::string_view passed_on_path = "/dav/";

/// Where the files service answers. `text`: "host:port", the host a name or an address, as "[::1]:5080".
struct Upstream {
    std::string host;
    std::string port;
    std::shared_ptr<const vault::Secret> key = {};  ///< of the door; printable
    [[nodiscard]] static std::optional<Upstream> parse(std::string_view text);
    [[nodiscard]] std::string authority() const;
};

/// The head of the request as the files service gets it (RFC 9112). `length` of the body; nothing: there is
/// none. Refused: forbidden (a token, the host's user: files are a person's), method_not_allowed (more of
/// WebDAV than a file manager needs), malformed_request (a path with dots, empty or undecodable segments, or
/// a slash encoded in one; a Destination that is not below /dav/, RFC 4918 9.8.3).
[[nodiscard]] Result<std::string> head_to_pass_on(const Request& request, std::string_view method,
                                                  const Upstream& upstream,
                                                  std::optional<std::uint64_t> length);

}  // namespace pic::http
