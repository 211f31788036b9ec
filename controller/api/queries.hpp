// The query port of the HTTP layer, joined to the cell. A resource or a collection is found by the name that
// the document gives it (x-query); the few queries that are more than that have a function each in the table
// below. `?at=` answers from the world of that moment, on a thread that may take its time.
#pragma once

#include "controller/core/cell.hpp"
#include "controller/http/ports.hpp"

namespace pic::api {

class QueryPort final : public http::Queries {
  public:
    explicit QueryPort(core::Cell& cell) : cell_(cell) {}
    void query(const http::Request& request, Done done) override;

  private:
    core::Cell& cell_;
};

class EventPagePort final : public http::EventPages {
  public:
    explicit EventPagePort(core::Cell& cell) : cell_(cell) {}
    [[nodiscard]] Epoch epoch() const override { return cell_.store().head().epoch; }
    void read(Sequence after, std::size_t limit, Done done) override;

  private:
    core::Cell& cell_;
};

/// How many items one page of a list has: `?limit=`, else 100.
[[nodiscard]] inline std::size_t limit_of(const http::Request& request) {
    constexpr std::size_t default_limit = 100;
    return request.query_number("limit").value_or(default_limit);
}

/// A service as `GET /services/{service}` shows it.
[[nodiscard]] std::string operation_json(const core::OperationStatus& operation);
[[nodiscard]] std::string service_json(const core::Cell& cell, const core::ServiceStatus& status);

}  // namespace pic::api
