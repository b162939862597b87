#include "functions/pool_testing.h"
#include "telemetry/metrics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gust::functions {
namespace {

using async::Task;

class PoolInvokerTest : public testing::PoolFixture {
 protected:
  // "5 x queue" and the like of one way's phases, after how often it was taken.
  std::string way(const std::string& name) {
    for (const auto& way : invoker_->starts().ways) {
      if (way.name != name) continue;
      auto text = std::to_string(way.count) + ":";
      for (const auto& phase : way.phases) text += fmt::format(" {} x {}", phase.count, phase.name);
      return text;
    }
    return "unknown";
  }

  telemetry::Metrics metrics_;
};

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

TEST_F(PoolInvokerTest, WhatIsPrintedBeforeAnAnswerIsOfItsInvocation) {
  open();
  create("f");
  then_next_ = true;
  const auto result = invoke("f", R"("flood")");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_NE(result->log_tail.find("the last word\nEND RequestId: "), std::string::npos) << result->log_tail.size();
}

TEST_F(PoolInvokerTest, AFunctionThatLogsJsonHasThePlatformsEventsInJsonByTheirLevel) {
  open();
  create("f");
  const auto with = [&](Logging logging) {
    (void)async::testing::run(loop_, [&]() {
      auto change = [logging](Function& function) -> Result<void> {
        function.logging = logging;
        return {};
      };
      return registry_->update(key("f"), std::move(change), "");
    });
    return invoke("f", R"("who")")->log_tail;
  };
  const auto info = with({.format = LogFormat::kJson});
  EXPECT_EQ(info.find("START RequestId"), std::string::npos);
  EXPECT_NE(info.find(R"("type":"platform.start","record":{"requestId":")"), std::string::npos) << info;
  EXPECT_NE(info.find(R"("type":"platform.report")"), std::string::npos);
  EXPECT_EQ(info.find("platform.runtimeDone"), std::string::npos);
  const auto debug = with({.format = LogFormat::kJson, .system = LogLevel::kDebug});
  EXPECT_NE(debug.find(R"("type":"platform.runtimeDone")"), std::string::npos) << debug;
  EXPECT_EQ(with({.format = LogFormat::kJson, .system = LogLevel::kWarn}), "");
  const auto elsewhere = with({.group = "/shop"});
  EXPECT_NE(elsewhere.find("START RequestId"), std::string::npos) << elsewhere;
  const auto stream = logs_->last_stream(key("f"));
  EXPECT_NE(stream.find("/f[$LATEST]"), std::string::npos) << stream;
}

TEST_F(PoolInvokerTest, AWarmInstanceIsReused) {
  open();
  create("f");
  EXPECT_EQ(answered("f"), "0");
  EXPECT_EQ(answered("f"), "0");
  EXPECT_EQ(processes_.size(), 1u);
  EXPECT_EQ(invoke("g", "1").error().code, Code::kNotFound);
}

TEST_F(PoolInvokerTest, WithoutKeepAliveAnInstanceEndsWhenItIsIdle) {
  open({.keep_alive = {.fixed = Millis(0)}, .sweep_every = std::chrono::hours(1)});
  create("f");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(answered("f"), std::to_string(i));
    spin_until([&] { return processes_[i]->ended(); });
  }
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

TEST_F(PoolInvokerTest, WhoCrashesAgainAndAgainWaitsForItsNextInstance) {
  open({.crash_pause = std::chrono::hours(1)});
  create("f");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(invoke("f", R"("crash")")->error_type, "Runtime.ExitError");
  const auto deadline = std::chrono::steady_clock::now() + Millis(1);
  EXPECT_EQ(invoke("f", R"("who")", deadline).error().code, Code::kTimeout);
  EXPECT_EQ(processes_.size(), 2u);
}

TEST_F(PoolInvokerTest, WhoAnswersBetweenCrashesWaitsForNothing) {
  open({.crash_pause = std::chrono::hours(1)});
  create("f");
  for (const auto* number : {"0", "1", "2"}) {
    EXPECT_EQ(answered("f"), number);
    EXPECT_EQ(invoke("f", R"("crash")")->error_type, "Runtime.ExitError");
  }
}

TEST_F(PoolInvokerTest, TheNextInstanceComesAfterThePause) {
  open({.crash_pause = Millis(1)});
  create("f");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(invoke("f", R"("crash")")->error_type, "Runtime.ExitError");
  EXPECT_EQ(answered("f"), "4");
}

TEST_F(PoolInvokerTest, EachStartIsCountedByItsWay) {
  open();
  create("f");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(answered("f"), "0");
    spin_until([&] { return invoker_->status().at(0).idle == 1; });
  }
  EXPECT_EQ(way("launched"), "1: 1 x queue 1 x sandbox 1 x init");
  EXPECT_EQ(way("warm"), "2: 2 x queue");
  const FunctionRef first{key("f"), "1"};
  ASSERT_TRUE(async::testing::run(loop_, [&] { return registry_->publish(key("f"), {}); }));
  ASSERT_TRUE(async::testing::run(loop_, [&] { return registry_->provision(first, 2, 1000); }));
  spin_until([&] { return invoker_->provisioned(first).available == 2; });
  EXPECT_EQ(way("provisioned"), "2: 2 x sandbox 2 x init");
  EXPECT_EQ(way("launched"), "1: 1 x queue 1 x sandbox 1 x init");
  ASSERT_TRUE(async::testing::run(loop_, [&]() -> Task<InvokeResult> {
    const FunctionRef target{key("f"), "1"};
    Invocation invocation;
    invocation.payload = R"("who")";
    co_return co_await invoker_->invoke({}, target, std::move(invocation));
  }));
  EXPECT_EQ(way("warm"), "3: 3 x queue");
}

TEST_F(PoolInvokerTest, WhoWaitsForABusyInstanceIsWarm) {
  open({.memory_bytes = 128 << 20});
  create("f");
  async::TaskGroup calls(loop_.get_executor(), "calls");
  const auto one = [&](std::string payload) -> Task<void> {
    GUST_CO_CHECK(co_await call("f", payload));
    co_return Result<void>{};
  };
  calls.spawn(one(R"("hang")"));
  spin_until([&] { return hanging_.size() == 1; });
  calls.spawn(one(R"("who")"));
  runtimes_.spawn(let_go());
  spin_until([&] { return calls.size() == 0; });
  EXPECT_EQ(way("warm"), "1: 1 x queue");
  EXPECT_EQ(way("launched"), "1: 1 x queue 1 x sandbox 1 x init");
}

TEST_F(PoolInvokerTest, OutcomesAreCounted) {
  open({.metrics = &metrics_, .memory_bytes = 128 << 20});
  create("f");
  create("g");
  EXPECT_EQ(answered("f"), "0");
  EXPECT_TRUE(invoke("f", R"("raise")"));
  EXPECT_TRUE(invoke("f", R"("crash")"));
  EXPECT_EQ(answered("f"), "1");
  EXPECT_EQ(answered("g"), "2");  // which takes the memory of f's
  init_ = Init::kExits;
  EXPECT_TRUE(invoke("f", R"("who")"));
  EXPECT_FALSE(invoke("h", "1"));
  ASSERT_TRUE(async::testing::run(loop_, [&] { return registry_->reserve_concurrency(key("g"), 0, 1000); }));
  EXPECT_EQ(invoke("g", "1").error().code, Code::kThrottled);
  const auto text = metrics_.text({});
  for (const auto* line : {
           "gust_function_invocations_total 6\n",
           "gust_function_duration_seconds_count 5\n",
           "gust_function_errors_total{kind=\"handler\"} 1\n",
           "gust_function_errors_total{kind=\"exit\"} 1\n",
           "gust_function_errors_total{kind=\"init\"} 1\n",
           "gust_function_errors_total{kind=\"timeout\"} 0\n",
           "gust_function_failed_starts_total 1\n",
           "gust_function_evictions_total 2\n",
           "gust_function_starts_total{way=\"launched\"} 3\n",
           "gust_function_starts_total{way=\"warm\"} 2\n",
           "gust_function_throttles_total{reason=\"ReservedFunctionConcurrentInvocationLimitExceeded\"} 1\n",
           "gust_function_throttles_total{reason=\"ConcurrentInvocationLimitExceeded\"} 0\n",
       }) {
    EXPECT_THAT(text, ::testing::HasSubstr(line));
  }
  EXPECT_EQ(invoker_->starts().memory_limit_bytes, 128u << 20);
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
