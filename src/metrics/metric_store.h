// MetricStore: the values of all metrics, summed up by pieces of time in rows of the store, and which metrics there are
// (in memory, too). What a write costs depends on what it holds, not on what is stored: it goes into one row of each
// level. Waiting writes are grouped into one synced transaction. Loop thread only; reads are done on a pool.
#pragma once

#include "async/blocking_pool.h"
#include "async/event.h"
#include "async/task_group.h"
#include "env/clock.h"
#include "kv/store.h"
#include "metrics/metric.h"
#include "metrics/rows.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::metrics {

// Which values, in pieces of `period_s` that begin at `from_s`, before `to_s`.
struct PiecesQuery {
  MetricKey metric;
  std::optional<Unit> unit;  // none: all, each in pieces of its own
  std::int64_t from_s = 0, to_s = 0, period_s = 60;
};

struct FoundPiece {
  std::int64_t start_s = 0;
  Unit unit = kNoUnit;
  Summary summary;
};

class MetricStore {
 public:
  struct Limits {
    std::size_t metrics_of_account = 100'000;
    std::size_t waiting = 100'000;  // samples that are not written yet
  };

  // All outlive this.
  MetricStore(async::Executor executor, kv::Store& store, env::Clock& clock, Limits limits);

  // Reads which metrics there are; before anything else. Then drops from time to time what is too old.
  async::Task<void> open();
  void start(Millis tidy_period);
  async::Task<void> stop();

  // Answered when the samples survive kill -9; all of them or, after an error, none that would be new. kTooLarge
  // "limit": too many metrics; kThrottled; kNoSpace.
  async::Task<void> put(std::vector<Sample> samples);
  // Nobody waits: written soon. What there is no room for is lost, and the log says so.
  void add(std::vector<Sample> samples);
  // Returns when all that was added is written.
  async::Task<void> flush();

  // In the order of their starts. Pieces of less than a minute only of values of that resolution.
  async::Task<std::vector<FoundPiece>> read(PiecesQuery query);
  // Those behind `after` that `wanted` takes, in order, with a value since `since`.
  std::vector<MetricKey> list(const AccountId& account, const std::optional<MetricKey>& after, WallTime since,
                              std::size_t limit, const std::function<bool(const MetricKey&)>& wanted) const;

  // Drops what is too old.
  async::Task<void> tidy();

 private:
  struct Known {
    std::uint64_t id = 0;
    std::int64_t last_ms = 0;   // of its latest value
    std::int64_t saved_ms = -1;  // what its row says
  };
  struct Batch {
    Batch(async::Executor executor, std::vector<Sample> given) : samples(std::move(given)), done(std::move(executor)) {}
    std::vector<Sample> samples;
    Result<void> result;
    async::Event done;
  };
  using Shared = std::shared_ptr<Batch>;
  // A transaction's rows: samples by the id of their metric, and rows of metrics.
  struct Work;

  Result<Shared> queue(std::vector<Sample> samples);
  Result<void> make_room(const std::vector<Sample>& samples);
  async::Task<void> write_waiting();
  async::Task<void> write(std::vector<Shared> batches);
  async::Task<void> run(Millis period);
  async::Task<void> tidy_level(rows::Level level);
  async::Task<void> tidy_metrics();

  async::Executor executor_;
  kv::Store& store_;
  env::Clock& clock_;
  Limits limits_;
  std::map<MetricKey, Known> metrics_;
  std::map<AccountId, std::size_t> of_account_;
  std::uint64_t next_id_ = 1;
  std::vector<Shared> waiting_;
  std::size_t waiting_samples_ = 0;
  enum class Writer { kIdle, kBusy } writer_ = Writer::kIdle;
  async::Event idle_;
  std::uint64_t lost_ = 0;
  async::BlockingPool readers_;
  async::TaskGroup tasks_;
};

}  // namespace gust::metrics
