#include "controller/log/walk.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pic::log {
namespace {

bool counts_at(const TrustedKey& key, Sequence at) {
    return at >= key.from && (!key.until || at <= *key.until);
}

/// What is wrong with a signature; nothing: it is good.
std::optional<std::string> fault_of(const SignedHead& head, const WalkPlan& plan) {
    const auto is_known = [&](const TrustedKey& t) {
        return t.key == head.key && counts_at(t, head.sequence);
    };
    if (!plan.trusted.empty() && std::ranges::none_of(plan.trusted, is_known)) {
        return "its head is signed with another key than this cell's: somebody else wrote and signed it";
    }
    if (!signature_is_valid(head.key, signed_message(plan.cell, head.epoch, head.sequence, head.hash),
                            head.signature)) {
        return "the signature of its head is not valid";
    }
    return std::nullopt;
}

}  // namespace

SignedHead sign_head(const Signer& signer, const Head& head) {
    return {head.sequence, head.epoch, head.hash, signer.public_key(),
            signer.sign(signed_message(head.cell, head.epoch, head.sequence, head.hash))};
}

ChainWalk::ChainWalk(WalkPlan plan) : plan_(std::move(plan)), last_(plan_.after), hash_(plan_.hash) {
    verdict_.head = last_;
    if (last_.value != 0) check_signatures(last_, hash_);
}

void ChainWalk::fault(Sequence at, std::string detail) {
    if (verdict_.first_bad && *verdict_.first_bad <= at) return;
    verdict_.ok = false;
    verdict_.first_bad = at;
    verdict_.detail = fmt::format("event {}: {}", at.value, detail);
}

bool ChainWalk::link(const ChainedEvent& e, std::uint64_t stream, const Digest& previous,
                     const Digest& hash) {
    const auto expected = next();
    if (e.sequence != expected) {
        fault(expected, fmt::format("it is missing, {} follows", e.sequence.value));
    } else if (previous != hash_) {
        fault(expected, "it does not follow from the event before it");
    } else if (!follow_version(stream, e.version)) {
        fault(expected, "its version does not follow within its stream");
    } else if (check_signatures(expected, hash)) {
        last_ = expected;
        hash_ = hash;
        ++verdict_.events;
        return true;
    }
    return false;
}

bool ChainWalk::follow_version(std::uint64_t stream, StreamVersion version) {
    const auto [known, is_new] = versions_.try_emplace(stream, version);
    if (is_new) return version.value == 1 || plan_.after.value != 0;
    const bool follows = version == known->second.next();
    known->second = version;
    return follows;
}

StreamVersion ChainWalk::version_of(std::uint64_t stream) const {
    const auto known = versions_.find(stream);
    return known == versions_.end() ? StreamVersion{} : known->second;
}

bool ChainWalk::is_due(Sequence at) const {
    return at.value != 0 && at.value % signature_interval == 0 &&
           std::ranges::any_of(plan_.trusted, [&](const TrustedKey& key) { return counts_at(key, at); });
}

bool ChainWalk::check_signatures(Sequence at, const Digest& hash) {
    bool is_signed = false;
    for (; next_head_ < plan_.heads.size() && plan_.heads[next_head_].sequence <= at; ++next_head_) {
        const auto& head = plan_.heads[next_head_];
        if (head.hash != hash) {
            fault(at, "the hash that was signed there is another");
        } else if (auto wrong = fault_of(head, plan_)) {
            fault(at, std::move(*wrong));
        }
        is_signed = true;
    }
    if (!is_signed && is_due(at)) fault(at, "the signature that is due there is missing");
    return verdict_.ok;
}

Verdict ChainWalk::finish() {
    if (verdict_.ok && last_ < plan_.to) fault(next(), "it is missing");
    verdict_.head = last_;
    if (verdict_.first_bad) {
        verdict_.head = Sequence{verdict_.first_bad->value == 0 ? 0 : verdict_.first_bad->value - 1};
        verdict_.events = verdict_.head < plan_.after ? 0 : verdict_.head.value - plan_.after.value;
    }
    return verdict_;
}

}  // namespace pic::log
