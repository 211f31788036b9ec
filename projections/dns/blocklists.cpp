#include "projections/dns/blocklists.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "projections/core/command.hpp"
#include "projections/dns/dns.hpp"
#include "projections/world.hpp"

namespace pic::dns {
namespace {

using PlainBlocklist = BlocklistSettings<Plain>;

const CowMap<Uuid, Blocklist>& lists_of(const World& world) { return world.get<Service>().blocklists; }

ResourceName blocklist_resource(const Uuid& id, bool removed = false) {
    return {"dns_blocklists", to_string(id), blocklist_stream_of(id), removed};
}

Result<void> check(const World& world, const Uuid& id, const PlainBlocklist& s) {
    if (!s.url && s.names.empty() && s.allow.empty())
        return invalid_field("/url", "a list has a url, or names, or exceptions to let through");
    for (const auto& [pointer, names] : {std::pair("/names", &s.names), std::pair("/allow", &s.allow)}) {
        if (names->size() > blocklist_names_limit) {
            return invalid_field(pointer,
                                 fmt::format("at most {} names are given with a list; put longer ones "
                                             "behind a url",
                                             blocklist_names_limit));
        }
    }
    std::optional<Uuid> taken;
    lists_of(world).for_each([&](const Uuid& other, const Blocklist& list) {
        if (other != id && list.settings.name == s.name) taken = other;
    });
    if (taken) {
        return reject("name_taken", fmt::format("there is a blocklist {} already", s.name.text),
                      {{"/name", "this name is taken"}});
    }
    return {};
}

Result<Decision> put(const World& world, const Uuid& id, const PlainBlocklist& settings) {
    const Blocklist* present = lists_of(world).find(id);
    if (auto ok = check(world, id, settings); !ok) return std::unexpected(ok.error());
    Decision decision;
    decision.resource = blocklist_resource(id);
    if (present == nullptr) {
        if (lists_of(world).size() >= blocklists_limit)
            return reject("too_many", fmt::format("at most {} blocklists are kept", blocklists_limit));
        decision.emit(blocklist_stream_of(id), BlocklistAdded{{id, settings}});
        return decision;
    }
    const BlocklistChanged changed{{id, difference<BlocklistSettings>(present->settings, settings)}};
    if (!is_empty<BlocklistSettings>(changed.changes)) decision.emit(blocklist_stream_of(id), changed);
    return decision;
}

Result<const Blocklist*> existing_blocklist(const World& world, const Uuid& id) {
    return pic::existing(lists_of(world), id, "blocklist");
}

bool is_shown(const Blocklist* list) { return list != nullptr && list->settings.enabled; }

/// What the server is told: words and scalars, never the list's name.
std::string text_of(const PlainBlocklist& s) {
    std::string text;
    if (s.url) text += fmt::format("url {}\n", s.url->text);
    for (const auto& name : s.names) text += fmt::format("block {}\n", name.text);
    for (const auto& name : s.allow) text += fmt::format("allow {}\n", name.text);
    return text;
}

}  // namespace

Parsed<ListUrl> ListUrl::parse(std::string_view text) {
    const auto wrong = [] {
        return std::unexpected(std::string("a list's url looks like https://example.org/list.txt"));
    };
    if (text.size() > list_url_limit)
        return std::unexpected(fmt::format("a list's url has at most {} characters", list_url_limit));
    const auto scheme = text.starts_with("https://") ? 8U : text.starts_with("http://") ? 7U : 0U;
    constexpr std::string_view outside =
        "\"'\\<>{}`^|#";  // RFC 3986 has none of these unescaped; # is a fragment
    const auto fits = [&](char c) { return c > ' ' && c < 0x7f && !outside.contains(c); };
    if (scheme == 0 || !std::ranges::all_of(text, fits)) return wrong();
    const auto rest = text.substr(scheme);
    const auto authority = rest.substr(0, rest.find_first_of("/?"));
    if (authority.contains('@'))
        return std::unexpected(std::string("a list's url names no user or password"));
    const auto bracket = authority.rfind(']');
    const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const auto host = authority.substr(0, colon);
    const bool is_address = host.size() > 2 && host.front() == '[' && host.back() == ']' &&
                            Ipv6::parse(host.substr(1, host.size() - 2)).has_value();
    if (!is_address && !Ipv4::parse(host) && !Hostname::parse(host)) return wrong();
    if (colon != std::string_view::npos) {
        const auto port = authority.substr(colon + 1);
        constexpr std::size_t digits = 5;
        if (port.empty() || port.size() > digits ||
            !std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }))
            return wrong();
    }
    return ListUrl{std::string(text)};
}

