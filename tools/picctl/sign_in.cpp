#include "tools/picctl/sign_in.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tools/picctl/failure.hpp"
#include "tools/picctl/file.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

fs::path store() {
    if (const char* folder = std::getenv("XDG_CONFIG_HOME"); folder != nullptr && *folder != '\0')
        return fs::path(folder) / "pic" / "sign-ins.json";
    const char* home = std::getenv("HOME");
    if (home == nullptr || *home == '\0')
        throw Failure(ExitCode::usage, "neither HOME nor XDG_CONFIG_HOME says where to keep the sign-in");
    return fs::path(home) / ".config" / "pic" / "sign-ins.json";
}

json load() {
    std::ifstream file(store());
    if (!file) return json::object();
    auto all = json::parse(file, nullptr, false);
    return all.is_object() ? all : json::object();
}

void save(const json& all) {
    const auto path = store();
    fs::create_directories(path.parent_path());
    write_private_file(path, all.dump(2) + "\n");
}

}  // namespace

std::optional<SignIn> find_sign_in(const std::string& url) {
    if (const char* token = std::getenv("PIC_TOKEN"); token != nullptr && *token != '\0')
        return SignIn{.token = token};
    if (url.empty()) return std::nullopt;
    const auto all = load();
    const auto entry = all.find(url);
    if (entry == all.end() || !entry->is_object()) return std::nullopt;
    return SignIn{.token = entry->value("token", ""),
                  .cookie = entry->value("cookie", ""),
                  .csrf_token = entry->value("csrf_token", "")};
}

void store_sign_in(const std::string& url, const SignIn& sign_in) {
    auto all = load();
    auto& entry = all[url] = json::object();
    if (!sign_in.token.empty()) entry["token"] = sign_in.token;
    if (!sign_in.cookie.empty()) entry["cookie"] = sign_in.cookie;
    if (!sign_in.csrf_token.empty()) entry["csrf_token"] = sign_in.csrf_token;
    save(all);
}

void forget_sign_in(const std::string& url) {
    auto all = load();
    if (all.erase(url) > 0) save(all);
}

}  // namespace pic::cli
