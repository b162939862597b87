// InvokerMetrics: what invocations and the starts of instances came to, counted for /_gust/metrics and `gust status
// --pools`. Loop thread only.
#pragma once

#include "functions/instance.h"
#include "functions/invoker.h"
#include "telemetry/metrics.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gust::functions {

class InvokerMetrics {
 public:
  // None given: counts in its own.
  explicit InvokerMetrics(telemetry::Metrics* metrics);

  // An invocation has its instance: one that was there already, or one whose start it waited for.
  enum class Found { kAtOnce, kAfterWaiting };
  void found(const Instance& instance, Found found, SteadyTime since);
  void started(const Instance& instance);  // it has done its init
  void start_failed() { failed_starts_.add(); }
  void evicted() { evictions_.add(); }
  // How an invocation on an instance ended; one that was not delivered is none.
  void ended(const Result<InvokeResult>& result, SteadyTime began);
  void init_failed();
  void refused(const Error& error);

  std::vector<StartStatus::Way> ways() const;

 private:
  struct Phase {
    std::string_view name;
    telemetry::Histogram seconds;
    double last_ms = 0;
  };
  struct Way {
    std::string_view name;
    telemetry::Counter count;
    std::vector<Phase> phases;
  };
  Way make_way(std::string_view name, const std::vector<std::string_view>& phases);
  Way& way_of(const Instance& instance);
  static void observe(Way& way, std::string_view phase, double ms);
  telemetry::Counter& throttles_of(const std::string& reason);

  std::unique_ptr<telemetry::Metrics> own_;
  telemetry::Metrics& metrics_;
  Way warm_, provisioned_, snapshot_, pooled_, launched_;
  telemetry::Counter invocations_, failed_starts_, evictions_;
  telemetry::Histogram durations_;
  std::map<std::string, telemetry::Counter, std::less<>> errors_, throttles_;  // by kind, by reason
};

}  // namespace gust::functions
