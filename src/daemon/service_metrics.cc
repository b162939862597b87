#include "daemon/service_metrics.h"

#include "daemon/samples_of.h"

#include <fmt/format.h>

#include <utility>

namespace gust::daemon {
namespace {

constexpr std::string_view kNamespace = "AWS/Lambda";
constexpr std::int64_t kMinuteMs = 60'000;

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
    SamplesOf of(out, account, kNamespace, dimensions);
    of.add_count("Invocations", sum.invocations, sum.invocations);
    of.add_count("Errors", sum.errors, sum.invocations);
    of.add("Duration", "Milliseconds", std::move(sum.duration_ms));
  }
}

void ServiceMetrics::add_loads(std::vector<metrics::Sample>& out) {
  for (auto& [function, load] : std::exchange(loads_, {})) {
    SamplesOf of(out, function.account, kNamespace, {{"FunctionName", function.name.str()}});
    of.add_count("Throttles", load.throttles, load.throttles + load.running.count);
    of.add("ConcurrentExecutions", "Count", std::move(load.running));
  }
}

}  // namespace gust::daemon
