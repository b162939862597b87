// What is done to many rows of a table, in batches: filling an index, and removing what is no longer of use.
#include "tables/backups/undo_log.h"
#include "tables/indexes.h"
#include "tables/item_store.h"
#include "tables/keys.h"
#include "tables/pieces.h"
#include "tables/rows.h"
#include "tables/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace gust::tables {
namespace {

constexpr std::size_t kBatchBytes = 1 << 20, kBatchRows = 100;
constexpr int kGentleRest = 9;  // times what a piece took

// What goes over all rows once.
kv::Range all_of(std::string prefix) {
  auto range = kv::Range::prefix(std::move(prefix));
  range.caching = kv::Caching::kPass;
  return range;
}

// Of rows of items; `range` then begins behind them, and its limit is 0 behind the last.
Result<ItemStore::Count> count_piece(kv::Reader& reader, kv::Range& range, Pieces& pieces) {
  range.limit = pieces.next(kBatchBytes);
  GUST_TRY(auto found, reader.scan(range));
  pieces.took(found);
  ItemStore::Count out;
  for (auto& row : found) {
    GUST_TRY(const auto item, StoredItem::of(std::move(row.value)));
    ++out.items;
    out.bytes += item.size();
  }
  if (found.size() < range.limit) {
    range.limit = 0;
  } else {
    range.begin = found.back().key + '\0';
  }
  return out;
}

}  // namespace

// A piece at a time, so that pages go on meanwhile.
async::Task<ItemStore::Count> ItemStore::count_rows(std::shared_ptr<kv::Reader> reader, std::string prefix, Pace pace) {
  Count out;
  auto range = all_of(std::move(prefix));
  for (Pieces pieces; range.limit > 0;) {
    const auto began = clock_.steady();
    auto job = [&] { return count_piece(*reader, range, pieces); };
    GUST_CO_TRY(const auto piece, co_await readers_.run(std::move(job)));
    out.items += piece.items;
    out.bytes += piece.bytes;
    if (pace == Pace::kFull) continue;
    const auto rest = std::chrono::duration_cast<Millis>((clock_.steady() - began) * kGentleRest);
    GUST_CO_CHECK(co_await async::sleep_for(rest));
  }
  co_return out;
}

async::Task<std::map<std::string, ItemStore::Count>> ItemStore::count(Table table) {
  const auto reader = std::shared_ptr(store_.snapshot());
  std::map<std::string, Count> out;
  auto items = rows::items_prefix(table.id);
  GUST_CO_TRY(out[""], co_await count_rows(reader, std::move(items), Pace::kGentle));
  for (const auto& index : table.indexes) {
    auto prefix = rows::index_prefix(table.id, index.name);
    GUST_CO_TRY(out[index.name], co_await count_rows(reader, std::move(prefix), Pace::kGentle));
  }
  co_return out;
}

async::Task<void> ItemStore::erase_rows(kv::Range range) {
  range.caching = kv::Caching::kPass;
  Pieces pieces;
  for (;;) {
    range.limit = pieces.next(kBatchBytes);
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    if (found.empty()) co_return Result<void>{};
    pieces.took(found);
    kv::Store::Body body = [&found](kv::Transaction& tx) -> Result<void> {
      for (const auto& row : found) tx.erase(row.key);
      return {};
    };
    GUST_CO_CHECK(co_await store_.transact(std::move(body)));
    if (found.size() < range.limit) co_return Result<void>{};
    range.begin = found.back().key + '\0';
  }
}

async::Task<ItemStore::Count> ItemStore::count_rows(std::string prefix) {
  const auto reader = std::shared_ptr(store_.snapshot());
  co_return co_await count_rows(reader, std::move(prefix), Pace::kFull);
}

async::Task<void> ItemStore::erase_rows(std::string prefix) {
  co_return co_await erase_rows(kv::Range::prefix(std::move(prefix)));
}

async::Task<void> ItemStore::trim_history(std::string table_id, std::uint64_t sequence) {
  co_return co_await erase_rows(undo_log::up_to(table_id, sequence));
}

async::Task<void> ItemStore::drop(Table table) {
  const auto reader = std::shared_ptr(store_.snapshot());
  auto ask = [reader, id = table.id] { return is_copied(*reader, id); };
  GUST_CO_TRY(const bool copied, co_await readers_.run(std::move(ask)));
  if (copied) co_return fail(Code::kUnavailable, "the rows of the table are being copied", "copied");
  GUST_CO_CHECK(co_await erase_rows(kv::Range::prefix(undo_log::prefix(table.id))));
  GUST_CO_CHECK(co_await erase_rows(kv::Range::prefix(rows::items_prefix(table.id))));
  co_return co_await erase_rows(kv::Range::prefix(rows::indexes_prefix(table.id)));
}

async::Task<void> ItemStore::drop_stream(StreamName stream) {
  co_return co_await erase_rows(kv::Range::prefix(rows::stream_prefix(stream)));
}

async::Task<void> ItemStore::drop_index(Table table, std::string index) {
  co_return co_await erase_rows(kv::Range::prefix(rows::index_prefix(table.id, index)));
}

// Puts the index's rows of the items with these keys, as they are now.
async::Task<void> ItemStore::fill(Table table, Index index, std::vector<std::string> keys) {
  // On a busy table many items conflict where few do not.
  for (std::size_t batch = keys.size(); !keys.empty();) {
    const auto n = static_cast<std::ptrdiff_t>(std::min(batch, keys.size()));
    const std::vector some(keys.begin(), keys.begin() + n);
    kv::Store::Body body = [&](kv::Transaction& tx) -> Result<void> {
      GUST_CHECK(check_shape(tx, table, index));
      for (const auto& key : some) {
        GUST_TRY(const auto row, tx.get(key));
        if (!row) continue;
        GUST_TRY(const auto item, rows::decode_item(*row));
        if (const auto made = index_row(table, index, item)) tx.put(made->key, rows::encode(made->item));
      }
      return {};
    };
    const auto done = co_await store_.transact(std::move(body));
    if (!done && done.error().code == Code::kConflict) {
      batch = std::max<std::size_t>(1, batch / 2);
      continue;
    }
    GUST_CO_CHECK(done);
    keys.erase(keys.begin(), keys.begin() + n);
  }
  co_return Result<void>{};
}

async::Task<void> ItemStore::backfill(Table table, std::string index_name) {
  const auto* found_index = find_index(table, index_name);
  if (found_index == nullptr) {
    co_return fail(Code::kInvalid, fmt::format("The table does not have the specified index: {}", index_name), "index");
  }
  const auto index = *found_index;
  auto range = all_of(rows::items_prefix(table.id));
  Pieces pieces;
  for (;;) {
    range.limit = std::min(pieces.next(kBatchBytes), kBatchRows);
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    if (found.empty()) co_return Result<void>{};
    pieces.took(found);
    std::vector<std::string> keys;
    std::ranges::transform(found, std::back_inserter(keys), &kv::Entry::key);
    GUST_CO_CHECK(co_await fill(table, index, std::move(keys)));
    if (found.size() < range.limit) co_return Result<void>{};
    range.begin = found.back().key + '\0';
  }
}

}  // namespace gust::tables
