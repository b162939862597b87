#include "tables/backups/restores.h"

#include "codec/time_format.h"
#include "tables/backups/undo_log.h"
#include "tables/rows.h"
#include "tables/shape.h"
#include "tables/transfers/transfers.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

constexpr std::size_t kMost = 50;  // at the same time

std::string arn_of(const Table& table) {
  return fmt::format("arn:aws:dynamodb:{}:{}:table/{}", table.region, table.account, table.name);
}

Table begun(Table table) {
  table.status = Status::kCreating;
  for (auto& index : table.indexes) index.status = Status::kCreating;
  return table;
}

std::unexpected<Error> no_recovery(const TableName& name) {
  return fail(Code::kPrecondition, fmt::format("Point in time recovery is not enabled for table '{}'", name),
              "recovery");
}

}  // namespace

Result<void> check_time(const Restores::Window& window, WallTime time) {
  if (time >= window.earliest && time <= window.latest) return {};
  return fail(Code::kInvalid,
              fmt::format("{} is no time to restore to: it must be between EarliestRestorableDateTime, {}, and "
                          "LatestRestorableDateTime, {}",
                          codec::to_iso8601_ms(time), codec::to_iso8601_ms(window.earliest),
                          codec::to_iso8601_ms(window.latest)),
              "time");
}

Restores::Restores(kv::Store& store, Catalog& catalog, ItemStore& items, Jobs& jobs, env::Clock& clock)
    : store_(store), catalog_(catalog), items_(items), jobs_(jobs), clock_(clock), copier_(store) {
  jobs.add(Job::Kind::kRestore, [this](Job job) { return fill(std::move(job)); });
}

async::Task<Catalog::Known> Restores::from_backup(BackupRef ref, Shaping shaping) {
  Place place{ref.account, ref.region};
  GUST_CO_CHECK(co_await jobs_.check_room(Job::Kind::kRestore, std::move(place), kMost));
  GUST_CO_TRY(const auto row, co_await store_.get(backup_rows::key(ref)));
  if (!row) co_return fail(Code::kNotFound, fmt::format("Backup not found: {}", ref.id), "backup");
  GUST_CO_TRY(const auto backup, backup_rows::decode(*row));
  GUST_CO_TRY(auto wanted, shaping(backup.table));
  wanted = begun(std::move(wanted));
  wanted.restored = {arn_of(backup.table) + "/backup/" + ref.id, arn_of(backup.table), backup.created_at};
  Catalog::Also also = [ref](kv::Transaction& tx, const Table& table) -> Result<void> {
    GUST_TRY(const auto there, tx.get(backup_rows::key(ref)));
    if (!there) return fail(Code::kNotFound, fmt::format("Backup not found: {}", ref.id), "backup");
    GUST_TRY(auto now, backup_rows::decode(*there));
    if (now.status == Backup::Status::kCreating)
      return fail(Code::kConflict, fmt::format("Backup is being created: {}", ref.id), "backup in use");
    ++now.readers;
    tx.put(backup_rows::key(ref), backup_rows::encode(now));
    Job job{Job::Kind::kRestore, table.id, {table.account, table.region, table.name}};
    job.copying = {backup_rows::items_prefix(ref.id), rows::items_prefix(table.id)};
    job.backup = ref.id;
    Jobs::plan(tx, job);
    return {};
  };
  GUST_CO_TRY(auto table, co_await catalog_.create(std::move(wanted), std::move(also)));
  jobs_.notify();
  co_return table;
}

