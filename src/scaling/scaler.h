// Scaler: runs what is scheduled, measures use and follows its target, and sets the numbers. What it does it writes
// down first (ActivityLog), so that it goes on after a crash. Loop thread only.
#pragma once

#include "async/event.h"
#include "async/task_group.h"
#include "env/clock.h"
#include "kv/store.h"
#include "scaling/activity_log.h"
#include "scaling/capacity.h"
#include "scaling/rows.h"
#include "scaling/tracking.h"

#include <map>
#include <string>
#include <vector>

namespace gust::scaling {

struct ScalerSettings {
  Millis period{60'000};  // of a datapoint
  Millis look_every{1000};
};

class Scaler {
 public:
  Scaler(async::Executor executor, kv::Store& store, env::Clock& clock, Capacity& capacity, Utilisation& utilisation,
         ActivityLog& log, ScalerSettings settings);

  // tick() every `look_every`, until stop().
  void start();
  async::Task<void> stop();

  // Whatever there is to do now.
  async::Task<void> tick();
  // Does what the log has in progress.
  async::Task<void> settle();

 private:
  using Policies = std::map<Resource, std::vector<Policy>>;

  async::Task<void> run();
  async::Task<void> settle_in_turn();
  // Whether it is done with; kept for later when the number cannot be set for the moment.
  async::Task<bool> perform(std::string pending, std::string key);
  async::Task<void> run_due();
  async::Task<void> run_or_forget(std::string key);
  async::Task<void> run_action(rows::Due due, std::string key);
  Result<void> apply(kv::Transaction& tx, const rows::Due& due, const std::string& key,
                     const Result<std::uint32_t>& current);
  async::Task<Policies> policies();
  async::Task<void> measure();
  async::Task<void> evaluate(Resource resource, std::vector<Policy> policies, std::deque<double> points);

  kv::Store& store_;
  env::Clock& clock_;
  Capacity& capacity_;
  Utilisation& utilisation_;
  ActivityLog& log_;
  ScalerSettings settings_;
  std::map<Resource, Series> series_;  // of those with policies
  std::int64_t period_ = -1;           // the number of the one that is measured
  bool settling_ = false;
  async::Event settled_;
  async::TaskGroup tasks_;
};

}  // namespace gust::scaling
