// GetLogEvents, FilterLogEvents, and which messages a pattern takes.
#include "api/logs/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace gust::api {
namespace {

namespace store = gust::logs;
using store::Direction;
using store::Position;

constexpr std::size_t kMostEvents = 10'000;
constexpr Millis kPatience{1800};  // of one page: what is found until then is answered

store::SearchQuery window_of(const std::optional<std::int64_t>& start, const std::optional<std::int64_t>& end,
                             const std::optional<std::int32_t>& limit) {
  store::SearchQuery out;
  if (start) out.low = {*start, 0};
  if (end) out.high = {*end, 0};
  out.limit = limit ? static_cast<std::size_t>(*limit) : kMostEvents;
  return out;
}

std::string event_id(const store::Event& event) { return fmt::format("{:020}{:036}", event.at_ms, event.sequence); }

Position after(const store::Event& event) { return {event.at_ms, event.sequence + 1}; }

// A place of FilterLogEvents in its token.
std::string place_text(Position at) { return fmt::format("{}/{}", at.at_ms, at.sequence); }

Result<std::optional<Position>> parse_place(const std::optional<std::string>& token) {
  GUST_TRY(const auto text, parse_list_token(token));
  if (text.empty()) return std::nullopt;
  Position out;
  const auto slash = text.find('/');
  const auto* const begin = text.data();
  const auto* const end = begin + text.size();
  const bool formed = slash != std::string::npos &&
                      std::from_chars(begin, begin + slash, out.at_ms).ptr == begin + slash &&
                      std::from_chars(begin + slash + 1, end, out.sequence).ptr == end;
  if (!formed) return invalid_logs_request("The specified nextToken is invalid.");
  return out;
}

}  // namespace

LogsReply<logs::GetLogEventsResponse> LogsService::get_events(wire::Call call, logs::GetLogEventsRequest request) {
  GUST_CO_TRY(const auto key, group_key(call, request.log_group_name, request.log_group_identifier));
  auto query = window_of(request.start_time, request.end_time, request.limit);
  query.direction = request.start_from_head.value_or(false) ? Direction::kForward : Direction::kBackward;
  if (request.next_token) {
    GUST_CO_TRY(const auto token, parse_event_token(*request.next_token));
    query.direction = token.direction;
    if (token.direction == Direction::kForward) query.low = std::max(query.low, token.at);
    else query.high = std::min(query.high, token.at);
  }
  GUST_CO_CHECK(co_await events_.flush());
  GUST_CO_TRY(const auto stream, co_await events_.stream(key, request.log_stream_name));
  if (!stream) co_return fail(Code::kNotFound, "The specified log stream does not exist.", "stream");
  query.stream = [name = request.log_stream_name](std::string_view each) { return each == name; };
  GUST_CO_TRY(auto found, co_await events_.search(key, query));
  if (query.direction == Direction::kBackward) std::ranges::reverse(found.events);
  logs::GetLogEventsResponse out;
  auto& list = out.events.emplace();
  // Where nothing is, both lead to where this one was; at first, to the begin, so that what comes is found.
  const bool went_back = request.next_token && query.direction == Direction::kBackward;
  Position first = went_back ? query.high : query.low, last = first;
  if (!found.events.empty()) {
    first = store::position_of(found.events.front());
    last = after(found.events.back());
  }
  for (auto& event : found.events) {
    auto& one = list.emplace_back();
    one.timestamp = event.at_ms;
    one.ingestion_time = event.ingested_ms;
    one.message = std::move(event.message);
  }
  out.next_forward_token = event_token({Direction::kForward, last});
  out.next_backward_token = event_token({Direction::kBackward, first});
  if (list.empty() && request.next_token) {  // the end: the same token again says so
    const auto& given = *request.next_token;
    (given[0] == 'f' ? out.next_forward_token : out.next_backward_token) = given;
  }
  co_return out;
}

LogsReply<logs::FilterLogEventsResponse> LogsService::filter_events(wire::Call call,
                                                                    logs::FilterLogEventsRequest request) {
  GUST_CO_TRY(const auto key, group_key(call, request.log_group_name, request.log_group_identifier));
  if (request.log_stream_names && request.log_stream_name_prefix)
    co_return invalid_logs_request("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.");
  auto query = window_of(request.start_time, request.end_time, request.limit);
  if (request.end_time) query.high = {*request.end_time + 1, 0};  // events of that moment too
  if (!request.start_from_head.value_or(true)) query.direction = Direction::kBackward;
  GUST_CO_TRY(query.pattern, store::parse_filter_pattern(request.filter_pattern.value_or("")));
  GUST_CO_TRY(const auto place, parse_place(request.next_token));
  if (place && query.direction == Direction::kForward) query.low = std::max(query.low, *place);
  if (place && query.direction == Direction::kBackward) query.high = std::min(query.high, *place);
  GUST_CO_CHECK(co_await events_.flush());
  if (request.log_stream_names) {
    for (const auto& name : *request.log_stream_names) {
      GUST_CO_TRY(const auto stream, co_await events_.stream(key, name));
      if (!stream) co_return fail(Code::kNotFound, "The specified log stream does not exist.", "stream");
    }
    query.stream = [names = std::set<std::string, std::less<>>(request.log_stream_names->begin(),
                                                               request.log_stream_names->end())](
                       std::string_view each) { return names.contains(each); };
  } else if (request.log_stream_name_prefix) {
    query.stream = [prefix = *request.log_stream_name_prefix](std::string_view each) {
      return each.starts_with(prefix);
    };
  }
  query.deadline = std::chrono::steady_clock::now() + kPatience;
  GUST_CO_TRY(auto found, co_await events_.search(key, std::move(query)));
  logs::FilterLogEventsResponse out;
  out.searched_log_streams.emplace();
  auto& list = out.events.emplace();
  for (auto& event : found.events) {
    auto& one = list.emplace_back();
    one.event_id = event_id(event);
    one.log_stream_name = std::move(event.stream);
    one.timestamp = event.at_ms;
    one.ingestion_time = event.ingested_ms;
    one.message = std::move(event.message);
  }
  if (found.next) out.next_token = list_token(place_text(*found.next));
  co_return out;
}

LogsReply<logs::TestMetricFilterResponse> LogsService::test_filter(wire::Call, logs::TestMetricFilterRequest request) {
  GUST_CO_TRY(const auto pattern, store::parse_filter_pattern(request.filter_pattern));
  logs::TestMetricFilterResponse out;
  auto& list = out.matches.emplace();
  for (std::size_t i = 0; i < request.log_event_messages.size(); ++i) {
    const auto& message = request.log_event_messages[i];
    if (!pattern->matches(message)) continue;
    auto& one = list.emplace_back();
    one.event_number = static_cast<std::int64_t>(i + 1);
    one.event_message = message;
    one.extracted_values.emplace();
  }
  co_return out;
}

void LogsService::add_events() {
  service_.on<logs::PutLogEvents>([this](auto call, auto r) { return put_events(std::move(call), std::move(r)); });
  service_.on<logs::GetLogEvents>([this](auto call, auto r) { return get_events(std::move(call), std::move(r)); });
  service_.on<logs::FilterLogEvents>(
      [this](auto call, auto r) { return filter_events(std::move(call), std::move(r)); });
  service_.on<logs::TestMetricFilter>([this](auto call, auto r) { return test_filter(std::move(call), std::move(r)); });
}

}  // namespace gust::api
