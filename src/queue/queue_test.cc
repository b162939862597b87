// What every Queue promises; DurableQueue over the durable store and over its in-memory twin.
#include "async/task_group.h"
#include "async/testing.h"
#include "kv/memory/memory_store.h"
#include "kv/rocks/rocks_store.h"
#include "queue/durable_queue.h"
#include "queue/retry_policy.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace gust::queue {
namespace {

using async::Task;

class QueueContract : public ::testing::TestWithParam<const char*> {
 protected:
  template <typename F>
  auto run(F f) {
    return async::testing::run(loop_, f);
  }
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "gust-queue-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    if (std::string_view(GetParam()) == "memory") {
      store_ = std::make_unique<kv::MemoryStore>();
    } else {
      store_ = *kv::RocksStore::open(folder_ / "kv", {.threads = 4});
    }
    reopen();
  }
  void TearDown() override {
    queue_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void reopen() {
    queue_ = std::make_unique<DurableQueue>(loop_.get_executor(), *store_, clock_, "test");
    ASSERT_TRUE(run([&] { return queue_->open(); }));
  }
  void enqueue(std::string id, Millis delay = Millis(0)) {
    const Message message{.id = id, .body = "body of " + id, .enqueued_at = clock_.now()};
    const auto at = clock_.now() + delay;
    ASSERT_TRUE(run([&] {
      return store_->transact([this, message, at](kv::Transaction& tx) { return queue_->enqueue(tx, message, at); });
    }));
    queue_->notify();
  }
  std::vector<Lease> lease(std::size_t max = 10, Millis duration = Millis(30'000)) {
    return *run([&] { return queue_->lease(max, duration, std::chrono::steady_clock::now() + Millis(20)); });
  }
  std::vector<std::string> lease_ids(std::size_t max = 10) {
    std::vector<std::string> ids;
    for (const auto& l : lease(max)) ids.push_back(l.message.id);
    return ids;
  }
  using Ids = std::vector<std::string>;

  boost::asio::io_context loop_;
  env::FakeClock clock_;
  std::filesystem::path folder_;
  std::unique_ptr<kv::Store> store_;
  std::unique_ptr<DurableQueue> queue_;
};

TEST_P(QueueContract, LeasedOnceUntilAcknowledged) {
  enqueue("a");
  auto leases = lease();
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_EQ(leases[0].message.body, "body of a");
  EXPECT_EQ(leases[0].message.attempts, 1u);
  EXPECT_EQ(lease_ids(), Ids{});
  EXPECT_TRUE(run([&] { return queue_->acknowledge(leases[0]); }));
  EXPECT_EQ(run([&] { return queue_->acknowledge(leases[0]); }).error().code, Code::kPrecondition);
  clock_.advance(Millis(60'000));
  EXPECT_EQ(lease_ids(), Ids{});
}

TEST_P(QueueContract, OldestAvailabilityFirstAndNotBeforeItsTime) {
  enqueue("late", Millis(5000));
  enqueue("first");
  clock_.advance(Millis(1));
  enqueue("second");
  EXPECT_EQ(lease_ids(), (Ids{"first", "second"}));
  clock_.advance(Millis(5000));
  EXPECT_EQ(lease_ids(), Ids{"late"});
}

TEST_P(QueueContract, AnExpiredLeaseIsGivenToAnotherAndTheOldHolderIsRefused) {
  enqueue("a");
  const auto old = lease(1, Millis(1000));
  clock_.advance(Millis(1001));
  const auto again = lease(1, Millis(1000));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(run([&] { return queue_->acknowledge(old[0]); }).error().code, Code::kPrecondition);
  EXPECT_TRUE(run([&] { return queue_->acknowledge(again[0]); }));
}

TEST_P(QueueContract, ExtendKeepsItAway) {
  enqueue("a");
  const auto held = lease(1, Millis(1000));
  const auto longer = run([&] { return queue_->extend(held[0], Millis(10'000)); });
  ASSERT_TRUE(longer);
  clock_.advance(Millis(5000));
  EXPECT_EQ(lease_ids(), Ids{});
  EXPECT_TRUE(run([&] { return queue_->acknowledge(*longer); }));
}

TEST_P(QueueContract, RetryComesBackLaterWithItsAttempts) {
  enqueue("a");
  auto held = lease();
  ASSERT_TRUE(run([&] { return queue_->retry(held[0], clock_.now() + Millis(1000)); }));
  EXPECT_EQ(lease_ids(), Ids{});
  clock_.advance(Millis(1000));
  held = lease();
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0].message.attempts, 2u);
}

TEST_P(QueueContract, ACorruptMessageHoldsUpNoOther) {
  enqueue("a");
  enqueue("b");
  ASSERT_TRUE(run([&] {
    return store_->transact([](kv::Transaction& tx) -> Result<void> {
      tx.put("q/test/m/a", "no message");
      return {};
    });
  }));
  EXPECT_EQ(lease_ids(), std::vector<std::string>{"b"});
}

TEST_P(QueueContract, BuriedRevivedDropped) {
  enqueue("a");
  enqueue("b");
  for (const auto& l : lease()) ASSERT_TRUE(run([&] { return queue_->bury(l, "no use"); }));
  auto dead = *run([&] { return queue_->dead("", 10); });
  ASSERT_EQ(dead.size(), 2u);
  EXPECT_EQ(dead[0].reason, "no use");
  EXPECT_EQ(run([&] { return queue_->dead("a", 10); })->at(0).message.id, "b");
  EXPECT_TRUE(run([&] { return queue_->revive("a", "again"); }));
  EXPECT_TRUE(run([&] { return queue_->drop("b"); }));
  EXPECT_EQ(run([&] { return queue_->drop("b"); }).error().code, Code::kNotFound);
  EXPECT_EQ(run([&] { return queue_->revive("b", "again"); }).error().code, Code::kNotFound);
  const auto back = lease();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].message.id, "a");
  EXPECT_EQ(back[0].message.body, "again");
  EXPECT_EQ(back[0].message.attempts, 1u);
}

TEST_P(QueueContract, EnqueueingTwiceIsOnce) {
  enqueue("a");
  enqueue("a");
  EXPECT_EQ(lease_ids(), Ids{"a"});
  enqueue("a");
  EXPECT_EQ(lease_ids(), Ids{});
}

TEST_P(QueueContract, WhatWasLeasedIsAvailableToTheNextProcess) {
  enqueue("a");
  EXPECT_EQ(lease_ids(), Ids{"a"});
  reopen();
  EXPECT_EQ(lease_ids(), Ids{"a"});
}

TEST_P(QueueContract, DepthCounts) {
  for (const auto* id : {"a", "b", "c"}) enqueue(id);
  const auto held = lease(2);
  ASSERT_TRUE(run([&] { return queue_->bury(held[0], "x"); }));
  const auto depth = *run([&] { return queue_->depth(); });
  EXPECT_EQ(depth.waiting, 1u);
  EXPECT_EQ(depth.leased, 1u);
  EXPECT_EQ(depth.dead, 1u);
}

TEST_P(QueueContract, AClockSetBackHidesNothing) {
  clock_.advance(std::chrono::hours(2));
  enqueue("a");
  EXPECT_EQ(lease_ids(), Ids{"a"});
  clock_.advance(-std::chrono::hours(1));
  enqueue("b");
  EXPECT_EQ(lease_ids(), Ids{"b"});
}

TEST_P(QueueContract, ManyWorkersAcknowledgeEachOnce) {
  constexpr int kMessages = 1000;
  env::SystemClock real;
  queue_ = std::make_unique<DurableQueue>(loop_.get_executor(), *store_, real, "many");
  std::multiset<std::string> seen;
  async::TaskGroup workers(loop_.get_executor(), "workers");
  const auto work = [&]() -> Task<void> {
    while (seen.size() < kMessages) {
      const auto deadline = std::chrono::steady_clock::now() + Millis(50);
      GUST_CO_TRY(auto leases, co_await queue_->lease(7, Millis(60'000), deadline));
      for (auto& l : leases) {
        seen.insert(l.message.id);
        GUST_CO_CHECK(co_await queue_->acknowledge(l));
      }
    }
    co_return Result<void>{};
  };
  const auto feed = [&]() -> Task<void> {
    for (int i = 0; i < kMessages; i += 50) {
      kv::Store::Body body = [&, i](kv::Transaction& tx) -> Result<void> {
        for (int j = i; j < i + 50; ++j)
          GUST_CHECK(queue_->enqueue(tx, {.id = std::to_string(j), .body = ""}, real.now()));
        return {};
      };
      GUST_CO_CHECK(co_await store_->transact(std::move(body)));
      queue_->notify();
    }
    co_return Result<void>{};
  };
  ASSERT_TRUE(run([&]() -> Task<void> {
    for (int i = 0; i < 8; ++i) workers.spawn(work());
    workers.spawn(feed());
    co_return co_await workers.drain(SteadyTime::max());
  }));
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kMessages));
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), static_cast<std::size_t>(kMessages));
  EXPECT_EQ(run([&] { return queue_->depth(); })->waiting, 0u);
}

// Passes everything on, and remembers where scans began.
class WatchedStore final : public kv::Store {
 public:
  explicit WatchedStore(kv::Store& inner) : inner_(inner) {}
  Task<void> transact(Body body, kv::Durability durability) override {
    return inner_.transact(std::move(body), durability);
  }
  Task<std::optional<std::string>> get(std::string key) override { return inner_.get(std::move(key)); }
  Task<std::vector<kv::Entry>> scan(kv::Range range) override {
    scanned_from.push_back(range.begin);
    return inner_.scan(std::move(range));
  }
  std::unique_ptr<kv::Reader> snapshot() override { return inner_.snapshot(); }

  std::vector<std::string> scanned_from;

 private:
  kv::Store& inner_;
};

// Erased rows cost a scan as much as others do, until RocksDB merges its tables.
TEST_P(QueueContract, NoScanGoesOverWhatWasAcknowledgedNorOverWhatIsHeld) {
  WatchedStore watched(*store_);
  queue_ = std::make_unique<DurableQueue>(loop_.get_executor(), watched, clock_, "test");
  ASSERT_TRUE(run([&] { return queue_->open(); }));
  enqueue("held for long");
  const auto held = lease(1, std::chrono::hours(1));
  ASSERT_EQ(held.size(), 1u);
  auto before = store_->snapshot()->scan(kv::Range::prefix("q/test/r/"))->back().key;
  for (int i = 0; i < 20; ++i) {
    clock_.advance(Millis(5));
    enqueue(std::to_string(i));
    watched.scanned_from.clear();
    const auto one = lease(1);
    ASSERT_EQ(one.size(), 1u);
    ASSERT_FALSE(watched.scanned_from.empty());
    for (const auto& from : watched.scanned_from) EXPECT_GT(from, before);
    before = store_->snapshot()->scan(kv::Range::prefix("q/test/r/"))->back().key;
    ASSERT_TRUE(run([&] { return queue_->acknowledge(one[0]); }));
  }
  clock_.advance(std::chrono::hours(2));
  EXPECT_EQ(lease_ids(), Ids{"held for long"});
}

TEST_P(QueueContract, ARowThatAppearsLateIsFound) {
  enqueue("on time");
  EXPECT_EQ(lease_ids(), Ids{"on time"});
  // Made an hour ago, committed now.
  const auto then = clock_.now() - std::chrono::hours(1);
  ASSERT_TRUE(run([&] {
    return store_->transact([&](kv::Transaction& tx) { return queue_->enqueue(tx, {.id = "late", .body = ""}, then); });
  }));
  EXPECT_EQ(lease_ids(), Ids{"late"});
}

TEST_P(QueueContract, ARetryForAnEarlierTimeIsFound) {
  enqueue("a");
  const auto held = lease();
  ASSERT_EQ(held.size(), 1u);
  clock_.advance(Millis(1000));
  EXPECT_EQ(lease_ids(), Ids{});
  ASSERT_TRUE(run([&] { return queue_->retry(held[0], clock_.now() - Millis(500)); }));
  EXPECT_EQ(lease_ids(), Ids{"a"});
}

INSTANTIATE_TEST_SUITE_P(Queue, QueueContract, ::testing::Values("memory", "rocks"),
                         [](const auto& info) { return info.param; });

TEST(RetryPolicy, TwoRetriesAfterOneAndTwoMinutes) {
  const RetrySettings settings;
  const auto work = FailureClass::kOfTheWork;
  EXPECT_EQ(next_delay(settings, work, 1, 0, Millis(0)), std::chrono::minutes(1));
  EXPECT_EQ(next_delay(settings, work, 2, 0, Millis(0)), std::chrono::minutes(2));
  EXPECT_EQ(next_delay(settings, work, 3, 0, Millis(0)), std::nullopt);
  EXPECT_EQ(next_delay({.max_retries = 0}, work, 1, 0, Millis(0)), std::nullopt);
}

TEST(RetryPolicy, TooOldIsGivenUp) {
  const RetrySettings settings{.max_age = Millis(60'000)};
  EXPECT_EQ(next_delay(settings, FailureClass::kOfTheWork, 1, 0, Millis(1)), std::nullopt);
  EXPECT_EQ(next_delay(settings, FailureClass::kOfTheWork, 1, 0, Millis(0)), std::chrono::minutes(1));
}

TEST(RetryPolicy, TheMachinesFailuresBackOffUpToTheAge) {
  const RetrySettings settings;
  const auto machine = FailureClass::kOfTheMachine;
  EXPECT_EQ(next_delay(settings, machine, 0, 1, Millis(0)), std::chrono::seconds(1));
  EXPECT_EQ(next_delay(settings, machine, 0, 4, Millis(0)), std::chrono::seconds(8));
  EXPECT_EQ(next_delay(settings, machine, 5, 50, Millis(0)), std::chrono::minutes(5));
  EXPECT_EQ(next_delay(settings, machine, 0, 50, std::chrono::hours(6)), std::nullopt);
}

}  // namespace
}  // namespace gust::queue
