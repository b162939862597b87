// What every kv::Store promises, run against each implementation.
#include "async/both.h"
#include "async/task_group.h"
#include "async/testing.h"
#include "kv/key.h"
#include "kv/memory/memory_store.h"
#include "kv/rocks/rocks_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

namespace gust::kv {
namespace {

using async::Task;
using async::testing::run;

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "gust-kv-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

class StoreContract : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    if (std::string_view(GetParam()) == "memory") {
      store_ = std::make_unique<MemoryStore>();
      return;
    }
    store_.reset();
    auto opened = RocksStore::open(folder_.path / "kv", RocksSettings{.threads = 4});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }
  Result<void> write(Store::Body body) {
    return run([&]() -> Task<void> { return store_->transact(body); });
  }
  Result<void> put(std::string key, std::string value) {
    return write([=](Transaction& tx) -> Result<void> {
      tx.put(key, value);
      return {};
    });
  }
  std::optional<std::string> get(std::string key) {
    return *run([&]() -> Task<std::optional<std::string>> { return store_->get(key); });
  }
  std::vector<std::string> keys(Range range) {
    const auto entries = run([&]() -> Task<std::vector<Entry>> { return store_->scan(range); });
    std::vector<std::string> out;
    for (const auto& entry : *entries) out.push_back(entry.key);
    return out;
  }

