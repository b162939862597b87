#include "functions/pool_testing.h"

#include <gtest/gtest.h>

namespace gust::functions {
namespace {

using async::Task;

class PoolInvokerTest : public testing::PoolFixture {};

TEST_F(PoolInvokerTest, ARuntimeMayTakeItsNextEventAsTheAnswerToAResponse) {
  open();
  create("f");
  then_next_ = true;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answered("f"), "0");
  EXPECT_EQ(processes_.size(), 1u);
  EXPECT_EQ(statuses_, (std::vector<int>{200, 200}));  // the third waits for a fourth event
  EXPECT_EQ(invoke("f", R"("raise")")->error_type, "ValueError");
  EXPECT_EQ(answered("f"), "0");
}

TEST_F(PoolInvokerTest, AWarmInstanceIsReused) {
  open();
  create("f");
  EXPECT_EQ(answered("f"), "0");
  EXPECT_EQ(answered("f"), "0");
  EXPECT_EQ(processes_.size(), 1u);
  EXPECT_EQ(invoke("g", "1").error().code, Code::kNotFound);
}

TEST_F(PoolInvokerTest, ABusyInstanceTakesNoSecondInvocation) {
  open();
  create("f");
  async::TaskGroup calls(loop_.get_executor(), "calls");
  const auto hang = [&]() -> Task<void> {
    GUST_CO_CHECK(co_await call("f", R"("hang")"));
    co_return Result<void>{};
  };
  for (int i = 0; i < 3; ++i) calls.spawn(hang());
  spin_until([&] { return hanging_.size() == 3; });
  EXPECT_EQ(processes_.size(), 3u);
  EXPECT_EQ(invoker_->status().at(0).busy, 3u);
  for (int i = 0; i < 3; ++i) runtimes_.spawn(let_go());
  spin_until([&] { return calls.size() == 0 && invoker_->status().at(0).idle == 3; });
  EXPECT_EQ(invoker_->status().at(0).busy, 0u);
}

TEST_F(PoolInvokerTest, AnErrorOfTheFunctionIsItsResult) {
  open();
  create("f");
  const auto result = invoke("f", R"("raise")");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->function_error, "Unhandled");
  EXPECT_EQ(result->error_type, "ValueError");
  EXPECT_EQ(answered("f"), "0") << "the instance goes on";
}

TEST_F(PoolInvokerTest, ACrashIsAnAnswerAndTheNextOneStartsAfresh) {
  open();
  create("f");
  const auto result = invoke("f", R"("crash")");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->error_type, "Runtime.ExitError");
  EXPECT_NE(result->payload.find("signal: killed"), std::string::npos) << result->payload;
  EXPECT_EQ(answered("f"), "1");
}

TEST_F(PoolInvokerTest, TheTimeOutKills) {
  open();
  create("f", 1);
  const auto result = invoke("f", R"("hang")");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_NE(result->payload.find("Task timed out after 1.00 seconds"), std::string::npos) << result->payload;
  spin_until([&] { return processes_[0]->ended(); });
  EXPECT_EQ(answered("f"), "1");
}

TEST_F(PoolInvokerTest, AnAnswerAfterTheTimeOutBringsNoInstanceBack) {
  open();
  create("f", 1);
  async::TaskGroup calls(loop_.get_executor(), "calls");
  const auto hang = [&]() -> Task<void> {
    GUST_CO_CHECK(co_await call("f", R"("hang")"));
    co_return Result<void>{};
  };
  calls.spawn(hang());
  spin_until([&] { return hanging_.size() == 1; });
  processes_[0]->ignore_kills();  // it lives on for a while
  spin_until([&] { return calls.size() == 0; });
  const auto late = hanging_.at(0);
  const auto answer = [&]() -> Task<int> {
    GUST_CO_CHECK(co_await ask(late.first, "POST", "invocation/" + late.second + "/response", "1"));
    GUST_CO_TRY(const auto next, co_await ask(late.first, "GET", "invocation/next", ""));
    co_return next.status;
  };
  EXPECT_EQ(*async::testing::run(loop_, answer), 410);
  EXPECT_EQ(answered("f"), "1");
  processes_[0]->end({.code = 0, .signal = SIGKILL, .out_of_memory = false});
}

TEST_F(PoolInvokerTest, ACallerMayLeaveBeforeTheEnd) {
  open();
  create("f");
  const auto left = invoke("f", R"("hang")", std::chrono::steady_clock::now() + Millis(300));
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().code, Code::kTimeout);
  ASSERT_EQ(hanging_.size(), 1u);
  EXPECT_FALSE(processes_[0]->ended());
  runtimes_.spawn(let_go());
  spin_until([&] { return invoker_->status().at(0).idle == 1; });
}

TEST_F(PoolInvokerTest, AnInitThatExitsIsTold) {
  open();
  create("f");
  init_ = Init::kExits;
  const auto result = invoke("f", "1");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->error_type, "Runtime.ExitError");
  EXPECT_NE(result->payload.find("exit status 9"), std::string::npos) << result->payload;
}

