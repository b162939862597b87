#include "tables/streams/stream_catalog.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

Place place_of(const Table& table) { return {table.account, table.region, table.name}; }

std::string key_of(const Table& table) { return table_rows::stream_key(place_of(table), table.stream_label); }

}  // namespace

void begin_stream(kv::Transaction& tx, const Table& table, WallTime now) {
  tx.put(key_of(table), table_rows::encode(Stream{table, now}));
}

Result<void> end_stream(kv::Transaction& tx, const Table& table, WallTime now) {
  const auto key = key_of(table);
  Stream stream{table, table.created_at};
  GUST_TRY(const auto row, tx.get(key));
  if (row) {
    GUST_TRY(stream, table_rows::decode_stream(*row));
  }
  stream.ended_at = now;
  tx.put(key, table_rows::encode(stream));
  return {};
}

bool StreamCatalog::is_over(const Stream& stream) const {
  return stream.ended_at && clock_.now() - *stream.ended_at > kStreamRetention;
}

async::Task<Stream> StreamCatalog::find(Place place, std::string label) {
  GUST_CO_TRY(const auto row, co_await store_.get(table_rows::stream_key(place, label)));
  if (row) {
    GUST_CO_TRY(auto stream, table_rows::decode_stream(*row));
    if (!is_over(stream)) co_return stream;
  }
  const auto arn =
      fmt::format("arn:aws:dynamodb:{}:{}:table/{}/stream/{}", place.region, place.account, place.name, label);
  co_return fail(Code::kNotFound, fmt::format("Requested resource not found: Stream: {} not found", arn), "stream");
}

async::Task<StreamCatalog::Found> StreamCatalog::list(Wanted wanted) {
  const auto& place = wanted.place;
  auto range = kv::Range::prefix(place.name.empty() ? table_rows::streams_prefix(place.account, place.region)
                                                    : table_rows::streams_prefix(place));
  if (!wanted.after.name.empty())
    range.begin = std::max(range.begin, table_rows::stream_key(wanted.after, wanted.label) + '\0');
  Found out;
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await store_.scan(range));
    for (const auto& row : rows) {
      GUST_CO_TRY(auto stream, table_rows::decode_stream(row.value));
      if (is_over(stream)) continue;
      out.more = out.streams.size() == wanted.limit;
      if (out.more) co_return out;
      out.streams.push_back(std::move(stream));
    }
    if (rows.size() < range.limit) co_return out;
    range.begin = rows.back().key + '\0';
  }
}

async::Task<std::vector<Stream>> StreamCatalog::all() {
  auto range = kv::Range::prefix(std::string(table_rows::kStreams));
  std::vector<Stream> out;
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await store_.scan(range));
    for (const auto& row : rows) {
      GUST_CO_TRY(auto stream, table_rows::decode_stream(row.value));
      out.push_back(std::move(stream));
    }
    if (rows.size() < range.limit) co_return out;
    range.begin = rows.back().key + '\0';
  }
}

async::Task<void> StreamCatalog::forget(Stream stream) {
  kv::Store::Body body = [key = key_of(stream.table)](kv::Transaction& tx) -> Result<void> {
    tx.erase(key);
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

}  // namespace gust::tables
