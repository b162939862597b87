// Asynchronous invocations with a scripted Invoker and a clock that the test moves.
#include "functions/async_invoker.h"
#include "async/testing.h"
#include "blobs/memory/memory_store.h"
#include "functions/testing.h"
#include "kv/memory/memory_store.h"
#include "queue/durable_queue.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <filesystem>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
using async::Task;

class ScriptedInvoker final : public Invoker {
 public:
  explicit ScriptedInvoker(async::Executor executor) : called(executor) {}

  Task<InvokeResult> invoke(RequestContext context, FunctionRef target, Invocation invocation) override {
    calls.push_back({context.request_id.str(), target.key.name.str(), invocation.payload, invocation.queued_ms,
                     context.trace.id});
    called.set();
    if (error) co_return std::unexpected(*error);
    InvokeResult result;
    result.function_error = function_error;
    result.payload = "because";
    co_return result;
  }
  Task<std::shared_ptr<ResponseStream>> stream(RequestContext, FunctionRef, Invocation) override {
    co_return fail(Code::kUnsupported, "an asynchronous invocation has nobody to stream to");
  }
  std::uint32_t account_concurrency() const override { return 1000; }
  std::vector<PoolStatus> status() const override { return {}; }
  Task<void> stop(SteadyTime) override { co_return Result<void>{}; }

  struct Call {
    std::string request_id, function, payload;
    std::uint64_t queued_ms = 0;
    TraceId trace;
  };
  std::vector<Call> calls;
  async::Event called;
  std::string function_error;
  std::optional<Error> error;
};

// Buckets in memory; one that is not there refuses.
class FakeRecords final : public RecordStore {
 public:
  Task<void> check(AccountId, std::string bucket) override {
    if (!objects.contains(bucket)) co_return fail(Code::kNotFound, "the bucket is not there", "bucket");
    co_return Result<void>{};
  }
  Task<void> put(RequestContext context, std::string bucket, std::string key, std::string record) override {
    GUST_CO_CHECK(co_await check(context.principal.account, bucket));
    objects[bucket][key] = std::move(record);
    co_return Result<void>{};
  }

  std::map<std::string, std::map<std::string, std::string>> objects;
};

class AsyncInvokerTest : public ::testing::Test {
 protected:
  template <typename F>
  auto run(F f) {
    return async::testing::run(loop_, f);
  }

