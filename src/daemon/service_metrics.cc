#include "daemon/service_metrics.h"

#include <fmt/format.h>

#include <utility>

namespace gust::daemon {
namespace {

constexpr std::string_view kNamespace = "AWS/Lambda";
constexpr std::int64_t kMinuteMs = 60'000;

metrics::Sample sample_of(const AccountId& account, std::string name, metrics::Dimensions dimensions,
                          std::string_view unit, metrics::Summary summary) {
  metrics::Sample out;
  out.metric = {account, std::string(kNamespace), std::move(name), std::move(dimensions)};
  out.unit = metrics::parse_unit(unit).value_or(metrics::kNoUnit);
  out.summary = std::move(summary);
  return out;
}

// A count of `sum` among `events` events, of which each counts one or nothing.
metrics::Summary counted(double sum, double events) {
  metrics::Summary out;
  if (sum > 0) out.add(1, sum);
  if (events > sum) out.add(0, events - sum);
  return out;
}

}  // namespace

void ServiceMetrics::Version::add(const Version& other) {
  invocations += other.invocations;
  errors += other.errors;
  duration_ms.merge(other.duration_ms);
}

async::Task<void> ServiceMetrics::append(meter::Record record) {
  const auto key = std::tie(record.account, record.function, record.version);
  auto found = versions_.find(key);
  if (found == versions_.end()) found = versions_.emplace(key, Version{}).first;
  auto& version = found->second;
  ++version.invocations;
  if (!record.error_type.empty()) ++version.errors;
  version.duration_ms.add(static_cast<double>(record.duration_us) / 1000);
  return next_.append(std::move(record));
}

void ServiceMetrics::admitted(const functions::FunctionKey& function, std::size_t running) {
  auto& load = loads_[function];
  if (running == 0) {
    ++load.throttles;
  } else {
    load.running.add(static_cast<double>(running));
  }
}

async::Task<void> ServiceMetrics::run() {
  since_ = clock_.now();
  for (;;) {
    const auto into = to_epoch_ms(clock_.now()) % kMinuteMs;
    const auto pause = period_.value_or(Millis(kMinuteMs - into));
    GUST_CO_CHECK(co_await async::sleep_for(pause));
    GUST_CO_CHECK(co_await flush());
  }
}

async::Task<void> ServiceMetrics::stop() {
  const auto stopped = co_await tasks_.stop();
  GUST_CO_CHECK(co_await flush());
  co_return stopped;
}

async::Task<void> ServiceMetrics::flush() {
  std::vector<metrics::Sample> samples;
  if (requests_ != nullptr) {
    GUST_CO_TRY(samples, co_await requests_->take());
  }
  add_versions(samples);
  add_loads(samples);
  const auto at = std::exchange(since_, clock_.now());
  for (auto& sample : samples) sample.at = at;
  store_.add(std::move(samples));
  co_return Result<void>{};
}

void ServiceMetrics::add_versions(std::vector<metrics::Sample>& out) {
  // As the service has them: of all functions, of each, and of each as it was named.
  std::map<std::pair<AccountId, metrics::Dimensions>, Version> sums;
  for (const auto& [key, version] : std::exchange(versions_, {})) {
    const auto& [account, function, number] = key;
    const auto resource = number == functions::kLatest ? function : fmt::format("{}:{}", function, number);
    sums[{account, {}}].add(version);
    sums[{account, {{"FunctionName", function}}}].add(version);
    sums[{account, {{"FunctionName", function}, {"Resource", resource}}}].add(version);
  }
  for (auto& [key, sum] : sums) {
    const auto& [account, dimensions] = key;
    out.push_back(sample_of(account, "Invocations", dimensions, "Count", counted(sum.invocations, sum.invocations)));
    out.push_back(sample_of(account, "Errors", dimensions, "Count", counted(sum.errors, sum.invocations)));
    out.push_back(sample_of(account, "Duration", dimensions, "Milliseconds", std::move(sum.duration_ms)));
  }
}

void ServiceMetrics::add_loads(std::vector<metrics::Sample>& out) {
  for (auto& [function, load] : std::exchange(loads_, {})) {
    const metrics::Dimensions dimensions{{"FunctionName", function.name.str()}};
    const auto tries = load.throttles + load.running.count;
    out.push_back(sample_of(function.account, "Throttles", dimensions, "Count", counted(load.throttles, tries)));
    if (load.running.count > 0) {
      out.push_back(sample_of(function.account, "ConcurrentExecutions", dimensions, "Count", std::move(load.running)));
    }
  }
}

}  // namespace gust::daemon
