// A write-ahead log that is damaged: at its end, where nothing was acknowledged, or before it.
#include "async/testing.h"
#include "base/log.h"
#include "env/simulated_files.h"
#include "kv/rocks/files_env.h"
#include "kv/rocks/rocks_store.h"
#include "kv/rocks/wal.h"

#include <gtest/gtest.h>

namespace gust::kv {
namespace {

using async::Task;
using async::testing::run;

class Wal : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(files_.make_folder("/data"));
    ASSERT_TRUE(files_.sync_folder(""));
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error().message;
  }
  Result<void> open() {
    store_.reset();
    GUST_TRY(store_, RocksStore::open("/data/kv", {.threads = 0, .memtable_bytes = memtable_, .env = env_}));
    return {};
  }
  Result<void> put(std::string key, std::size_t size, Durability durability = Durability::kSynced) {
    return run([&]() -> Task<void> {
      Store::Body body = [=](Transaction& tx) -> Result<void> {
        GUST_CHECK(tx.get(key));
        tx.put(key, std::string(size, 'x'));
        return {};
      };
      return store_->transact(std::move(body), durability);
    });
  }
  // The log that is written to.
  std::string log_file() {
    std::string out;
    for (const auto& name : *files_.list("/data/kv")) {
      if (name.ends_with(".log")) out = "/data/kv/" + name;
    }
    return out;
  }

  void power_cycle() {
    files_.power_off();
    store_.reset();
    files_.power_on();
  }

  std::size_t memtable_ = 16 << 20;
  env::SimulatedFiles files_{1};
  std::shared_ptr<rocksdb::Env> env_ = make_env(files_);
  std::unique_ptr<RocksStore> store_;
};

TEST_F(Wal, DamageOfWhatWasAcknowledgedRefusesToOpen) {
  for (const auto* key : {"a", "b", "c", "d"}) ASSERT_TRUE(put(key, 40'000));
  power_cycle();
  files_.flip(log_file(), 8 * 1000);
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kCorrupt);
  EXPECT_EQ(RocksStore::open_read_only("/data/kv", {.env = env_}).error().code, Code::kCorrupt);
}

// Nothing was synced behind "a": whatever becomes of it, the store opens, with "a".
TEST_F(Wal, DamageOfWhatWasNotOpens) {
  int damaged = 0;
  log::set_sink([&](log::Level, std::string_view line) { damaged += line.contains("was never synced"); });
  for (int round = 0; round < 60; ++round) {
    ASSERT_TRUE(put("a", 100));
    const auto name = log_file();
    const auto synced = files_.info(name)->size;
    ASSERT_TRUE(put("b" + std::to_string(round), 40'000, Durability::kBuffered));
    power_cycle();
    const auto size = files_.info(name)->size;
    if (size > synced + 1000 && round % 2 == 0) files_.flip(name, 8 * (synced + 500));
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_TRUE(*store_->snapshot()->get("a"));
  }
  log::set_sink(nullptr);
  EXPECT_GT(damaged, 0);
}

// The log's last record is the one that filled a memtable: with some number of them.
TEST_F(Wal, AStoreThatWasFilledToTheBrimTakesWrites) {
  memtable_ = 64 << 10;
  for (int count = 1; count < 40; ++count) {
    power_cycle();
    ASSERT_TRUE(open());
    for (int i = 0; i < count; ++i) ASSERT_TRUE(put("k" + std::to_string(i), 2000));
    power_cycle();
    ASSERT_TRUE(open());
    const auto done = put("k", 10);
    EXPECT_TRUE(done) << "after " << count << ": " << done.error().message;
  }
}

}  // namespace
}  // namespace gust::kv
