// EmbeddedMetrics: metric data out of log events, as they are stored. Loop thread only.
#pragma once

#include "logs/event.h"
#include "metrics/metric_store.h"

#include <string>

namespace gust::daemon {

class EmbeddedMetrics {
 public:
  explicit EmbeddedMetrics(metrics::MetricStore& store) : store_(store) {}

  // Takes what the event holds, soon: kill -9 within a second may lose the values, though not the event.
  void take(const logs::GroupKey& group, const logs::Event& event);

 private:
  metrics::MetricStore& store_;
  std::int64_t told_ms_ = 0;  // when the log last heard of an event against the format
};

}  // namespace gust::daemon
