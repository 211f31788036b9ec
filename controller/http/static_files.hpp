// The web UI. All of its files are read into memory at start and served by exact name, so a path never
// touches the file system and there is nothing to traverse. "x.gz" beside "x" is sent to clients that take
// gzip. Without a UI a page built in says what this is. Assets whose names carry a content hash (…-<8 or
// more>.<ext>) may be cached for ever.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "controller/http/message.hpp"

namespace pic::http {

class StaticFiles {
  public:
    /// `folder` may be missing or empty.
    explicit StaticFiles(const std::filesystem::path& folder);

    /// Nothing when there is no such file. A path without an extension is a place within the single-page app
    /// and gets its index page.
    [[nodiscard]] std::optional<Response> find(std::string_view path, bool accepts_gzip) const;

  private:
    struct File {
        std::shared_ptr<const std::string> content;
        std::shared_ptr<const std::string> gzip;
        std::string_view type;
        bool immutable = false;
    };
    std::map<std::string, File, std::less<>> files_;
};

}  // namespace pic::http
