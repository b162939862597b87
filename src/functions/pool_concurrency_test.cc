// Functions whose instances run several invocations at once, on pretended sandboxes.
#include "async/pipe.h"
#include "functions/pool_testing.h"
#include "meter/record.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

namespace gust::functions {
namespace {

using async::Task;

class Ledger final : public meter::Sink {
 public:
  Task<void> append(meter::Record record) override {
    records.push_back(std::move(record));
    co_return Result<void>{};
  }
  std::vector<meter::Record> records;
};

class PoolConcurrencyTest : public testing::PoolFixture {
 protected:
  ~PoolConcurrencyTest() override {
    (void)async::testing::run(loop_, [&]() { return calls_.stop(); });
  }
  // A function whose instances run so many at once, on a runtime that asks for as many.
  void create_for(std::size_t at_once, std::uint32_t timeout_s = 60) {
    workers_ = at_once;
    create("f", timeout_s, 128, static_cast<std::uint32_t>(at_once));
  }
  // Calls f; its outcome goes to the end of outcomes_.
  void begin(std::string payload) { calls_.spawn(one(std::move(payload))); }
  Task<void> one(std::string payload) {
    auto result = co_await call("f", std::move(payload));
    outcomes_.push_back(std::move(result));
    co_return Result<void>{};
  }
  void hang(std::size_t number) {
    const auto before = hanging_.size();
    for (std::size_t i = 0; i < number; ++i) begin(R"("hang")");
    spin_until([&] { return hanging_.size() == before + number; });
  }
  void let_all_go() {
    for (std::size_t i = 0, all = hanging_.size(); i < all; ++i) runtimes_.spawn(let_go());
    spin_until([&] { return calls_.size() == 0; });
  }
  // So that the time-outs of what was begun and of what is begun now are apart.
  void pass(Millis time) {
    loop_.restart();
    loop_.run_for(time);
  }
  PoolStatus status() { return invoker_->status().at(0); }
  static std::string error_of(const Result<InvokeResult>& result) {
    return result ? result->error_type : result.error().message;
  }

