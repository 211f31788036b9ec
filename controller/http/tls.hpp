// The server's end of TLS (RFC 8446, RFC 5246): which versions, and which certificate. Made anew for each
// certificate and swapped as a whole, so that a renewal drops nobody.
#pragma once

#include <string_view>

#include "controller/http/stream.hpp"
#include "schema/rejection.hpp"

namespace pic::http {

/// TLS 1.2 and 1.3 with OpenSSL's own choice of ciphers, no renegotiation, HTTP/1.1 by ALPN. `chain`: PEM,
/// the server's certificate first; `key`: PKCS#8 PEM. Rejection invalid_config: they do not go together.
[[nodiscard]] Result<TlsContext> make_tls_context(std::string_view chain, std::string_view key);

}  // namespace pic::http
