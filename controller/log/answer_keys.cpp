#include "controller/log/answer_keys.hpp"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstring>
#include <ranges>
#include <utility>
#include <vector>

namespace pic::log {
namespace {

/// Half of the digest: 128 bits of SHA-256 still do not meet by chance, and a key's owner is the only one who
/// could be harmed if he made them meet.
using Key = std::array<std::uint64_t, 2>;

Key key_of(const Digest& scope) {
    Key key;
    std::memcpy(key.data(), scope.data(), sizeof key);
    return key;
}

/// A digest is as random as any hash of it.
struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const Key& key) const { return static_cast<std::size_t>(key[0]); }
};

}  // namespace

struct AnswerKeys::Impl {
    struct Change {
        Key key;
        std::int64_t before;  ///< 0: there was none
    };
    boost::unordered_flat_map<Key, std::int64_t, Hash> ids;
    std::vector<Change> changes;
    std::int64_t last = 0, kept_last = 0;

    void set(const Key& key, std::int64_t id) {
        if (id == 0) {
            ids.erase(key);
        } else {
            ids.insert_or_assign(key, id);
        }
    }
};

AnswerKeys::AnswerKeys() : impl_(std::make_unique<Impl>()) {}
AnswerKeys::~AnswerKeys() = default;

void AnswerKeys::load(const Digest& scope, std::int64_t id) {
    impl_->set(key_of(scope), id);
    impl_->last = impl_->kept_last = std::max(impl_->last, id);
}

std::int64_t AnswerKeys::find(const Digest& scope) const {
    const auto found = impl_->ids.find(key_of(scope));
    return found == impl_->ids.end() ? 0 : found->second;
}

std::int64_t AnswerKeys::add(const Digest& scope) {
    impl_->changes.push_back({key_of(scope), find(scope)});
    impl_->set(key_of(scope), ++impl_->last);
    return impl_->last;
}

void AnswerKeys::erase(const Digest& scope, std::int64_t id) {
    if (find(scope) != id) return;
    impl_->changes.push_back({key_of(scope), id});
    impl_->set(key_of(scope), 0);
}

void AnswerKeys::keep() {
    impl_->changes.clear();
    impl_->kept_last = impl_->last;
}

void AnswerKeys::take_back() {
    for (const auto& change : std::views::reverse(impl_->changes)) impl_->set(change.key, change.before);
    impl_->changes.clear();
    impl_->last = impl_->kept_last;
}

}  // namespace pic::log
