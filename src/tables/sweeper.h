// Sweeper: removes items whose time has ended, by their table's time to live. Loop thread only.
// Source: "Using time to live (TTL) in DynamoDB".
#pragma once

#include "async/task_group.h"
#include "tables/catalog.h"
#include "tables/item_store.h"

namespace gust::tables {

// Whether an item's time has come: its attribute is a number of seconds since 1970, not more than five years ago.
bool is_expired(const Item& item, const std::string& attribute, WallTime now);

class Sweeper {
 public:
  // All outlive this. `period`: between two sweeps, which wait longer where they take long.
  Sweeper(async::Executor executor, Catalog& catalog, ItemStore& items, env::Clock& clock, Millis period)
      : catalog_(catalog), items_(items), clock_(clock), period_(period), tasks_(executor, "sweeper of tables") {}

  void start() { tasks_.spawn(run()); }
  async::Task<void> stop() { return tasks_.stop(); }
  // One sweep over all tables.
  async::Task<void> sweep();

 private:
  async::Task<void> run();
  async::Task<void> expire(Table table);
  async::Task<void> remove(Table table, Item item);

  Catalog& catalog_;
  ItemStore& items_;
  env::Clock& clock_;
  Millis period_;
  async::TaskGroup tasks_;
};

}  // namespace gust::tables
