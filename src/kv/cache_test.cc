// Indices and filters of tables stay in the cache: of a store whose indices together are larger than what one shard of
// the cache takes, reads of keys all over it read data from the disk, but seldom what says where the data is. And what
// goes over all rows once leaves the cache to the others.
#include "async/testing.h"
#include "kv/rocks/rocks_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include <filesystem>
#include <map>
#include <numeric>
#include <random>

namespace gust::kv {
namespace {

constexpr std::size_t kRows = 3000, kValueBytes = 4000;

// An index's entry is as long as what keys have in common.
std::string key_of(std::size_t row) { return std::string(220, 'k') + fmt::format("{:08}", row); }

std::string random_bytes(std::mt19937_64& engine, std::size_t size) {
  std::string out(size, '\0');
  for (auto& c : out) c = static_cast<char>(engine());
  return out;
}

class RocksCache : public ::testing::Test {
 protected:
  RocksCache() {
    std::string name = std::filesystem::temp_directory_path() / "gust-kv-cache-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    store_ = *RocksStore::open(folder_ / "kv", {.threads = 2, .block_cache_bytes = 2 << 20, .memtable_bytes = 1 << 20});
  }
  ~RocksCache() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Rows in any order, so that tables overlap and are merged.
  void fill() {
    std::vector<std::size_t> rows(kRows);
    std::iota(rows.begin(), rows.end(), 0);
    std::ranges::shuffle(rows, engine_);
    for (std::size_t begin = 0; begin < kRows; begin += 50) {
      Store::Body body = [&](Transaction& tx) -> Result<void> {
        for (auto i = begin; i < begin + 50; ++i) tx.put(key_of(rows[i]), random_bytes(engine_, kValueBytes));
        return {};
      };
      ASSERT_TRUE(async::testing::run([&]() { return store_->transact(body, Durability::kBuffered); }));
    }
  }

  // The levels of the tables by their names. RocksDB merges by itself: nothing where a table went away meanwhile.
  std::map<std::string, int> tables() const {
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::OpenForReadOnly({}, folder_ / "kv", &opened).ok()) return {};
    const std::unique_ptr<rocksdb::DB> db(opened);
    std::vector<rocksdb::LiveFileMetaData> files;
    db->GetLiveFilesMetaData(&files);
    std::map<std::string, int> out;
    for (const auto& file : files) out.emplace(file.name, file.level);
    return out;
  }
  bool merged() const {
    const auto levels = tables();
    return std::ranges::count_if(levels, [](const auto& table) { return table.second > 0; }) > 0 &&
           std::ranges::count_if(levels, [](const auto& table) { return table.second == 0; }) < 4;
  }
  void wait_until_merged() const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (!merged()) ASSERT_LT(std::chrono::steady_clock::now(), end) << "the tables were not merged";
  }

  void read(std::size_t count) {
    const auto view = store_->snapshot();
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = view->get(key_of(engine_() % kRows));
      ASSERT_TRUE(row && *row);
    }
  }

  std::filesystem::path folder_;
  std::unique_ptr<RocksStore> store_;
  std::mt19937_64 engine_{7};
};

TEST_F(RocksCache, KeepsIndicesAndFilters) {
  constexpr std::size_t kReads = 2000;
  fill();
  wait_until_merged();
  read(2 * kRows);
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
  rocksdb::get_perf_context()->Reset();
  read(kReads);
  const auto& counts = *rocksdb::get_perf_context();
  RecordProperty("blocks", static_cast<int>(counts.block_read_count));
  RecordProperty("indices", static_cast<int>(counts.index_block_read_count));
  RecordProperty("filters", static_cast<int>(counts.filter_block_read_count));
  EXPECT_GT(counts.block_read_count, kReads / 2) << "the cache holds all data, so that this tells nothing";
  EXPECT_LT(counts.index_block_read_count + counts.filter_block_read_count, kReads / 10);
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
}

TEST_F(RocksCache, IsLeftAloneByWhatGoesOverAllRowsOnce) {
  fill();
  wait_until_merged();
  const auto view = store_->snapshot();
  const auto read_few = [&] {
    for (std::size_t i = 0; i < 20; ++i) ASSERT_TRUE(*view->get(key_of(i * 100)));
  };
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
  const auto& counts = *rocksdb::get_perf_context();
  // What is merged meanwhile lies in other tables, which the cache does not know yet: then once more.
  for (auto before = tables();; before = tables()) {
    read_few();
    rocksdb::get_perf_context()->Reset();
    const auto all = view->scan({.limit = 2 * kRows, .caching = Caching::kPass});
    ASSERT_TRUE(all && all->size() >= kRows);
    EXPECT_GT(counts.block_read_count, kRows / 2) << "the cache holds all data, so that this tells nothing";
    rocksdb::get_perf_context()->Reset();
    read_few();
    const auto read = counts.block_read_count;
    if (before.empty() || tables() != before) continue;
    EXPECT_EQ(read, 0u);
    break;
  }
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
}

}  // namespace
}  // namespace gust::kv
