#include "tables/backups/backups.h"

#include "tables/rows.h"
#include "tables/shape.h"

#include <fmt/format.h>

namespace gust::tables {
namespace {

std::unexpected<Error> no_backup(const BackupRef& ref) {
  return fail(Code::kNotFound, fmt::format("Backup not found: {}", ref.id), "backup");
}

Result<Backup> read(kv::Reader& reader, const BackupRef& ref) {
  GUST_TRY(const auto row, reader.get(backup_rows::key(ref)));
  if (!row) return no_backup(ref);
  return backup_rows::decode(*row);
}

bool is_wanted(const Backup& backup, const Backups::Wanted& wanted) {
  if (wanted.table && backup.table.name != *wanted.table) return false;
  if (wanted.type && backup.type != *wanted.type) return false;
  if (wanted.from && backup.created_at < *wanted.from) return false;
  return !wanted.to || backup.created_at < *wanted.to;
}

}  // namespace

std::string timed_id(WallTime now, env::Random& random) {
  return fmt::format("{:014}-{}", to_epoch_ms(now), random.pick(8, "0123456789abcdef"));
}

Result<Table> read_whole(kv::Reader& reader, const Place& place) {
  GUST_TRY(const auto row, reader.get(table_rows::table_key(place)));
  if (!row) return fail(Code::kNotFound, fmt::format("Table not found: {}", place.name), "table");
  GUST_TRY(auto table, table_rows::decode_table(*row));
  if (table.status == Status::kCreating)
    return fail(Code::kConflict, fmt::format("Table is being created: {}", place.name), "creating");
  return table;
}

Backups::Backups(kv::Store& store, Catalog& catalog, ItemStore& items, Jobs& jobs, env::Clock& clock,
                 env::Random& random)
    : store_(store), items_(items), jobs_(jobs), clock_(clock), random_(random), copier_(store) {
  jobs.add(Job::Kind::kBackup, [this](Job job) { return make(std::move(job)); });
  jobs.add(Job::Kind::kErase, [this](Job job) { return erase(std::move(job)); });
  Catalog::Also farewell = [this](kv::Transaction& tx, const Table& table) -> Result<void> {
    auto backup = planned(table, table.name.str() + "$DeletedTableBackup", Backup::Type::kSystem);
    backup.expires_at = backup.created_at + kSystemLife;
    return plan(tx, backup);
  };
  catalog.set_farewell(std::move(farewell), [this] { jobs_.notify(); });
}

Backup Backups::planned(const Table& table, std::string name, Backup::Type type) {
  Backup out;
  out.created_at = clock_.now();
  out.ref = {table.account, table.region, timed_id(out.created_at, random_)};
  out.name = std::move(name);
  out.type = type;
  out.table = table;
  return out;
}

Result<void> Backups::plan(kv::Transaction& tx, const Backup& backup) {
  const auto& table = backup.table;
  Job job{Job::Kind::kBackup, backup.ref.id, {table.account, table.region, table.name}};
  job.copying = {rows::items_prefix(table.id), backup_rows::items_prefix(backup.ref.id), table.id};
  GUST_CHECK(begin(tx, *items_.sequences(), clock_.now(), job.copying));
  tx.put(backup_rows::key(backup.ref), backup_rows::encode(backup));
  Jobs::plan(tx, job);
  return {};
}

async::Task<Backup> Backups::create(Place place, std::string name) {
  const auto out = std::make_shared<Backup>();
  kv::Store::Body body = [this, place, name, out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto table, read_whole(tx, place));
    *out = planned(table, name, Backup::Type::kUser);
    return plan(tx, *out);
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  jobs_.notify();
  co_return std::move(*out);
}

async::Task<void> Backups::make(Job job) {
  const auto copied = std::make_shared<Job>(job);
  GUST_CO_CHECK(co_await copier_.copy(copied));
  auto prefix = job.copying.to;
  GUST_CO_TRY(const auto count, co_await items_.count_rows(std::move(prefix)));
  kv::Store::Body body = [job, count](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(auto backup, read(tx, {job.place.account, job.place.region, job.id}));
    backup.status = Backup::Status::kAvailable;
    backup.items = count.items;
    backup.bytes = count.bytes;
    tx.put(backup_rows::key(backup.ref), backup_rows::encode(backup));
    GUST_CHECK(end_copy(tx, job.copying.table_id));
    Jobs::finish(tx, job);
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> Backups::erase(Job job) {
  auto prefix = job.copying.from;
  GUST_CO_CHECK(co_await items_.erase_rows(std::move(prefix)));
  kv::Store::Body body = [job](kv::Transaction& tx) -> Result<void> {
    Jobs::finish(tx, job);
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<Backup> Backups::find(BackupRef ref) {
  GUST_CO_TRY(const auto row, co_await store_.get(backup_rows::key(ref)));
  if (!row) co_return no_backup(ref);
  co_return backup_rows::decode(*row);
}

async::Task<Backup> Backups::remove(BackupRef ref) {
  const auto out = std::make_shared<Backup>();
  kv::Store::Body body = [ref, out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(*out, read(tx, ref));
    if (out->status == Backup::Status::kCreating || out->readers > 0) {
      return fail(Code::kConflict, fmt::format("Backup is being created or restored from: {}", ref.id),
                  "backup in use");
    }
    tx.erase(backup_rows::key(ref));
    Job job{Job::Kind::kErase, ref.id, {ref.account, ref.region, out->table.name}};
    job.copying.from = backup_rows::items_prefix(ref.id);
    Jobs::plan(tx, job);
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  jobs_.notify();
  co_return std::move(*out);
}

async::Task<Backups::Found> Backups::list(Wanted wanted) {
  auto range = kv::Range::prefix(backup_rows::prefix(wanted.account, wanted.region));
  if (!wanted.after.empty())
    range.begin = backup_rows::key({wanted.account, wanted.region, wanted.after}) + '\0';
  Found out;
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await store_.scan(range));
    for (const auto& row : rows) {
      GUST_CO_TRY(auto backup, backup_rows::decode(row.value));
      if (!is_wanted(backup, wanted)) continue;
      out.more = out.backups.size() == wanted.limit;
      if (out.more) co_return out;
      out.backups.push_back(std::move(backup));
    }
    if (rows.size() < range.limit) co_return out;
    range.begin = rows.back().key + '\0';
  }
}

async::Task<void> Backups::expire() {
  auto range = kv::Range::prefix(std::string(backup_rows::kBackups));
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await store_.scan(range));
    for (const auto& row : rows) {
      GUST_CO_TRY(auto backup, backup_rows::decode(row.value));
      if (!backup.expires_at || *backup.expires_at > clock_.now()) continue;
      const auto removed = co_await remove(std::move(backup.ref));
      // What is in use is for the next time; another may have removed it.
      const auto code = removed ? Code::kInternal : removed.error().code;
      const bool later = code == Code::kConflict || code == Code::kNotFound;
      if (!removed && !later) co_return std::unexpected(removed.error());
    }
    if (rows.size() < range.limit) co_return Result<void>();
    range.begin = rows.back().key + '\0';
  }
}

}  // namespace gust::tables
