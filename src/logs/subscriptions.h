// Subscriptions: sends what comes into a group, and matches a subscription filter's pattern, to the filter's function:
// every event that was acknowledged at least once, in the order in which they came. Loop thread only.
#pragma once

#include "async/task_group.h"
#include "logs/event_store.h"

#include <set>
#include <string>
#include <utility>

namespace gust::logs {

// Who takes deliveries, durably: a function's asynchronous invocation.
class Deliveries {
 public:
  virtual ~Deliveries() = default;
  // Whether the destination is a function that this group may invoke; else the error that says so.
  virtual async::Task<void> check(GroupKey group, std::string destination_arn, std::string region) = 0;
  // Returns when `payload`, a JSON object, will reach the destination. `id` is the same for the same payload.
  virtual async::Task<void> deliver(GroupKey group, std::string destination_arn, std::string payload,
                                    std::string id) = 0;
};

class Subscriptions {
 public:
  static constexpr std::size_t kMaxOfGroup = 2;

  // All outlive this.
  Subscriptions(async::Executor executor, Groups& groups, EventStore& events, Deliveries& deliveries);

  // Goes on with those of all groups.
  void start();
  async::Task<void> stop();
  // Makes it, or changes the one of its name, which then goes on from where it was. kInvalid "pattern"; kTooLarge
  // "limit"; what the destination's check answers.
  async::Task<void> put(GroupKey key, Subscription wanted, std::string region);
  // kNotFound "subscription".
  async::Task<void> remove(GroupKey key, std::string name);

 private:
  using Id = std::pair<GroupKey, std::string>;

  void ensure_running(const GroupKey& key, const std::string& name);
  async::Task<void> run(Id id);
  // One look: false when the subscription is gone.
  async::Task<bool> look(Id id);

  Groups& groups_;
  EventStore& events_;
  Deliveries& deliveries_;
  std::set<Id> running_;
  async::TaskGroup tasks_;
};

// The payload of a function: {"awslogs": {"data": base64 of gzip of the message}}. The events are of one stream.
std::string subscription_payload(const GroupKey& key, const std::string& filter, const std::vector<Event>& events);

}  // namespace gust::logs
