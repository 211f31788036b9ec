// From a path to an operation: a tree over the segments of the paths in the document. A literal segment is
// preferred to a parameter. Segments are split before they are percent-decoded, so an encoded slash never
// changes the route; "." and
// ".." are names like any other, which no route has.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/api.hpp"

namespace pic::http {

/// Percent-decoding (RFC 3986 2.1); nothing for a broken escape, bytes that are no UTF-8, or control
/// characters.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

/// "a=1&b=x%20y", a "+" being a space. Nothing when a part cannot be decoded.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(
    std::string_view query);

class Router {
  public:
    explicit Router(const Api& api);
    ~Router();

    struct Match {
        const Operation* operation = nullptr;  ///< for this method
        bool path_known = false;               ///< some operation has the path
        Parameters parameters;
        std::string allow;  ///< methods of the path, for Allow; filled where there is no operation
    };
    /// HEAD finds the GET.
    [[nodiscard]] Match match(Method method, std::string_view path) const;

  private:
    struct Node;
    std::unique_ptr<Node> root_;
};

}  // namespace pic::http
