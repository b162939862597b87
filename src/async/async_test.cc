#include "async/blocking_pool.h"
#include "async/bytes.h"
#include "async/event.h"
#include "async/task_group.h"
#include "async/testing.h"

#include <gtest/gtest.h>

#include <thread>

namespace gust::async {
namespace {

using testing::run;

TEST(BlockingPool, RunsElsewhereAndComesBack) {
  BlockingPool pool("test", 2);
  const auto here = std::this_thread::get_id();
  const auto result = run([&]() -> Task<int> {
    auto job = [&]() -> Result<int> { return std::this_thread::get_id() == here ? 1 : 2; };
    GUST_CO_TRY(const auto where, co_await pool.run(std::move(job)));
    co_return std::this_thread::get_id() == here ? where : 3;
  });
  EXPECT_EQ(result, 2);
}

TEST(BlockingPool, AFullQueueAnswersThrottled) {
  BlockingPool pool("test", 1, 0);
  const auto result = run([&]() -> Task<int> {
    auto job = []() -> Result<int> { return 1; };
    co_return co_await pool.run(std::move(job));
  });
  EXPECT_EQ(result.error().code, Code::kThrottled);
}

TEST(Event, TimesOutAndIsSet) {
  asio::io_context loop;
  Event event(loop.get_executor());
  const auto soon = [] { return std::chrono::steady_clock::now() + Millis(1); };
  EXPECT_EQ(run(loop, [&]() -> Task<void> { return event.wait(soon()); }).error().code, Code::kTimeout);
  event.set();
  EXPECT_TRUE(run(loop, [&]() -> Task<void> { return event.wait(soon()); }));
}

TEST(TaskGroup, StopCancelsAndWaits) {
  asio::io_context loop;
  TaskGroup group(loop.get_executor(), "test");
  int ended = 0;
  const auto sleeper = [&]() -> Task<void> {
    const auto slept = co_await sleep_for(Millis(1'000'000));
    if (!slept && slept.error().code == Code::kCancelled) ++ended;
    co_return Result<void>{};
  };
  const auto result = run(loop, [&]() -> Task<void> {
    group.spawn(sleeper());
    group.spawn(sleeper());
    GUST_CO_CHECK(co_await sleep_for(Millis(1)));
    co_return co_await group.stop();
  });
  EXPECT_TRUE(result);
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(group.size(), 0u);
}

TEST(Bytes, ReadAllGivesAllOrRefuses) {
  const std::string text(100'000, 'x');
  EXPECT_EQ(run([&]() -> Task<std::string> {
              auto source = from_string(text);
              co_return co_await read_all(*source, text.size());
            }),
            text);
  const auto refused = run([&]() -> Task<std::string> {
    auto source = from_string(text);
    co_return co_await read_all(*source, text.size() - 1);
  });
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace gust::async
