// The network types of this layer, private to its .cpp files: one executor type known at compile time, so
// that Asio erases nothing on the hot path, and one stream type for TCP and unix sockets, so that Beast is
// compiled once.
//
// g++ 12 miscompiles coroutines where a co_await with temporaries stands within a condition or behind
// co_return: here every co_await is a statement of its own or all of what initialises a variable.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace pic::http {

namespace asio = boost::asio;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> use_awaitable;

/// Completes with `error` set instead of throwing.
inline auto into(error_code& error) { return asio::redirect_error(use_awaitable, error); }

}  // namespace pic::http
