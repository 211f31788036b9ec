// An event as the API, the websocket and the bus show it: one spelling for all three.
#pragma once

#include <string>

#include "schema/event.hpp"

namespace pic::core {

/// {"seq","id","stream","version","type","schema_version","data","actor","source","request_id","at","hash","change_id","causation"}
[[nodiscard]] std::string event_json(const Event& event);

}  // namespace pic::core
