// ServiceMetrics: the platform's own metrics, summed up in memory and written once a minute and at the end: kill -9
// loses what came since. Those of AWS/Lambda are summed up here, the others in RequestMetrics. Loop thread only.
#pragma once

#include "async/task_group.h"
#include "daemon/request_metrics.h"
#include "env/clock.h"
#include "functions/function.h"
#include "meter/record.h"
#include "metrics/metric_store.h"

#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace gust::daemon {

class ServiceMetrics final : public meter::Sink {
 public:
  // Hands records on to `next`. All outlive this. Without a period: at the begin of each minute.
  ServiceMetrics(async::Executor executor, meter::Sink& next, metrics::MetricStore& store, env::Clock& clock,
                 std::optional<Millis> period)
      : next_(next), store_(store), clock_(clock), period_(period), tasks_(executor, "service metrics") {}

  async::Task<void> append(meter::Record record) override;
  // An invocation was let in, and so many of its function run now; 0: it was refused for want of room.
  void admitted(const functions::FunctionKey& function, std::size_t running);

  void start() { tasks_.spawn(run()); }
  async::Task<void> stop();
  // Whose are written, too. Outlives this.
  void add(RequestMetrics& requests) { requests_ = &requests; }
  // Hands what came to the store.
  async::Task<void> flush();

 private:
  struct Version {
    double invocations = 0, errors = 0;
    metrics::Summary duration_ms;
    void add(const Version& other);
  };
  struct Load {
    double throttles = 0;
    metrics::Summary running;
  };
  // The account, the function, its version.
  using VersionKey = std::tuple<AccountId, std::string, std::string>;

  async::Task<void> run();
  void add_versions(std::vector<metrics::Sample>& out);
  void add_loads(std::vector<metrics::Sample>& out);

  meter::Sink& next_;
  metrics::MetricStore& store_;
  env::Clock& clock_;
  std::optional<Millis> period_;
  RequestMetrics* requests_ = nullptr;
  std::map<VersionKey, Version, std::less<>> versions_;
  std::map<functions::FunctionKey, Load> loads_;
  WallTime since_{};  // when what is counted began
  async::TaskGroup tasks_;
};

}  // namespace gust::daemon
