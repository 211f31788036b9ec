#include "controller/core/undo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "projections/accounts/accounts.hpp"
#include "projections/confirmations/confirmations.hpp"
#include "projections/dispatch.hpp"

namespace pic::core {
namespace {

constexpr std::size_t overlap_shown = 20;  ///< later events that a refusal lists

/// Events after `last` on any of the streams.
std::vector<FieldError> later_events(const log::LogStore& store, const std::set<std::string>& streams,
                                     Sequence last) {
    std::vector<FieldError> overlaps;
    for (const auto& stream : streams) {
        log::Filter filter;
        filter.stream = stream;
        for (const auto& event : store.read(last, overlap_shown, filter)) {
            if (overlaps.size() == overlap_shown) return overlaps;
            overlaps.push_back({"", fmt::format("event {} ({} on {}) came later", event.sequence.value,
                                                event.type, stream)});
        }
    }
    return overlaps;
}

/// The refusal where the change removed a person. What else it did (devices, tokens) was theirs and is not
/// brought back without them.
std::optional<Rejection> who_left(const std::vector<Event>& change, const World& then) {
    for (const auto& e : change) {
        if (e.type != accounts::UserRemoved::type) continue;
        constexpr std::string_view before_id = "user-";  // of the stream's name
        const auto id = parse_uuid(e.stream.substr(before_id.size()));
        const auto* user = id ? then.get<accounts::Service>().users.find(*id) : nullptr;
        return Rejection{"person_removed",
                         fmt::format("this removed {}, and destroyed their passwords and keys for ever: add "
                                     "them as a new user instead",
                                     user == nullptr ? "a person" : user->username.text)};
    }
    return std::nullopt;
}

}  // namespace

Result<Compensation> plan_undo(const log::LogStore& store, History& history, const World& now,
                               Sequence sequence, Later later) {
    const auto event = store.event(sequence);
    if (!event) return reject("not_found", fmt::format("there is no event {}", sequence.value));
    const auto change = store.change(event->change.change_id);
    std::set<std::string> streams;
    for (const auto& e : change) {
        if (!confirmations::is_stream(e.stream)) streams.insert(e.stream);
    }
    const auto first = change.front().sequence, last = change.back().sequence;
    const bool takes_along = later == Later::taken_along;
    if (auto overlaps = takes_along ? FieldErrors{} : later_events(store, streams, last); !overlaps.empty()) {
        return reject("undo_overlap",
                      "later changes build on this one; undo them first, or restore to a moment before it",
                      std::move(overlaps));
    }
    const auto target = history.at(Sequence{first.value - 1});
    if (!target) return std::unexpected(target.error());
    if (auto gone = who_left(change, **target)) return std::unexpected(*std::move(gone));
    Compensation plan;
    plan.undoes = last;
    plan.commands = reconcile_worlds(
        now, **target, [&](std::string_view stream) { return streams.contains(std::string(stream)); });
    for (const auto& e : change) {
        if (takes_along || !streams.contains(e.stream)) continue;
        std::erase_if(plan.expected, [&](const Expectation& known) { return known.stream == e.stream; });
        plan.expected.push_back({e.stream, e.version});
    }
    if (plan.commands.empty()) {
        return reject("nothing_to_undo",
                      "this change only goes forward (keys, tokens, destroyed secrets, set-up), or nothing "
                      "of it is left to "
                      "undo");
    }
    return plan;
}

Result<void> check_undoable(const World& before, const World& after, const std::vector<NewEvent>& events) {
    std::set<std::string> streams;
    for (const auto& e : events) {
        if (!confirmations::is_stream(e.stream)) streams.insert(e.stream);
    }
    Moving back;
    (void)reconcile_worlds(
        after, before, [&](std::string_view stream) { return streams.contains(std::string(stream)); }, &back);
    for (const auto& stream : streams) {
        if (back->contains(stream)) continue;
        return reject("not_undoable",
                      fmt::format("what this changes at {} only goes forward, so it cannot be "
                                  "taken back if nobody confirms it",
                                  stream));
    }
    return {};
}

Result<Compensation> plan_restore(History& history, const World& now, Sequence sequence) {
    const auto target = history.at(sequence);
    if (!target) return std::unexpected(target.error());
    Compensation plan;
    plan.undoes = sequence;
    plan.commands = reconcile_worlds(now, **target, [](std::string_view) { return true; });
    if (plan.commands.empty()) return reject("nothing_to_undo", "the cell is as it was then");
    return plan;
}

}  // namespace pic::core
