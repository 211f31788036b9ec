// From names to types and back: what the log, the API and the snapshots know only by name, dispatched to the
// functions of the services in the registry. One table is made per kind, from the registry's types; a lookup
// is a hash of the name.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "projections/core/command.hpp"
#include "projections/core/render.hpp"
#include "schema/event.hpp"

namespace pic {

class World;

/// The log holds something that this program does not understand: an unknown type, a newer schema version, a
/// value that no longer parses. The log is bad, or newer than the program; evolve() itself never refuses.
struct BadEvent : std::runtime_error {
    BadEvent(Sequence sequence, const std::string& why);
    Sequence sequence;
};

/// An event as a replay sees it. `data` must be followed by simdjson::SIMDJSON_PADDING readable bytes where
/// `padded`.
struct EventView {
    std::string_view type;
    int schema_version = 1;
    std::string_view data;
    Meta meta;
    bool padded = false;
};

/// Folds events into a world. Keeps its parser's memory between calls; one object a thread.
class Evolver {
  public:
    Evolver();
    ~Evolver();
    Evolver(const Evolver&) = delete;
    Evolver& operator=(const Evolver&) = delete;

    /// Throws BadEvent.
    void apply(World& world, const EventView& event);

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

/// Makes every index anew, after events that were applied with `meta.indexed` unset.
void reindex_world(World& world);

/// Brings stored data of an older schema version to the current one; the data itself where it is current.
[[nodiscard]] std::string upcast(std::string_view type, int schema_version, std::string data);

/// The command of this type with this data. `unknown_command` or `invalid_field`.
[[nodiscard]] Result<AnyCommand> decode_command(std::string_view type, simdjson::dom::element data);
[[nodiscard]] bool is_command(std::string_view type);
[[nodiscard]] std::vector<std::string_view> command_types();
[[nodiscard]] std::vector<std::string_view> event_types();
/// The area whose ":read" opens events of this type: its service's; empty where the type is unknown.
[[nodiscard]] std::string_view area_of_event(std::string_view type);

/// Services with artefacts, in the order of the registry.
[[nodiscard]] const std::vector<std::string_view>& rendering_services();
[[nodiscard]] bool is_rendering_service(std::string_view name);
/// Whether a service has anything to do in this world: its wanted(), true where it has none.
[[nodiscard]] bool is_wanted(std::string_view service, const World& world);
/// Renders one service. With no `before` the service's files are made from nothing.
void render_service(std::string_view service, const World* before, const World& now, RenderedService& out);
/// Everything from nothing.
[[nodiscard]] Artefacts render_all(const World& now);

/// The commands that make the streams that `wants` accepts in `now` what they are in `target`. `moving`: told
/// which streams they bring back.
[[nodiscard]] std::vector<AnyCommand> reconcile_worlds(const World& now, const World& target,
                                                       std::function<bool(std::string_view stream)> wants,
                                                       Moving* moving = nullptr);

/// The commands that bring `restored`, the world of a backup, forward. `replaced`: the world that it takes
/// the place of, if that is the same cell's. `has`: whether the vault still holds a secret.
[[nodiscard]] std::vector<AnyCommand> bring_forward(const World& restored, const World* replaced,
                                                    std::function<bool(const SecretRef&)> has);

/// A resource as JSON, or nothing where there is none.
[[nodiscard]] std::optional<std::string> resource_json(const World& world, std::string_view collection,
                                                       std::string_view key);
/// The version of the resource's stream: its ETag.
[[nodiscard]] std::optional<StreamVersion> resource_version(const World& world, std::string_view collection,
                                                            std::string_view key);

struct ResourcePage {
    std::string items;                ///< a JSON list
    std::optional<std::string> next;  ///< the key to go on after
};
/// The resources of a collection after a key, in the order of their ids; nothing where there is no such
/// collection or the cursor is no key of it.
[[nodiscard]] std::optional<ResourcePage> list_resources(const World& world, std::string_view collection,
                                                         std::string_view after, std::size_t limit);
[[nodiscard]] std::vector<std::string_view> collection_names();

/// A resource that differs between two worlds; empty JSON where there is none.
struct ResourceChange {
    std::string collection, key, before, after;
};
/// Everything that queries show and that differs, by collection and key.
[[nodiscard]] std::vector<ResourceChange> diff_resources(const World& before, const World& after);

/// Names the code that evolves: a snapshot made by another version is discarded. Raise it whenever a State or
/// an evolve() changes its meaning.
inline constexpr std::string_view evolve_version = "4";

/// The whole world as one JSON document, from which parse_world() makes it again.
[[nodiscard]] std::string snapshot_world(const World& world);
[[nodiscard]] Result<World> parse_world(std::string_view snapshot);

/// The readable picture of the whole cell, indented: the artefact cell_config.json.
[[nodiscard]] std::string cell_config(const World& world);

}  // namespace pic