  async::TaskGroup calls_{loop_.get_executor(), "calls"};
  std::vector<Result<InvokeResult>> outcomes_;
};

TEST_F(PoolConcurrencyTest, AnInstanceTakesAsManyAsItMayAndTheNextStartsAnother) {
  open();
  create_for(3);
  hang(3);
  EXPECT_EQ(processes_.size(), 1u);
  EXPECT_EQ(processes_[0]->spec().env.at("AWS_LAMBDA_MAX_CONCURRENCY"), "3");
  hang(1);
  ASSERT_EQ(processes_.size(), 2u);
  EXPECT_EQ(status().busy, 2u);
  EXPECT_EQ(status().running, 4u);
  let_all_go();
  spin_until([&] { return status().idle == 2; });
  EXPECT_EQ(status().running, 0u);
  for (const auto& outcome : outcomes_) EXPECT_EQ(error_of(outcome), "");
}

TEST_F(PoolConcurrencyTest, ABurstStartsNoMoreInstancesThanItNeeds) {
  open();
  create_for(4);
  for (int i = 0; i < 8; ++i) begin(R"("hang")");
  spin_until([&] { return hanging_.size() == 8; });
  EXPECT_EQ(processes_.size(), 2u);
  let_all_go();
}

TEST_F(PoolConcurrencyTest, AFunctionWithoutTheSettingIsToldNothingOfIt) {
  open();
  create("f");
  EXPECT_EQ(answered("f"), "0");
  EXPECT_FALSE(processes_[0]->spec().env.contains("AWS_LAMBDA_MAX_CONCURRENCY"));
}

TEST_F(PoolConcurrencyTest, TheFullestInstanceIsFilledSoThatTheOtherBecomesIdle) {
  open();
  create_for(3);
  hang(3);  // one after the other, so that the first is full before there is a second
  hang(1);
  ASSERT_EQ(processes_.size(), 2u);
  const auto fullest = processes_[0];
  const auto of_fullest = std::ranges::find(hanging_, fullest, [](const auto& each) { return each.first; });
  runtimes_.spawn(let_go(static_cast<std::size_t>(of_fullest - hanging_.begin())));
  spin_until([&] { return outcomes_.size() == 1; });
  const auto number = std::to_string(std::ranges::find(processes_, fullest) - processes_.begin());
  bool taken = false;
  for (int tries = 0; tries < 1000 && !taken; ++tries) taken = answered("f") == number;
  EXPECT_TRUE(taken) << "once its place is free again";
  EXPECT_EQ(processes_.size(), 2u);
  let_all_go();
}

TEST_F(PoolConcurrencyTest, ARuntimeThatAsksForOneAtATimeGetsOneAtATime) {
  open();
  create_for(4);
  workers_ = 1;
  hang(2);
  EXPECT_EQ(processes_.size(), 2u);
  let_all_go();
}

TEST_F(PoolConcurrencyTest, WhoAsksForMoreWhileAllPlacesAreTakenIsRefused) {
  open();
  create_for(2);
  hang(2);
  const auto next = async::testing::run(loop_, [&] { return ask(processes_[0], "GET", "invocation/next", ""); });
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->status, 403);
  let_all_go();
}

TEST_F(PoolConcurrencyTest, AnErrorIsOfOneInvocationAndTheOthersGoOn) {
  open();
  create_for(3);
  hang(2);
  const auto failed = invoke("f", R"("raise")");
  ASSERT_TRUE(failed) << failed.error().message;
  EXPECT_EQ(failed->error_type, "ValueError");
  EXPECT_EQ(hanging_.size(), 2u);
  let_all_go();
  EXPECT_EQ(processes_.size(), 1u);
  for (const auto& outcome : outcomes_) EXPECT_EQ(error_of(outcome), "");
}

TEST_F(PoolConcurrencyTest, AnAnswerWithTheIdOfAnotherInvocationIsThatOnes) {
  open();
  create_for(2);
  hang(2);
  const auto second = hanging_[1].second;
  runtimes_.spawn(let_go(1));
  spin_until([&] { return outcomes_.size() == 1; });
  const auto again = async::testing::run(
      loop_, [&] { return ask(processes_[0], "POST", "invocation/" + second + "/response", "2"); });
  EXPECT_EQ(again->status, 400) << "it was answered";
  EXPECT_EQ(outcomes_.size(), 1u);
  let_all_go();
}

TEST_F(PoolConcurrencyTest, ATimeOutHarmsNoOtherAndItsInstanceTakesNoMoreUntilItsPlaceIsBack) {
  open();
  create_for(3, 1);
  hang(1);
  pass(Millis(500));
  hang(1);
  spin_until([&] { return outcomes_.size() == 1; });
  EXPECT_EQ(error_of(outcomes_[0]), "Sandbox.Timedout");
  EXPECT_FALSE(processes_[0]->ended());
  EXPECT_EQ(hanging_[1].first, processes_[0]);
  EXPECT_EQ(answered("f"), "1") << "its event loop may be stuck";
  runtimes_.spawn(let_go());  // too late for its caller
  bool back = false;
  for (int tries = 0; tries < 1000 && !back; ++tries) back = answered("f") == "0";
  EXPECT_TRUE(back) << "the runtime asked again after its late answer";
  runtimes_.spawn(let_go());
  spin_until([&] { return outcomes_.size() == 2; });
  EXPECT_EQ(error_of(outcomes_[1]), "");
  EXPECT_FALSE(processes_[0]->ended());
}

TEST_F(PoolConcurrencyTest, AnInstanceEndsWithTheLastInvocationBesideOneThatTimedOut) {
  open();
  create_for(3, 1);
  hang(1);
  pass(Millis(500));
  hang(1);
  spin_until([&] { return outcomes_.size() == 1; });
  EXPECT_FALSE(processes_[0]->ended());
  runtimes_.spawn(let_go(1));
  spin_until([&] { return outcomes_.size() == 2; });
  EXPECT_EQ(error_of(outcomes_[1]), "");
  spin_until([&] { return processes_[0]->ended(); });
}

TEST_F(PoolConcurrencyTest, ATimeOutAloneEndsTheInstance) {
  open();
  create_for(3, 1);
  hang(1);
  spin_until([&] { return outcomes_.size() == 1; });
  EXPECT_EQ(error_of(outcomes_[0]), "Sandbox.Timedout");
  spin_until([&] { return processes_[0]->ended(); });
  EXPECT_EQ(answered("f"), "1");
}

TEST_F(PoolConcurrencyTest, EachCallerHearsOfTheDeathOfTheInstance) {
  open();
  create_for(3);
  hang(2);
  std::vector<std::string> ids = {hanging_[0].second, hanging_[1].second};
  const auto crashed = invoke("f", R"("crash")");
  ASSERT_TRUE(crashed) << crashed.error().message;
  spin_until([&] { return outcomes_.size() == 2; });
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(error_of(outcomes_[i]), "Runtime.ExitError");
    EXPECT_NE(outcomes_[i]->payload.find(ids[i]), std::string::npos) << outcomes_[i]->payload;
    EXPECT_NE(outcomes_[i]->payload.find("signal: killed"), std::string::npos) << outcomes_[i]->payload;
  }
  hanging_.clear();
  EXPECT_EQ(answered("f"), "1");
}

