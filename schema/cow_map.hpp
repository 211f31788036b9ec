// An ordered map whose copies cost one reference count, and whose change costs the path to the changed entry
// and nothing else. The whole state of a cell is made of these: readers hold an immutable version while the
// writer goes on with its own, a refused batch is thrown away, and comparing two versions visits only what
// differs between them.
//
// It is a treap whose priorities are a hash of the key, so its shape depends on the set of keys alone and not
// on history: that is what makes diff() cheap and lets a Merkle root be kept in the nodes
// (schema/fragment_tree.hpp). A node that nobody else holds is changed in place, so that a replay of a
// million events copies nothing. Key and value lie in an entry of their own that the copies of a node share:
// the path to a change is copied without the texts on it, and what merely lay on a path is not taken for
// changed. (Rejected: a mutex around std::map, where readers wait and a dry run copies the cell; a hash trie,
// which has no order for lists and cursors; a B-tree, faster to read but three times the code.)
//
// One object is not to be changed by two threads; distinct objects may be, also where they share nodes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "schema/units.hpp"

namespace pic {

/// Hash that gives a key its place in the treap; the same on every machine, since shapes are compared across
/// versions.
inline std::uint64_t treap_priority(std::string_view bytes) {
    std::uint64_t h = 0xcbf29ce484222325U;  // FNV-1a, then the finaliser of SplitMix64
    for (const char c : bytes) h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9U;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebU;
    return h ^ (h >> 31);
}
inline std::uint64_t treap_priority(const std::string& key) { return treap_priority(std::string_view(key)); }

/// Scalars with bytes inside (addresses, keys) are hashed as those bytes.
template <class K>
    requires requires(const K& k) { k.bytes.size(); }
std::uint64_t treap_priority(const K& key) {
    return treap_priority(
        std::string_view(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()));
}
template <class K>
    requires requires(const K& k) { k.bits << 1; }
std::uint64_t treap_priority(const K& key) {
    std::array<char, 4> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(key.bits >> (8 * i));
    return treap_priority(std::string_view(bytes.data(), bytes.size()));
}

/// No summary is kept in the nodes.
struct NoSummary {
    struct Value {};
    template <class K, class V>
    static Value of(const Value&, const K&, const V&, const Value&) {
        return {};
    }
};

/// Summary::of(left, key, value, right) folds a subtree into Summary::Value; kept per node, computed when
/// asked for.
template <class K, class V, class Summary = NoSummary>
class CowMap {
    struct Node;

  public:
    using Key = K;
    using Mapped = V;
    using SummaryValue = typename Summary::Value;