  Folder folder_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, PutGetErase) {
  EXPECT_EQ(get("a"), std::nullopt);
  const std::string binary("\0\xff\n", 3);
  ASSERT_TRUE(put("a", binary));
  EXPECT_EQ(get("a"), binary);
  ASSERT_TRUE(write([](Transaction& tx) -> Result<void> {
    tx.erase("a");
    tx.erase("never there");
    return {};
  }));
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(StoreContract, ScansInBothOrdersWithinLimits) {
  using Keys = std::vector<std::string>;
  ASSERT_TRUE(write([](Transaction& tx) -> Result<void> {
    for (const auto* key : {"a", "b/1", "b/2", "b/3", "c", "\xff\xff"}) tx.put(key, key);
    return {};
  }));
  EXPECT_EQ(keys(Range::prefix("b/")), (Keys{"b/1", "b/2", "b/3"}));
  EXPECT_EQ(keys({.begin = "b/2", .end = "", .limit = 2}), (Keys{"b/2", "b/3"}));
  EXPECT_EQ(keys({.begin = "a", .end = "b/2", .order = Order::kBackward}), (Keys{"b/1", "a"}));
  EXPECT_EQ(keys({.begin = "b", .end = "", .limit = 2, .order = Order::kBackward}), (Keys{"\xff\xff", "c"}));
  EXPECT_EQ(keys(Range::prefix("\xff")), (Keys{"\xff\xff"}));
  EXPECT_EQ(keys({.begin = "x", .end = "b"}), Keys{});
}

TEST_P(StoreContract, ATransactionSeesItsOwnWrites) {
  ASSERT_TRUE(put("k1", "old"));
  std::optional<std::string> seen;
  std::vector<Entry> scanned;
  ASSERT_TRUE(write([&](Transaction& tx) -> Result<void> {
    tx.put("k2", "new");
    tx.erase("k1");
    GUST_TRY(seen, tx.get("k2"));
    GUST_TRY(scanned, tx.scan(Range::prefix("k")));
    return {};
  }));
  EXPECT_EQ(seen, "new");
  EXPECT_EQ(scanned, (std::vector<Entry>{{"k2", "new"}}));
}

// The body is between its two reads when both rows change.
TEST_P(StoreContract, ABodyThatFailsHasReadOneMoment) {
  ASSERT_TRUE(put("x", "old") && put("y", "old"));
  std::atomic<bool> began = false, written = false;
  std::string x, y;
  Store::Body reader = [&](Transaction& tx) -> Result<void> {
    x = tx.get("x").value().value();
    began = true;
    while (!written) std::this_thread::yield();
    y = tx.get("y").value().value();
    return fail(Code::kPrecondition, "no");
  };
  const auto read = [&]() -> Task<void> {
    const auto done = co_await store_->transact(reader);
    EXPECT_EQ(done.error().code, Code::kPrecondition);
    co_return Result<void>{};
  };
  const auto write_both = [&]() -> Task<void> {
    Store::Body writer = [](Transaction& tx) -> Result<void> {
      tx.put("x", "new");
      tx.put("y", "new");
      return {};
    };
    while (!began) std::this_thread::yield();
    const auto done = co_await store_->transact(std::move(writer));
    written = true;
    co_return done;
  };
  ASSERT_TRUE(run([&]() -> Task<void> { return async::both(read(), write_both()); }));
  EXPECT_EQ(x, y);
}

// Of two that wait for their commit together the second fails, having read what the first wrote; a third changes what
// it has read besides, before the two are committed.
TEST_P(StoreContract, ABodyThatFailsBesideOneThatDoesNotHasReadOneMoment) {
  ASSERT_TRUE(put("x", "old") && put("y", "old"));
  std::atomic<int> began = 0;
  std::atomic<bool> go = false, go_on = false, changed = false;
  std::string x, y;
  const auto hold = [&](const std::atomic<bool>& until) {
    ++began;
    while (!until) std::this_thread::yield();
  };
  // Those that hold both threads that commit.
  Store::Body holds = [&](Transaction&) -> Result<void> { return hold(go), Result<void>(); };
  Store::Body changes = [&](Transaction& tx) -> Result<void> {
    hold(go_on);
    tx.put("y", "new");
    return {};
  };
  Store::Body first = [](Transaction& tx) -> Result<void> { return tx.put("x", "new"), Result<void>(); };
  Store::Body second = [&](Transaction& tx) -> Result<void> {
    x = tx.get("x").value().value();
    y = tx.get("y").value().value();
    go_on = true;
    while (!changed) std::this_thread::yield();
    return fail(Code::kPrecondition, "no");
  };
  const auto start = [&](Store::Body body, std::atomic<bool>* done) -> Task<void> {
    (void)co_await store_->transact(std::move(body));
    if (done != nullptr) *done = true;
    co_return Result<void>{};
  };
  boost::asio::io_context loop;
  async::TaskGroup group(loop.get_executor(), "transactions");
  const auto wait_for = [&](int count) {
    while (began < count) std::this_thread::yield();
  };
  ASSERT_TRUE(run(loop, [&]() -> Task<void> {
    group.spawn(start(holds, nullptr));
    wait_for(1);
    group.spawn(start(changes, &changed));
    wait_for(2);
    group.spawn(start(first, nullptr));
    group.spawn(start(second, nullptr));
    go = true;
    co_return co_await group.drain(SteadyTime::max());
  }, async::testing::RunUntil::kIdle));
  EXPECT_EQ(y, "new");
}

TEST_P(StoreContract, AnErrorRollsBack) {
  const auto result = write([](Transaction& tx) -> Result<void> {
    tx.put("a", "1");
    return fail(Code::kPrecondition, "no");
  });
  EXPECT_EQ(result.error().code, Code::kPrecondition);
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(StoreContract, AChangedReadRunsTheBodyAgain) {
  ASSERT_TRUE(put("a", "1"));
  int runs = 0;
  // Inside the first run another commit changes what was read.
  ASSERT_TRUE(write([&](Transaction& tx) -> Result<void> {
    GUST_TRY(const auto value, tx.get("a"));
    if (++runs == 1) GUST_CHECK(put("a", "2"));
    tx.put("b", *value);
    return {};
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(get("b"), "2");
}

TEST_P(StoreContract, ACreatedOrErasedReadConflictsToo) {
  int runs = 0;
  ASSERT_TRUE(write([&](Transaction& tx) -> Result<void> {
    GUST_TRY(const auto value, tx.get("fresh"));
    if (++runs == 1) GUST_CHECK(put("fresh", "1"));
    tx.put("seen", value.value_or("none"));
    return {};
  }));
  EXPECT_EQ(get("seen"), "1");
}

TEST_P(StoreContract, AlwaysConflictingAnswersConflict) {
  int n = 0;
  const auto result = write([&](Transaction& tx) -> Result<void> {
    GUST_CHECK(tx.get("a"));
    GUST_CHECK(put("a", std::to_string(++n)));
    tx.put("b", "x");
    return {};
  });
  EXPECT_EQ(result.error().code, Code::kConflict);
  EXPECT_EQ(get("b"), std::nullopt);
}

// Both wait for their commit together, behind those that hold the threads that commit.
TEST_P(StoreContract, OneThatAlwaysLosesDoesNotFailOthersBesideIt) {
  std::atomic<int> began = 0, n = 0;
  std::atomic<bool> go = false;
  Store::Body holds = [&](Transaction&) -> Result<void> {
    ++began;
    while (!go) std::this_thread::yield();
    return {};
  };
  Store::Body loses = [&](Transaction& tx) -> Result<void> {
    GUST_CHECK(tx.get("a"));
    GUST_CHECK(put("a", std::to_string(++n)));
    tx.put("lost", "x");
    return {};
  };
  Store::Body other = [](Transaction& tx) -> Result<void> { return tx.put("b", "x"), Result<void>(); };
  Result<void> lost, done;
  const auto start = [&](Store::Body body, Result<void>* result) -> Task<void> {
    auto answer = co_await store_->transact(std::move(body));
    if (result != nullptr) *result = std::move(answer);
    co_return Result<void>{};
  };
  boost::asio::io_context loop;
  async::TaskGroup group(loop.get_executor(), "transactions");
  ASSERT_TRUE(run(loop, [&]() -> Task<void> {
    for (int holding = 1; holding <= 2; ++holding) {
      group.spawn(start(holds, nullptr));
      while (began < holding) std::this_thread::yield();
    }
    group.spawn(start(loses, &lost));
    group.spawn(start(other, &done));
    go = true;
    co_return co_await group.drain(SteadyTime::max());
  }, async::testing::RunUntil::kIdle));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::kConflict);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(get("b"), "x");
  EXPECT_EQ(get("lost"), std::nullopt);
}

TEST_P(StoreContract, ConcurrentIncrementsAllCount) {
  constexpr int kWriters = 64, kEach = 20;  // many more than threads
  boost::asio::io_context loop;
  async::TaskGroup group(loop.get_executor(), "increments");
  const auto writer = [&]() -> Task<void> {
    for (int i = 0; i < kEach; ++i) {
      Store::Body body = [](Transaction& tx) -> Result<void> {
        GUST_TRY(const auto value, tx.get("n"));
        tx.put("n", std::to_string(std::stoi(value.value_or("0")) + 1));
        return {};
      };
      GUST_CO_CHECK(co_await store_->transact(std::move(body)));
    }
    co_return Result<void>{};
  };
  const auto write_all = [&]() -> Task<void> {
    for (int i = 0; i < kWriters; ++i) group.spawn(writer());
    co_return co_await group.drain(SteadyTime::max());
  };
  const auto result = run(loop, write_all, async::testing::RunUntil::kIdle);
  EXPECT_TRUE(result);
  EXPECT_EQ(get("n"), std::to_string(kWriters * kEach));
}

TEST_P(StoreContract, OneThatFailsTakesBackItsOwnRowsOnly) {
  constexpr int kWriters = 64;
  boost::asio::io_context loop;
  async::TaskGroup group(loop.get_executor(), "writers");
  int refused = 0;
  const auto writer = [&](int i) -> Task<void> {
    Store::Body body = [i](Transaction& tx) -> Result<void> {
      tx.put("own" + std::to_string(i), "x");
      tx.put("last", std::to_string(i));
      if (i % 2 == 1) return fail(Code::kInvalid, "an odd one");
      return {};
    };
    const auto written = co_await store_->transact(std::move(body));
    if (!written && written.error().code == Code::kInvalid) ++refused;
    co_return Result<void>{};
  };
  const auto write_all = [&]() -> Task<void> {
    for (int i = 0; i < kWriters; ++i) group.spawn(writer(i));
    co_return co_await group.drain(SteadyTime::max());
  };
  EXPECT_TRUE(run(loop, write_all, async::testing::RunUntil::kIdle));
  EXPECT_EQ(refused, kWriters / 2);
  for (int i = 0; i < kWriters; ++i) EXPECT_EQ(get("own" + std::to_string(i)).has_value(), i % 2 == 0) << i;
  EXPECT_EQ(std::stoi(get("last").value_or("1")) % 2, 0);
}

TEST_P(StoreContract, WhatFollowsACommitRunsOnceItCanBeReadAndBeforeTheAnswer) {
  ASSERT_TRUE(put("a", "1"));
  int runs = 0;
  std::vector<std::optional<std::string>> seen;
  ASSERT_TRUE(write([&](Transaction& tx) -> Result<void> {
    GUST_TRY(const auto value, tx.get("a"));
    if (++runs == 1) GUST_CHECK(put("a", "2"));
    tx.put("b", *value);
    tx.after_commit([&] { seen.push_back(*store_->snapshot()->get("b")); });
    return {};
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(seen, std::vector<std::optional<std::string>>{"2"});
}

TEST_P(StoreContract, NothingFollowsWhatIsNotCommitted) {
  int followed = 0;
  const auto refused = write([&](Transaction& tx) -> Result<void> {
    tx.after_commit([&] { ++followed; });
    return fail(Code::kPrecondition, "no");
  });
  EXPECT_FALSE(refused);
  ASSERT_TRUE(put("a", "1"));
  EXPECT_EQ(followed, 0);
}

TEST_P(StoreContract, ASnapshotStandsStill) {
  ASSERT_TRUE(put("a", "1"));
  const auto before = store_->snapshot();
  ASSERT_TRUE(put("a", "2"));
  ASSERT_TRUE(put("b", "1"));
  EXPECT_EQ(*before->get("a"), "1");
  EXPECT_EQ(*before->get("b"), std::nullopt);
  EXPECT_EQ(before->scan(Range::prefix(""))->size(), 1u);
  EXPECT_EQ(get("a"), "2");
}

TEST_P(StoreContract, ReopenedItHasEverything) {
  if (std::string_view(GetParam()) == "memory") GTEST_SKIP() << "MemoryStore forgets";
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(put("k" + std::to_string(i), std::string(1000, 'x')));
  reopen();
  EXPECT_EQ(keys(Range::prefix("k")).size(), 100u);
}

INSTANTIATE_TEST_SUITE_P(Kv, StoreContract, ::testing::Values("memory", "rocks"),
                         [](const auto& info) { return info.param; });

TEST(RocksStore, ASecondOwnerIsRefused) {
  Folder folder;
  const auto first = RocksStore::open(folder.path);
  ASSERT_TRUE(first);
  const auto second = RocksStore::open(folder.path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
}

TEST(Key, PartsSortAndComeBack) {
  const auto key = [](std::string_view a, std::string_view b, std::uint64_t n) {
    std::string k;
    append_text(k, a);
    append_text(k, b);
    append_number(k, n);
    return k;
  };
  EXPECT_LT(key("a", "z", 9), key("aa", "a", 1));
  EXPECT_LT(key("a", "b", 9), key("a", "b", 256));
  EXPECT_LT(key("a", "", 0), key(std::string_view("a\0", 2), "", 0));
  const auto whole = key(std::string_view("x\0\xff", 3), "", 7);
  std::string_view rest = whole;
  std::string a, b;
  std::uint64_t n = 0;
  ASSERT_TRUE(take_text(rest, a) && take_text(rest, b) && take_number(rest, n));
  EXPECT_EQ(a, std::string_view("x\0\xff", 3));
  EXPECT_EQ(b, "");
  EXPECT_EQ(n, 7u);
  EXPECT_TRUE(rest.empty());
  EXPECT_FALSE(take_text(rest, a));
}

}  // namespace
}  // namespace gust::kv
