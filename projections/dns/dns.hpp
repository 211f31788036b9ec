// The cell's names: its own, every peer's, and the records that people add; where everything else is asked
// for.
//
// The names "ns" and "cell" of the domain are the server's, and so is the domain itself unless a record says
// otherwise. A peer owns its name's addresses; other records may stand beside them. A PTR whose name is an IP
// address goes into the reverse zone, in the place of the name that the cell would give that address; any
// other is a name of the domain, as DNS service discovery has them (RFC 6763). One whose address lies in none
// of the cell's networks waits until it does.
//
// Each kind of zone has a counter for its SOA serials, raised by every event that may change a zone of that
// kind. Undo and restore append events, so serials rise through them too; a restored backup may be older than
// what was published, so it adds backup_step, which by RFC 1982 is "later" than anything the log could have
// reached meanwhile.
#pragma once

#include "projections/core/item.hpp"
#include "projections/core/render.hpp"
#include "projections/core/service.hpp"
#include "projections/dns/blocklists.hpp"
#include "projections/dns/record_data.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::cell {
struct CellClaimed;
struct CellChanged;
struct BackupRestored;
}  // namespace pic::cell
namespace pic::peers {
struct PeerAdded;
struct PeerChanged;
struct PeerRemoved;
}  // namespace pic::peers

namespace pic::dns {

template <template <class> class F>
struct RecordSettings {
    F<OwnerName> name;
    F<RecordType> type;
    F<RecordValue> value;  ///< canonical
    F<std::uint32_t> ttl;  ///< seconds, ttl_least to ttl_most

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("type", s.type), field("value", s.value),
                          field("ttl", s.ttl));
    }
};

struct Record {
    Uuid id;
    RecordSettings<Plain> settings;
    StreamVersion version;
    Timestamp created_at, updated_at;

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), RecordSettings<Plain>::fields(s.settings),
                              std::tuple(field("version", s.version), field("created_at", s.created_at),
                                         field("updated_at", s.updated_at)));
    }
};
inline Uuid key_of(const Record& record) { return record.id; }

/// A domain with resolvers of its own.
struct Forward {
    Hostname domain;
    std::vector<SocketAddress> servers;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("domain", s.domain), field("servers", s.servers));
    }
    friend bool operator==(const Forward&, const Forward&) = default;
};

/// Who is asked for what is not the cell's own; with no servers such questions are refused.
struct Upstreams {
    std::vector<SocketAddress> servers{{"9.9.9.9", 0},
                                       {"149.112.112.112", 0}};  ///< Quad9, until somebody chooses
    std::vector<Forward> forwards;                               ///< in the order of their domains
    StreamVersion version;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("servers", s.servers), field("forwards", s.forwards),
                          field("version", s.version));
    }
};

/// The last serial given to each kind of zone; see the header of this file.
struct Serials {
    std::uint32_t forward = 0, reverse4 = 0, reverse6 = 0;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("forward", s.forward), field("reverse4", s.reverse4),
                          field("reverse6", s.reverse6));
    }
    friend bool operator==(const Serials&, const Serials&) = default;
};

struct State {
    CowMap<Uuid, Record> records;
    Upstreams upstreams;
    Serials serials;
    CowMap<Uuid, Blocklist> blocklists;

    /// Index: "name type value" -> record, so that the records of one name, and of one type of it, lie side
    /// by side.
    CowMap<std::string, Uuid> by_content;

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("records", s.records), field("upstreams", s.upstreams),
                          field("serials", s.serials), field("blocklists", s.blocklists));
    }
};

// --- events

struct RecordAdded : WithSettings<RecordSettings> {
    static constexpr std::string_view type = "DnsRecordAdded";
    static constexpr int schema_version = 1;
};

struct RecordChanged : WithChanges<RecordSettings> {
    static constexpr std::string_view type = "DnsRecordChanged";
    static constexpr int schema_version = 1;
};

struct RecordRemoved : ById {
    static constexpr std::string_view type = "DnsRecordRemoved";
    static constexpr int schema_version = 1;
};

struct UpstreamsSet {
    static constexpr std::string_view type = "DnsUpstreamsSet";
    static constexpr int schema_version = 1;
    std::vector<SocketAddress> servers;
    std::vector<Forward> forwards;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("servers", s.servers), field("forwards", s.forwards));
    }
};

