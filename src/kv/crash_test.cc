// What RocksStore promises of kill -9: every acknowledged write is there, and of a transaction all or nothing.
#include "async/task_group.h"
#include "async/testing.h"
#include "kv/rocks/rocks_store.h"
#include "kv/testing.h"

#include <filesystem>
#include <map>

namespace gust::kv {
namespace {

using async::Task;
using async::testing::run;

constexpr int kWriters = 6;

// Two rows of a name, in one transaction.
Task<void> put_pair(Store& store, std::string name, Durability durability) {
  Store::Body body = [name](Transaction& tx) -> Result<void> {
    tx.put("a/" + name, name);
    tx.put("b/" + name, std::string(2000, 'x') + name);
    return {};
  };
  co_return co_await store.transact(std::move(body), durability);
}

Task<void> write_for_ever(Store& store, int writer) {
  for (int n = 0;; ++n) {
    const auto name = std::to_string(writer) + "-" + std::to_string(n);
    const auto durability = writer % 2 == 0 ? Durability::kSynced : Durability::kBuffered;
    GUST_CO_CHECK(co_await put_pair(store, name, durability));
    testing::acknowledge(name);
  }
}

// Run by the test below in a process of its own.
TEST(KvCrash, DISABLED_Child) {
  auto store = *RocksStore::open(testing::child_folder(), {.threads = 8, .memtable_bytes = 64 << 10});
  boost::asio::io_context loop;
  async::TaskGroup group(loop.get_executor(), "writers");
  const auto ended = run(loop, [&]() -> Task<void> {
    for (int writer = 0; writer < kWriters; ++writer) group.spawn(write_for_ever(*store, writer));
    co_return co_await group.drain(SteadyTime::max());
  });
  FAIL() << "the writers ended before they were killed: " << (ended ? "" : ended.error().message);
}

TEST(KvCrash, WhatWasAcknowledgedIsThereAfterAKill) {
  std::string folder = std::filesystem::temp_directory_path() / "gust-kv-crash-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::map<std::string, int> acknowledged;
  for (const std::size_t count : {1, 50, 400}) {  // the last over several memtables
    for (const auto& name : testing::run_until_killed("KvCrash", folder, count)) ++acknowledged[name];
    auto store = RocksStore::open(folder);
    ASSERT_TRUE(store) << store.error().message;
    const auto view = (*store)->snapshot();
    for (const auto& [name, times] : acknowledged) {
      EXPECT_EQ(*view->get("a/" + name), name);
      EXPECT_EQ(*view->get("b/" + name), std::string(2000, 'x') + name);
    }
    const auto a = view->scan(Range::prefix("a/", 100'000)), b = view->scan(Range::prefix("b/", 100'000));
    ASSERT_EQ(a->size(), b->size());
    for (std::size_t i = 0; i < a->size(); ++i) EXPECT_EQ(a->at(i).key.substr(2), b->at(i).key.substr(2));
  }
  EXPECT_GE(acknowledged.size(), 400u);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gust::kv