std::string to_string(const ListUrl& v) { return v.text; }

std::string blocklist_stream_of(const Uuid& id) { return "dns-blocklist-" + to_string(id); }
std::string blocklist_path(const Uuid& id) { return fmt::format("blocklists/{}.list", to_string(id)); }

void prepare(AddBlocklist& command, Supply& supply) { command.id = supply.uuid(); }

Result<Decision> decide(const World& world, const AddBlocklist& command) {
    if (!command.settings.name.present) return invalid_field("/name", "this field is required");
    PlainBlocklist settings{};
    settings.enabled = true;
    apply_patch(settings, command.settings);
    return put(world, command.id, settings);
}

Result<Decision> decide(const World& world, const ChangeBlocklist& command) {
    const auto list = existing_blocklist(world, command.id);
    if (!list) return std::unexpected(list.error());
    auto after = (*list)->settings;
    apply_patch(after, command.changes);
    return put(world, command.id, after);
}

Result<Decision> decide(const World& world, const RemoveBlocklist& command) {
    const auto list = existing_blocklist(world, command.id);
    if (!list) return std::unexpected(list.error());
    Decision decision;
    decision.resource = blocklist_resource(command.id, true);
    decision.emit(blocklist_stream_of(command.id), BlocklistRemoved{command.id});
    return decision;
}

Result<Decision> decide(const World& world, const RestoreBlocklist& command) {
    return put(world, command.id, command.settings);
}

void evolve(State& state, const BlocklistAdded& event, const Meta& meta) {
    state.blocklists.assign(event.id, Blocklist{event.id, event.settings, meta.version, meta.at, meta.at});
}

void evolve(State& state, const BlocklistChanged& event, const Meta& meta) {
    Blocklist* list = state.blocklists.edit(event.id);
    if (list == nullptr) return;
    apply_patch(list->settings, event.changes);
    list->version = meta.version;
    list->updated_at = meta.at;
}

void evolve(State& state, const BlocklistRemoved& event, const Meta&) { state.blocklists.erase(event.id); }

bool has_blocklists(const World& world) {
    bool any = false;
    lists_of(world).for_each_while([&](const Uuid&, const Blocklist& list) {
        any = list.settings.enabled;
        return !any;
    });
    return any;
}

void put_blocklists(const World* before, const World& now, Renderer& out) {
    Renderer::each(before == nullptr ? nullptr : &lists_of(*before), lists_of(now), false,
                   [&](const Uuid& id, const Blocklist* list) {
                       if (is_shown(list)) {
                           out.put(blocklist_path(id), "0", text_of(list->settings));
                       } else {
                           out.drop(blocklist_path(id));
                       }
                   });
}

/// Removals first, so that their names are free.
void reconcile_blocklists(const World& now, const World& target, Reconciler& out) {
    std::vector<RestoreBlocklist> back;
    CowMap<Uuid, Blocklist>::diff(
        lists_of(now), lists_of(target), [&](const Uuid& id, const Blocklist* is, const Blocklist* then) {
            if (!out.wants(blocklist_stream_of(id))) return;
            if (then == nullptr) {
                out.add(blocklist_stream_of(id), RemoveBlocklist{id});
            } else if (is == nullptr || !is_empty<BlocklistSettings>(
                                            difference<BlocklistSettings>(is->settings, then->settings))) {
                back.push_back({id, then->settings});
            }
        });
    for (auto& list : back) {
        auto stream = blocklist_stream_of(list.id);
        out.add(std::move(stream), std::move(list));
    }
}

}  // namespace pic::dns
