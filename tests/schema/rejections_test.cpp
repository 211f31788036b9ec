#include "schema/rejections.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

using namespace pic;

TEST_CASE("a code's entry is found, an unlisted one is internal") {
    CHECK(rejection_info("name_taken").status == 409);
    CHECK(rejection_info("malformed_json").status == 400);
    CHECK(rejection_info("no_such_code").code == "internal");
    CHECK(std::ranges::is_sorted(all_rejections(), {}, &RejectionInfo::code));
}

TEST_CASE("every code that the sources refuse with is listed") {
    const std::regex use(R"re((?:reject(?:_at)?\(|Rejection\{)\s*"([a-z0-9_]+)")re");
    std::vector<std::string> unlisted;
    for (const auto* folder : {"schema", "projections", "controller"}) {
        for (const auto& file :
             std::filesystem::recursive_directory_iterator(std::filesystem::path(PIC_SOURCE_DIR) / folder)) {
            if (file.path().extension() != ".cpp" && file.path().extension() != ".hpp") continue;
            std::stringstream text;
            text << std::ifstream(file.path()).rdbuf();
            const auto source = text.str();
            for (auto at = std::sregex_iterator(source.begin(), source.end(), use);
                 at != std::sregex_iterator(); ++at) {
                const auto code = (*at)[1].str();
                if (rejection_info(code).code != code)
                    unlisted.push_back(file.path().filename().string() + ": " + code);
            }
        }
    }
    CHECK(unlisted == std::vector<std::string>{});
}
