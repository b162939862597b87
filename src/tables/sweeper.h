// Sweeper: removes items whose time has ended, by their table's time to live, and counts what there is. Source: "Using
// time to live (TTL) in DynamoDB". Loop thread only.
#pragma once

#include "async/task_group.h"
#include "tables/catalog.h"
#include "tables/item_store.h"

#include <map>
#include <string>

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

  using Counts = std::map<std::string, ItemStore::Count>;
  // Of the table with this id and its indexes, as of some minutes ago, or longer where counting takes long; or empty.
  Counts counts(const std::string& table_id) const;
  // Of the table with all its indexes; 0 where that is not known yet.
  std::uint64_t bytes(const std::string& table_id) const;

 private:
  async::Task<void> run();
  async::Task<void> sweep_one(Table table);
  async::Task<void> expire(Table table);
  async::Task<void> count(Table table);
  async::Task<void> remove(Table table, Item item);

  Catalog& catalog_;
  ItemStore& items_;
  env::Clock& clock_;
  Millis period_;
  async::TaskGroup tasks_;
  struct Counted {
    Counts counts;
    SteadyTime again;  // not before
    std::uint64_t bytes = 0;
  };
  std::map<std::string, Counted> counted_;  // by the table's id
};

}  // namespace gust::tables
