// The pool on pretended sandboxes: each runs a fake runtime that does what the payload says.
#include "async/testing.h"
#include "blobs/memory/memory_store.h"
#include "codec/json.h"
#include "functions/instance.h"
#include "functions/invoker.h"
#include "functions/registry.h"
#include "functions/testing.h"
#include "http/client.h"
#include "kv/memory/memory_store.h"
#include "sandbox/sim/sim_launcher.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
using async::Task;
using sandbox::SimProcess;

constexpr std::string_view kRuntime = "/2018-06-01/runtime/";

// Runs with the machine's, ahead by what it was advanced.
class ShiftedClock final : public env::Clock {
 public:
  WallTime now() const override { return real_.now() + ahead_; }
  SteadyTime steady() const override { return real_.steady() + ahead_; }
  void advance(Millis by) { ahead_ += by; }

 private:
  env::SystemClock real_;
  Millis ahead_{0};
};

class PoolInvokerTest : public ::testing::Test {
 protected:
  PoolInvokerTest()
      : launcher_(loop_.get_executor(), [this](auto process) { started(std::move(process)); }),
        runtimes_(loop_.get_executor(), "fake runtimes"),
        client_(http::make_client(loop_.get_executor())) {
    std::string name = (fs::temp_directory_path() / "gust-pool-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    registry_.emplace(store_, blobs_, clock_, random_, (folder_ / "code").string());
    logs_.emplace(loop_.get_executor(), clock_, (folder_ / "logs").string());
  }
  ~PoolInvokerTest() override {
    (void)async::testing::run(loop_, [&]() -> Task<void> {
      GUST_CO_CHECK(co_await runtimes_.stop());
      if (invoker_) GUST_CO_CHECK(co_await invoker_->stop(std::chrono::steady_clock::now()));
      co_return co_await logs_->flush();
    });
    fs::remove_all(folder_);
  }

  void open(InvokerSettings settings = {}) {
    settings.python_runtime = settings.node_runtime = "/runtime";
    settings.code_folder = (folder_ / "code").string();
    settings.issue_keys = [](const Function&) { return RoleKeys{"a", "b", "c"}; };
    settings.services = [](RequestContext, http::Request) -> Task<http::Response> { co_return http::Response{}; };
    invoker_ = make_invoker(loop_.get_executor(), *registry_, launcher_, *logs_, clock_, random_, std::move(settings));
  }
  Function create(const std::string& name, std::uint32_t timeout_s = 60, std::uint32_t memory_mb = 128) {
    Function function;
    function.key = key(name);
    function.region = "us-east-1";
    function.runtime = "python3.12";
    function.timeout_s = timeout_s;
    function.memory_mb = memory_mb;
    return *async::testing::run(loop_,
                                [&]() { return registry_->create(function, testing::make_zip({{"index.py", "x"}})); });
  }
  static FunctionKey key(const std::string& name) { return {AccountId("000000000000"), FunctionName(name)}; }

  Task<InvokeResult> call(std::string name, std::string payload, SteadyTime deadline = SteadyTime::max()) {
    RequestContext context;
    context.request_id = RequestId(random_.uuid());
    context.deadline = deadline;
    Invocation invocation;
    invocation.payload = std::move(payload);
    const FunctionRef target{key(name)};
    co_return co_await invoker_->invoke(std::move(context), target, std::move(invocation));
  }
  Result<InvokeResult> invoke(const std::string& name, const std::string& payload,
                              SteadyTime deadline = SteadyTime::max()) {
    return async::testing::run(loop_, [&]() { return call(name, payload, deadline); });
  }
  // The sandbox that answered, by its number.
  std::string answered(const std::string& name) {
    const auto result = invoke(name, R"("who")");
    return result ? result->payload : result.error().message;
  }
  // Calls f every half hour, on the sandboxes 0 to 5, until the last ends at once.
  void learn_half_an_hour() {
    for (int i = 0; i < 6; ++i) {
      if (i > 0) clock_.advance(std::chrono::minutes(25));
      EXPECT_EQ(answered("f"), std::to_string(i));
      if (i < 5) clock_.advance(std::chrono::minutes(5));
      spin_until([&] { return processes_.back()->ended(); });
    }
  }
  void spin_until(const std::function<bool()>& condition) {
    loop_.restart();
    while (!condition()) ASSERT_GT(loop_.run_one_for(std::chrono::seconds(20)), 0u) << "nothing happens any more";
  }

  void started(std::shared_ptr<SimProcess> process) {
    processes_.push_back(process);
    runtimes_.spawn(live(process, processes_.size() - 1));
  }
  Task<http::Response> ask(std::shared_ptr<SimProcess> process, std::string method, std::string path,
                           std::string body) {
    http::Request request;
    request.method = std::move(method);
    request.target = std::string(kRuntime) + path;
    request.content_length = body.size();
    request.body = async::from_string(std::move(body));
    co_return co_await client_->send("127.0.0.1", process->port(0), std::move(request), SteadyTime::max());
  }
  static Task<std::string> text_of(http::Response response) {
    if (!response.stream) co_return response.body;
    co_return co_await async::read_all(*response.stream, 1 << 20);
  }
  Task<void> live(std::shared_ptr<SimProcess> process, std::size_t number) {
    co_await boost::asio::post(boost::asio::use_awaitable);  // as after start() has returned
    if (init_ == Init::kExits) process->end({.code = 9, .signal = 0, .out_of_memory = false});
    while (!process->ended()) {
      GUST_CO_TRY(auto next, co_await ask(process, "GET", "invocation/next", ""));
      if (next.status != 200) break;
      const auto id = std::string(next.headers.get_or("Lambda-Runtime-Aws-Request-Id", ""));
      GUST_CO_TRY(const auto payload, co_await text_of(std::move(next)));
      if (payload == R"("crash")") process->end({.code = 0, .signal = SIGKILL, .out_of_memory = true});
      if (payload == R"("hang")") {
        hanging_.push_back({process, id});
        co_return Result<void>{};
      }
      if (payload == R"("who")")
        GUST_CO_CHECK(co_await ask(process, "POST", "invocation/" + id + "/response", std::to_string(number)));
      if (payload == R"("raise")") {
        GUST_CO_CHECK(co_await ask(process, "POST", "invocation/" + id + "/error",
                                   R"({"errorType":"ValueError","errorMessage":"no"})"));
      }
    }
    co_return Result<void>{};
  }
  // Answers the invocation that hangs longest.
  Task<void> let_go() {
    const auto [process, id] = hanging_.at(0);
    hanging_.erase(hanging_.begin());
    GUST_CO_CHECK(co_await ask(process, "POST", "invocation/" + id + "/response", "1"));
    co_return co_await live(process, 0);
  }

  enum class Init { kWorks, kExits };
  Init init_ = Init::kWorks;
  boost::asio::io_context loop_;
  kv::MemoryStore store_;
  blobs::MemoryStore blobs_;
  ShiftedClock clock_;
  env::SeededRandom random_{1};
  fs::path folder_;
  std::optional<Registry> registry_;
  std::optional<LogStore> logs_;
  sandbox::SimLauncher launcher_;
  std::vector<std::shared_ptr<SimProcess>> processes_;
  std::vector<std::pair<std::shared_ptr<SimProcess>, std::string>> hanging_;
  async::TaskGroup runtimes_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<Invoker> invoker_;
};

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
