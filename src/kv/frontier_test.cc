#include "kv/frontier.h"

#include "async/testing.h"
#include "kv/memory/memory_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

namespace gust::kv {
namespace {

TEST(Frontier, GoesOnBehindWhatWasPassed) {
  Frontier frontier("a");
  {
    Frontier::Scan scan(frontier);
    EXPECT_EQ(scan.from(), "a");
    scan.passed("m");
  }
  EXPECT_EQ(Frontier::Scan(frontier).from(), "m");
  EXPECT_EQ(Frontier::Scan(frontier).from(), "m") << "a scan that passes nothing leaves it where it is";
  frontier.appeared("x");
  EXPECT_EQ(Frontier::Scan(frontier).from(), "m");
  frontier.appeared("c");
  EXPECT_EQ(Frontier::Scan(frontier).from(), "c");
  frontier.begin_again();
  EXPECT_EQ(Frontier::Scan(frontier).from(), "a");
}

TEST(Frontier, WhatAppearsDuringAScanIsNotPassedByIt) {
  Frontier frontier("a");
  Frontier::Scan slow(frontier);
  {
    Frontier::Scan quick(frontier);
    quick.passed("p");
  }
  frontier.appeared("k");
  frontier.appeared("d");
  frontier.appeared("f");
  slow.passed("z");
  EXPECT_EQ(Frontier::Scan(frontier).from(), "d");
}

TEST(Frontier, ARowAppearsWithTheCommitThatIsKept) {
  MemoryStore store;
  const auto frontier = std::make_shared<Frontier>("a");
  {
    Frontier::Scan scan(*frontier);
    scan.passed("z");
  }
  const auto write = [&](Result<void> end) {
    return async::testing::run([&]() -> async::Task<void> {
      Store::Body body = [&](Transaction& tx) -> Result<void> {
        tx.put("f", "");
        Frontier::appears_with(tx, frontier, "f");
        EXPECT_EQ(Frontier::Scan(*frontier).from(), "z");
        return end;
      };
      co_return co_await store.transact(std::move(body));
    });
  };
  ASSERT_FALSE(write(fail(Code::kPrecondition, "no")));
  EXPECT_EQ(Frontier::Scan(*frontier).from(), "z");
  ASSERT_TRUE(write({}));
  EXPECT_EQ(Frontier::Scan(*frontier).from(), "f");
}

// Writers add rows anywhere, one at a time; scanners take them. None is left when all have ended.
TEST(Frontier, NoRowIsMissedWhateverComesBetween) {
  constexpr int kWriters = 4, kRows = 2000;
  Frontier frontier("");
  std::mutex mutex;
  std::set<std::string> rows;
  std::atomic<int> writing = kWriters;
  const auto write = [&](int seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    for (int i = 0; i < kRows; ++i) {
      auto key = std::to_string(10'000 + i + static_cast<int>(random() % 50)) + "-" + std::to_string(seed * kRows + i);
      {
        const std::lock_guard lock(mutex);
        rows.insert(key);
      }
      frontier.appeared(key);
    }
    --writing;
  };
  const auto take = [&] {
    for (bool last = false; !last;) {
      last = writing == 0;
      Frontier::Scan scan(frontier);
      std::string to = "~";
      const std::lock_guard lock(mutex);
      for (auto it = rows.lower_bound(scan.from()); it != rows.end();) it = rows.erase(it);
      scan.passed(std::move(to));
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i) threads.emplace_back(write, i);
  for (int i = 0; i < 2; ++i) threads.emplace_back(take);
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(rows.empty()) << rows.size();
}

}  // namespace
}  // namespace gust::kv
