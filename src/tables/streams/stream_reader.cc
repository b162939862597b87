// The store's side of streams: records behind a number, and those that are too old.
#include "tables/item_store.h"
#include "tables/pieces.h"
#include "tables/rows.h"

#include <algorithm>

namespace gust::tables {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

// Records with numbers in (after, until], up to `limit` of them.
Result<ItemStore::Records> read(kv::Reader& reader, const StreamName& stream, std::uint64_t after, std::uint64_t until,
                                std::size_t limit) {
  ItemStore::Records out;
  out.next = std::max(after, until);
  if (until <= after) return out;
  kv::Range range{rows::record_key(stream, after + 1), rows::record_key(stream, until) + '\0'};
  Pieces pieces;
  for (std::size_t bytes = 0; out.records.size() < limit && bytes < kMostBytes;) {
    range.limit = std::min(pieces.next(kMostBytes - bytes), limit - out.records.size());
    GUST_TRY(const auto found, reader.scan(range));
    pieces.took(found);
    for (const auto& row : found) {
      GUST_TRY(auto record, rows::decode_record(row));
      bytes += size_of(record);
      out.records.push_back(std::move(record));
    }
    if (found.size() < range.limit) return out;
    range.begin = found.back().key + '\0';
  }
  if (!out.records.empty()) out.next = out.records.back().sequence;
  return out;
}

}  // namespace

// So that what was written by a process before this one counts as settled.
async::Task<void> ItemStore::learn(StreamName stream) {
  if (sequences_->knows(stream)) co_return Result<void>{};
  auto last = kv::Range::prefix(rows::stream_prefix(stream), 1);
  last.order = kv::Order::kBackward;
  GUST_CO_TRY(const auto found, co_await store_.scan(last));
  std::uint64_t sequence = 0;
  if (!found.empty()) {
    GUST_CO_TRY(const auto record, rows::decode_record(found[0]));
    sequence = record.sequence;
  }
  sequences_->learn(stream, sequence);
  co_return Result<void>{};
}

async::Task<ItemStore::Records> ItemStore::records(StreamName stream, std::uint64_t after, std::size_t limit) {
  GUST_CO_CHECK(co_await learn(stream));
  limit = std::max<std::size_t>(limit, 1);
  after = std::max(after, sequence_at(clock_.now() - kStreamRetention));
  // Before the view is taken: what ends in between is in it, and not looked at yet.
  const auto until = sequences_->settled(clock_.now());
  auto job = [reader = std::shared_ptr(store_.snapshot()), stream, after, until, limit] {
    return read(*reader, stream, after, until, limit);
  };
  co_return co_await readers_.run(std::move(job));
}

async::Task<std::uint64_t> ItemStore::newest(StreamName stream) {
  GUST_CO_CHECK(co_await learn(stream));
  co_return sequences_->settled(clock_.now());
}

async::Task<void> ItemStore::trim(StreamName stream) {
  const auto kept = sequence_at(clock_.now() - kStreamRetention) + 1;
  kv::Range old{rows::stream_prefix(stream), rows::record_key(stream, kept)};
  co_return co_await erase_rows(std::move(old));
}

}  // namespace gust::tables
