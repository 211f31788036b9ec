// The commands that the product is loaded with: each changes what a service serves, so that nothing along the
// way can be left out: an event, a new version of its resource, fragments rendered anew, a hint to the
// agents. No two have the same content, and each has an Idempotency-Key of its own, which is kept with its
// answer.
//
//   records   a TXT record gets a new value, so large that an event has about 400 bytes: etcd's values are of
//   that size peers     a peer gets another IPv6 address: wg0.conf, the domain's zone and a reverse zone
//   change sets      change-sets of both, to make a long history quickly
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tools/bench/http.hpp"

namespace pic::bench {

class Workload {
  public:
    struct Options {
        std::string kind;               ///< records, peers or sets
        std::filesystem::path records;  ///< a file of ids, one a line
        std::filesystem::path peers;    ///< likewise
        std::string prefix6;            ///< of the VPN's IPv6 range, e.g. "fd00:1:2:3"
        std::size_t set_size = 200;     ///< commands of a change-set
        std::size_t value_bytes = 300;  ///< of a record's value
    };

    /// Throws std::runtime_error where a file of ids is missing or empty.
    explicit Workload(Options options);

    /// The next command.
    [[nodiscard]] Call next();
    [[nodiscard]] std::size_t events_per_call() const;

  private:
    [[nodiscard]] std::string record_value();
    [[nodiscard]] std::string peer_address();
    [[nodiscard]] const std::string& pick(const std::vector<std::string>& ids) const;
    [[nodiscard]] std::string change_set();

    Options options_;
    std::vector<std::string> records_, peers_;
    std::uint64_t run_;  ///< tells this run's values and keys from every other's
    std::uint64_t number_ = 0;
    std::string path_;
};

}  // namespace pic::bench
