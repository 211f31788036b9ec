// Lists of names that are not answered. A list is fetched from a URL, or its names are given with it. What
// the log holds is the decision: which lists, and what is let through all the same. A fetched list's content,
// a hundred thousand names that somebody else changes every day, is no decision of anybody here: it never
// passes the log, an artefact or the bus, but is fetched, kept and looked up by the DNS server itself
// (adapters/dns/blocklists.go), so that no change of the cell costs what a list is long. Keeping each day's
// content beside the log under its digest was rejected: it would make a cell's backups grow by what is public
// anyway.
#pragma once

#include "projections/core/item.hpp"
#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::dns {

/// Where a list is fetched from: http(s)://host[:port]/path, printable ASCII, without user and fragment.
struct ListUrl {
    std::string text;
    static Parsed<ListUrl> parse(std::string_view text);
    friend auto operator<=>(const ListUrl&, const ListUrl&) = default;
};
std::string to_string(const ListUrl& v);

template <template <class> class F>
struct BlocklistSettings {
    F<Text> name;
    F<std::optional<ListUrl>> url;
    F<std::vector<Hostname>> names;  ///< not answered, and nothing below them
    F<std::vector<Hostname>> allow;  ///< answered, and what is below them, whichever list has them
    F<bool> enabled;

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("url", s.url), field("names", s.names),
                          field("allow", s.allow), field("enabled", s.enabled));
    }
};

struct Blocklist {
    Uuid id;
    BlocklistSettings<Plain> settings;
    StreamVersion version;
    Timestamp created_at, updated_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), BlocklistSettings<Plain>::fields(s.settings),
                              std::tuple(field("version", s.version), field("created_at", s.created_at),
                                         field("updated_at", s.updated_at)));
    }
};
inline Uuid key_of(const Blocklist& list) { return list.id; }

// --- events

struct BlocklistAdded : WithSettings<BlocklistSettings> {
    static constexpr std::string_view type = "BlocklistAdded";
    static constexpr int schema_version = 1;
};

struct BlocklistChanged : WithChanges<BlocklistSettings> {
    static constexpr std::string_view type = "BlocklistChanged";
    static constexpr int schema_version = 1;
};

struct BlocklistRemoved : ById {
    static constexpr std::string_view type = "BlocklistRemoved";
    static constexpr int schema_version = 1;
};

// --- commands

/// Enabled unless it says otherwise.
struct AddBlocklist : NewItem<BlocklistSettings> {
    static constexpr std::string_view type = "AddBlocklist";
};

struct ChangeBlocklist : WithChanges<BlocklistSettings> {
    static constexpr std::string_view type = "ChangeBlocklist";
};

struct RemoveBlocklist : ById {
    static constexpr std::string_view type = "RemoveBlocklist";
};

/// Brings a list back to what it was: undo and restore. Not offered by the API.
struct RestoreBlocklist : WithSettings<BlocklistSettings> {
    static constexpr std::string_view type = "RestoreBlocklist";
};

inline constexpr std::size_t blocklists_limit = 32;
inline constexpr std::size_t blocklist_names_limit = 2000;  ///< given with a list; more belong behind a URL
inline constexpr std::size_t list_url_limit = 1024;         ///< bytes
[[nodiscard]] std::string blocklist_stream_of(const Uuid& id);
/// The artefact of a list that is enabled; the server keeps what it fetched under the same id.
[[nodiscard]] std::string blocklist_path(const Uuid& id);

void prepare(AddBlocklist& command, Supply& supply);
[[nodiscard]] Result<Decision> decide(const World& world, const AddBlocklist& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangeBlocklist& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveBlocklist& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RestoreBlocklist& command);

/// Whether any is enabled: the Corefile has the plugin then.
[[nodiscard]] bool has_blocklists(const World& world);
void put_blocklists(const World* before, const World& now, Renderer& out);
void reconcile_blocklists(const World& now, const World& target, Reconciler& out);

}  // namespace pic::dns
