// The handlers that need no code of their own: an operation with x-command is a command, one with x-query a
// query. A new service brings a schema file and nothing here.
#pragma once

#include "controller/http/ports.hpp"
#include "controller/http/server.hpp"

namespace pic::http {

/// Adds a handler for every operation of the document that is a command, a change-set or a query, and for the
/// document itself. An operation that already has one keeps it.
void add_generic_handlers(Handlers& handlers, const Api& api, Commands& commands, Queries& queries);

/// The command of `request`: type from the document, data from body and path, and what its headers ask for.
/// Rejections: invalid_field for a header that cannot be read.
[[nodiscard]] Result<CommandCall> command_call(const Request& request);

/// Reads the headers and parameters that all commands share into `call`.
[[nodiscard]] Result<void> read_command_headers(const Request& request, CommandCall& call);

/// `Prefer: wait=<seconds>` (RFC 7240), bounded; nothing where it is not asked for.
[[nodiscard]] std::optional<std::chrono::seconds> read_wait(std::string_view prefer);

/// 201, 200 or 204 as the contract has it.
[[nodiscard]] Response command_response(const Request& request, const CommandCall& call,
                                        CommandAnswer answer);

}  // namespace pic::http
