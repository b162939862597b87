// Event: one coroutine or many wait until it is set. Loop thread only; other threads post to the loop.
#pragma once

#include "async/task.h"

#include <boost/asio/steady_timer.hpp>

#include <list>
#include <utility>

namespace gust::async {

class Event {
 public:
  explicit Event(Executor executor) : executor_(std::move(executor)) {}

  bool is_set() const { return set_; }
  // Wakes every waiter; later waits return at once until reset.
  void set();
  // Wakes who waits now, and stays unset.
  void pulse();
  void reset() { set_ = false; }
  // Returns when set or pulsed. kTimeout past `deadline`; kCancelled when the group stops.
  Task<void> wait(SteadyTime deadline = SteadyTime::max());

 private:
  Executor executor_;
  std::list<asio::steady_timer*> waiters_;  // each a timer of its waiter, which ends at its deadline or by cancel()
  bool set_ = false;
};

}  // namespace gust::async
