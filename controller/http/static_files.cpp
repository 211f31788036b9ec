#include "controller/http/static_files.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

namespace pic::http {
namespace {

constexpr std::string_view start_page = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Personal Internet Cell</title>
<h1>Personal Internet Cell</h1>
<p>The cell is running. Its web interface is not part of this build; the command line does everything it would:</p>
<pre>picctl setup
picctl peer add laptop
picctl services
picctl help</pre>
<p>The API is described at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>, once the cell is set up.</p>
</html>
)";

/// Nothing from anywhere else, nothing inline, nothing that can be framed.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

constexpr std::size_t shortest_hash = 8;

std::string_view type_of(const std::filesystem::path& file) {
    static const std::map<std::string, std::string_view, std::less<>> types = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".txt", "text/plain; charset=utf-8"},
        {".map", "application/json"},
        {".webp", "image/webp"}};
    const auto found = types.find(file.extension().string());
    return found == types.end() ? "application/octet-stream" : found->second;
}

std::shared_ptr<const std::string> read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::make_shared<const std::string>(std::istreambuf_iterator<char>(in),
                                               std::istreambuf_iterator<char>());
}

/// index-4f3a9c21.js
bool has_hash(const std::filesystem::path& file) {
    const auto stem = file.stem().string();
    const auto dash = stem.rfind('-');
    return dash != std::string::npos && stem.size() - dash - 1 >= shortest_hash;
}

}  // namespace

StaticFiles::StaticFiles(const std::filesystem::path& folder) {
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
        if (!entry.is_regular_file(error) || entry.is_symlink(error) || entry.path().extension() == ".gz")
            continue;
        File file{read(entry.path()), nullptr, type_of(entry.path()), has_hash(entry.path())};
        auto packed = entry.path();
        packed += ".gz";
        if (std::filesystem::is_regular_file(packed, error)) file.gzip = read(packed);
        files_["/" + std::filesystem::relative(entry.path(), folder, error).generic_string()] =
            std::move(file);
    }
    if (files_.contains("/index.html")) return;
    files_["/index.html"] = {std::make_shared<const std::string>(start_page), nullptr, type_of("index.html"),
                             false};
}

std::optional<Response> StaticFiles::find(std::string_view path, bool accepts_gzip) const {
    auto found = files_.find(path);
    if (found == files_.end()) {
        const auto name = path.substr(std::min(path.rfind('/'), path.size()));
        const bool is_place = name.find('.') == std::string_view::npos;
        if (!is_place) return std::nullopt;
        found = files_.find("/index.html");
    }
    const auto& file = found->second;
    Response response;
    response.content_type = file.type;
    response.shared_body = file.content;
    if (file.gzip) {
        response.headers.emplace_back("Vary", "Accept-Encoding");
        if (accepts_gzip) {
            response.shared_body = file.gzip;
            response.headers.emplace_back("Content-Encoding", "gzip");
        }
    }
    response.headers.emplace_back("Cache-Control",
                                  file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
    response.headers.emplace_back("Content-Security-Policy", content_policy);
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
    response.headers.emplace_back("X-Frame-Options", "DENY");
    response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    return response;
}

}  // namespace pic::http
