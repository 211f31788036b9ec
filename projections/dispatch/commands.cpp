// Commands by name.
#include "projections/dispatch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "projections/every_service.hpp"

namespace pic {
namespace {

using Decode = Result<AnyCommand> (*)(simdjson::dom::element);

template <class C>
Result<AnyCommand> decode_as(simdjson::dom::element json) {
    auto data = from_json<C>(json);
    if (!data) return std::unexpected(std::move(data.error()));
    return std::make_unique<CommandOf<C>>(*std::move(data));
}

const std::unordered_map<std::string_view, Decode>& command_table() {
    static const auto table = [] {
        std::unordered_map<std::string_view, Decode> made;
        each_service([&]<class S> {
            each_type(typename S::Commands{}, [&]<class C> { made.emplace(C::type, &decode_as<C>); });
        });
        return made;
    }();
    return table;
}

}  // namespace

Result<AnyCommand> decode_command(std::string_view type, simdjson::dom::element data) {
    const auto found = command_table().find(type);
    if (found == command_table().end())
        return reject("unknown_command", fmt::format("there is no command '{}'", type));
    return found->second(data);
}

bool is_command(std::string_view type) { return command_table().contains(type); }

std::vector<std::string_view> command_types() {
    std::vector<std::string_view> types;
    for (const auto& [type, decode] : command_table()) types.push_back(type);
    std::ranges::sort(types);
    return types;
}

}  // namespace pic
