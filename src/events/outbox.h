// Outbox: records written in the transaction that makes them true, and the pump that hands each to its targets, at
// least once, in order of writing. Rows: outbox/<sequence>. Loop thread only, but for append().
#pragma once

#include "async/event.h"
#include "async/task_group.h"
#include "env/clock.h"
#include "env/random.h"
#include "events/notification.h"
#include "kv/frontier.h"
#include "telemetry/span.h"

#include <atomic>

namespace gust::events {

// Takes an event for asynchronous delivery, in the transaction that forgets it here.
class Target {
 public:
  virtual ~Target() = default;
  // kNotFound when there is no such target: the event is dropped with a line in the log.
  virtual Result<void> enqueue(kv::Transaction& tx, const std::string& target_arn, std::string payload,
                               const std::string& event_id, const std::string& trace_id) = 0;
  // After the commit; loop thread.
  virtual void notify() = 0;
};

class Outbox {
 public:
  Outbox(async::Executor executor, kv::Store& store, env::Clock& clock, env::Random& random, Target& target,
         telemetry::Tracer& tracer = telemetry::no_tracer());

  // On a pool thread, inside the writer's transaction; gives the record its id.
  Result<void> append(kv::Transaction& tx, ObjectRecord record);
  void notify() { wake_.set(); }

  // Goes on with what is there from before, then with what comes, until stop().
  void start();
  async::Task<void> stop();

 private:
  async::Task<void> pump();
  // Hands on up to a batch of records; false when there were none.
  async::Task<bool> pump_batch();
  Result<void> hand_on(kv::Transaction& tx, const kv::Entry& row, std::vector<telemetry::Span>& spans);

  kv::Store& store_;
  env::Clock& clock_;
  env::Random& random_;
  Target& target_;
  telemetry::Tracer& tracer_;
  const std::shared_ptr<kv::Frontier> frontier_;  // writers may outlive this
  async::Event wake_;
  async::TaskGroup tasks_;
  std::atomic<std::uint64_t> counter_ = 0;  // breaks ties between rows of one millisecond
};

}  // namespace gust::events
