#include "functions/runtime_pool.h"

#include "async/testing.h"
#include "http/client.h"
#include "sandbox/sim/sim_launcher.h"

#include <gtest/gtest.h>

#include <csignal>

namespace gust::functions {
namespace {

using async::Task;
using sandbox::SimProcess;

class RuntimePoolTest : public ::testing::Test {
 protected:
  RuntimePoolTest()
      : launcher_(loop_.get_executor(), [this](auto process) { started(std::move(process)); }),
        told_(loop_.get_executor()),
        runtimes_(loop_.get_executor(), "fake runtimes"),
        client_(http::make_client(loop_.get_executor())) {
    settings_.python_runtime = "/python-runtime";
    settings_.node_runtime = "/node-runtime";
    settings_.services = [](RequestContext, http::Request) -> Task<http::Response> { co_return http::Response{}; };
    settings_.min_ready_runtimes = 2;
    settings_.max_ready_runtimes = 4;
  }
  ~RuntimePoolTest() override {
    (void)async::testing::run(loop_, [&]() -> Task<void> {
      GUST_CO_CHECK(co_await runtimes_.stop());
      for (auto& body : taken_) GUST_CO_CHECK(co_await body->server->stop(SteadyTime()));
      taken_.clear();
      if (pool_) GUST_CO_CHECK(co_await pool_->stop());
      co_return Result<void>{};
    });
  }

  void open() { pool_.emplace(loop_.get_executor(), launcher_, random_, settings_); }

  void started(std::shared_ptr<SimProcess> process) {
    processes_.push_back(process);
    if (asks_) runtimes_.spawn(ask(std::move(process)));
  }
  // What a generic runtime does when it is up.
  Task<void> ask(std::shared_ptr<SimProcess> process) {
    http::Request request;
    request.method = "GET";
    request.target = "/2018-06-01/runtime/gust/function";
    const http::Origin to{"127.0.0.1", process->port(0)};
    auto answer = co_await client_->send(to, std::move(request), SteadyTime::max());
    if (answer && answer->status == 200) {
      GUST_CO_TRY(auto text, co_await async::read_all(*answer->stream, 1 << 20));
      answers_.push_back(std::move(text));
    }
    told_.pulse();
    co_return Result<void>{};
  }

  // Until python has `ready` of `started` so far, and boots none.
  void spin_until(std::size_t ready, std::size_t started) {
    loop_.restart();
    const auto there = [&] {
      const auto all = pool_->status();
      return !all.empty() && all.front().ready == ready && all.front().booting == 0 && processes_.size() == started;
    };
    while (!there()) loop_.run_one();
  }
  static sandbox::Spec wanted() {
    sandbox::Spec spec;
    spec.id = "instance";
    spec.argv = {"/usr/bin/python3", "/var/runtime/bootstrap.py"};
    spec.env = {{"NAME", "value"}, {"LANG", "C.UTF-8"}};
    spec.read_only = {{"/code", "/var/task"}, {"/python-runtime", "/var/runtime"}, {"/layers", "/opt"}};
    spec.memory_bytes = 77u << 20;
    return spec;
  }
  // The body of a ready runtime, if there was one that fits.
  bool take(sandbox::Spec spec) {
    auto body = async::testing::run(loop_, [&]() { return pool_->take(spec); });
    if (!body || !*body) return false;
    taken_.push_back(std::make_unique<Body>(std::move(**body)));
    return true;
  }

