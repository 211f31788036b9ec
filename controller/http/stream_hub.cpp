#include "controller/http/stream_hub.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pic::http {

std::string event_message(std::string_view event) {
    return fmt::format(R"({{"kind":"event","event":{}}})", event);
}

StreamHub::StreamHub(EventPages& pages, Post post, std::size_t ring, std::size_t page)
    : pages_(pages), post_(std::move(post)), ring_limit_(ring), page_limit_(page) {}

void StreamHub::notify(Sequence head) {
    head_ = std::max(head_, head);
    if (sessions_.empty()) {
        filled_ = head_;
        ring_.clear();
    } else {
        fill();
    }
}

void StreamHub::status(std::string key, std::string_view member, std::string_view json) {
    auto message =
        std::make_shared<const std::string>(fmt::format(R"({{"kind":"status","{}":{}}})", member, json));
    statuses_[std::move(key)] = {++generation_, std::move(message)};
    wake_all();
}

StreamHub::Ticket StreamHub::join(Wake wake) { return sessions_.insert(sessions_.end(), std::move(wake)); }

void StreamHub::leave(Ticket ticket) {
    sessions_.erase(ticket);
    if (!sessions_.empty()) return;
    filled_ = head_;
    ring_.clear();
}

StreamHub::Next StreamHub::after(Sequence seen) const {
    if (seen >= filled_) return {Where::idle, {}, nullptr};
    if (ring_.empty() || ring_.front().first > seen.next()) return {Where::behind, {}, nullptr};
    const auto& [seq, message] = ring_[seen.next().value - ring_.front().first.value];
    return {Where::here, seq, message};
}

std::vector<std::pair<std::uint64_t, StreamHub::Message>> StreamHub::statuses_after(
    std::uint64_t generation) const {
    std::vector<std::pair<std::uint64_t, Message>> found;
    for (const auto& [service, entry] : statuses_) {
        if (entry.first > generation) found.push_back(entry);
    }
    std::ranges::sort(found, {}, &std::pair<std::uint64_t, Message>::first);
    return found;
}

void StreamHub::read(Sequence seen, EventPages::Done done) {
    pages_.read(
        seen, page_limit_, [post = post_, done = std::move(done)](Result<EventPages::Page> page) mutable {
            post([done = std::move(done), page = std::move(page)]() mutable { done(std::move(page)); });
        });
}

void StreamHub::fill() {
    if (reading_ || filled_ >= head_) return;
    reading_ = true;
    read(filled_, [this](Result<EventPages::Page> page) { take(std::move(page)); });
}

void StreamHub::take(Result<EventPages::Page> page) {
    reading_ = false;
    // A page that cannot be read, or that the last session did not wait for, is left: the next notify() asks
    // again.
    if (!page || page->events.empty() || sessions_.empty()) return;
    for (auto& [seq, json] : page->events) {
        if (seq <= filled_) continue;
        ring_.emplace_back(seq, std::make_shared<const std::string>(event_message(json)));
        filled_ = seq;
        if (ring_.size() > ring_limit_) ring_.pop_front();
    }
    wake_all();
    fill();
}

void StreamHub::wake_all() {
    for (auto at = sessions_.begin(); at != sessions_.end();) (*at++)();
}

}  // namespace pic::http