TEST_F(PoolConcurrencyTest, OneStreamsWhileAnotherIsAnswered) {
  open();
  create_for(2);
  const auto stream = [&]() -> Task<std::shared_ptr<ResponseStream>> {
    RequestContext context;
    context.request_id = RequestId(random_.uuid());
    Invocation invocation;
    invocation.payload = R"("hang")";
    const FunctionRef target{key("f")};
    co_return co_await invoker_->stream(std::move(context), target, std::move(invocation));
  };
  std::shared_ptr<ResponseStream> got;
  const auto call_it = [&]() -> Task<void> {
    GUST_CO_TRY(got, co_await stream());
    co_return Result<void>{};
  };
  calls_.spawn(call_it());
  spin_until([&] { return hanging_.size() == 1; });
  const auto body = std::make_shared<async::Pipe>(loop_.get_executor(), 1024);
  const auto send = [&]() -> Task<void> {
    http::Request request;
    request.method = "POST";
    request.target = std::string(testing::kRuntime) + "invocation/" + hanging_[0].second + "/response";
    request.headers.add("Lambda-Runtime-Function-Response-Mode", "streaming");
    request.body = async::Pipe::reader(body);
    const auto port = processes_[0]->port(0);
    const http::Origin to{"127.0.0.1", port};
    GUST_CO_CHECK(co_await client_->send(to, std::move(request), SteadyTime::max()));
    co_return Result<void>{};
  };
  runtimes_.spawn(send());
  const auto write = [&] { return body->write("first "); };
  ASSERT_TRUE(async::testing::run(loop_, write));
  spin_until([&] { return got != nullptr; });
  EXPECT_EQ(answered("f"), "0") << "while the other streams";
  EXPECT_FALSE(got->result);
  const auto rest = [&]() -> Task<std::string> {
    GUST_CO_CHECK(co_await body->write("second"));
    body->close();
    const auto reader = async::Pipe::reader(got->pipe);
    co_return co_await async::read_all(*reader, 1024);
  };
  EXPECT_EQ(*async::testing::run(loop_, rest), "first second");
  spin_until([&] { return got->result.has_value(); });
  EXPECT_EQ(got->result->function_error, "");
  hanging_.clear();
}

