#include "tables/catalog.h"

#include "tables/shape.h"
#include "tables/streams/stream_catalog.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

constexpr std::size_t kMany = 100'000;

std::unexpected<Error> not_found(const Place& place) {
  return fail(Code::kNotFound, fmt::format("Requested resource not found: Table: {} not found", place.name), "table");
}

Place place_of(const Table& table) { return {table.account, table.region, table.name}; }

const Index* find_index(const Table& table, std::string_view name) {
  const auto found = std::ranges::find(table.indexes, name, &Index::name);
  return found == table.indexes.end() ? nullptr : &*found;
}

Result<Table> read(kv::Transaction& tx, const Place& place) {
  GUST_TRY(const auto row, tx.get(table_rows::table_key(place)));
  if (!row) return not_found(place);
  return table_rows::decode_table(*row);
}

void write(kv::Transaction& tx, const Table& table) {
  tx.put(table_rows::table_key(place_of(table)), table_rows::encode(table));
}

void plan(kv::Transaction& tx, Work work) {
  tx.put(table_rows::work_key(work.table.id, work.index), table_rows::encode(work));
}

Result<void> plan_indexes(kv::Transaction& tx, const Table& before, const Table& after) {
  for (const auto& index : before.indexes) {
    if (find_index(after, index.name) == nullptr) plan(tx, {Work::Kind::kDropIndex, before, index.name});
  }
  for (const auto& index : after.indexes) {
    if (find_index(before, index.name) != nullptr) continue;
    GUST_TRY(const auto unfinished, tx.get(table_rows::work_key(after.id, index.name)));
    if (unfinished)
      return fail(Code::kConflict, "the rows of the last index of this name are being removed; try again", "index");
    plan(tx, {Work::Kind::kFillIndex, after, index.name});
  }
  return {};
}

// It is no longer there, and its rows go.
Result<void> erase(kv::Transaction& tx, const Table& table) {
  tx.erase(table_rows::table_key(place_of(table)));
  GUST_CHECK(refuse_table(tx, table));
  plan(tx, {Work::Kind::kDropTable, table});
  return {};
}

Result<void> check_whole(const Table& table) {
  if (table.status != Status::kCreating) return {};
  return fail(Code::kConflict,
              fmt::format("Attempt to change a resource which is still in use: Table is being created: {}", table.name),
              "creating");
}

}  // namespace

std::string stream_label(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:}{:06.3f}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                     static_cast<double>(to_epoch_ms(time) % 60'000) / 1000);
}

async::Task<Catalog::Known> Catalog::create(Table wanted, Also also) {
  wanted.id = random_.uuid();
  wanted.created_at = clock_.now();
  if (wanted.stream) wanted.stream_label = stream_label(wanted.created_at);
  kv::Store::Body body = [wanted, also = std::move(also)](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto there, tx.get(table_rows::table_key(place_of(wanted))));
    if (there) return fail(Code::kAlreadyExists, fmt::format("Table already exists: {}", wanted.name), "table");
    const auto guard = table_rows::guard_key(wanted.account, wanted.region);
    GUST_CHECK(tx.get(guard));
    tx.put(guard, wanted.id);
    GUST_TRY(const auto all, tx.scan(kv::Range::prefix(table_rows::tables_prefix(wanted.account, wanted.region),
                                                       kMaxTables)));
    if (all.size() >= kMaxTables) {
      return fail(Code::kTooLarge,
                  fmt::format("Subscriber limit exceeded: {} tables exist already, the most of an account in a region",
                              all.size()),
                  "limit");
    }
    write(tx, wanted);
    if (wanted.stream) begin_stream(tx, wanted, wanted.created_at);
    return also ? also(tx, wanted) : Result<void>();
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  ++changes_;
  co_return std::make_shared<const Table>(std::move(wanted));
}

async::Task<Catalog::Known> Catalog::find(Place place) {
  if (const auto known = known_.find(place); known != known_.end()) co_return known->second;
  const auto changes = changes_;
  GUST_CO_TRY(const auto row, co_await store_.get(table_rows::table_key(place)));
  if (!row) co_return not_found(place);
  GUST_CO_TRY(auto table, table_rows::decode_table(*row));
  // Another may have read it meanwhile.
  if (const auto known = known_.find(place); known != known_.end()) co_return known->second;
  auto out = std::make_shared<const Table>(std::move(table));
  if (changes == changes_) known_[std::move(place)] = out;
  co_return out;
}

