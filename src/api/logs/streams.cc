// Log streams.
#include "api/logs/service.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::api {
namespace {

namespace store = gust::logs;

constexpr std::size_t kPage = 50;

logs::LogStream to_answer(const std::string& arn, const store::StreamInfo& stream) {
  logs::LogStream out;
  out.log_stream_name = stream.name;
  out.creation_time = stream.created_ms;
  out.arn = fmt::format("{}:log-stream:{}", arn, stream.name);
  out.stored_bytes = 0;  // as the service has it since 2019
  out.upload_sequence_token = fmt::format("{:056}", stream.share.events + 1);
  if (stream.share.events > 0) {
    out.first_event_timestamp = stream.share.first_ms;
    out.last_event_timestamp = stream.share.last_ms;
    out.last_ingestion_time = stream.share.last_ingested_ms;
  }
  return out;
}

// Where a stream is in the list: by its last event, then its name; or by its name.
using Place = std::pair<std::int64_t, std::string>;

std::string text_of(const Place& place) { return fmt::format("{:020}{}", place.first, place.second); }

}  // namespace

LogsReply<logs::Empty> LogsService::create_stream(wire::Call call, logs::CreateLogStreamRequest request) {
  auto key = group_key(call, request.log_group_name);
  GUST_CO_CHECK(co_await events_.create_stream(std::move(key), request.log_stream_name));
  co_return logs::Empty{};
}

LogsReply<logs::Empty> LogsService::delete_stream(wire::Call call, logs::DeleteLogStreamRequest request) {
  auto key = group_key(call, request.log_group_name);
  GUST_CO_CHECK(co_await events_.remove_stream(std::move(key), request.log_stream_name));
  co_return logs::Empty{};
}

LogsReply<logs::DescribeLogStreamsResponse> LogsService::describe_streams(wire::Call call,
                                                                          logs::DescribeLogStreamsRequest request) {
  GUST_CO_TRY(const auto key, group_key(call, request.log_group_name, request.log_group_identifier));
  const bool by_time = request.order_by == "LastEventTime", falling = request.descending.value_or(false);
  if (by_time && request.log_stream_name_prefix)
    co_return invalid_logs_request("Cannot order by LastEventTime with a logStreamNamePrefix.");
  GUST_CO_TRY(const auto after, parse_list_token(request.next_token));
  GUST_CO_CHECK(co_await events_.flush());
  GUST_CO_TRY(const auto streams, co_await events_.streams(key));
  const auto prefix = request.log_stream_name_prefix.value_or("");
  std::vector<std::pair<std::string, const store::StreamInfo*>> places;
  for (const auto& stream : streams) {
    if (!stream.name.starts_with(prefix)) continue;
    places.emplace_back(text_of({by_time ? stream.share.last_ms : 0, stream.name}), &stream);
  }
  std::ranges::sort(places);
  if (falling) std::ranges::reverse(places);
  const auto limit = static_cast<std::size_t>(request.limit.value_or(kPage));
  const auto arn = group_arn(call, key);
  logs::DescribeLogStreamsResponse out;
  auto& list = out.log_streams.emplace();
  std::string last;
  for (const auto& [place, stream] : places) {
    if (!after.empty() && (falling ? place >= after : place <= after)) continue;
    if (list.size() == limit) {
      out.next_token = list_token(last);
      break;
    }
    list.push_back(to_answer(arn, *stream));
    last = place;
  }
  co_return out;
}

void LogsService::add_streams() {
  service_.on<logs::CreateLogStream>(
      [this](auto call, auto r) { return create_stream(std::move(call), std::move(r)); });
  service_.on<logs::DeleteLogStream>(
      [this](auto call, auto r) { return delete_stream(std::move(call), std::move(r)); });
  service_.on<logs::DescribeLogStreams>(
      [this](auto call, auto r) { return describe_streams(std::move(call), std::move(r)); });
}

}  // namespace gust::api
