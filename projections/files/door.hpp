// The door by which the daemon brings a member to their files without a password, for the web UI's file
// manager. The files service takes the daemon's word for who it is where the door's key comes with it. A
// password would have to be asked for again by every page and kept there, and with a second factor it opens
// nothing here.
#pragma once

#include "schema/artefact.hpp"

namespace pic::files {

/// 64 hexadecimal digits, in the vault from the daemon's first start. It never changes, so it has one
/// version.
inline SecretRef door_key() { return {"cell/files_door", 1}; }

}  // namespace pic::files
