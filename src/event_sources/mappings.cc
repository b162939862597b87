#include "event_sources/mappings.h"

#include "event_sources/rows.h"

#include <utility>

namespace gust::event_sources {
namespace {

std::unexpected<Error> none() {
  return fail(Code::kNotFound, "The resource you requested does not exist.", "mapping");
}

Result<Mapping> read(kv::Reader& reader, const AccountId& account, const std::string& id) {
  GUST_TRY(const auto row, reader.get(rows::mapping_key(account, id)));
  if (!row) return none();
  return rows::decode_mapping(*row);
}

// A function has one mapping of a source.
Result<void> take_pair(kv::Transaction& tx, const Mapping& mapping) {
  const auto key = rows::pair_key(mapping);
  GUST_TRY(const auto row, tx.get(key));
  if (row && *row != mapping.id) return fail(Code::kAlreadyExists, *row, "mapping");
  tx.put(key, mapping.id);
  return {};
}

Result<void> erase_all(kv::Transaction& tx, const std::string& prefix) {
  for (;;) {
    GUST_TRY(const auto found, tx.scan(kv::Range::prefix(prefix)));
    if (found.empty()) return {};
    for (const auto& row : found) tx.erase(row.key);
  }
}

bool is_wanted(const Mappings::Wanted& wanted, const Mapping& mapping) {
  return (wanted.source_arn.empty() || wanted.source_arn == mapping.source_arn) &&
         (wanted.function_arn.empty() || wanted.function_arn == mapping.function_arn);
}

}  // namespace

async::Task<Mapping> Mappings::create(Mapping wanted) {
  GUST_CO_TRY(const auto shards, co_await source_.shards(wanted.account, wanted.source_arn));
  std::vector<std::pair<std::string, Checkpoint>> places;
  for (const auto& shard : shards) {
    Checkpoint place;
    if (wanted.start == StartAt::kLatest) {
      GUST_CO_TRY(place.position, co_await source_.newest(wanted.source_arn, shard));
    }
    places.emplace_back(shard, std::move(place));
  }
  wanted.id = random_.uuid();
  wanted.modified_at = clock_.now();
  kv::Store::Body body = [wanted, places](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(take_pair(tx, wanted));
    tx.put(rows::mapping_key(wanted.account, wanted.id), rows::encode(wanted));
    for (const auto& [shard, place] : places) tx.put(rows::checkpoint_key(wanted.id, shard), rows::encode(place));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  listener_(wanted, Became::kWanted);
  co_return wanted;
}

async::Task<Mapping> Mappings::find(AccountId account, std::string id) {
  GUST_CO_TRY(const auto row, co_await store_.get(rows::mapping_key(account, id)));
  if (!row) co_return none();
  co_return rows::decode_mapping(*row);
}

async::Task<Mapping> Mappings::edit(AccountId account, std::string id, Change change, Stamp stamp) {
  const auto after = std::make_shared<Mapping>();
  const auto now = clock_.now();
  kv::Store::Body body = [after, account, id, change, stamp, now](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(*after, read(tx, account, id));
    const auto before = rows::pair_key(*after);
    GUST_CHECK(change(*after));
    if (stamp == Stamp::kNew) after->modified_at = now;
    if (rows::pair_key(*after) != before) {
      tx.erase(before);
      GUST_CHECK(take_pair(tx, *after));
    }
    tx.put(rows::mapping_key(account, id), rows::encode(*after));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return *after;
}

async::Task<Mapping> Mappings::update(AccountId account, std::string id, Change change) {
  GUST_CO_TRY(auto after, co_await edit(std::move(account), std::move(id), std::move(change), Stamp::kNew));
  listener_(after, Became::kWanted);
  co_return after;
}

async::Task<void> Mappings::annotate(AccountId account, std::string id, Change change) {
  GUST_CO_CHECK(co_await edit(std::move(account), std::move(id), std::move(change), Stamp::kKept));
  co_return Result<void>{};
}

async::Task<Mapping> Mappings::remove(AccountId account, std::string id) {
  const auto gone = std::make_shared<Mapping>();
  kv::Store::Body body = [gone, account, id](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(*gone, read(tx, account, id));
    tx.erase(rows::mapping_key(account, id));
    tx.erase(rows::pair_key(*gone));
    return erase_all(tx, rows::checkpoints_prefix(id));
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  listener_(*gone, Became::kGone);
  co_return *gone;
}

async::Task<Mappings::Found> Mappings::list(Wanted wanted) {
  auto range = kv::Range::prefix(rows::mappings_prefix(wanted.account));
  if (!wanted.after.empty()) range.begin = rows::mapping_key(wanted.account, wanted.after) + '\0';
  Found out;
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    for (const auto& row : found) {
      GUST_CO_TRY(auto mapping, rows::decode_mapping(row.value));
      if (!is_wanted(wanted, mapping)) continue;
      out.more = out.mappings.size() == wanted.limit;
      if (out.more) co_return out;
      out.mappings.push_back(std::move(mapping));
    }
    if (found.size() < range.limit) co_return out;
    range.begin = found.back().key + '\0';
  }
}

async::Task<std::vector<Mapping>> Mappings::all() {
  auto range = kv::Range::prefix(std::string(rows::kMappings));
  std::vector<Mapping> out;
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    for (const auto& row : found) {
      GUST_CO_TRY(auto mapping, rows::decode_mapping(row.value));
      out.push_back(std::move(mapping));
    }
    if (found.size() < range.limit) co_return out;
    range.begin = found.back().key + '\0';
  }
}

async::Task<std::vector<Checkpoint>> Mappings::places(Mapping mapping) {
  GUST_CO_TRY(const auto found, co_await store_.scan(kv::Range::prefix(rows::checkpoints_prefix(mapping.id))));
  std::vector<Checkpoint> out;
  for (const auto& row : found) {
    GUST_CO_TRY(auto place, rows::decode_checkpoint(row.value));
    out.push_back(std::move(place));
  }
  co_return out;
}

async::Task<std::optional<Checkpoint>> Mappings::load(Mapping mapping, std::string shard) {
  GUST_CO_TRY(const auto row, co_await store_.get(rows::checkpoint_key(mapping.id, shard)));
  if (!row) co_return std::nullopt;
  GUST_CO_TRY(auto checkpoint, rows::decode_checkpoint(*row));
  co_return checkpoint;
}

async::Task<void> Mappings::save(Mapping mapping, std::string shard, Checkpoint checkpoint) {
  kv::Store::Body body = [mapping, shard, checkpoint](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto row, tx.get(rows::mapping_key(mapping.account, mapping.id)));
    if (row) tx.put(rows::checkpoint_key(mapping.id, shard), rows::encode(checkpoint));
    return {};
  };
  co_return co_await store_.transact(std::move(body), kv::Durability::kBuffered);
}

}  // namespace gust::event_sources
