// Event: one coroutine or many wait until it is set. Loop thread only; other threads post to the loop.
#pragma once

#include "async/task.h"

#include <boost/asio/steady_timer.hpp>

namespace gust::async {

class Event {
 public:
  explicit Event(Executor executor) : timer_(executor, asio::steady_timer::time_point::max()) {}

  bool is_set() const { return set_; }
  // Wakes every waiter; later waits return at once until reset.
  void set();
  // Wakes who waits now, and stays unset.
  void pulse() { timer_.cancel(); }
  void reset() { set_ = false; }
  // Returns when set or pulsed. kTimeout past `deadline`; kCancelled when the group stops.
  Task<void> wait(SteadyTime deadline = SteadyTime::max());

 private:
  asio::steady_timer timer_;  // never expires: waiting on it is waiting for cancel()
  bool set_ = false;
};

}  // namespace gust::async
