// Backups: makes, tells and removes backups of tables (tables/backups/backup.h), and those of tables that are deleted
// while they can be restored to a time. Errors name their thing in Error::source: "table", "creating", "backup",
// "backup in use". Loop thread only.
#pragma once

#include "env/random.h"
#include "tables/backups/backup.h"
#include "tables/catalog.h"
#include "tables/backups/copier.h"
#include "tables/item_store.h"
#include "tables/backups/jobs.h"

namespace gust::tables {

// An id of a backup, an export or an import: "01489602797149-73d8d5bc", the time and something drawn.
std::string timed_id(WallTime now, env::Random& random);
// The table's row as it is now. kNotFound "table"; kConflict "creating".
Result<Table> read_whole(kv::Reader& reader, const Place& place);

class Backups {
 public:
  static constexpr std::chrono::days kSystemLife{35};

  // All outlive this. What jobs of backups do is told to `jobs`, what the end of a table does to `catalog`.
  Backups(kv::Store& store, Catalog& catalog, ItemStore& items, Jobs& jobs, env::Clock& clock, env::Random& random);

  async::Task<Backup> create(Place place, std::string name);
  async::Task<Backup> find(BackupRef ref);  // kNotFound "backup"
  // The rows go by and by. kConflict "backup in use" while it is being made or restored from.
  async::Task<Backup> remove(BackupRef ref);

  struct Wanted {
    AccountId account;
    std::string region;
    std::optional<TableName> table = {};
    std::optional<Backup::Type> type = {};
    std::optional<WallTime> from = {}, to = {};  // made at or after, and before
    std::string after = {};                      // an id
    std::size_t limit = 100;
  };
  struct Found {
    std::vector<Backup> backups;
    bool more = false;
  };
  // In the order of their ids.
  async::Task<Found> list(Wanted wanted);

  // Removes those whose time is over.
  async::Task<void> expire();

 private:
  Backup planned(const Table& table, std::string name, Backup::Type type);
  Result<void> plan(kv::Transaction& tx, const Backup& backup);
  async::Task<void> make(Job job);
  async::Task<void> erase(Job job);

  kv::Store& store_;
  ItemStore& items_;
  Jobs& jobs_;
  env::Clock& clock_;
  env::Random& random_;
  Copier copier_;
};

}  // namespace gust::tables