async::Task<Catalog::Known> Restores::to_time(Place source, std::optional<WallTime> time, Shaping shaping) {
  GUST_CO_CHECK(co_await jobs_.check_room(Job::Kind::kRestore, source, kMost));
  GUST_CO_TRY(const auto row, co_await store_.get(table_rows::table_key(source)));
  if (!row) co_return fail(Code::kNotFound, fmt::format("Table not found: {}", source.name), "source table");
  GUST_CO_TRY(const auto before, table_rows::decode_table(*row));
  if (!before.recovery) co_return no_recovery(source.name);
  if (time) GUST_CO_CHECK(check_time(window(*before.recovery), *time));
  GUST_CO_TRY(auto wanted, shaping(before));
  wanted = begun(std::move(wanted));
  wanted.restored = {"", arn_of(before), time.value_or(clock_.now())};
  Catalog::Also also = [this, source, time](kv::Transaction& tx, const Table& table) -> Result<void> {
    auto now = read_whole(tx, source);
    if (!now && now.error().source == "table") return fail(Code::kNotFound, now.error().message, "source table");
    if (!now) return std::unexpected(now.error());
    // It may have been turned off and on since, or the table be another.
    if (!now->recovery) return no_recovery(source.name);
    if (time) GUST_CHECK(check_time(window(*now->recovery), *time));
    Job job{Job::Kind::kRestore, table.id, {table.account, table.region, table.name}};
    job.copying = {rows::items_prefix(now->id), rows::items_prefix(table.id), now->id};
    if (time) job.copying.line = undo_log::end_of(*time);
    GUST_CHECK(begin(tx, *items_.sequences(), clock_.now(), job.copying));
    Jobs::plan(tx, job);
    return {};
  };
  GUST_CO_TRY(auto table, co_await catalog_.create(std::move(wanted), std::move(also)));
  jobs_.notify();
  co_return table;
}

async::Task<void> Restores::fill(Job job) {
  auto place = job.place;
  GUST_CO_TRY(const auto table, co_await catalog_.find(std::move(place)));
  const auto copied = std::make_shared<Job>(job);
  GUST_CO_CHECK(co_await copier_.copy(copied));
  for (const auto& index : table->indexes) GUST_CO_CHECK(co_await items_.backfill(*table, index.name));
  Catalog::Also also = [job](kv::Transaction& tx, const Table&) -> Result<void> {
    Jobs::finish(tx, job);
    if (job.backup.empty()) return end_copy(tx, job.copying.table_id);
    const BackupRef ref{job.place.account, job.place.region, job.backup};
    GUST_TRY(const auto row, tx.get(backup_rows::key(ref)));
    if (!row) return {};
    GUST_TRY(auto backup, backup_rows::decode(*row));
    if (backup.readers > 0) --backup.readers;
    tx.put(backup_rows::key(ref), backup_rows::encode(backup));
    return {};
  };
  GUST_CO_CHECK(co_await catalog_.activate(*table, std::move(also)));
  co_return Result<void>();
}

async::Task<Catalog::Known> Restores::set_recovery(Place place, std::optional<std::uint32_t> days) {
  Catalog::Change change = [this, days](Table& table) -> Result<void> {
    if (!days) {
      table.recovery.reset();
      return {};
    }
    const auto since = table.recovery ? window(*table.recovery).earliest : clock_.now();
    table.recovery = {since, *days};
    return {};
  };
  const auto before = co_await catalog_.find(place);
  GUST_CO_TRY(auto after, co_await catalog_.update(place, std::move(change)));
  if (!days || !before || (*before)->recovery) co_return after;
  // Writes that committed before that did may have kept no history, however long the commit took.
  Catalog::Change later = [this](Table& table) -> Result<void> {
    if (table.recovery) table.recovery->since = clock_.now();
    return {};
  };
  co_return co_await catalog_.update(std::move(place), std::move(later));
}

Restores::Window Restores::window(const Recovery& recovery) const {
  const auto now = clock_.now();
  return {std::max(recovery.since, WallTime(now - std::chrono::days(recovery.days))), std::max(now, recovery.since)};
}

async::Task<void> Restores::trim() {
  // Before the jobs are read: what begins later is behind it.
  const auto now = sequence_at(clock_.now());
  GUST_CO_TRY(const auto tables, co_await catalog_.all());
  GUST_CO_TRY(const auto jobs, co_await jobs_.all());
  for (const auto& table : tables) GUST_CO_CHECK(co_await trim_one(table, jobs, now));
  co_return co_await trim_transfers(store_, clock_.now());
}

async::Task<void> Restores::trim_one(const Table& table, const std::vector<Job>& jobs, std::uint64_t now) {
  auto until = now;
  if (table.recovery) until = std::min(until, sequence_at(window(*table.recovery).earliest));
  for (const auto& job : jobs) {
    if (job.copying.table_id == table.id) until = std::min(until, job.copying.line);
  }
  auto id = table.id;
  co_return co_await items_.trim_history(std::move(id), until);
}

}  // namespace gust::tables