TEST_F(PoolConcurrencyTest, ItIsFrozenOnlyWhenNoneRuns) {
  open();
  create_for(2);
  hang(1);
  EXPECT_EQ(answered("f"), "0");
  clock_.advance(Millis(10'000));
  pass(Millis(1500));  // its rest is looked at every second
  EXPECT_FALSE(processes_[0]->frozen());
  let_all_go();
  spin_until([&] { return status().idle == 1; });
  clock_.advance(Millis(10'000));
  spin_until([&] { return processes_[0]->frozen(); });
  hang(1);
  EXPECT_FALSE(processes_[0]->frozen());
  let_all_go();
}

TEST_F(PoolConcurrencyTest, AnInstanceWithInvocationsIsNotEvictedAndEndsNoneOfThemWhenTheFunctionChanges) {
  open({.memory_bytes = 128 << 20});
  create_for(2);
  create("g");
  hang(1);
  ASSERT_TRUE(async::testing::run(
      loop_, [&]() { return registry_->update_code(key("f"), testing::make_zip({{"index.py", "y"}}), ""); }));
  std::optional<std::string> other;
  const auto call_g = [&]() -> Task<void> {
    const auto result = co_await call("g", R"("who")");
    other = result ? result->payload : result.error().message;
    co_return Result<void>{};
  };
  calls_.spawn(call_g());
  pass(Millis(100));
  EXPECT_FALSE(processes_[0]->ended());
  EXPECT_FALSE(other);
  runtimes_.spawn(let_go());
  spin_until([&] { return other.has_value(); });
  EXPECT_EQ(*other, "1");
  EXPECT_EQ(error_of(outcomes_.at(0)), "");
}

TEST_F(PoolConcurrencyTest, LinesAreOfTheInvocationThatTheyName) {
  open();
  create_for(2);
  hang(2);
  const auto first = hanging_[0].second, second = hanging_[1].second;
  processes_[0]->print(fmt::format("2026-01-01T00:00:00.000Z\t{}\tINFO\tone\n", first));
  processes_[0]->print(fmt::format("{{\"requestId\":\"{}\",\"message\":\"two\"}}\nnobody's\n", second));
  let_all_go();
  const auto read = [&] { return logs_->read(key("f"), WallTime{}, 100); };
  const auto lines = async::testing::run(loop_, read);
  ASSERT_TRUE(lines) << lines.error().message;
  std::map<std::string, std::string> id_of;
  for (const auto& line : *lines) id_of[line.text] = line.request_id;
  EXPECT_EQ(id_of.at(fmt::format("2026-01-01T00:00:00.000Z\t{}\tINFO\tone", first)), first);
  EXPECT_EQ(id_of.at(fmt::format("{{\"requestId\":\"{}\",\"message\":\"two\"}}", second)), second);
  EXPECT_EQ(id_of.at("nobody's"), "");
  EXPECT_EQ(id_of.at(fmt::format("END RequestId: {}", first)), first);
  EXPECT_EQ(id_of.at(fmt::format("END RequestId: {}", second)), second);
}

TEST_F(PoolConcurrencyTest, TheRecordsShareTheCpuTimeOfTheInstance) {
  Ledger ledger;
  open({.meter = &ledger});
  create_for(2);
  hang(2);
  pass(Millis(50));
  processes_[0]->use({.memory_peak_bytes = 1 << 20, .cpu_us = 90'000});
  runtimes_.spawn(let_go());
  spin_until([&] { return ledger.records.size() == 1; });
  EXPECT_GT(ledger.records[0].cpu_us, 30'000u);
  EXPECT_LT(ledger.records[0].cpu_us, 60'000u) << "the other ran as long";
  processes_[0]->use({.memory_peak_bytes = 1 << 20, .cpu_us = 100'000});
  let_all_go();
  spin_until([&] { return ledger.records.size() == 2; });
  EXPECT_EQ(ledger.records[0].cpu_us + ledger.records[1].cpu_us, 100'000u);
  EXPECT_NE(ledger.records[0].request_id, ledger.records[1].request_id);
  EXPECT_EQ(ledger.records[0].start, "launched");
  EXPECT_EQ(ledger.records[1].start, "warm");
}

TEST_F(PoolConcurrencyTest, AnExtensionCannotHearOfInvocations) {
  open();
  create_for(2);
  const auto registers = [&](std::string events) -> Task<int> {
    http::Request request;
    request.method = "POST";
    request.target = "/2020-01-01/extension/register";
    request.headers.add("Lambda-Extension-Name", events);
    request.content_length = events.size();
    request.body = async::from_string(events);
    const auto port = processes_[0]->port(0);
    const http::Origin to{"127.0.0.1", port};
    GUST_CO_TRY(const auto answer, co_await client_->send(to, std::move(request), SteadyTime::max()));
    co_return answer.status;
  };
  workers_ = 0;  // the init goes on
  begin(R"("who")");
  spin_until([&] { return processes_.size() == 1; });
  EXPECT_EQ(*async::testing::run(loop_, [&] { return registers(R"({"events":["INVOKE"]})"); }), 403);
  EXPECT_EQ(*async::testing::run(loop_, [&] { return registers(R"({"events":[]})"); }), 200);
}

}  // namespace
}  // namespace gust::functions
