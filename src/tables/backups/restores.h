// Restores: new tables of what backups have, or of what a table was at a time; and for how long tables can be restored
// so. Errors name their thing in Error::source: "table", "backup", "backup in use", "recovery" (it is off), "time", and
// as Catalog::create does. Loop thread only.
#pragma once

#include "tables/backups/backups.h"

namespace gust::tables {

class Restores {
 public:
  // All outlive this. What jobs of restores do is told to `jobs`.
  Restores(kv::Store& store, Catalog& catalog, ItemStore& items, Jobs& jobs, env::Clock& clock);

  // What the new table is to be; gets what the old one is, or was. Its id, time and status are not looked at.
  using Shaping = std::function<Result<Table>(const Table& source)>;
  // The table is kCreating until all of it is there.
  async::Task<Catalog::Known> from_backup(BackupRef ref, Shaping shaping);
  // The table as it was at the end of that millisecond, or now.
  async::Task<Catalog::Known> to_time(Place source, std::optional<WallTime> time, Shaping shaping);

  // Turns it on for the last `days` from now on, or off.
  async::Task<Catalog::Known> set_recovery(Place place, std::optional<std::uint32_t> days);
  struct Window {
    WallTime earliest = {}, latest = {};
  };
  Window window(const Recovery& recovery) const;

  // Removes what is in histories and of no use to anyone.
  async::Task<void> trim();

 private:
  async::Task<void> fill(Job job);
  async::Task<void> trim_one(const Table& table, const std::vector<Job>& jobs, std::uint64_t now);

  kv::Store& store_;
  Catalog& catalog_;
  ItemStore& items_;
  Jobs& jobs_;
  env::Clock& clock_;
  Copier copier_;
};

// Whether a time is one that a table can be restored to or exported from; kInvalid "time".
Result<void> check_time(const Restores::Window& window, WallTime time);

}  // namespace gust::tables
