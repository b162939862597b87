// Queue: durable messages with leases, delay, attempts and dead letters, kept in rows of a kv::Store. At-least-once:
// a message is delivered again until it is acknowledged or buried. Loop thread only.
#pragma once

#include "async/task.h"
#include "base/time.h"
#include "kv/store.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gust::queue {

struct Message {
  std::string id;     // stable from the first row to the last log line; unique in its queue
  std::string body;   // opaque to the queue
  WallTime enqueued_at{};
  std::uint32_t attempts = 0;  // leases taken so far
};

// A message held by one worker until `until`; then it is available again. `token` guards against a stale holder.
struct Lease {
  Message message;
  std::uint64_t token = 0;
  WallTime until{};
};

// A message that was given up, with the reason.
struct DeadLetter {
  Message message;
  std::string reason;
  WallTime buried_at{};
};

class Queue {
 public:
  virtual ~Queue() = default;
  // Writes the message's rows inside the caller's transaction, so that it exists exactly when that commits. Call
  // notify() after the commit. Idempotent by id while the message lives.
  virtual Result<void> enqueue(kv::Transaction& tx, const Message& message, WallTime available_at) = 0;
  virtual void notify() = 0;
  // Takes up to `max` available messages, oldest availability first; waits for the first until `deadline` (then none).
  virtual async::Task<std::vector<Lease>> lease(std::size_t max, Millis duration, SteadyTime deadline) = 0;
  // The three ends of a lease, and its extension. kPrecondition when the lease is no longer held.
  virtual async::Task<void> acknowledge(Lease lease) = 0;
  virtual async::Task<void> retry(Lease lease, WallTime available_at) = 0;
  virtual async::Task<void> bury(Lease lease, std::string reason) = 0;
  virtual async::Task<Lease> extend(Lease lease, Millis duration) = 0;
  // Dead letters by time of burial, after `after_id` ("" for the first).
  virtual async::Task<std::vector<DeadLetter>> dead(std::string after_id, std::size_t max) = 0;
  // Puts it back with attempts 0 and this body, in one transaction / removes it. kNotFound.
  virtual async::Task<void> revive(std::string id, std::string body) = 0;
  virtual async::Task<void> drop(std::string id) = 0;
  // Available or leased messages, and dead ones.
  struct Depth { std::uint64_t waiting = 0, leased = 0, dead = 0; };
  virtual async::Task<Depth> depth() = 0;
};

}  // namespace gust::queue