async::Task<Catalog::Known> Catalog::update(Place place, Change change) {
  const auto out = std::make_shared<Table>();
  kv::Store::Body body = [this, place, change, out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto before, read(tx, place));
    GUST_CHECK(check_whole(before));
    *out = before;
    GUST_CHECK(change(*out));
    if (out->stream != before.stream) {
      const auto now = clock_.now();
      if (before.stream) GUST_CHECK(end_stream(tx, before, now));
      if (out->stream) out->stream_label = stream_label(now);
      if (out->stream) begin_stream(tx, *out, now);
    }
    GUST_CHECK(plan_indexes(tx, before, *out));
    GUST_CHECK(change_shape(tx, before, *out));
    write(tx, *out);
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  ++changes_;
  known_.erase(place);
  worked_.set();
  co_return out;
}

async::Task<Catalog::Known> Catalog::remove(Place place) {
  const auto out = std::make_shared<Table>();
  kv::Store::Body body = [this, place, out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(*out, read(tx, place));
    GUST_CHECK(check_whole(*out));
    if (out->deletion_protection) {
      return fail(Code::kPrecondition,
                  "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
                  "protection first.",
                  "protected");
    }
    if (out->stream) GUST_CHECK(end_stream(tx, *out, clock_.now()));
    if (out->recovery && farewell_) GUST_CHECK(farewell_(tx, *out));
    return erase(tx, *out);
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  ++changes_;
  known_.erase(place);
  worked_.set();
  if (out->recovery && after_farewell_) after_farewell_();
  co_return out;
}

async::Task<Catalog::Known> Catalog::activate(Table table, Also also) {
  const auto place = place_of(table);
  const auto out = std::make_shared<Table>();
  kv::Store::Body body = [place, id = table.id, also, out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(*out, read(tx, place));
    if (out->id != id) return not_found(place);
    out->status = Status::kActive;
    for (auto& index : out->indexes) index.status = Status::kActive;
    if (out->restored) out->restored->in_progress = false;
    write(tx, *out);
    return also(tx, *out);
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  ++changes_;
  known_.erase(place);
  co_return out;
}

async::Task<void> Catalog::abandon(Table table, Also also) {
  const auto place = place_of(table);
  kv::Store::Body body = [place, table, also](kv::Transaction& tx) -> Result<void> {
    const auto there = read(tx, place);
    if (there && there->id == table.id) GUST_CHECK(erase(tx, *there));
    return also(tx, table);
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  ++changes_;
  known_.erase(place);
  worked_.set();
  co_return Result<void>();
}

async::Task<Catalog::Names> Catalog::list(AccountId account, std::string region, std::string after,
                                          std::size_t limit) {
  auto range = kv::Range::prefix(table_rows::tables_prefix(account, region), limit + 1);
  Place from{account, region, TableName(std::move(after))};
  if (!from.name.empty()) range.begin = table_rows::table_key(from) + '\0';
  GUST_CO_TRY(const auto rows, co_await store_.scan(std::move(range)));
  Names out;
  out.more = rows.size() > limit;
  for (const auto& row : rows) {
    if (out.names.size() == limit) break;
    GUST_CO_TRY(auto table, table_rows::decode_table(row.value));
    out.names.push_back(std::move(table.name));
  }
  co_return out;
}

async::Task<std::vector<Table>> Catalog::all() {
  auto range = kv::Range::prefix(std::string(table_rows::kTables));
  std::vector<Table> out;
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await store_.scan(range));
    for (const auto& row : rows) {
      GUST_CO_TRY(auto table, table_rows::decode_table(row.value));
      out.push_back(std::move(table));
    }
    if (rows.size() < range.limit) co_return out;
    range.begin = rows.back().key + '\0';
  }
}

async::Task<std::vector<Work>> Catalog::works() {
  auto range = kv::Range::prefix(std::string(table_rows::kWorks), kMany);
  GUST_CO_TRY(const auto rows, co_await store_.scan(std::move(range)));
  std::vector<Work> out;
  for (const auto& row : rows) {
    GUST_CO_TRY(auto work, table_rows::decode_work(row.value));
    out.push_back(std::move(work));
  }
  co_return out;
}

async::Task<void> Catalog::finish(Work work) {
  const auto place = place_of(work.table);
  kv::Store::Body body = [work, place](kv::Transaction& tx) -> Result<void> {
    // What was deleted meanwhile has other work by now, which stays.
    const auto key = table_rows::work_key(work.table.id, work.index);
    GUST_TRY(const auto planned, tx.get(key));
    if (!planned) return {};
    GUST_TRY(const auto now, table_rows::decode_work(*planned));
    if (now.kind != work.kind) return {};
    tx.erase(key);
    if (work.kind != Work::Kind::kFillIndex) return {};
    GUST_TRY(const auto row, tx.get(table_rows::table_key(place)));
    if (!row) return {};
    GUST_TRY(auto table, table_rows::decode_table(*row));
    if (table.id != work.table.id) return {};
    for (auto& index : table.indexes) {
      if (index.name == work.index) index.status = Status::kActive;
    }
    write(tx, table);
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  ++changes_;
  known_.erase(place);
  co_return Result<void>();
}

}  // namespace gust::tables
