// Is the process there, is the cell able to work, and how is it doing: for supervisors, load balancers and
// Prometheus.
#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "controller/api/handlers.hpp"
#include "controller/api/media_types.hpp"

#include "projections/peers/peers.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

constexpr std::string_view prometheus_text = "text/plain; version=0.0.4; charset=utf-8";

/// The core's figures, brought up to date when they are asked for.
class CoreFigures {
  public:
    explicit CoreFigures(http::Metrics& metrics)
        : sequence_(gauge(metrics, "pic_log_sequence", "The log's last event")),
          batches_(gauge(metrics, "pic_writer_batches", "Transactions, each with one fsync")),
          changes_(gauge(metrics, "pic_writer_changes", "Change-sets committed")),
          events_(gauge(metrics, "pic_writer_events", "Events committed")),
          refused_(gauge(metrics, "pic_writer_refused", "Change-sets refused by a rule")),
          hashes_(gauge(metrics, "pic_password_hashes", "Password hashes computed, to set one or to verify")),
          read_only_(gauge(metrics, "pic_read_only", "1: a fault was found in the log, nothing is written")),
          desired_(family(metrics, "pic_service_desired_revision",
                          "The newest revision that a service should have")),
          applied_(family(metrics, "pic_service_applied_revision",
                          "The newest revision that is live, as its agent says")),
          healthy_(
              family(metrics, "pic_service_healthy", "1: its agent is there, and its last probe succeeded")),
          received_(family(metrics, "pic_peer_received_bytes", "From a peer, since WireGuard started")),
          sent_(family(metrics, "pic_peer_sent_bytes", "To a peer, since WireGuard started")) {}

    /// By the peers' names: the tables know keys alone.
    void refresh_peers(core::Cell& cell) {
        const auto world = cell.world();
        cell.live().visit("wireguard", "transfer", [&](const core::LiveTable& table) {
            std::size_t shown = 0;
            world->get<peers::Service>().peers.for_each_while([&](const Uuid&, const peers::Peer& peer) {
                const auto key = to_string(peer.settings.public_key);
                const prometheus::Labels labels{{"peer", peer.settings.name.text}};
                if (const auto in = table.number(key, "received_bytes")) received_.Add(labels).Set(*in);
                if (const auto out = table.number(key, "sent_bytes")) sent_.Add(labels).Set(*out);
                return ++shown < peers_shown;
            });
        });
    }

    void refresh(core::Cell& cell, const access::Passwords& passwords) {
        const auto set = [](prometheus::Gauge& gauge, std::uint64_t value) {
            gauge.Set(static_cast<double>(value));
        };
        const auto counters = cell.writer().counters();
        set(sequence_, cell.world()->sequence.value);
        set(batches_, counters.batches);
        set(changes_, counters.changes);
        set(events_, counters.events);
        set(refused_, counters.refused);
        set(hashes_, passwords.computed());
        set(read_only_, cell.writer().read_only() ? 1 : 0);
        for (const auto& service : cell.publisher().status()) {
            set(desired_.Add({{"service", service.name}}), service.desired.value);
            set(applied_.Add({{"service", service.name}}), service.applied.value);
            set(healthy_.Add({{"service", service.name}}),
                service.connected && service.report && service.report->healthy ? 1 : 0);
        }
        refresh_peers(cell);
    }

  private:
    static constexpr std::size_t peers_shown = 1000;  ///< a scrape stays small

    static prometheus::Family<prometheus::Gauge>& family(http::Metrics& metrics, const char* name,
                                                         const char* help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry());
    }
    static prometheus::Gauge& gauge(http::Metrics& metrics, const char* name, const char* help) {
        return family(metrics, name, help).Add({});
    }

    prometheus::Gauge &sequence_, &batches_, &changes_, &events_, &refused_, &hashes_, &read_only_;
    prometheus::Family<prometheus::Gauge>&desired_, &applied_, &healthy_, &received_, &sent_;
};

void answer_text(Responder respond, std::string_view type, std::string text) {
    auto response = http::json_response(200, std::move(text));
    response.content_type = type;
    std::move(respond)(std::move(response));
}

}  // namespace

void add_health_handlers(http::Handlers& handlers, Context& c) {
    handlers["getHealth"] = [](const Request&, Responder respond) {
        answer_text(std::move(respond), plain_text, "ok\n");
    };
    handlers["getReadiness"] = [&c](const Request&, Responder respond) {
        if (const auto why = c.cell.writer().read_only())
            return std::move(respond)(Rejection{"read_only", *why});
        std::move(respond)(
            http::json_response(200, fmt::format(R"({{"ready":true,"read_only":false,"epoch":{}}})",
                                                 c.cell.store().head().epoch.value)));
    };
    handlers["getMetrics"] = [&c, figures = std::make_shared<CoreFigures>(c.metrics)](const Request&,
                                                                                      Responder respond) {
        figures->refresh(c.cell, c.passwords);
        answer_text(std::move(respond), prometheus_text, c.metrics.text());
    };
}

}  // namespace pic::api
