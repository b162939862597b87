// Insights: queries that are started, looked at and stopped.
#include "api/logs/service.h"

#include <algorithm>

namespace gust::api {
namespace {

namespace store = gust::logs;
using store::insights::QueryState;

constexpr std::int64_t kMilliseconds = 100'000'000'000;  // times above it are no seconds
constexpr std::size_t kMaxGroups = 50, kPage = 1000;

std::string status_text(QueryState::Status status) {
  switch (status) {
    case QueryState::Status::kRunning: return "Running";
    case QueryState::Status::kComplete: return "Complete";
    case QueryState::Status::kCancelled: return "Cancelled";
    case QueryState::Status::kFailed: break;
  }
  return "Failed";
}

// Clients give seconds, and some milliseconds, which the service takes too.
std::int64_t milliseconds(std::int64_t time) { return time >= kMilliseconds ? time : time * 1000; }

}  // namespace

LogsReply<logs::StartQueryResponse> LogsService::start_query(wire::Call call, logs::StartQueryRequest request) {
  if (request.query_language && *request.query_language != "CWLI")
    co_return invalid_logs_request("Only the query language CWLI is served.");
  const int named = (request.log_group_name ? 1 : 0) + (request.log_group_names ? 1 : 0) +
                    (request.log_group_identifiers ? 1 : 0);
  if (named != 1)
    co_return invalid_logs_request("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.");
  store::insights::QueryRequest wanted;
  wanted.account = call.context.principal.account;
  if (request.log_group_name) wanted.groups.push_back(group_key(call, *request.log_group_name));
  for (const auto& name : request.log_group_names.value_or(std::vector<std::string>()))
    wanted.groups.push_back(group_key(call, name));
  for (const auto& identifier : request.log_group_identifiers.value_or(std::vector<std::string>())) {
    GUST_CO_TRY(auto key, group_key(call, std::nullopt, identifier));
    wanted.groups.push_back(std::move(key));
  }
  if (wanted.groups.empty() || wanted.groups.size() > kMaxGroups)
    co_return invalid_logs_request("A query may have 1 to 50 log groups.");
  wanted.text = request.query_string;
  wanted.from_ms = milliseconds(request.start_time);
  wanted.to_ms = milliseconds(request.end_time);
  if (request.end_time < kMilliseconds) wanted.to_ms += 999;  // the whole of that second
  if (wanted.from_ms > wanted.to_ms)
    co_return invalid_logs_request("The start time of a query must not be after its end time.");
  if (request.limit) wanted.most = static_cast<std::size_t>(*request.limit);
  logs::StartQueryResponse out;
  GUST_CO_TRY(out.query_id, co_await queries_.start(std::move(wanted)));
  co_return out;
}

LogsReply<logs::GetQueryResultsResponse> LogsService::query_results(wire::Call call,
                                                                    logs::GetQueryResultsRequest request) {
  GUST_CO_TRY(const auto state, queries_.state(call.context.principal.account, request.query_id));
  logs::GetQueryResultsResponse out;
  out.query_language = "CWLI";
  out.status = status_text(state.status);
  auto& results = out.results.emplace();
  for (const auto& row : state.rows) {
    auto& fields = results.emplace_back();
    for (const auto& [name, value] : row) {
      auto& field = fields.emplace_back();
      field.field = name;
      field.value = value;
    }
  }
  auto& statistics = out.statistics.emplace();
  statistics.records_matched = static_cast<double>(state.matched);
  statistics.records_scanned = static_cast<double>(state.scanned);
  statistics.bytes_scanned = static_cast<double>(state.bytes);
  statistics.estimated_records_skipped = 0;
  statistics.estimated_bytes_skipped = 0;
  statistics.log_groups_scanned = static_cast<double>(state.request.groups.size());
  co_return out;
}

LogsReply<logs::StopQueryResponse> LogsService::stop_query(wire::Call call, logs::StopQueryRequest request) {
  logs::StopQueryResponse out;
  GUST_CO_TRY(const bool stopped, queries_.cancel(call.context.principal.account, request.query_id));
  if (!stopped) co_return invalid_logs_request("Query is not running; it has ended.");
  out.success = true;
  co_return out;
}

LogsReply<logs::DescribeQueriesResponse> LogsService::describe_queries(wire::Call call,
                                                                       logs::DescribeQueriesRequest request) {
  logs::DescribeQueriesResponse out;
  auto& list = out.queries.emplace();
  const auto limit = static_cast<std::size_t>(request.max_results.value_or(kPage));
  for (const auto& state : queries_.of_account(call.context.principal.account)) {
    const auto status = status_text(state.status);
    if (request.status && *request.status != status) continue;
    const auto& groups = state.request.groups;
    const auto of_group = [&](const store::GroupKey& key) { return key.name == *request.log_group_name; };
    if (request.log_group_name && std::ranges::none_of(groups, of_group)) continue;
    if (list.size() == limit) break;
    auto& one = list.emplace_back();
    one.query_language = "CWLI";
    one.query_id = state.id;
    one.query_string = state.request.text;
    one.status = status;
    one.create_time = state.created_ms;
    one.log_group_name = groups.front().name;
  }
  co_return out;
}

void LogsService::add_queries() {
  service_.on<logs::StartQuery>([this](auto call, auto r) { return start_query(std::move(call), std::move(r)); });
  service_.on<logs::GetQueryResults>(
      [this](auto call, auto r) { return query_results(std::move(call), std::move(r)); });
  service_.on<logs::StopQuery>([this](auto call, auto r) { return stop_query(std::move(call), std::move(r)); });
  service_.on<logs::DescribeQueries>(
      [this](auto call, auto r) { return describe_queries(std::move(call), std::move(r)); });
}

}  // namespace gust::api
