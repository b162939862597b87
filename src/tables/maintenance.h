// Maintenance: does the work that changes of tables leave behind (Catalog::works): removes rows, fills indexes. Goes on
// after a restart with what is there. Loop thread only.
#pragma once

#include "async/task_group.h"
#include "tables/catalog.h"
#include "tables/item_store.h"

#include <set>
#include <string>

namespace gust::tables {

class Maintenance {
 public:
  // Both outlive this.
  Maintenance(async::Executor executor, Catalog& catalog, ItemStore& items)
      : catalog_(catalog), items_(items), tasks_(executor, "tables") {}

  void start() { tasks_.spawn(run()); }
  async::Task<void> stop() { return tasks_.stop(); }

 private:
  async::Task<void> run();
  async::Task<void> work(Work work, std::string key);  // until it is done
  async::Task<void> do_once(Work work);

  Catalog& catalog_;
  ItemStore& items_;
  async::TaskGroup tasks_;
  std::set<std::string> started_;
};

}  // namespace gust::tables
