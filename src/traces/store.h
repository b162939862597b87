// Store: takes spans from everywhere, keeps them in segments, and finds them again. record() may be called on any
// thread; the rest on the loop's. The disk is a pool's.
#pragma once

#include "async/blocking_pool.h"
#include "async/task_group.h"
#include "env/clock.h"
#include "traces/query.h"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <set>

namespace gust::traces {

// Traces that were begun since it was looked at last.
class Feed {
 public:
  static constexpr std::size_t kMost = 200;  // waiting at once; what comes beyond is only counted
  struct Heard {
    std::deque<TraceId> ids;
    std::uint64_t left_out = 0;
  };

 private:
  friend class Store;
  static constexpr std::size_t kRemembered = 1000;  // a trace may begin with several spans: it is told once
  Heard heard_;
  std::deque<TraceId> last_;
  std::set<TraceId> told_;  // those of last_
};

class Store final : public telemetry::Tracer {
 public:
  // `files` and `clock` outlive it. kNoSpace, kUnavailable: the folder cannot be made or read.
  static Result<std::unique_ptr<Store>> open(async::Executor executor, env::Files& files, env::Clock& clock,
                                             std::string folder, StoreSettings settings);

  void record(const Span& span) override;
  // Writes what was recorded every flush_every, until stop(), which writes the rest.
  void start();
  async::Task<void> stop();
  // What was recorded until now is in the file afterwards, and so outlives the process.
  async::Task<void> flush();

  // All see what was recorded until now. No spans: there is no such trace of the account's.
  async::Task<Trace> find(TraceId id, AccountId account);
  async::Task<Page> search(Query query);
  async::Task<Map> map(Query query);

  // What begins from now on, as long as the answer is kept. take() empties it.
  std::shared_ptr<Feed> listen();
  Feed::Heard take(Feed& feed);

  // Spans recorded, and dropped because the disk was too slow, since the start.
  std::uint64_t recorded() const { return recorded_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const { return segments_->bytes(); }

 private:
  Store(async::Executor executor, env::Clock& clock, std::unique_ptr<Segments> segments, StoreSettings settings);
  void hand_over();  // under mutex_
  static void tell(Feed& feed, const TraceId& trace);
  async::Task<void> keep_flushing();
  // The segments after a flush.
  async::Task<std::vector<View>> views();

  env::Clock& clock_;
  StoreSettings settings_;
  std::unique_ptr<Segments> segments_;
  std::mutex mutex_;
  BlockWriter block_;  // what is recorded and not handed over
  std::vector<std::weak_ptr<Feed>> feeds_;
  std::atomic<std::uint64_t> recorded_ = 0, dropped_ = 0;
  async::TaskGroup tasks_;
  async::BlockingPool writer_, reader_;
};

}  // namespace gust::traces
