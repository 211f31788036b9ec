#include "controller/http/tls.hpp"

#include <openssl/ssl.h>
#include <boost/asio/buffer.hpp>

#include <array>

namespace pic::http {
namespace {

constexpr std::array<unsigned char, 9> protocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

/// A client that offers only what we do not speak is served all the same (RFC 7301 would have it refused): it
/// may find out by itself.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, protocols.data(), protocols.size(), offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<TlsContext> make_tls_context(std::string_view chain, std::string_view key) {
    try {
        auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
        auto* const native = context->native_handle();
        SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
        SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
        SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
        context->use_certificate_chain(asio::buffer(chain));
        context->use_private_key(asio::buffer(key), asio::ssl::context::pem);
        return context;
    } catch (const boost::system::system_error& error) {
        return reject("invalid_config", error.code().message());
    }
}

}  // namespace pic::http
