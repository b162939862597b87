// RecoverySweeper: removes what histories have that is of no use any more, and backups whose time is over. Loop thread
// only.
#pragma once

#include "async/task_group.h"
#include "tables/backups/restores.h"

namespace gust::tables {

class RecoverySweeper {
 public:
  // All outlive this.
  RecoverySweeper(async::Executor executor, Backups& backups, Restores& restores, Millis period)
      : backups_(backups), restores_(restores), period_(period), tasks_(executor, "sweeper of histories") {}

  void start() { tasks_.spawn(run()); }
  async::Task<void> stop() { return tasks_.stop(); }
  async::Task<void> sweep();

 private:
  async::Task<void> run();

  Backups& backups_;
  Restores& restores_;
  Millis period_;
  async::TaskGroup tasks_;
};

}  // namespace gust::tables
