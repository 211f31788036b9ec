// Changes that are taken back by themselves unless somebody confirms them in time (commit-confirm). That a
// change waits, until when, and what became of it stands in the log and not beside it: the audit shows it, a
// controller that was killed meanwhile finds it in its own state, and since the waiting begins in the very
// change-set that it is about, there is no moment at which the one is there without the other. Taking back is
// an ordinary undo, made by the controller in the name of "system" (controller/core/confirmation_keeper.hpp).
#pragma once

#include "projections/core/service.hpp"

namespace pic {
class World;
class Forwarder;
}  // namespace pic

namespace pic::confirmations {

struct Waiting {
    Uuid id;
    Sequence seq;              ///< the last event of the change: what POST /changes/{seq}/confirm names
    std::uint32_t within = 0;  ///< seconds that were given
    Timestamp until;
    StreamVersion version;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("seq", s.seq), field("within", s.within),
                          field("until", s.until), field("version", s.version));
    }
};
inline Uuid key_of(const Waiting& waiting) { return waiting.id; }

struct State {
    CowMap<Uuid, Waiting> waiting;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("waiting", s.waiting));
    }
};

// --- events

/// The last event of the change that it is about.
struct ConfirmationAwaited {
    static constexpr std::string_view type = "ConfirmationAwaited";
    static constexpr int schema_version = 1;
    Uuid id;
    std::uint32_t within = 0;
    Timestamp until;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("within", s.within), field("until", s.until));
    }
};

struct ChangeConfirmed {
    static constexpr std::string_view type = "ChangeConfirmed";
    static constexpr int schema_version = 1;
    Uuid id;
    Sequence seq;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("seq", s.seq));
    }
};

/// Nobody confirmed it. What took it back is in the same change; where nothing could, `kept` says why.
struct ConfirmationLapsed {
    static constexpr std::string_view type = "ConfirmationLapsed";
    static constexpr int schema_version = 1;
    Uuid id;
    Sequence seq;
    std::optional<std::string> kept;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("seq", s.seq), field("kept", s.kept));
    }
};

// --- commands

/// Put behind the commands of a change that is to wait. Not offered by the API: it comes of a header.
struct AwaitConfirmation {
    static constexpr std::string_view type = "AwaitConfirmation";
    std::uint32_t within = 0;
    Uuid id;          // brought by prepare()
    Timestamp until;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("within", s.within));
    }
};

struct ConfirmChange {
    static constexpr std::string_view type = "ConfirmChange";
    Sequence seq;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("seq", s.seq));
    }
};

/// Not offered by the API: put behind what takes the change back.
struct LapseConfirmation {
    static constexpr std::string_view type = "LapseConfirmation";
    Uuid id;
    std::optional<std::string> kept;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kept", s.kept));
    }
};

struct Service {
    static constexpr std::string_view name = "confirmations";
    static constexpr bool renders = false;
    using State = confirmations::State;
    using Events = TypeList<ConfirmationAwaited, ChangeConfirmed, ConfirmationLapsed>;
    using Commands = TypeList<AwaitConfirmation, ConfirmChange, LapseConfirmation>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("waiting_changes", state.waiting));
    }
};

inline constexpr std::size_t waiting_limit = 16;  ///< changes that wait at the same time
inline constexpr std::uint32_t shortest_wait = 1, longest_wait = 24 * 60 * 60;  ///< seconds

[[nodiscard]] std::string stream_of(const Uuid& id);
/// An undo leaves such streams alone: they are about a change, and no part of what it did.
[[nodiscard]] bool is_stream(std::string_view stream);

/// What waits under this sequence; nullptr: nothing does.
[[nodiscard]] const Waiting* find(const World& world, Sequence seq);

void prepare(AwaitConfirmation& command, Supply& supply);
[[nodiscard]] Result<Decision> decide(const World& world, const AwaitConfirmation& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ConfirmChange& command);
[[nodiscard]] Result<Decision> decide(const World& world, const LapseConfirmation& command);

void evolve(State& state, const ConfirmationAwaited& event, const Meta& meta);
void evolve(State& state, const ChangeConfirmed& event, const Meta& meta);
void evolve(State& state, const ConfirmationLapsed& event, const Meta& meta);

/// Who restores a backup means what is in it: nothing of it is taken back by itself.
void go_forward(Service, const World& restored, Forwarder& out);

}  // namespace pic::confirmations