// --- commands

/// Name left out: the domain itself; ttl left out: ttl_default.
struct AddRecord : NewItem<RecordSettings> {
    static constexpr std::string_view type = "AddDnsRecord";
};

struct ChangeRecord : WithChanges<RecordSettings> {
    static constexpr std::string_view type = "ChangeDnsRecord";
};

struct RemoveRecord : ById {
    static constexpr std::string_view type = "RemoveDnsRecord";
};

/// Brings a record back to what it was: undo and restore. Not offered by the API.
struct RestoreRecord : WithSettings<RecordSettings> {
    static constexpr std::string_view type = "RestoreDnsRecord";
    Moving moving;  // set by reconcile()
};

/// Replaces all of them.
struct SetUpstreams {
    static constexpr std::string_view type = "SetDnsUpstreams";
    std::vector<SocketAddress> servers;
    std::vector<Forward> forwards;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("servers", s.servers), field("forwards", s.forwards));
    }
};

struct Service {
    static constexpr std::string_view name = "dns";
    static constexpr bool renders = true;
    using State = dns::State;
    using Events = TypeList<RecordAdded, RecordChanged, RecordRemoved, UpstreamsSet, BlocklistAdded,
                            BlocklistChanged, BlocklistRemoved>;
    using Commands = TypeList<AddRecord, ChangeRecord, RemoveRecord, RestoreRecord, SetUpstreams,
                              AddBlocklist, ChangeBlocklist, RemoveBlocklist, RestoreBlocklist>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("dns_records", state.records),
                          singleton("dns_upstreams", state.upstreams),
                          collection("dns_blocklists", state.blocklists));
    }
};

inline constexpr std::string_view upstreams_stream = "dns-upstreams";
inline constexpr std::size_t servers_limit = 8;    ///< resolvers of one domain; CoreDNS takes 15
inline constexpr std::size_t forwards_limit = 64;  ///< domains with resolvers of their own
inline constexpr std::uint32_t backup_step = 1U << 24;
[[nodiscard]] std::string stream_of(const Uuid& id);

void prepare(AddRecord& command, Supply& supply);

[[nodiscard]] Result<Decision> decide(const World& world, const AddRecord& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangeRecord& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveRecord& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RestoreRecord& command);
[[nodiscard]] Result<Decision> decide(const World& world, const SetUpstreams& command);

void evolve(State& state, const RecordAdded& event, const Meta& meta);
void evolve(State& state, const RecordChanged& event, const Meta& meta);
void evolve(State& state, const RecordRemoved& event, const Meta& meta);
void evolve(State& state, const UpstreamsSet& event, const Meta& meta);
void evolve(State& state, const BlocklistAdded& event, const Meta& meta);
void evolve(State& state, const BlocklistChanged& event, const Meta& meta);
void evolve(State& state, const BlocklistRemoved& event, const Meta& meta);
void evolve(State& state, const cell::CellClaimed& event, const Meta& meta);
void evolve(State& state, const cell::CellChanged& event, const Meta& meta);
void evolve(State& state, const cell::BackupRestored& event, const Meta& meta);
void evolve(State& state, const peers::PeerAdded& event, const Meta& meta);
void evolve(State& state, const peers::PeerChanged& event, const Meta& meta);
void evolve(State& state, const peers::PeerRemoved& event, const Meta& meta);
void reindex(State& state);

void render(Service, const World* before, const World& now, Renderer& out);
void reconcile(Service, const World& now, const World& target, Reconciler& out);

/// The records of a name in the order of their types and values: f(record) until it returns false. `type`
/// limits it to one.
template <class F>
void each_record(const State& state, std::string_view name, F&& f, std::optional<RecordType> type = {}) {
    std::string prefix(name);
    prefix += ' ';
    if (type) (prefix += enum_name(*type)) += ' ';
    state.by_content.for_each_after(prefix, [&](const std::string& content, const Uuid& id) {
        if (!content.starts_with(prefix)) return false;
        const Record* record = state.records.find(id);
        return record == nullptr || f(*record);
    });
}

/// Whether the addresses of this name are the cell's own or those of a record (A, AAAA, CNAME) which is not
/// moving.
[[nodiscard]] bool name_in_use(const World& world, const std::string& name, const Moving& moving = {});

}  // namespace pic::dns
