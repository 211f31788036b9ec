#include "controller/log/directory.hpp"

#include <algorithm>
#include <utility>

namespace pic::log {

std::pair<std::int64_t, bool> Numbering::number(std::string_view name) {
    if (const auto known = numbers_.find(name); known != numbers_.end()) return {known->second, false};
    const auto next = static_cast<std::int64_t>(names_.size()) + 1;
    names_.push_back(&numbers_.emplace(name, next).first->first);
    return {next, true};
}

std::int64_t Numbering::find(std::string_view name) const {
    const auto known = numbers_.find(name);
    return known == numbers_.end() ? 0 : known->second;
}

void Numbering::shrink(std::size_t size) {
    for (; names_.size() > size; names_.pop_back()) numbers_.erase(numbers_.find(*names_.back()));
}

StreamVersion Versions::of(std::int64_t stream) const {
    const auto index = static_cast<std::size_t>(stream);
    return index < entries_.size() ? entries_[index].version : StreamVersion{};
}

Versions::Entry& Versions::entry(std::int64_t stream) {
    const auto index = static_cast<std::size_t>(stream);
    if (index >= entries_.size()) entries_.resize(index + 1);
    return entries_[index];
}

void Versions::set(std::int64_t stream, StreamVersion version) { entry(stream).version = version; }

StreamVersion Versions::raise(std::int64_t stream) {
    auto& e = entry(stream);
    if (!e.changed) changed_.push_back(stream);
    e.changed = true;
    raised_.push_back(stream);
    return e.version = e.version.next();
}

void Versions::take_back() {
    for (const auto stream : raised_) --entry(stream).version.value;
    raised_.clear();
}

std::vector<std::int64_t> Versions::take_changed() {
    for (const auto stream : changed_) entry(stream).changed = false;
    std::ranges::sort(changed_);
    return std::exchange(changed_, {});
}

}  // namespace pic::log