  AsyncInvokerTest() : invoker_(loop_.get_executor()) {
    std::string name = (fs::temp_directory_path() / "gust-async-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    registry_.emplace(store_, blobs_, clock_, random_, folder_.string());
    Function function;
    function.key = key_;
    const auto made = async::testing::run(
        loop_, [&]() { return registry_->create(function, testing::make_zip({{"index.py", "x"}})); });
    EXPECT_TRUE(made);
    open();
  }
  ~AsyncInvokerTest() override {
    close();
    fs::remove_all(folder_);
  }
  // As after a start of the daemon: what is in the store is all that is known.
  void open() {
    queue_.emplace(loop_.get_executor(), store_, clock_, "async");
    async_.emplace(loop_.get_executor(), store_, *queue_, *registry_, invoker_, records_, clock_);
    ASSERT_TRUE(run([&]() { return queue_->open(); }));
    async_->start();
  }
  void close() {
    (void)run([&]() { return async_->stop(std::chrono::steady_clock::now()); });
    async_.reset();
    queue_.reset();
  }
  void submit(const std::string& id) {
    const AsyncEvent event{id, {key_}, "payload of " + id, "trace"};
    ASSERT_TRUE(run([&]() { return async_->submit(event); }));
  }
  void configure(EventInvokeConfig config) {
    ASSERT_TRUE(run([&]() { return registry_->put_event_invoke_config({key_}, config); }));
  }
  void advance(Millis by) {
    clock_.advance(by);
    async_->notify();
  }
  void wait_for_calls(std::size_t n) {
    while (invoker_.calls.size() < n) {
      ASSERT_TRUE(run([&]() -> Task<void> { return invoker_.called.wait(); }));
      invoker_.called.reset();
    }
    settle();
  }
  // Until what was called is settled in the queue: nothing is leased any more.
  void settle() {
    for (;;) {
      const auto depth = run([&]() { return async_->depth(); });
      ASSERT_TRUE(depth);
      if (depth->leased == 0) return;
    }
  }
  queue::Queue::Depth depth() {
    return *run([&]() { return async_->depth(); });
  }

  boost::asio::io_context loop_;
  kv::MemoryStore store_;
  blobs::MemoryStore blobs_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  fs::path folder_;
  FunctionKey key_{AccountId("000000000000"), FunctionName("f")};
  std::optional<Registry> registry_;
  ScriptedInvoker invoker_;
  std::optional<queue::DurableQueue> queue_;
  FakeRecords records_;
  std::optional<AsyncInvoker> async_;
};

TEST_F(AsyncInvokerTest, ASuccessIsDone) {
  submit("a");
  wait_for_calls(1);
  EXPECT_EQ(invoker_.calls[0].request_id, "a");
  EXPECT_EQ(invoker_.calls[0].payload, "payload of a");
  EXPECT_EQ(depth().waiting + depth().dead, 0u);
}

TEST_F(AsyncInvokerTest, AFailureIsTriedAfterOneMinuteAndAfterTwoThenKept) {
  invoker_.function_error = "Unhandled";
  submit("a");
  wait_for_calls(1);
  advance(Millis(59'000));
  EXPECT_EQ(depth().waiting, 1u);
  EXPECT_EQ(invoker_.calls.size(), 1u);
  advance(Millis(1'000));
  wait_for_calls(2);
  advance(Millis(119'000));
  EXPECT_EQ(invoker_.calls.size(), 2u);
  advance(Millis(1'000));
  wait_for_calls(3);
  EXPECT_EQ(invoker_.calls[0].queued_ms, 0u);
  EXPECT_EQ(invoker_.calls[1].queued_ms, 60'000u);
  EXPECT_EQ(invoker_.calls[2].queued_ms, 180'000u);
  const auto failed = run([&]() { return async_->failed_event("a"); });
  ASSERT_TRUE(failed) << failed.error().message;
  EXPECT_EQ(failed->reason, "because");
  EXPECT_EQ(failed->attempts, 3u);
  for (const auto& call : invoker_.calls) EXPECT_EQ(call.request_id, "a") << "one id through all attempts";
  for (const auto& call : invoker_.calls) EXPECT_EQ(call.trace, invoker_.calls[0].trace) << "and one trace";
  EXPECT_FALSE(invoker_.calls[0].trace.empty());
}

TEST_F(AsyncInvokerTest, RetriesCanBeSetToNone) {
  configure({.max_retries = 0, .max_age_s = std::nullopt, .modified_at = {}});
  invoker_.function_error = "Unhandled";
  submit("a");
  wait_for_calls(1);
  EXPECT_EQ(depth().dead, 1u);
}

TEST_F(AsyncInvokerTest, WhatIsTooOldIsKeptWithoutAnotherTry) {
  configure({.max_retries = 2, .max_age_s = 60, .modified_at = {}});
  invoker_.function_error = "Unhandled";
  submit("a");
  wait_for_calls(1);
  advance(Millis(60'000));
  wait_for_calls(2);
  EXPECT_EQ(depth().dead, 1u) << "its third try would be at the age of 180 s";
}

TEST_F(AsyncInvokerTest, WhatIsGivenUpGoesToABucketAndElseIsKept) {
  invoker_.function_error = "Unhandled";
  EventInvokeConfig config;
  config.max_retries = 0;
  config.on_failure = "arn:aws:s3:::kept";
  configure(config);
  records_.objects["kept"];
  submit("a");
  wait_for_calls(1);
  EXPECT_EQ(depth().waiting + depth().dead, 0u);
  ASSERT_EQ(records_.objects["kept"].size(), 1u);
  const auto& [key, record] = *records_.objects["kept"].begin();
  EXPECT_TRUE(
      RE2::FullMatch(key, R"(aws/lambda/async/f/\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36})"))
      << key;
  EXPECT_NE(record.find(R"("condition":"RetriesExhausted")"), std::string::npos) << record;
  records_.objects.clear();
  submit("b");
  wait_for_calls(2);
  EXPECT_EQ(depth().dead, 1u);
  const auto failed = run([&]() { return async_->failed("", 10); });
  ASSERT_TRUE(failed);
  EXPECT_NE(failed->at(0).reason.find("its destination arn:aws:s3:::kept: the bucket is not there"), std::string::npos);
}

TEST_F(AsyncInvokerTest, FailuresOfTheMachineCostNoAttempt) {
  invoker_.error = Error{Code::kThrottled, "no room", {}};
  submit("a");
  for (std::size_t n = 1; n <= 6; ++n) {
    wait_for_calls(n);
    EXPECT_EQ(depth().waiting, 1u);
    advance(std::chrono::minutes(6));
  }
  invoker_.error.reset();
  wait_for_calls(7);
  EXPECT_EQ(depth().waiting + depth().dead, 0u);
}

TEST_F(AsyncInvokerTest, AnEventOfAFunctionThatIsGoneIsKept) {
  invoker_.error = Error{Code::kNotFound, "no function f", "function"};
  submit("a");
  wait_for_calls(1);
  EXPECT_EQ(run([&]() { return async_->failed_event("a"); })->reason, "no function f");
  EXPECT_EQ(run([&]() { return async_->failed_event("b"); }).error().code, Code::kNotFound);
}

TEST_F(AsyncInvokerTest, WhatWaitsIsThereAfterARestart) {
  invoker_.function_error = "Unhandled";
  submit("a");
  wait_for_calls(1);
  close();
  open();
  invoker_.function_error.clear();
  advance(Millis(60'000));
  wait_for_calls(2);
  EXPECT_EQ(depth().waiting + depth().dead, 0u);
}

TEST_F(AsyncInvokerTest, ADeadLetterIsTriedAgainAsIfNew) {
  configure({.max_retries = 0, .max_age_s = std::nullopt, .modified_at = {}});
  invoker_.function_error = "Unhandled";
  submit("a");
  wait_for_calls(1);
  ASSERT_TRUE(run([&]() { return async_->retry_failed("a"); }));
  wait_for_calls(2);
  EXPECT_EQ(run([&]() { return async_->failed_event("a"); })->attempts, 1u);
  invoker_.function_error.clear();
  ASSERT_TRUE(run([&]() { return async_->retry_failed("a"); }));
  wait_for_calls(3);
  EXPECT_EQ(depth().waiting + depth().dead, 0u);
}

}  // namespace
}  // namespace gust::functions
