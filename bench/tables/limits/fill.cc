// Fills a table of a stopped daemon with many items of 1 KiB, by the table store's own rows in the real store:
// bench_tables_fill DATA TABLE_ID COUNT. The table has a partition key `p` and a sort key `s`, both strings.
#include "async/testing.h"
#include "kv/rocks/rocks_store.h"
#include "tables/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace gust;

constexpr std::uint64_t kAtOnce = 2000;
constexpr std::size_t kTextBytes = 940;

tables::Item item_of(std::uint64_t i) {
  tables::Item item;
  item["p"] = {fmt::format("filled-{:09}", i)};
  item["s"] = {std::string("0")};
  item["text"] = {std::string(kTextBytes, static_cast<char>('a' + i % 26))};
  item["flag"] = {true};
  return item;
}

async::Task<void> fill(kv::Store& store, const tables::Table& table, std::uint64_t count) {
  for (std::uint64_t begin = 0; begin < count; begin += kAtOnce) {
    const auto end = std::min(count, begin + kAtOnce);
    // The last one is synced, and with it all before.
    const auto durability = end == count ? kv::Durability::kSynced : kv::Durability::kBuffered;
    kv::Store::Body body = [&table, begin, end](kv::Transaction& tx) -> Result<void> {
      for (auto i = begin; i < end; ++i) {
        const auto item = item_of(i);
        tx.put(tables::rows::item_key(table, item), tables::rows::encode(item));
      }
      return {};
    };
    GUST_CO_CHECK(co_await store.transact(std::move(body), durability));
  }
  co_return Result<void>{};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bench_tables_fill DATA TABLE_ID COUNT\n");
    return 2;
  }
  auto store = kv::RocksStore::open(std::string(argv[1]) + "/kv");
  if (!store) {
    std::fprintf(stderr, "opening the store: %s\n", store.error().message.c_str());
    return 1;
  }
  tables::Table table;
  table.id = argv[2];
  table.key = {{"p", tables::Type::kString}, tables::KeyAttribute{"s", tables::Type::kString}};
  const auto count = std::strtoull(argv[3], nullptr, 10);
  const auto done = async::testing::run([&]() { return fill(**store, table, count); });
  if (!done) std::fprintf(stderr, "filling: %s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
