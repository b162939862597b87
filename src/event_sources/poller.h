// Poller: reads one shard for one mapping and hands the records on in batches: in order by key, at least once each,
// with what the mapping's settings say of failures. Loop thread only.
#pragma once

#include "async/task_group.h"
#include "env/random.h"
#include "event_sources/batch.h"
#include "event_sources/progress.h"
#include "event_sources/source.h"
#include "events/pattern.h"
#include "telemetry/metrics.h"
#include "telemetry/span.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::event_sources {

// What is counted over all mappings.
struct Counts {
  explicit Counts(telemetry::Metrics& metrics);
  telemetry::Counter batches, failed_batches, records, filtered, given_up;
};

class Poller : public std::enable_shared_from_this<Poller> {
 public:
  // All outlive it.
  struct Parts {
    Source& source;
    Target& target;
    Failures& failures;
    Checkpoints& checkpoints;
    Timing& timing;
    env::Random& random;
    Counts& counts;
    telemetry::Tracer& tracer = telemetry::no_tracer();
  };
  Poller(async::Executor executor, Parts parts, Mapping mapping, std::string shard);

  // From the checkpoint on, in tasks of `tasks`, until stop() or the shard's end. What runs then is finished first.
  async::Task<void> run(std::shared_ptr<async::TaskGroup> tasks);
  void stop();
  bool stopping() const { return stopping_; }
  async::Event& over() { return over_; }  // for whoever waits for the end of run(), which sets it

  const std::string& result() const { return result_; }                     // LastProcessingResult; empty: none yet
  std::optional<WallTime> oldest() const;  // when the oldest record came that waits

 private:
  struct Lane {
    explicit Lane(const async::Executor& executor) : changed(executor) {}
    struct Waiting {
      Record record;
      std::uint64_t number = 0;
      WallTime seen = {};
    };
    std::deque<Waiting> waiting;
    std::size_t bytes = 0;  // that they take in an event
    WallTime free_at = {};  // since when it has had no batch at work
    async::Event changed;
  };
  class Busy;  // counts a task while it lives

  async::Task<void> load();
  static async::Task<void> read_all(std::shared_ptr<Poller> self);
  static async::Task<void> work(std::shared_ptr<Poller> self, Lane& lane);

  void take(Source::Piece piece);
  bool is_wanted(const Record& record) const;
  bool is_stuffed() const;
  bool is_full(const Lane& lane) const;
  async::Task<Batch> collect(Lane& lane);
  Batch cut(Lane& lane);

  async::Task<void> deliver(Batch batch);
  async::Task<std::vector<Batch>> attempt(Batch batch);
  async::Task<void> give_up(Batch batch, GivenUp why);
  enum class Kept { kSettled, kStopped };
  async::Task<Kept> keep_failure(Abandoned abandoned);
  async::Task<void> finish(Batch batch);
  async::Task<void> settle(Batch batch);
  async::Task<void> note(std::string_view result);
  async::Task<void> save();
  async::Task<void> pause(std::uint32_t attempt);
  RequestContext context_of(const Batch& batch);
  // What is seen of an attempt, which becomes the context's current span.
  telemetry::Span begin_span(RequestContext& context, const Batch& batch);
  void end_span(telemetry::Span span, const Result<Target::Answer>& answer);
  void wake_all();

  Parts parts_;
  Mapping mapping_;
  std::string shard_;
  std::vector<events::Pattern> filters_;
  std::string result_;
  std::optional<Progress> progress_;
  std::string read_to_;         // what comes after it was not read yet
  std::size_t buffered_ = 0, buffered_bytes_ = 0;  // records that are not done
  std::size_t skipped_ = 0;                        // records since the last save that no filter wanted
  std::deque<Lane> lanes_;
  std::shared_ptr<async::Event> changes_;
  async::Event room_, stopped_, left_, over_;
  std::size_t busy_ = 0;  // tasks
  bool stopping_ = false;
  bool ended_ = false;  // nothing more will be read
  bool dirty_ = false, saving_ = false;
};

}  // namespace gust::event_sources
