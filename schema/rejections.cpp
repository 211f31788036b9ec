#include "schema/rejections.hpp"

#include <algorithm>

namespace pic {

const RejectionInfo& rejection_info(std::string_view code) {
    const auto table = all_rejections();
    const auto found = std::ranges::lower_bound(table, code, {}, &RejectionInfo::code);
    if (found != table.end() && found->code == code) return *found;
    return code == "internal" ? table.front() : rejection_info("internal");
}

}  // namespace pic
