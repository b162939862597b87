// KeptEvents: the events of invocations and what became of them, kept for a while so that they can be looked at and
// sent again. What is in memory, some 100 ms, is lost with a kill; the queue of asynchronous events is another thing
// and loses nothing. Loop thread only; the disk is a pool's.
#pragma once

#include "async/blocking_pool.h"
#include "async/event.h"
#include "env/clock.h"
#include "functions/event_record.h"
#include "functions/event_segments.h"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::functions {

class KeptEvents {
 public:
  static constexpr std::size_t kMaxPayload = 6 << 20;  // of larger ones only that there was one

  // A kept event without its payload, and what is known of its end.
  struct Row {
    KeptEvent event;
    std::optional<KeptOutcome> outcome;
    std::size_t attempts = 1;
    bool cut_off = false;  // the daemon ended before it did
  };
  struct Query {
    AccountId account;
    std::string function;  // empty: all
    WallTime since{};
    std::size_t limit = 100;
    std::string qualifier = {};  // that it was called with; empty: any
  };
  // Either an event or an outcome.
  struct News {
    FunctionKey function;
    std::optional<KeptEvent> event;
    std::optional<KeptOutcome> outcome;
  };
  // Hears what happens from now on, as long as it is held.
  struct Follower {
    explicit Follower(async::Executor executor) : came(executor) {}
    std::deque<News> news;
    std::uint64_t missed = 0;  // news that nobody took in time
    async::Event came;
  };

  KeptEvents(async::Executor executor, env::Clock& clock, std::string folder, EventBounds bounds);
  ~KeptEvents();

  bool keeps() const { return bounds_.bytes > 0; }
  // Both only remember; `payload` is copied.
  void accepted(KeptEvent event, std::string_view payload);
  void ended(const FunctionKey& function, KeptOutcome outcome);

  // The event with its payload, of the newest attempt. kNotFound "event"; kCorrupt.
  async::Task<KeptEvent> find(AccountId account, std::string id);
  // The newest first.
  async::Task<std::vector<Row>> list(Query query);
  // What became of one; kNotFound.
  async::Task<Row> look(AccountId account, std::string id);
  std::shared_ptr<Follower> follow();
  // Returns when all that was remembered is in the files.
  async::Task<void> flush();
  // Events that came faster than the disk takes them, or that it did not take.
  std::uint64_t lost() const { return lost_->load(); }

 private:
  template <typename Record>
  void remember(const Record& record, std::string_view payload);
  void tell(News news);
  void write_soon();
  void write_out();

  async::Executor executor_;
  env::Clock& clock_;
  std::string folder_;
  EventBounds bounds_;
  WallTime opened_at_;
  std::vector<std::string> chunks_;  // records that no writer has yet
  std::vector<std::weak_ptr<Follower>> followers_;
  boost::asio::steady_timer pause_;
  bool scheduled_ = false;
  std::shared_ptr<std::atomic<std::uint64_t>> lost_ = std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<std::atomic<std::size_t>> waiting_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::shared_ptr<EventSegments> segments_;  // the writer's
  async::BlockingPool reader_;
  async::BlockingPool writer_;  // one thread: records stay in order
};

}  // namespace gust::functions
