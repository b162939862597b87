#include "cli/bucket/lanes.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

namespace gust::cli {
namespace {

class NoRemote final : public Remote {
 public:
  Result<Answer> send(const Call&) override { return Answer{}; }
  Result<Answer> stream(const Call&, std::function<bool(std::string_view)>) override { return Answer{}; }
};

Lanes lanes_of(std::size_t count) {
  std::vector<std::unique_ptr<Remote>> remotes;
  for (std::size_t i = 0; i < count; ++i) remotes.push_back(std::make_unique<NoRemote>());
  return Lanes(std::move(remotes));
}

TEST(LanesTest, EachJobRunsOnceAndNoRemoteHasTwo) {
  auto lanes = lanes_of(3);
  std::mutex mutex;
  std::multiset<std::size_t> seen;
  std::set<Remote*> busy;
  bool shared = false;
  const auto done = lanes.run(100, [&](Remote& remote, std::size_t i) -> Result<void> {
    {
      const std::lock_guard lock(mutex);
      seen.insert(i);
      shared |= !busy.insert(&remote).second;
    }
    std::this_thread::yield();
    const std::lock_guard lock(mutex);
    busy.erase(&remote);
    return {};
  });
  EXPECT_TRUE(done);
  EXPECT_FALSE(shared);
  ASSERT_EQ(seen.size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(seen.count(i), 1U) << i;
}

TEST(LanesTest, NothingToDoIsDone) {
  EXPECT_TRUE(lanes_of(2).run(0, [](Remote&, std::size_t) { return Result<void>{}; }));
}

TEST(LanesTest, NothingBeginsBehindAnError) {
  auto lanes = lanes_of(1);
  std::size_t begun = 0;
  const auto done = lanes.run(10, [&](Remote&, std::size_t i) -> Result<void> {
    ++begun;
    if (i == 3) return fail(Code::kInvalid, "the fourth", "part");
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "the fourth");
  EXPECT_EQ(begun, 4U);
}

TEST(Persistently, OnlyWhatMayPassIsDoneAgain) {
  int tries = 0;
  const auto fails_twice = [&]() -> Result<int> {
    if (++tries < 3) return fail(Code::kThrottled, "busy", "SlowDown");
    return tries;
  };
  EXPECT_EQ(persistently(fails_twice), 3);
  tries = 0;
  const auto refused = [&]() -> Result<int> {
    ++tries;
    return fail(Code::kDenied, "no", "AccessDenied");
  };
  EXPECT_FALSE(persistently(refused));
  EXPECT_EQ(tries, 1);
}

}  // namespace
}  // namespace gust::cli
