// The walk along the chain that verify() is, in the two halves that it has in every store: what a row says
// about its neighbours and the signatures (cheap, in order), and whether its hash is that of its content
// (dear, in any order, since the row names the previous hash itself). A store may give the halves to two
// threads.
#pragma once

#include <unordered_map>
#include <vector>

#include "controller/log/chain.hpp"
#include "controller/log/store.hpp"

namespace pic::log {

/// A head of the chain with its signature, as stored.
struct SignedHead {
    Sequence sequence;
    Epoch epoch;
    Digest hash{};
    PublicKey key{};
    Signature signature{};
};

/// The signature of a head. Kept with what it is over, so that a later reader needs nothing else.
[[nodiscard]] SignedHead sign_head(const Signer& signer, const Head& head);

/// A part of the log, and what it must fit to.
struct WalkPlan {
    Uuid cell;
    Sequence after;                 ///< the walk begins behind this event
    Digest hash{};                  ///< of that event, or the genesis hash
    Sequence to;                    ///< last event
    std::vector<SignedHead> heads;  ///< with a sequence in [after, to], ascending
    std::span<const TrustedKey> trusted;
};

class ChainWalk {
  public:
    explicit ChainWalk(WalkPlan plan);

    /// The next event's links: `stream` is any number that stands for its stream. False: a fault, the walk is
    /// over.
    bool link(const ChainedEvent& event, std::uint64_t stream, const Digest& previous, const Digest& hash);
    /// Whatever is wrong with event `at`. Of several faults the first counts.
    void fault(Sequence at, std::string detail);
    /// After the last event.
    [[nodiscard]] Verdict finish();

    /// Of the last event met on the stream; 0: none was.
    [[nodiscard]] StreamVersion version_of(std::uint64_t stream) const;
    [[nodiscard]] Sequence next() const { return Sequence{last_.value + 1}; }

  private:
    bool follow_version(std::uint64_t stream, StreamVersion version);
    bool check_signatures(Sequence at, const Digest& hash);
    [[nodiscard]] bool is_due(Sequence at) const;

    WalkPlan plan_;
    Sequence last_;
    Digest hash_;
    std::size_t next_head_ = 0;
    std::unordered_map<std::uint64_t, StreamVersion> versions_;
    Verdict verdict_;
};

inline constexpr std::string_view content_fault = "its hash is not that of its content";

}  // namespace pic::log
