#include "functions/instance.h"

#include "async/testing.h"
#include "functions/memory_log_store.h"
#include "http/client.h"
#include "sandbox/sim/sim_launcher.h"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
using async::Task;

class InstanceTest : public ::testing::Test {
 protected:
  InstanceTest()
      : launcher_(loop_.get_executor(), [this](auto process) { process_ = std::move(process); }),
        tasks_(loop_.get_executor(), "instance"),
        client_(http::make_client(loop_.get_executor())) {
    std::string name = (fs::temp_directory_path() / "gust-instance-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    logs_.emplace(clock_);
    settings_.python_runtime = "/runtime";
    settings_.code_folder = folder_.string();
  }
  ~InstanceTest() override {
    (void)async::testing::run(loop_, [&]() { return tasks_.stop(); });
    fs::remove_all(folder_);
  }

  Task<void> ask_for_the_next() {
    http::Request request;
    request.method = "GET";
    request.target = "/2018-06-01/runtime/invocation/next";
    const http::Origin to{"127.0.0.1", process_->port(0)};
    [[maybe_unused]] const auto answer = co_await client_->send(to, std::move(request), SteadyTime::max());
    co_return Result<void>{};
  }

  boost::asio::io_context loop_;
  env::SystemClock clock_;
  fs::path folder_;
  InvokerSettings settings_;
  std::optional<MemoryLogStore> logs_;
  sandbox::SimLauncher launcher_;
  std::shared_ptr<sandbox::SimProcess> process_;
  env::SystemRandom random_;
  RuntimePool runtimes_{loop_.get_executor(), launcher_, random_, settings_};
  async::TaskGroup tasks_;
  std::unique_ptr<http::Client> client_;
};

TEST_F(InstanceTest, AnInvocationThatItDidNotTakeIsGivenBackWhole) {
  Function function;
  function.runtime = "python3.12";
  function.code_folder = "code";
  function.timeout_s = 60;
  const auto invocation = std::make_shared<Invocation>();
  invocation->payload = "whole";
  std::optional<Result<InvokeResult>> result;
  async::Event over(loop_.get_executor());
  const auto call = [&](std::shared_ptr<Instance> instance) -> Task<void> {
    co_await boost::asio::post(boost::asio::use_awaitable);  // when next() waits
    instance->promise_place();
    result = co_await instance->invoke(RequestContext(), invocation);
    over.set();
    co_return Result<void>{};
  };
  async::Event idle(loop_.get_executor());
  const auto ready = [&](auto) { idle.set(); };
  const auto instance = std::make_shared<Instance>(
      Instance::Parts{loop_.get_executor(), *logs_, clock_, settings_, kOnDemand, ready, [](auto) {}}, function,
      "0123456789abcdef");
  const auto run = [&]() -> Task<void> {
    RoleKeys keys;
    GUST_CO_CHECK(co_await instance->start(launcher_, &runtimes_, std::move(keys), tasks_));
    tasks_.spawn(ask_for_the_next());
    GUST_CO_CHECK(co_await idle.wait());
    process_->end({.code = 1, .signal = 0, .out_of_memory = false});  // which the instance has not noticed yet
    tasks_.spawn(call(instance));
    co_return co_await over.wait();
  };
  const auto ran = async::testing::run(loop_, run);
  ASSERT_TRUE(ran) << ran.error().message;
  ASSERT_FALSE(*result) << (**result).payload;
  EXPECT_EQ(result->error().source, Instance::kUndelivered);
  EXPECT_EQ(invocation->payload, "whole");
}

}  // namespace
}  // namespace gust::functions
