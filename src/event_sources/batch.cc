#include "event_sources/batch.h"

#include <algorithm>
#include <iterator>

namespace gust::event_sources {
namespace {

constexpr Millis kFirstPause{100}, kLongestPause{30'000};

}  // namespace

Batch take_front(Batch& batch, std::size_t count) {
  Batch out;
  out.failures = batch.failures;
  out.pauses = batch.pauses;
  out.invocations = batch.invocations;
  out.request_id = batch.request_id;
  out.answer = batch.answer;
  const auto end = static_cast<std::ptrdiff_t>(count);
  out.records.assign(std::make_move_iterator(batch.records.begin()),
                     std::make_move_iterator(batch.records.begin() + end));
  out.numbers.assign(batch.numbers.begin(), batch.numbers.begin() + end);
  batch.records.erase(batch.records.begin(), batch.records.begin() + end);
  batch.numbers.erase(batch.numbers.begin(), batch.numbers.begin() + end);
  return out;
}

std::size_t count_expired(const Batch& batch, WallTime now, Millis most) {
  const auto young = [&](const Record& record) { return now - record.at < most; };
  return static_cast<std::size_t>(std::ranges::find_if(batch.records, young) - batch.records.begin());
}

Next after_failure(Batch batch, std::size_t failed, const Settings& settings) {
  Next out;
  // The function said where: that is where the batch is split.
  const bool split = settings.bisects && failed > 0;
  if (settings.bisects && failed == 0 && batch.size() > 1) {
    auto first = take_front(batch, batch.size() / 2);
    out.batches.push_back(std::move(first));
  } else if (!split) {
    if (failed > 0) batch.pauses = 0;  // it got on
    ++batch.failures;
    ++batch.pauses;
    const bool over = settings.max_retries >= 0 && batch.failures > static_cast<std::uint32_t>(settings.max_retries);
    out.when = over ? Next::When::kNever : Next::When::kAfterPause;
  }
  out.batches.push_back(std::move(batch));
  return out;
}

Millis pause_before(std::uint32_t attempt) {
  const auto doublings = std::min<std::uint32_t>(attempt > 0 ? attempt - 1 : 0, 16);
  return std::min(kFirstPause * (1 << doublings), kLongestPause);
}

}  // namespace gust::event_sources
