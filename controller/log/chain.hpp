// The chain that makes tampering evident: every event's hash covers the one before it and every column of its
// own, each with its length, so that no two different rows hash alike. Names of streams and types are hashed
// as text even where a table holds integers for them, and `data` as the very bytes stored. docs/log-format.md
// has the canonical form with an example.
//
// Rejected: hashing a JSON or CBOR rendering of the event, since two programs then have to agree on more than
// bytes.
#pragma once

#include <string>
#include <string_view>

#include "controller/log/signer.hpp"
#include "schema/event.hpp"
#include "schema/sha256.hpp"

namespace pic::log {

/// What the first event's previous hash is: it ties the chain to one cell.
[[nodiscard]] Digest genesis_hash(const Uuid& cell);

/// What a signature of the chain's head is over.
[[nodiscard]] std::string signed_message(const Uuid& cell, Epoch epoch, Sequence sequence,
                                         const Digest& hash);

/// The columns of one event, as views.
struct ChainedEvent {
    Sequence sequence;
    Uuid id;
    std::string_view stream;
    StreamVersion version;
    std::string_view type;
    int schema_version = 1;
    std::string_view data;
    Uuid change_id;
    std::optional<Sequence> causation;
    std::string_view actor, source, request_id;
    Timestamp at;
};

[[nodiscard]] ChainedEvent view_of(const Event& event);

/// Writes the canonical form of an event to the end of `out`.
void append_canonical(std::string& out, const Digest& previous, const ChainedEvent& event);

/// Computes hashes one after the other; keeps its context and its buffer between calls.
class ChainHasher {
  public:
    [[nodiscard]] Digest hash(const Digest& previous, const ChainedEvent& event);

  private:
    Sha256 sha_;
    std::string buffer_;
};

}  // namespace pic::log
