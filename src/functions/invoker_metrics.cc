#include "functions/invoker_metrics.h"

#include "base/assert.h"

#include <algorithm>
#include <chrono>

namespace gust::functions {
namespace {

const std::vector<double> kPhaseBounds{0.0001, 0.00025, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003,
                                       0.004,  0.006,   0.01,   0.015,   0.025, 0.05,   0.1,   0.15,
                                       0.25,   0.5,     1,      2.5,     5,     10,     30,    60};
const std::vector<double> kDurationBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                          0.5,    1,     2.5,    5,     10,   30,    60,   300, 900};

constexpr std::string_view kQueue = "queue", kSandbox = "sandbox", kSpecialise = "specialise", kInit = "init",
                           kRestore = "restore";

double ms_since(SteadyTime begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// A closed list: the types of functions' own errors are theirs to name.
std::string_view error_kind(const Result<InvokeResult>& result) {
  if (!result) return "platform";
  if (result->error_type == "Sandbox.Timedout") return "timeout";
  if (result->error_type == "Runtime.ExitError" || result->error_type.starts_with("Extension.")) return "exit";
  return "handler";
}

telemetry::Counter count_of(telemetry::Metrics& metrics, const char* name, const char* help) {
  return metrics.counter(name, help);
}

}  // namespace

InvokerMetrics::InvokerMetrics(telemetry::Metrics* metrics)
    : own_(metrics == nullptr ? std::make_unique<telemetry::Metrics>() : nullptr),
      metrics_(metrics == nullptr ? *own_ : *metrics),
      warm_(make_way("warm", {kQueue})),
      provisioned_(make_way("provisioned", {kQueue, kSandbox, kSpecialise, kInit, kRestore})),
      snapshot_(make_way("snapshot", {kQueue, kSandbox, kSpecialise, kRestore})),
      pooled_(make_way("pooled", {kQueue, kSpecialise, kInit})),
      launched_(make_way("launched", {kQueue, kSandbox, kSpecialise, kInit})),
      invocations_(count_of(metrics_, "gust_function_invocations_total",
                            "Invocations that reached an instance, or whose instance failed in its init.")),
      failed_starts_(count_of(metrics_, "gust_function_failed_starts_total",
                              "Instances that ended before they were ready.")),
      evictions_(count_of(metrics_, "gust_function_evictions_total",
                          "Idle instances that were ended because others needed their memory.")),
      durations_(metrics_.histogram("gust_function_duration_seconds",
                                    "From the delivery of an invocation to its end, without the init.", {},
                                    kDurationBounds)) {
  for (const auto* kind : {"handler", "timeout", "exit", "init", "platform"}) {
    const auto made = metrics_.counter("gust_function_errors_total",
                                       "Invocations that failed: in the handler, by a time-out, by the end of the "
                                       "process, in the init, or in Gust itself (platform).",
                                       {{"kind", kind}});
    errors_.emplace(kind, made);
  }
  for (const auto* reason :
       {"ConcurrentInvocationLimitExceeded", "ReservedFunctionConcurrentInvocationLimitExceeded"})
    throttles_of(reason);
}

InvokerMetrics::Way InvokerMetrics::make_way(std::string_view name, const std::vector<std::string_view>& phases) {
  const std::string way(name);
  Way out{name,
          metrics_.counter("gust_function_starts_total",
                           "Instances that became ready, by the way of their start; warm: invocations without one.",
                           {{"way", way}}),
          {}};
  for (const auto phase : phases) {
    auto seconds = metrics_.histogram(
        "gust_function_start_phase_seconds",
        "What each phase of a start took; queue: what an invocation waited for an instance of this way.",
        {{"way", way}, {"phase", std::string(phase)}}, kPhaseBounds);
    out.phases.push_back({phase, seconds});
  }
  return out;
}

InvokerMetrics::Way& InvokerMetrics::way_of(const Instance& instance) {
  if (instance.initialization_type() == kProvisionedType) return provisioned_;
  if (instance.start_kind() == Instance::Start::kRestored) return snapshot_;
  return instance.start_kind() == Instance::Start::kPooled ? pooled_ : launched_;
}

void InvokerMetrics::observe(Way& way, std::string_view phase, double ms) {
  const auto found = std::ranges::find(way.phases, phase, &Phase::name);
  GUST_ASSERT(found != way.phases.end());
  found->seconds.observe(ms / 1000);
  found->last_ms = ms;
}

void InvokerMetrics::found(const Instance& instance, Found found, SteadyTime since) {
  const bool is_warm = found == Found::kAtOnce || instance.has_served();
  auto& way = is_warm ? warm_ : way_of(instance);
  if (is_warm) way.count.add();
  observe(way, kQueue, ms_since(since));
}

void InvokerMetrics::started(const Instance& instance) {
  auto& way = way_of(instance);
  const auto phases = instance.phases();
  way.count.add();
  observe(way, instance.was_specialised() ? kSpecialise : kSandbox, phases.sandbox_ms);
  observe(way, instance.start_kind() == Instance::Start::kRestored ? kRestore : kInit, phases.init_ms);
}

void InvokerMetrics::ended(const Result<InvokeResult>& result, SteadyTime began) {
  if (!result && result.error().source == Instance::kUndelivered) return;
  invocations_.add();
  durations_.observe(ms_since(began) / 1000);
  if (!result || !result->function_error.empty()) errors_.find(error_kind(result))->second.add();
}

void InvokerMetrics::init_failed() {
  invocations_.add();
  errors_.find("init")->second.add();
}

void InvokerMetrics::refused(const Error& error) {
  if (error.code != Code::kThrottled) return;
  throttles_of(error.source).add();
}

telemetry::Counter& InvokerMetrics::throttles_of(const std::string& reason) {
  auto found = throttles_.find(reason);
  if (found == throttles_.end()) {
    const auto made = metrics_.counter("gust_function_throttles_total",
                                       "Invocations that were refused with 429, by the reason given.",
                                       {{"reason", reason}});
    found = throttles_.emplace(reason, made).first;
  }
  return found->second;
}

std::vector<StartStatus::Way> InvokerMetrics::ways() const {
  std::vector<StartStatus::Way> out;
  for (const auto* way : {&warm_, &provisioned_, &snapshot_, &pooled_, &launched_}) {
    auto& one = out.emplace_back();
    one.name = way->name;
    one.count = way->count.value();
    for (const auto& phase : way->phases) {
      const auto count = phase.seconds.count();
      if (count == 0) continue;
      one.phases.push_back({std::string(phase.name), count, phase.last_ms, phase.seconds.quantile(0.5) * 1000,
                            phase.seconds.quantile(0.99) * 1000});
    }
  }
  return out;
}

}  // namespace gust::functions