  boost::asio::io_context loop_;
  InvokerSettings settings_;
  env::SystemRandom random_;
  sandbox::SimLauncher launcher_;
  std::vector<std::shared_ptr<SimProcess>> processes_;
  std::vector<std::string> answers_;
  std::vector<std::unique_ptr<Body>> taken_;
  bool asks_ = true;
  async::Event told_;
  async::TaskGroup runtimes_;
  std::unique_ptr<http::Client> client_;
  std::optional<RuntimePool> pool_;
};

TEST_F(RuntimePoolTest, NothingIsBootedForARuntimeThatNoFunctionHas) {
  open();
  EXPECT_TRUE(pool_->status().empty());
  pool_->expect("java21");
  EXPECT_TRUE(pool_->status().empty());
  EXPECT_TRUE(processes_.empty());
}

TEST_F(RuntimePoolTest, OneThatIsTakenGetsWhatItsFunctionNeedsAndAnotherIsBooted) {
  open();
  pool_->expect("python3.12");
  spin_until(2, 2);
  EXPECT_EQ(processes_[0]->spec().kind, sandbox::Kind::kGeneric);
  EXPECT_FALSE(processes_[0]->spec().env.contains("AWS_ACCESS_KEY_ID"));
  ASSERT_TRUE(take(wanted()));
  ASSERT_TRUE(processes_[0]->specialisation());
  const auto& to = *processes_[0]->specialisation();
  ASSERT_EQ(to.read_only.size(), 2u);
  EXPECT_EQ(to.read_only[0].target, "/var/task");
  EXPECT_EQ(to.read_only[1].target, "/opt");
  EXPECT_EQ(to.memory_bytes, 77u << 20);
  EXPECT_TRUE(answers_.empty());
  taken_.front()->begin();
  ASSERT_TRUE(async::testing::run(loop_, [&]() { return told_.wait(); }));
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_NE(answers_[0].find(R"("NAME":"value")"), std::string::npos);
  EXPECT_NE(answers_[0].find(R"("working_folder":"/var/task")"), std::string::npos);
  spin_until(2, 3);
  EXPECT_EQ(pool_->status().front().taken, 1u);
}

TEST_F(RuntimePoolTest, AsManyAreKeptAsTheLastMinuteAskedForUpToTheMost) {
  open();
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(take(wanted()));
  EXPECT_EQ(pool_->status().front().missed, 10u);
  spin_until(4, 4);
}

TEST_F(RuntimePoolTest, AFunctionsOwnProgramIsStartedInASandboxThatStandsReady) {
  asks_ = false;
  open();
  pool_->expect("provided.al2023");
  spin_until(2, 2);
  EXPECT_TRUE(processes_[0]->spec().argv.empty());
  auto spec = wanted();
  spec.argv = {"/var/task/bootstrap"};
  ASSERT_TRUE(take(spec));
  const auto& to = *processes_[0]->specialisation();
  EXPECT_EQ(to.argv, spec.argv);
  EXPECT_EQ(to.env, spec.env);
  EXPECT_EQ(to.read_only.size(), 3u);
}

TEST_F(RuntimePoolTest, MemoryBoundsThem) {
  settings_.ready_runtimes_bytes = 100u << 20;  // one at 64 MiB, as is guessed before one was measured
  open();
  pool_->expect("python3.12");
  spin_until(1, 1);
  EXPECT_EQ(pool_->status().front().target, 2u);
}

TEST_F(RuntimePoolTest, OneThatCannotBeSpecialisedIsEndedAndNoneIsGiven) {
  open();
  pool_->expect("python3.12");
  spin_until(2, 2);
  processes_[0]->refuse_specialisation({Code::kUnavailable, "no", {}});
  EXPECT_FALSE(take(wanted()));
  EXPECT_TRUE(processes_[0]->ended());
  EXPECT_FALSE(processes_[1]->ended());
}

TEST_F(RuntimePoolTest, OneThatEndsWhileItWaitsIsReplaced) {
  open();
  pool_->expect("python3.12");
  spin_until(2, 2);
  processes_[0]->end({.code = 1, .signal = 0, .out_of_memory = false});
  spin_until(2, 3);
  EXPECT_TRUE(take(wanted()));
}

TEST_F(RuntimePoolTest, ALauncherThatRefusesIsAskedAgainLater) {
  settings_.min_ready_runtimes = 1;
  launcher_.refuse_next({Code::kUnavailable, "no", {}});
  open();
  pool_->expect("python3.12");
  spin_until(1, 1);
  EXPECT_TRUE(take(wanted()));
}

TEST(ToldLate, OnlyWhatTheStartOfAProcessDoesNotLookAt) {
  sandbox::Spec spec;
  spec.env = {{"A", "1"}, {"PYTHONPATH", "/opt/x"}, {"NODE_ENV", "production"}, {"TZ", "Europe/Paris"}};
  EXPECT_TRUE(can_be_told_late(spec));
  for (const char* name : {"NODE_OPTIONS", "LD_PRELOAD", "PYTHONHASHSEED", "LC_ALL", "LANG", "UV_THREADPOOL_SIZE"}) {
    auto other = spec;
    other.env[name] = "x";
    EXPECT_FALSE(can_be_told_late(other)) << name;
  }
  spec.egress = sandbox::Egress::kInternet;
  EXPECT_FALSE(can_be_told_late(spec));
}

}  // namespace
}  // namespace gust::functions
