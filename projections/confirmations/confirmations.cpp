#include "projections/confirmations/confirmations.hpp"

#include <fmt/format.h>

#include "projections/core/command.hpp"
#include "projections/world.hpp"

namespace pic::confirmations {
namespace {

constexpr std::string_view stream_prefix = "confirmation-";
constexpr std::int64_t ms_per_second = 1000;

const CowMap<Uuid, Waiting>& waiting_in(const World& world) { return world.get<Service>().waiting; }

template <class Event>
Decision about(const Uuid& id, const Event& event, bool settled) {
    Decision decision;
    decision.resource = {"waiting_changes", to_string(id), stream_of(id), settled};
    decision.emit(stream_of(id), event);
    return decision;
}

}  // namespace

std::string stream_of(const Uuid& id) { return std::string(stream_prefix) + to_string(id); }
bool is_stream(std::string_view stream) { return stream.starts_with(stream_prefix); }

const Waiting* find(const World& world, Sequence seq) {
    const Waiting* found = nullptr;
    waiting_in(world).for_each([&](const Uuid&, const Waiting& waiting) {
        if (waiting.seq == seq) found = &waiting;
    });
    return found;
}

void prepare(AwaitConfirmation& command, Supply& supply) {
    command.id = supply.uuid();
    command.until = {supply.now().ms + ms_per_second * command.within};
}

Result<Decision> decide(const World& world, const AwaitConfirmation& command) {
    if (waiting_in(world).size() >= waiting_limit) {
        return reject("too_many",
                      fmt::format("at most {} changes wait to be confirmed at the same time", waiting_limit));
    }
    return about(command.id, ConfirmationAwaited{command.id, command.within, command.until}, false);
}

Result<Decision> decide(const World& world, const ConfirmChange& command) {
    const auto* found = find(world, command.seq);
    if (found == nullptr) {
        return reject("not_found", fmt::format("no change {} waits to be confirmed: it never did, or was "
                                               "confirmed or taken back already",
                                               command.seq.value));
    }
    return about(found->id, ChangeConfirmed{found->id, command.seq}, true);
}

Result<Decision> decide(const World& world, const LapseConfirmation& command) {
    const auto* waiting = waiting_in(world).find(command.id);
    if (waiting == nullptr) return reject("not_found", "it does not wait to be confirmed any more");
    return about(command.id, ConfirmationLapsed{command.id, waiting->seq, command.kept}, true);
}

void evolve(State& state, const ConfirmationAwaited& event, const Meta& meta) {
    state.waiting.assign(event.id, Waiting{event.id, meta.sequence, event.within, event.until, meta.version});
}

void evolve(State& state, const ChangeConfirmed& event, const Meta&) { state.waiting.erase(event.id); }
void evolve(State& state, const ConfirmationLapsed& event, const Meta&) { state.waiting.erase(event.id); }

void go_forward(Service, const World& restored, Forwarder& out) {
    waiting_in(restored).for_each([&](const Uuid& id, const Waiting&) {
        out.add(LapseConfirmation{id, "it came back with a backup, whose restore confirmed it"});
    });
}

}  // namespace pic::confirmations
