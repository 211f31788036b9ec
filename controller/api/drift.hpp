// What of a service's files is not what was written. The agent tells the bytes of either side; what is shown
// of them is made here, where it is known which lines hold secrets: a line that was written is shown as every
// artefact is, with its secrets as references, and a line that somebody else put into a file which holds
// secrets is not shown at all, since it may be a changed copy of one.
#pragma once

#include <string>
#include <string_view>

#include "controller/core/cell.hpp"
#include "controller/http/ports.hpp"

namespace pic::api {

/// GET /services/{service}/drift. Rejection: "not_found".
[[nodiscard]] Result<http::QueryAnswer> service_drift(core::Cell& cell, const http::Request& request,
                                                      const World& world);

/// A file's own lines by the bytes that they are on the agent's disk, as people may see them.
class ShownLines {
  public:
    /// `file`: nullptr where no such file is wanted any more; then nothing is known of it, and nothing shown.
    ShownLines(const RenderedFile* file, const vault::Vault& vault);
    /// The text line by line as it may be shown.
    [[nodiscard]] std::string shown(std::string_view text) const;

  private:
    std::map<std::string, std::string, std::less<>> lines_;
    bool has_secrets_ = false;
};

inline constexpr std::string_view hidden_line =
    "(a line that was not written here, hidden because this file holds secrets)";

}  // namespace pic::api
