// The envelope of a fact. What the writer fills in (sequence, version, hashes) and what the decider brings
// (stream, type, data) are two types, so that nobody can hand the log a sequence of their own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schema/units.hpp"

namespace pic {

/// What a decider returns: a fact not yet written.
struct NewEvent {
    std::string stream;      ///< the aggregate, e.g. "peer-0190..." or "cell"
    std::string type;        ///< past tense, e.g. "PeerAdded"
    int schema_version = 1;  ///< of `data`; older ones are upcast on read
    std::string data;        ///< JSON, the very bytes that are stored and hashed
};

/// Who asked for a change, through what. Common to all the events of one change.
struct ChangeInfo {
    Uuid change_id;                     ///< one a change-set; undone as one
    std::optional<Sequence> causation;  ///< the event that this change answers (an undo names what it undoes)
    std::string actor;                  ///< "user:alice", "token:<id>", "local:root", "system"
    std::string source;      ///< whence: the client's address, "local" (the host's own socket), "daemon"
    std::string request_id;  ///< of the HTTP request or bus message, for correlation; may be empty
    Timestamp at;
};

/// A fact as the log holds it.
struct Event {
    Sequence sequence;
    Uuid id;
    std::string stream;
    StreamVersion version;
    std::string type;
    int schema_version = 1;
    std::string data;
    ChangeInfo change;
    Digest previous_hash{};
    Digest hash{};
};

}  // namespace pic
