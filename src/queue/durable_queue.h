// DurableQueue: a Queue in rows of a kv::Store, owned by this process. Over RocksStore it is durable; over MemoryStore
// it is its own twin. Rows: docs/formats/queue.md.
#pragma once

#include "async/event.h"
#include "env/clock.h"
#include "kv/frontier.h"
#include "queue/queue.h"

#include <map>
#include <memory>
#include <string>

namespace gust::queue {

class DurableQueue final : public Queue {
 public:
  // `name` is 1-64 of [a-z0-9-]. The store and the clock outlive the queue.
  DurableQueue(async::Executor executor, kv::Store& store, env::Clock& clock, std::string name);

  // Must end before the first lease. Makes what the process before this one held available at once: one daemon owns a
  // queue, so that its leases died with it.
  async::Task<void> open();

  Result<void> enqueue(kv::Transaction& tx, const Message& message, WallTime available_at) override;
  void notify() override;
  async::Task<std::vector<Lease>> lease(std::size_t max, Millis duration, SteadyTime deadline) override;
  async::Task<void> acknowledge(Lease lease) override;
  async::Task<void> retry(Lease lease, WallTime available_at) override;
  async::Task<void> bury(Lease lease, std::string reason) override;
  async::Task<Lease> extend(Lease lease, Millis duration) override;
  async::Task<std::vector<DeadLetter>> dead(std::string after_id, std::size_t max) override;
  async::Task<void> revive(std::string id, std::string body) override;
  async::Task<void> drop(std::string id) override;
  async::Task<Depth> depth() override;

 private:
  // A lease that this process gave out: where the message's availability row is, and until when.
  struct Held {
    std::uint64_t token = 0;
    WallTime until{};
    WallTime available_at{};
  };

  std::string ready_key(WallTime at, std::string_view id) const;
  std::string message_key(std::string_view id) const;
  std::string dead_key(std::string_view id) const;
  // Takes available messages of one scan; fewer than `max` when there are no more.
  async::Task<std::vector<Lease>> take(std::size_t max, Millis duration);
  // The lease of one ready row; nothing when it is held or gone.
  async::Task<std::optional<Lease>> take_one(std::string ready, WallTime now, Millis duration);
  // When the next message may become available, by what is held and by the first waiting row.
  async::Task<SteadyTime> next_change(SteadyTime deadline);
  // Ends a lease with what `end` writes; kPrecondition when it is not held any more.
  async::Task<void> settle(Lease lease, std::function<Result<void>(kv::Transaction&)> end);
  void release_expired();
  async::Task<std::uint64_t> count(std::string prefix);

  async::Executor executor_;
  kv::Store& store_;
  env::Clock& clock_;
  std::string prefix_;
  async::Event changed_;
  std::map<std::string, Held, std::less<>> held_;  // by message id: leases live in memory, they die with the process
  const std::shared_ptr<kv::Frontier> frontier_;   // of ready rows that are not held
  WallTime last_take_{};
  std::uint64_t next_token_ = 1;
  std::uint64_t changes_ = 0;  // counts notify(), so that none is missed between looking and waiting
};

}  // namespace gust::queue
