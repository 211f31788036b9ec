#include "controller/api/fault.hpp"

#include "controller/log/store.hpp"
#include "projections/dispatch.hpp"

namespace pic::api {

Rejection fault(const std::exception& error) {
    if (const auto* read = dynamic_cast<const log::ReadError*>(&error)) return {read->code, read->what()};
    if (dynamic_cast<const BadEvent*>(&error) != nullptr) return {"log_damaged", error.what()};
    return {"internal", error.what()};
}

}  // namespace pic::api
