// What the world outside is told of each rejection code: made from schema/rejections.json at build time, so
// that the codes are listed, numbered and explained in one place, which the documentation and the clients
// read too.
#pragma once

#include <span>
#include <string_view>

namespace pic {

struct RejectionInfo {
    std::string_view code;
    int status;                    ///< HTTP
    std::string_view title;        ///< a few words, the same for every occurrence
    std::string_view explanation;  ///< a paragraph for the person who meets it
};

/// Sorted by code.
[[nodiscard]] std::span<const RejectionInfo> all_rejections();

/// The entry of a code; that of "internal" for one that is not listed (a test keeps that from happening).
[[nodiscard]] const RejectionInfo& rejection_info(std::string_view code);

}  // namespace pic