    CowMap() = default;
    CowMap(const CowMap& other) noexcept : root_(retain(other.root_)) {}
    CowMap(CowMap&& other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
    CowMap& operator=(CowMap other) noexcept {
        std::swap(root_, other.root_);
        return *this;
    }
    ~CowMap() { release(root_); }

    [[nodiscard]] std::size_t size() const { return count(root_); }
    [[nodiscard]] bool empty() const { return root_ == nullptr; }
    /// The same version of the same map: equal without looking.
    [[nodiscard]] bool same_as(const CowMap& other) const { return root_ == other.root_; }

    /// The value under `key`, or nullptr. Valid until this object changes.
    template <class Key>
    [[nodiscard]] const V* find(const Key& key) const {
        const Node* n = root_;
        while (n != nullptr) {
            const auto order = n->key() <=> key;
            if (order == 0) return &n->entry->value;
            n = order > 0 ? n->left : n->right;
        }
        return nullptr;
    }
    template <class Key>
    [[nodiscard]] bool contains(const Key& key) const {
        return find(key) != nullptr;
    }

    /// Adds or replaces.
    void assign(K key, V value) {
        if (V* present = edit(key)) {
            *present = std::move(value);
            return;
        }
        const auto priority = treap_priority(key);
        insert(root_, new Node(new Entry(std::move(key), std::move(value)), priority));
    }

    /// The value under `key`, to be changed in place (what others hold stays as it is), or nullptr.
    template <class Key>
    [[nodiscard]] V* edit(const Key& key) {
        if (!contains(key)) return nullptr;
        Node** n = &root_;
        while (true) {
            own(*n);
            (*n)->summarised = false;
            const auto order = (*n)->key() <=> key;
            if (order == 0) return &(*n)->own_value();
            n = order > 0 ? &(*n)->left : &(*n)->right;
        }
    }

    /// Returns whether there was one.
    template <class Key>
    bool erase(const Key& key) {
        if (!contains(key)) return false;
        Node** n = &root_;
        while (true) {
            own(*n);
            const auto order = (*n)->key() <=> key;
            if (order == 0) break;
            --(*n)->size;
            (*n)->summarised = false;
            n = order > 0 ? &(*n)->left : &(*n)->right;
        }
        Node* gone = *n;
        *n = merge(std::exchange(gone->left, nullptr), std::exchange(gone->right, nullptr));
        release(gone);
        return true;
    }

    void clear() { release(std::exchange(root_, nullptr)); }

    /// In key order: f(key, value).
    template <class F>
    void for_each(F&& f) const {
        walk(root_, f);
    }

    /// In key order from the first key > `after`, until f(key, value) returns false.
    template <class Key, class F>
    void for_each_after(const Key& after, F&& f) const {
        walk_after(root_, after, f);
    }

    /// In key order, until f(key, value) returns false.
    template <class F>
    void for_each_while(F&& f) const {
        walk_while(root_, f);
    }

    /// The smallest number >= `start` that is not rank(key) of any entry, where rank() rises with the key and
    /// is nowhere below `start`. Logarithmic: a subtree without a gap is recognised by its size.
    template <class Rank>
    [[nodiscard]] std::uint64_t first_gap(std::uint64_t start, Rank&& rank) const {
        const Node* n = root_;
        while (n != nullptr) {
            const std::uint64_t here = rank(n->key());
            if (here - start == count(n->left)) {
                start = here + 1;
                n = n->right;
            } else {
                n = n->left;
            }
        }
        return start;
    }

    /// What differs from `before` to `now`: f(key, old value or nullptr, new value or nullptr), in key order.
    /// Costs the number of differences times the depth. An entry that was written with an equal value is
    /// reported, and none that was not written.
    template <class F>
    static void diff(const CowMap& before, const CowMap& now, F&& f) {
        diff_nodes(before.root_, now.root_, f);
    }

    /// Of the whole map. Computed lazily and kept in the nodes: call it before other threads are shown this
    /// version.
    [[nodiscard]] SummaryValue summary() const { return summarise(root_); }

  private:
    struct Entry {
        std::atomic<std::uint32_t> references{1};
        K key;
        V value;
        Entry(K k, V v) : key(std::move(k)), value(std::move(v)) {}
    };

    /// Where it costs no allocation, a copy of the key in the node spares a look-up the way to the entry.
    struct NearKey {
        K key;
        explicit NearKey(const K& k) : key(k) {}
        const K& of(const Entry*) const { return key; }
    };
    struct FarKey {
        explicit FarKey(const K&) {}
        const K& of(const Entry* entry) const { return entry->key; }
    };

    struct Node {
        std::atomic<std::uint32_t> references{1};
        mutable bool summarised = false;
        std::size_t size = 1;
        std::uint64_t priority;
        Node* left = nullptr;
        Node* right = nullptr;
        Entry* entry;
        [[no_unique_address]] std::conditional_t<std::is_trivially_copyable_v<K>, NearKey, FarKey> near;
        [[no_unique_address]] mutable SummaryValue summary{};

        Node(Entry* e, std::uint64_t p) : priority(p), entry(e), near(e->key) {}
        Node(const Node& other)
            : summarised(other.summarised),
              size(other.size),
              priority(other.priority),
              left(retain(other.left)),
              right(retain(other.right)),
              entry(retain(other.entry)),
              near(other.near),
              summary(other.summary) {}
        Node& operator=(const Node&) = delete;
        ~Node() { drop(entry); }

        [[nodiscard]] const K& key() const { return near.of(entry); }
        /// Of a node that one map alone holds: the value, which nobody else holds either from here on.
        [[nodiscard]] V& own_value() {
            if (entry->references.load(std::memory_order_acquire) != 1) {
                auto* const copy = new Entry(entry->key, entry->value);
                drop(std::exchange(entry, copy));
            }
            return entry->value;
        }

        /// Ties are broken by the key, so that the shape is a function of the keys even where hashes collide.
        [[nodiscard]] bool above(const Node& other) const {
            return priority != other.priority ? priority > other.priority : key() < other.key();
        }
        void recount() {
            size = 1 + count(left) + count(right);
            summarised = false;
        }
    };

    static std::size_t count(const Node* n) { return n == nullptr ? 0 : n->size; }

    template <class Counted>
    static Counted* retain(Counted* counted) {
        if (counted != nullptr) counted->references.fetch_add(1, std::memory_order_relaxed);
        return counted;
    }
    static void drop(Entry* entry) {
        if (entry->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete entry;
    }

    static void release(Node* n) {
        while (n != nullptr && n->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            release(n->left);
            Node* const next = n->right;
            delete n;
            n = next;
        }
    }

    /// Makes `n` a node that only this map holds.
    static void own(Node*& n) {
        if (n->references.load(std::memory_order_acquire) == 1) return;
        Node* copy = new Node(*n);
        release(n);
        n = copy;
    }

    /// Takes `n`, gives its entries below and above `key`, which is not among them.
    static std::pair<Node*, Node*> split(Node* n, const K& key) {
        if (n == nullptr) return {nullptr, nullptr};
        own(n);
        if (n->key() < key) {
            auto [low, high] = split(std::exchange(n->right, nullptr), key);
            n->right = low;
            n->recount();
            return {n, high};
        }
        auto [low, high] = split(std::exchange(n->left, nullptr), key);
        n->left = high;
        n->recount();
        return {low, n};
    }

    static Node* merge(Node* low, Node* high) {
        if (low == nullptr) return high;
        if (high == nullptr) return low;
        if (low->above(*high)) {
            own(low);
            low->right = merge(std::exchange(low->right, nullptr), high);
            low->recount();
            return low;
        }
        own(high);
        high->left = merge(low, std::exchange(high->left, nullptr));
        high->recount();
        return high;
    }

    static void insert(Node*& root, Node* fresh) {
        Node** n = &root;
        while (*n != nullptr && (*n)->above(*fresh)) {
            own(*n);
            ++(*n)->size;
            (*n)->summarised = false;
            n = fresh->key() < (*n)->key() ? &(*n)->left : &(*n)->right;
        }
        auto [low, high] = split(*n, fresh->key());
        fresh->left = low;
        fresh->right = high;
        fresh->recount();
        *n = fresh;
    }

    template <class F>
    static void walk(const Node* n, F& f) {
        for (; n != nullptr; n = n->right) {
            walk(n->left, f);
            f(n->key(), n->entry->value);
        }
    }

    template <class F>
    static bool walk_while(const Node* n, F& f) {
        for (; n != nullptr; n = n->right) {
            if (!walk_while(n->left, f)) return false;
            if (!f(n->key(), n->entry->value)) return false;
        }
        return true;
    }

    template <class Key, class F>
    static bool walk_after(const Node* n, const Key& after, F& f) {
        if (n == nullptr) return true;
        if ((n->key() <=> after) <= 0) return walk_after(n->right, after, f);
        if (!walk_after(n->left, after, f)) return false;
        if (!f(n->key(), n->entry->value)) return false;
        return walk_while(n->right, f);
    }

    template <class F>
    static void all(const Node* n, bool added, F& f) {
        for (; n != nullptr; n = n->right) {
            all(n->left, added, f);
            const V& value = n->entry->value;
            f(n->key(), added ? nullptr : &value, added ? &value : nullptr);
        }
    }

    static const V* value_of(const Node* n) { return &n->entry->value; }

    template <class F>
    static void diff_nodes(Node* a, Node* b, F& f) {
        if (a == b) return;
        if (a == nullptr) return all(b, true, f);
        if (b == nullptr) return all(a, false, f);
        if (a->key() == b->key()) {
            diff_nodes(a->left, b->left, f);
            if (a->entry != b->entry) f(a->key(), value_of(a), value_of(b));
            diff_nodes(a->right, b->right, f);
            return;
        }
        // The root of greater priority cannot be in the other map, whose own root would else have to be it.
        const bool removed = a->above(*b);
        Node* const pivot = removed ? a : b;
        auto [low, high] = split(retain(removed ? b : a), pivot->key());
        const CowMap keep_low(low, adopt), keep_high(high, adopt);
        diff_nodes(removed ? a->left : low, removed ? low : b->left, f);
        f(pivot->key(), removed ? value_of(pivot) : nullptr, removed ? nullptr : value_of(pivot));
        diff_nodes(removed ? a->right : high, removed ? high : b->right, f);
    }

    static const SummaryValue& summarise(const Node* n) {
        static const SummaryValue none{};
        if (n == nullptr) return none;
        if (!n->summarised) {
            const auto& left = summarise(n->left);
            n->summary = Summary::of(left, n->key(), n->entry->value, summarise(n->right));
            n->summarised = true;
        }
        return n->summary;
    }

    struct Adopt {};
    static constexpr Adopt adopt{};
    CowMap(Node* root, Adopt) : root_(root) {}

    Node* root_ = nullptr;
};

}  // namespace pic