TEST_F(PoolInvokerTest, AMachineThatCannotStartOneSaysSo) {
  open();
  create("f");
  launcher_.refuse_next({Code::kUnavailable, "no more processes", {}});
  const auto result = invoke("f", "1");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_EQ(answered("f"), "0");
}

TEST_F(PoolInvokerTest, AnIdleInstanceEndsAfterItsTime) {
  open({.keep_alive = {.fixed = Millis(10)}});
  create("f");
  EXPECT_EQ(answered("f"), "0");
  spin_until([&] { return processes_[0]->ended(); });
  EXPECT_EQ(answered("f"), "1");
}

TEST_F(PoolInvokerTest, APeriodicFunctionIsStartedAheadAndEndsWhenNobodyCame) {
  open({.sweep_every = Millis(5)});
  create("f");
  learn_half_an_hour();
  clock_.advance(std::chrono::minutes(28));
  spin_until([&] { return processes_.size() == 7 && !invoker_->status().empty() && invoker_->status()[0].idle == 1; });
  EXPECT_EQ(answered("f"), "6") << "it was there already";
  spin_until([&] { return processes_[6]->ended(); });
  clock_.advance(std::chrono::minutes(28));
  spin_until([&] { return processes_.size() == 8; });
  clock_.advance(std::chrono::minutes(10));
  spin_until([&] { return processes_[7]->ended() && invoker_->status().empty(); });
}

TEST_F(PoolInvokerTest, NothingIsStartedAheadWhereMemoryIsNotFree) {
  open({.sweep_every = Millis(5), .memory_bytes = 256 << 20});
  create("f", 60, 256);
  create("g");
  create("h");
  learn_half_an_hour();
  clock_.advance(std::chrono::minutes(22));
  EXPECT_EQ(answered("g"), "6");
  clock_.advance(std::chrono::minutes(3));
  EXPECT_EQ(answered("h"), "7");
  clock_.advance(std::chrono::minutes(3));
  spin_until([&] { return processes_[6]->ended(); });  // its five minutes are over; f was due then
  EXPECT_EQ(answered("h"), "7");
  EXPECT_EQ(processes_.size(), 8u);
}

TEST_F(PoolInvokerTest, AChangedFunctionIsServedByNewInstancesOnly) {
  open();
  create("f");
  EXPECT_EQ(answered("f"), "0");
  ASSERT_TRUE(async::testing::run(
      loop_, [&]() { return registry_->update_code(key("f"), testing::make_zip({{"index.py", "y"}}), ""); }));
  EXPECT_EQ(answered("f"), "1");
  EXPECT_TRUE(processes_[0]->ended());
}

TEST_F(PoolInvokerTest, TheColdestIdleInstanceMakesRoom) {
  open({.memory_bytes = 256 << 20});
  for (const auto* name : {"a", "b", "c"}) create(name);
  EXPECT_EQ(answered("a"), "0");
  EXPECT_EQ(answered("b"), "1");
  EXPECT_EQ(answered("c"), "2");
  EXPECT_TRUE(processes_[0]->ended());
  EXPECT_FALSE(processes_[1]->ended());
}

TEST_F(PoolInvokerTest, AProvisionedInstanceMakesNoRoom) {
  open({.memory_bytes = 256 << 20});
  for (const auto* name : {"a", "b", "c"}) create(name);
  const FunctionRef first{key("a"), "1"};
  ASSERT_TRUE(async::testing::run(loop_, [&] { return registry_->publish(key("a"), {}); }));
  ASSERT_TRUE(async::testing::run(loop_, [&] { return registry_->provision(first, 1, 1000); }));
  spin_until([&] { return invoker_->provisioned(first).available == 1; });
  EXPECT_EQ(answered("b"), "1");
  EXPECT_EQ(answered("c"), "2");
  EXPECT_FALSE(processes_[0]->ended());
  EXPECT_TRUE(processes_[1]->ended());
}

TEST_F(PoolInvokerTest, WhoCannotHaveAnInstanceWaitsForOne) {
  open({.memory_bytes = 128 << 20, .max_waiting = 1});
  create("f");
  async::TaskGroup calls(loop_.get_executor(), "calls");
  std::vector<std::string> outcomes;
  const auto one = [&](std::string payload) -> Task<void> {
    const auto result = co_await call("f", payload);
    outcomes.push_back(result ? result->payload : std::string(code_name(result.error().code)));
    co_return Result<void>{};
  };
  calls.spawn(one(R"("hang")"));
  spin_until([&] { return hanging_.size() == 1; });
  calls.spawn(one(R"("who")"));
  calls.spawn(one(R"("who")"));
  spin_until([&] { return outcomes.size() == 1; });
  EXPECT_EQ(outcomes[0], code_name(Code::kThrottled));
  runtimes_.spawn(let_go());
  spin_until([&] { return calls.size() == 0; });
  EXPECT_EQ(processes_.size(), 1u);
}

}  // namespace
}  // namespace gust::functions
