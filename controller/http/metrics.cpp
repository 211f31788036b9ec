#include "controller/http/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <vector>

#include "controller/http/api.hpp"

namespace pic::http {
namespace {

constexpr std::size_t classes = 4;  ///< 2xx to 5xx; 1xx counts as 2xx
const std::array<double, 9> buckets = {0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1, 10};

std::size_t class_of(int status) {
    return status < 300 ? 0 : std::min<std::size_t>(static_cast<std::size_t>(status) / 100 - 2, 3);
}

}  // namespace

struct Metrics::State {
    std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
    std::vector<std::array<prometheus::Counter*, classes>>
        answers;  ///< by operation, the last one being "none"
    prometheus::Histogram* seconds = nullptr;
    prometheus::Gauge* connections = nullptr;
    prometheus::Gauge* websockets = nullptr;
};

Metrics::Metrics(const Api& api) : state_(std::make_unique<State>()) {
    auto& registry = *state_->registry;
    auto& answers = prometheus::BuildCounter()
                        .Name("pic_http_requests_total")
                        .Help("Answered requests by operation and class of status")
                        .Register(registry);
    const auto add = [&](const std::string& id) {
        auto& row = state_->answers.emplace_back();
        for (std::size_t i = 0; i < classes; ++i) {
            row[i] = &answers.Add({{"operation", id}, {"status", std::to_string(i + 2) + "xx"}});
        }
    };
    for (const auto& operation : api.operations()) add(operation.id);
    add("none");
    state_->seconds = &prometheus::BuildHistogram()
                           .Name("pic_http_request_seconds")
                           .Help("From the end of a request's header to its answer")
                           .Register(registry)
                           .Add({}, prometheus::Histogram::BucketBoundaries(buckets.begin(), buckets.end()));
    state_->connections = &prometheus::BuildGauge()
                               .Name("pic_http_connections")
                               .Help("Open connections")
                               .Register(registry)
                               .Add({});
    state_->websockets = &prometheus::BuildGauge()
                              .Name("pic_http_websockets")
                              .Help("Open websockets")
                              .Register(registry)
                              .Add({});
}

Metrics::~Metrics() = default;

void Metrics::answered(int operation, int status, std::chrono::steady_clock::duration took) {
    auto& rows = state_->answers;
    const auto row = operation < 0 ? rows.size() - 1 : static_cast<std::size_t>(operation);
    rows[row][class_of(status)]->Increment();
    state_->seconds->Observe(std::chrono::duration<double>(took).count());
}

void Metrics::connections(std::size_t open) { state_->connections->Set(static_cast<double>(open)); }
void Metrics::websockets(std::size_t open) { state_->websockets->Set(static_cast<double>(open)); }

prometheus::Registry& Metrics::registry() { return *state_->registry; }

std::string Metrics::text() const {
    return prometheus::TextSerializer().Serialize(state_->registry->Collect());
}

}  // namespace pic::http
