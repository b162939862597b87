// TaskGroup: owns the coroutines that it spawns. stop() cancels them and waits until the last has ended; a group
// must be stopped (or empty) before it is destroyed. Loop thread only. There is no detached spawn in Gust.
#pragma once

#include "async/event.h"
#include "async/task.h"

#include <boost/asio/cancellation_signal.hpp>

#include <list>
#include <string>

namespace gust::async {

class TaskGroup {
 public:
  TaskGroup(Executor executor, std::string name);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;

  // Starts `task`. An error that it answers (other than kCancelled) or an exception is logged with the group's name.
  void spawn(Task<void> task);
  std::size_t size() const { return signals_.size(); }
  bool stopping() const { return stopping_; }
  // Cancels all, waits for all. Later spawns are dropped.
  Task<void> stop();
  // Waits until no task is left, without cancelling; kTimeout past `deadline`.
  Task<void> drain(SteadyTime deadline);

 private:
  Executor executor_;
  std::string name_;
  std::list<asio::cancellation_signal> signals_;
  Event empty_;
  bool stopping_ = false;
};

}  // namespace gust::async
