// AlarmWatch: looks at every alarm again and again, and sets the state that its metric's values of whole periods give
// it. Loop thread only.
#pragma once

#include "async/task_group.h"
#include "metrics/alarms.h"
#include "metrics/evaluation.h"
#include "metrics/metric_store.h"

namespace gust::metrics {

class AlarmWatch {
 public:
  // All outlive this.
  AlarmWatch(async::Executor executor, Alarms& alarms, MetricStore& metrics, env::Clock& clock, Millis period)
      : alarms_(alarms), metrics_(metrics), clock_(clock), period_(period), tasks_(executor, "alarms") {}

  void start() { tasks_.spawn(run()); }
  async::Task<void> stop() { return tasks_.stop(); }
  // One look at all.
  async::Task<void> look();

 private:
  async::Task<void> run();
  async::Task<void> look_at(Alarm alarm);

  Alarms& alarms_;
  MetricStore& metrics_;
  env::Clock& clock_;
  Millis period_;
  WallTime tidied_{};
  async::TaskGroup tasks_;
};

// The values of an alarm's last whole periods, as evaluate() wants them.
std::vector<Datapoint> datapoints_of(const Alarm& alarm, const std::vector<FoundPiece>& pieces, std::int64_t from_s,
                                     std::int64_t to_s);

}  // namespace gust::metrics
