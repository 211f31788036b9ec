// What falls to the first process of a container, which the agent is there: orphans become its children and
// have to be waited for, `docker logs` wants one JSON object a line, and Docker's health check wants an
// answer from a program that it starts anew each time, for which the agent leaves a file that is only there,
// and only fresh, while all is well. (An init such as tini beside the agent was rejected: it would know
// neither services nor their health.)
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

namespace pic::agent {

/// Waits for children that the calling thread did not fork itself and that have ended: orphans, which the
/// kernel gives to the main thread of a first process. To be called by that thread, which forks nobody.
/// Returns how many there were.
int reap_orphans();

/// Whether all services are well, as a file's being there and being fresh.
class HealthFile {
  public:
    /// `file` empty: does nothing.
    explicit HealthFile(std::filesystem::path file) : file_(std::move(file)) {}
    ~HealthFile();
    HealthFile(const HealthFile&) = delete;
    HealthFile& operator=(const HealthFile&) = delete;

    /// Until a service has been heard of it is not well. Any thread.
    void expect(const std::string& service) { set(service, false); }
    void set(const std::string& service, bool is_well);
    /// Touches or removes the file; to be called at least every `fresh`.
    void write() const;

    static constexpr std::chrono::seconds fresh{15};
    /// What the health check asks.
    [[nodiscard]] static bool is_fresh(const std::filesystem::path& file);

  private:
    std::filesystem::path file_;
    mutable std::mutex mutex_;
    std::map<std::string, bool> well_;
};

/// From here on the log is one JSON object a line: {"at","level","message"}.
void log_as_json();

}  // namespace pic::agent
