#include "metrics/alarm_watch.h"

#include "base/log.h"

namespace gust::metrics {
namespace {

constexpr std::chrono::hours kTidyEvery{1};

}  // namespace

async::Task<void> AlarmWatch::run() {
  for (;;) {
    GUST_CO_CHECK(co_await async::sleep_for(period_));
    const auto done = co_await look();
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done) GUST_WARN("alarms: {}; looking again", done.error().message);
  }
}

async::Task<void> AlarmWatch::look() {
  GUST_CO_TRY(const auto alarms, co_await alarms_.all());
  for (const auto& alarm : alarms) {
    // One that cannot be looked at does not keep the others.
    const auto done = co_await look_at(alarm);
    if (!done && done.error().code == Code::kCancelled) co_return done;
    const bool gone = !done && done.error().code == Code::kNotFound;
    if (!done && !gone) GUST_WARN("alarms: {}: {}; looking again", alarm.name, done.error().message);
  }
  if (clock_.now() - tidied_ < kTidyEvery) co_return Result<void>{};
  tidied_ = clock_.now();
  co_return co_await alarms_.tidy();
}

std::vector<Datapoint> datapoints_of(const Alarm& alarm, const std::vector<FoundPiece>& pieces, std::int64_t from_s,
                                     std::int64_t to_s) {
  std::map<std::int64_t, Summary> by_start;  // of any unit
  for (const auto& piece : pieces) by_start[piece.start_s].merge(piece.summary);
  std::vector<Datapoint> out;
  for (auto at = from_s; at < to_s; at += alarm.period_s) {
    const auto found = by_start.find(at);
    if (found == by_start.end()) {
      out.push_back({at, std::nullopt, 0});
    } else {
      out.push_back({at, value_of(alarm.statistic, found->second), found->second.count});
    }
  }
  return out;
}

async::Task<void> AlarmWatch::look_at(Alarm alarm) {
  const auto now_s = to_epoch_ms(clock_.now()) / 1000;
  const auto to_s = now_s - now_s % alarm.period_s;
  const auto span_s = std::int64_t{alarm.evaluation_periods + kMorePeriods} * alarm.period_s;
  const auto from_s = std::max<std::int64_t>(to_s - span_s, 0);
  PiecesQuery query{alarm.metric, alarm.unit, from_s, to_s, alarm.period_s};
  GUST_CO_TRY(const auto pieces, co_await metrics_.read(std::move(query)));
  const auto points = datapoints_of(alarm, pieces, from_s, to_s);
  const auto state = evaluate(alarm, points);
  if (!state || *state == alarm.state) co_return Result<void>{};
  Alarms::NewState next{*state, state_reason(alarm, *state, points), state_reason_data(alarm, points, clock_.now())};
  GUST_INFO("alarms: {} of {}: {} -> {}", alarm.name, alarm.account(), state_name(alarm.state), state_name(*state));
  co_return co_await alarms_.set_state(alarm.account(), alarm.name, std::move(next));
}

}  // namespace gust::metrics
