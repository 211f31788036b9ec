#include "adapters/agent/container.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>

#include "schema/record.hpp"

namespace pic::agent {
namespace {

/// The message as a JSON string, quotes included.
class JsonMessage final : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        std::string text;
        write_json_string(text, std::string_view(message.payload.data(), message.payload.size()));
        out.append(text.data(), text.data() + text.size());
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JsonMessage>();
    }
};

}  // namespace

int reap_orphans() {
    int count = 0;
    siginfo_t info{};
    // __WNOTHREAD: not those that other threads of ours forked and wait for themselves.
    while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WNOTHREAD) == 0 && info.si_pid != 0) {
        ++count;
        info = {};
    }
    return count;
}

HealthFile::~HealthFile() {
    std::error_code ignored;
    if (!file_.empty()) std::filesystem::remove(file_, ignored);
}

void HealthFile::set(const std::string& service, bool is_well) {
    const std::scoped_lock lock(mutex_);
    well_[service] = is_well;
}

void HealthFile::write() const {
    if (file_.empty()) return;
    const auto all_well = [this] {
        const std::scoped_lock lock(mutex_);
        return std::ranges::all_of(well_, [](const auto& entry) { return entry.second; });
    };
    std::error_code ignored;
    if (all_well()) {
        std::ofstream(file_) << "well\n";
    } else {
        std::filesystem::remove(file_, ignored);
    }
}

bool HealthFile::is_fresh(const std::filesystem::path& file) {
    std::error_code error;
    const auto at = std::filesystem::last_write_time(file, error);
    return !error && std::filesystem::file_time_type::clock::now() - at < fresh;
}

void log_as_json() {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<JsonMessage>('*').set_pattern(
        R"({"at":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})");
    spdlog::set_formatter(std::move(formatter));
}

}  // namespace pic::agent
