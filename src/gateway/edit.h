// Apis::Edit: one transaction on one API: its rows, the checks between them, and automatic deployments. Pool thread.
#pragma once

#include "gateway/apis.h"
#include "gateway/rows.h"

namespace gust::gateway {

inline constexpr std::string_view kApiPrefix = "gw/api/";

std::string api_key(std::string_view api_id);
std::string table_prefix(std::string_view table, std::string_view api_id);
std::unexpected<Error> no_such(std::string_view noun, std::string_view id);
std::unexpected<Error> no_such_api(const AccountId& account, std::string_view api_id);

template <typename Row>
Result<std::vector<Row>> read_rows(const std::vector<kv::Entry>& entries) {
  std::vector<Row> rows;
  for (const auto& entry : entries) GUST_CHECK(from_row(entry.value, rows.emplace_back()));
  return rows;
}

// Rules of a single record; kInvalid says what is wrong.
Result<void> check(const ApiRecord& api);
Result<void> check(const RouteRecord& route);
Result<void> check(const IntegrationRecord& integration);
Result<void> check(const StageRecord& stage);

class Apis::Edit {
 public:
  Edit(kv::Transaction& tx, const env::Clock& clock, env::Random& random) : tx_(tx), clock_(clock), random_(random) {}

  ApiRecord api;

  Result<void> open(const AccountId& account, std::string_view api_id);
  // Writes the API's row, which every edit does: two edits of one API conflict instead of missing each other.
  void save_api() { tx_.put(api_key(api.id), to_row(api)); }
  void erase_all();

  template <typename Row>
  Result<Row> find(std::string_view id) {
    GUST_TRY(auto bytes, tx_.get(table_prefix(Row::kTable, api.id).append(id)));
    if (!bytes) return no_such(Row::kNoun, id);
    Row row;
    GUST_CHECK(from_row(*bytes, row));
    return row;
  }
  template <typename Row>
  Result<std::vector<Row>> all() {
    GUST_TRY(auto entries, tx_.scan(kv::Range::prefix(table_prefix(Row::kTable, api.id))));
    return read_rows<Row>(entries);
  }
  template <typename Row>
  void put(const Row& row) { tx_.put(table_prefix(Row::kTable, api.id).append(row.id), to_row(row)); }
  template <typename Row>
  void erase(std::string_view id) { tx_.erase(table_prefix(Row::kTable, api.id).append(id)); }

  // Checks the row against its own rules and the API's other rows, gives it an id when it has none, and writes it.
  Result<void> insert(RouteRecord& route);
  Result<void> insert(IntegrationRecord& integration);
  Result<void> insert(StageRecord& stage);
  Result<void> replace(RouteRecord& route);
  Result<void> replace(IntegrationRecord& integration);
  Result<void> replace(StageRecord& stage);
  Result<void> drop(const RouteRecord& route);
  Result<void> drop(const IntegrationRecord& integration);
  Result<void> drop(const StageRecord& stage);

  enum class Cause { kAsked, kAutomatic };
  // A new deployment of the routes and integrations as they are; kThrottled when there are too many.
  Result<DeploymentRecord> snapshot(std::string description, Cause cause);
  Result<void> quick_create(const QuickCreate& quick);
  Result<void> quick_change(const QuickCreate& quick);

 private:
  Result<void> check_links(const RouteRecord& route);
  template <typename Row>
  Result<void> check_room(std::size_t most);
  // A new deployment for the stages that want one; the old automatic ones go when no stage serves them.
  Result<void> redeploy();

  kv::Transaction& tx_;
  const env::Clock& clock_;
  env::Random& random_;
};

}  // namespace gust::gateway
