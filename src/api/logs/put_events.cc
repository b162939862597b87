// PutLogEvents: what a batch may be. Source: PutLogEvents of the CloudWatch Logs API.
#include "api/logs/service.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::api {
namespace {

namespace store = gust::logs;

constexpr std::size_t kMaxBatch = 1'048'576, kMaxEvent = 1'048'576;  // with kEventOverhead
constexpr Millis kMaxSpan = std::chrono::hours(24), kMaxAhead = std::chrono::hours(2), kMaxAge = std::chrono::days(14);

Result<void> check_batch(const std::vector<logs::InputLogEvent>& events) {
  std::size_t total = 0;
  for (const auto& event : events) {
    const auto size = event.message.size() + store::kEventOverhead;
    if (size > kMaxEvent)
      return invalid_logs_request(fmt::format("Log event too large: {} bytes exceeds limit of {}", size, kMaxEvent));
    total += size;
  }
  if (total > kMaxBatch)
    return invalid_logs_request(fmt::format("Upload too large: {} bytes exceeds limit of {}", total, kMaxBatch));
  if (!std::ranges::is_sorted(events, {}, &logs::InputLogEvent::timestamp)) {
    return invalid_logs_request(
        "Log events in a single PutLogEvents request must be in chronological order.");
  }
  if (events.back().timestamp - events.front().timestamp > kMaxSpan.count()) {
    return invalid_logs_request(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return {};
}

// Which of the events, whose times rise, are not taken.
struct Taken {
  std::size_t begin = 0, end = 0;
  std::optional<logs::RejectedLogEventsInfo> rejected;
};

Taken choose(const std::vector<logs::InputLogEvent>& events, WallTime now, const std::optional<int>& retention_days) {
  const auto first_at = [&](WallTime time) {
    const auto found = std::ranges::lower_bound(events, to_epoch_ms(time), {}, &logs::InputLogEvent::timestamp);
    return static_cast<std::size_t>(found - events.begin());
  };
  const auto too_old = first_at(now - kMaxAge), too_new = first_at(now + kMaxAhead + Millis(1));
  const auto expired = retention_days ? first_at(now - std::chrono::days(*retention_days)) : 0;
  Taken out{std::max(too_old, expired), too_new, std::nullopt};
  out.begin = std::min(out.begin, out.end);
  if (too_old == 0 && expired == 0 && too_new == events.size()) return out;
  auto& rejected = out.rejected.emplace();
  // An end is behind the last that is meant.
  if (too_old > 0) rejected.too_old_log_event_end_index = static_cast<std::int32_t>(too_old);
  if (expired > 0) rejected.expired_log_event_end_index = static_cast<std::int32_t>(expired);
  if (too_new < events.size()) rejected.too_new_log_event_start_index = static_cast<std::int32_t>(too_new);
  return out;
}

}  // namespace

LogsReply<logs::PutLogEventsResponse> LogsService::put_events(wire::Call call, logs::PutLogEventsRequest request) {
  const auto key = group_key(call, request.log_group_name);
  GUST_CO_CHECK(check_batch(request.log_events));
  GUST_CO_TRY(const auto stream, co_await events_.stream(key, request.log_stream_name));
  if (!stream) co_return fail(Code::kNotFound, "The specified log stream does not exist.", "stream");
  const auto* const group = groups_.find(key);
  const auto taken = choose(request.log_events, clock_.now(), group == nullptr ? std::nullopt : group->retention_days);
  std::vector<store::NewEvent> events;
  for (auto i = taken.begin; i < taken.end; ++i) {
    auto& event = request.log_events[i];
    events.push_back({event.timestamp, request.log_stream_name, "", std::move(event.message)});
  }
  const auto count = events.size();
  GUST_CO_CHECK(co_await events_.put(key, std::move(events)));
  logs::PutLogEventsResponse out;
  out.next_sequence_token = fmt::format("{:056}", stream->share.events + count + 1);
  out.rejected_log_events_info = taken.rejected;
  co_return out;
}

}  // namespace gust::api
