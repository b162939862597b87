// For tests only: a pool of functions on pretended sandboxes, each of which runs a fake runtime that does what the
// payload says.
#pragma once

#include "async/task_group.h"
#include "async/testing.h"
#include "blobs/memory/memory_store.h"
#include "functions/invoker.h"
#include "functions/memory_log_store.h"
#include "functions/registry.h"
#include "functions/testing.h"
#include "http/client.h"
#include "kv/memory/memory_store.h"
#include "sandbox/sim/sim_launcher.h"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gust::functions::testing {

namespace fs = std::filesystem;
using async::Task;
using sandbox::SimProcess;

inline constexpr std::string_view kRuntime = "/2018-06-01/runtime/";

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

class PoolFixture : public ::testing::Test {
 protected:
  PoolFixture()
      : launcher_(loop_.get_executor(), [this](auto process) { started(std::move(process)); }),
        runtimes_(loop_.get_executor(), "fake runtimes"),
        client_(http::make_client(loop_.get_executor())) {
    std::string name = (fs::temp_directory_path() / "gust-pool-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    registry_.emplace(store_, blobs_, clock_, random_, (folder_ / "code").string());
    logs_.emplace(clock_);
  }
  ~PoolFixture() override {
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
  Function create(const std::string& name, std::uint32_t timeout_s = 60, std::uint32_t memory_mb = 128,
                  std::uint32_t at_once = 1) {
    Function function;
    if (at_once > 1) function.capacity = {"arn:aws:lambda:us-east-1:000000000000:capacity-provider:p", at_once};
    function.key = key(name);
    function.region = "us-east-1";
    function.runtime = "python3.12";
    function.timeout_s = timeout_s;
    function.memory_mb = memory_mb;
    return *async::testing::run(loop_,
                                [&]() { return registry_->create(function, make_zip({{"index.py", "x"}})); });
  }
  static FunctionKey key(const std::string& name) { return {AccountId("000000000000"), FunctionName(name)}; }

  Task<InvokeResult> call(std::string name, std::string payload, SteadyTime deadline = SteadyTime::max()) {
    RequestContext context;
    context.request_id = RequestId(random_.uuid());
    context.deadline = deadline;
    Invocation invocation;
    invocation.payload = std::move(payload);
    invocation.log_tail = LogTail::kTail;
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
    for (std::size_t i = 0; i < workers_; ++i) runtimes_.spawn(live(process, processes_.size() - 1));
  }
  Task<http::Response> ask(std::shared_ptr<SimProcess> process, std::string method, std::string path,
                           std::string body, bool then_next = false) {
    http::Request request;
    if (then_next) request.headers.add("Gust-Then", "next");
    request.method = std::move(method);
    request.target = std::string(kRuntime) + path;
    request.content_length = body.size();
    request.body = async::from_string(std::move(body));
    const http::Origin to{"127.0.0.1", process->port(0)};
    co_return co_await client_->send(to, std::move(request), SteadyTime::max());
  }
  static Task<std::string> text_of(http::Response response) {
    if (!response.stream) co_return response.body;
    co_return co_await async::read_all(*response.stream, 1 << 20);
  }
  Task<void> live(std::shared_ptr<SimProcess> process, std::size_t number) {
    co_await boost::asio::post(boost::asio::use_awaitable);  // as after start() has returned
    if (init_ == Init::kExits) process->end({.code = 9, .signal = 0, .out_of_memory = false});
    std::optional<http::Response> coming;
    while (!process->ended()) {
      if (!coming) {
        GUST_CO_TRY(coming, co_await ask(process, "GET", "invocation/next", ""));
      }
      auto next = *std::exchange(coming, std::nullopt);
      if (next.status != 200) break;
      const auto id = std::string(next.headers.get_or("Lambda-Runtime-Aws-Request-Id", ""));
      GUST_CO_TRY(const auto payload, co_await text_of(std::move(next)));
      if (payload == R"("crash")") process->end({.code = 0, .signal = SIGKILL, .out_of_memory = true});
      if (payload == R"("hang")") {
        hanging_.push_back({process, id});
        co_return Result<void>{};
      }
      if (payload == R"("flood")") {  // so much that it is not read any further for a while
        process->print(std::string(40'000, '\n'));
        GUST_CO_CHECK(co_await ask(process, "GET", "as good as a look at the pipe", ""));
        process->print("the last word\n");
      }
      if (payload == R"("who")" || payload == R"("flood")") {
        const auto path = "invocation/" + id + "/response";
        GUST_CO_TRY(auto answer, co_await ask(process, "POST", path, std::to_string(number), then_next_));
        statuses_.push_back(answer.status);
        if (then_next_) coming = std::move(answer);
      }
      if (payload == R"("raise")") {
        GUST_CO_CHECK(co_await ask(process, "POST", "invocation/" + id + "/error",
                                   R"({"errorType":"ValueError","errorMessage":"no"})"));
      }
    }
    co_return Result<void>{};
  }
  // Answers the invocation that hangs longest, or the one after so many others.
  Task<void> let_go(std::size_t after = 0) {
    const auto at = hanging_.begin() + static_cast<std::ptrdiff_t>(after);
    const auto [process, id] = *at;
    hanging_.erase(at);
    GUST_CO_CHECK(co_await ask(process, "POST", "invocation/" + id + "/response", "1"));
    const auto number = std::ranges::find(processes_, process) - processes_.begin();
    co_return co_await live(process, static_cast<std::size_t>(number));
  }

  enum class Init { kWorks, kExits };
  Init init_ = Init::kWorks;
  bool then_next_ = false;          // the fake runtimes take their next event as the answer to a response
  std::vector<int> statuses_;       // what their responses were answered
  std::size_t workers_ = 1;  // of each sandbox that starts: each asks for one event after another
  boost::asio::io_context loop_;
  kv::MemoryStore store_;
  blobs::MemoryStore blobs_;
  ShiftedClock clock_;
  env::SeededRandom random_{1};
  fs::path folder_;
  std::optional<Registry> registry_;
  std::optional<MemoryLogStore> logs_;
  sandbox::SimLauncher launcher_;
  std::vector<std::shared_ptr<SimProcess>> processes_;
  std::vector<std::pair<std::shared_ptr<SimProcess>, std::string>> hanging_;
  async::TaskGroup runtimes_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<Invoker> invoker_;
};

}  // namespace gust::functions::testing
