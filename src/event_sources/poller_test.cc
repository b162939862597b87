#include "event_sources/poller.h"

#include "async/testing.h"
#include "codec/json.h"
#include "event_sources/testing.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace gust::event_sources {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

class Polling : public ::testing::Test {
 protected:
  using Answer = Target::Answer;

  Polling() {
    mapping_.account = AccountId("000000000000");
    mapping_.id = "the-mapping";
    mapping_.region = "us-east-1";
    mapping_.source_arn = "the-stream";
    mapping_.function_arn = "the-function";
  }
  ~Polling() override {
    if (poller_) poller_->stop();
    target_.release();
    settle();
  }

  void start() {
    tasks_ = std::make_shared<async::TaskGroup>(loop_.get_executor(), "pollers");
    const Poller::Parts parts{source_, target_, failures_, checkpoints_, timing_, random_, counts_};
    poller_ = std::make_shared<Poller>(loop_.get_executor(), parts, mapping_, "shard-1");
    tasks_->spawn(poller_->run(tasks_));
    settle();
  }
  // Until nobody has anything to do now.
  void settle() {
    loop_.restart();
    while (loop_.poll() > 0) {
    }
  }
  // Time passes until nobody waits for a moment, or the condition holds.
  void pass(const std::function<bool()>& enough = [] { return false; }) {
    settle();
    while (!enough() && timing_.advance()) settle();
  }
  void stop() {
    poller_->stop();
    settle();
    EXPECT_EQ(tasks_->size(), 0u);
    poller_.reset();
  }
  // Records "1", "2", ..., of keys that go round.
  void put(std::size_t count, std::size_t keys = 1) {
    for (std::size_t i = 0; i < count; ++i) {
      ++last_;
      source_.put("key " + std::to_string(last_ % keys), fmt::format(R"({{"n":{}}})", last_));
    }
  }

  Result<Answer> handle(const std::string& event) {
    std::vector<int> batch;
    const auto document = codec::parse_json(event, 300);
    for (const auto& record : document->at("Records").as_array()) batch.push_back(record.at("n").to_number<int>());
    batches_.push_back(batch);
    times_.push_back(clock_.now());
    if (answer_) return answer_(batch);
    return Answer{"", "null", "$LATEST"};
  }
  static Answer failed() { return {"Unhandled", R"({"errorMessage":"no"})", "$LATEST"}; }
  static Answer reported(int first) {
    const auto id = testing::FakeSource::position(first);
    return {"", fmt::format(R"({{"batchItemFailures":[{{"itemIdentifier":"{}"}}]}})", id), "$LATEST"};
  }
  // A function that fails whenever it gets this record.
  void poison(int bad) {
    answer_ = [bad](const std::vector<int>& batch) -> Result<Answer> {
      return std::ranges::find(batch, bad) != batch.end() ? failed() : Answer{"", "null", "$LATEST"};
    };
  }
  json::object kept_failure(std::size_t index = 0) {
    return codec::parse_json(failures_.kept.at(index).second)->as_object();
  }
  using Batches = std::vector<std::vector<int>>;

  async::asio::io_context loop_;
  env::FakeClock clock_{from_epoch_ms(1'790'000'000'000)};
  env::SeededRandom random_{1};
  telemetry::Metrics metrics_;
  Counts counts_{metrics_};
  testing::FakeTiming timing_{clock_};
  testing::FakeSource source_{loop_.get_executor(), clock_};
  testing::FakeTarget target_{loop_.get_executor(), [this](const std::string& event) { return handle(event); }};
  testing::FakeFailures failures_;
  testing::FakeCheckpoints checkpoints_;
  Mapping mapping_;
  std::shared_ptr<async::TaskGroup> tasks_;
  std::shared_ptr<Poller> poller_;
  std::size_t last_ = 0;
  Batches batches_;
  std::vector<WallTime> times_;
  std::function<Result<Answer>(const std::vector<int>&)> answer_;
};

TEST_F(Polling, BatchesComeInOrderAndAreCheckpointed) {
  mapping_.settings.batch_size = 2;
  put(5);
  start();
  EXPECT_EQ(batches_, (Batches{{1, 2}, {3, 4}, {5}}));
  EXPECT_EQ(checkpoints_.kept, (Checkpoint{"0005", "OK"}));
  put(1);
  settle();
  EXPECT_EQ(batches_.back(), std::vector<int>{6});
  EXPECT_EQ(counts_.records.value(), 6u);
  EXPECT_EQ(counts_.batches.value(), 4u);
}

TEST_F(Polling, ItGoesOnFromTheCheckpoint) {
  put(3);
  checkpoints_.kept = Checkpoint{"0002", "OK"};
  start();
  EXPECT_EQ(batches_, (Batches{{3}}));
  stop();
  put(1);
  start();
  EXPECT_EQ(batches_, (Batches{{3}, {4}}));
}

TEST_F(Polling, AnIdleMappingDoesNothing) {
  start();
  const auto reads = source_.reads();
  EXPECT_FALSE(timing_.advance());  // nobody waits for a moment
  EXPECT_EQ(source_.reads(), reads);
  EXPECT_EQ(poller_->result(), "");
  EXPECT_FALSE(poller_->oldest());
}

TEST_F(Polling, TheContextHasAnIdAndATraceOfItsOwn) {
  put(1);
  start();
  ASSERT_EQ(target_.contexts.size(), 1u);
  EXPECT_EQ(target_.contexts[0].request_id.str().size(), 36u);
  EXPECT_EQ(target_.contexts[0].trace.xray().find("Root=1-"), 0u);
  EXPECT_NE(target_.contexts[0].trace.span, 0u);
  EXPECT_EQ(target_.contexts[0].principal.account.str(), "000000000000");
}

TEST_F(Polling, AWindowGathersRecords) {
  mapping_.settings.window_s = 10;
  mapping_.settings.batch_size = 3;
  start();
  const auto begin = clock_.now();
  put(1);
  settle();
  EXPECT_TRUE(batches_.empty());
  clock_.advance(seconds(4));
  put(1);
  pass();
  EXPECT_EQ(batches_, (Batches{{1, 2}}));
  EXPECT_EQ(times_[0] - begin, seconds(10));
  put(4);  // full at once; the fourth waits for a window of its own
  settle();
  EXPECT_EQ(batches_.back(), (std::vector<int>{3, 4, 5}));
  pass();
  EXPECT_EQ(batches_.back(), std::vector<int>{6});
}

TEST_F(Polling, AnEventHasSixMegabytesAtMost) {
  const std::string large(2'500'000, 'x');
  for (int i = 1; i <= 3; ++i) source_.put("k", fmt::format(R"({{"n":{},"t":"{}"}})", i, large));
  start();
  EXPECT_EQ(batches_, (Batches{{1, 2}, {3}}));
}

TEST_F(Polling, AFailingBatchBlocksItsShardUntilItSucceeds) {
  mapping_.settings.batch_size = 2;
  put(4);
  int failures = 3;
  answer_ = [&](const std::vector<int>&) -> Result<Answer> {
    return failures-- > 0 ? failed() : Answer{"", "null", "$LATEST"};
  };
  start();
  EXPECT_EQ(poller_->result(), kCallFailed);
  EXPECT_EQ(checkpoints_.kept, (Checkpoint{"", std::string(kCallFailed)}));
  pass();
  EXPECT_EQ(batches_, (Batches{{1, 2}, {1, 2}, {1, 2}, {1, 2}, {3, 4}}));
  EXPECT_EQ(times_[1] - times_[0], Millis(100));
  EXPECT_EQ(times_[2] - times_[1], Millis(200));
  EXPECT_EQ(times_[3] - times_[2], Millis(400));
  EXPECT_EQ(checkpoints_.kept, (Checkpoint{"0004", "OK"}));
}

TEST_F(Polling, RetriesEnd) {
  mapping_.settings.batch_size = 2;
  mapping_.settings.max_retries = 2;
  mapping_.settings.on_failure = "arn:aws:s3:::b";
  put(3);
  poison(2);
  start();
  pass();
  EXPECT_EQ(batches_, (Batches{{1, 2}, {1, 2}, {1, 2}, {3}}));
  EXPECT_EQ(counts_.given_up.value(), 2u);
  EXPECT_EQ(checkpoints_.kept->position, "0003");
  ASSERT_EQ(failures_.kept.size(), 1u);
  const auto record = kept_failure();
  EXPECT_EQ(record.at("requestContext").at("condition").as_string(), "RetryAttemptsExhausted");
  EXPECT_EQ(record.at("requestContext").at("approximateInvokeCount").as_int64(), 3);
  EXPECT_EQ(record.at("requestContext").at("functionArn").as_string(), "the-function");
  EXPECT_EQ(record.at("responseContext").at("functionError").as_string(), "Unhandled");
  const auto& info = record.at("DDBStreamBatchInfo").as_object();
  EXPECT_EQ(info.at("shardId").as_string(), "shard-1");
  EXPECT_EQ(info.at("startSequenceNumber").as_string(), "0001");
  EXPECT_EQ(info.at("endSequenceNumber").as_string(), "0002");
  EXPECT_EQ(info.at("approximateArrivalOfFirstRecord").as_string(), "2026-09-21T14:13:20Z");
  EXPECT_EQ(info.at("batchSize").as_int64(), 2);
  EXPECT_EQ(record.at("payload").as_string(), R"({"Records":[{"n":1},{"n":2}]})");
  EXPECT_EQ(failures_.kept[0].first.find("aws/lambda/the-mapping/shard-1/2026/09/21/2026-09-21T14.13.20-"), 0u);
}

TEST_F(Polling, NoRetryAtAll) {
  mapping_.settings.max_retries = 0;
  put(1);
  poison(1);
  start();
  pass();
  EXPECT_EQ(batches_, (Batches{{1}}));
  EXPECT_EQ(checkpoints_.kept->position, "0001");
}

TEST_F(Polling, ABatchIsSplitUntilTheBadRecordIsAlone) {
  mapping_.settings.bisects = true;
  mapping_.settings.max_retries = 1;
  mapping_.settings.on_failure = "arn:aws:s3:::b";
  put(5);
  poison(4);
  start();
  pass();
  EXPECT_EQ(batches_, (Batches{{1, 2, 3, 4, 5}, {1, 2}, {3, 4, 5}, {3}, {4, 5}, {4}, {4}, {5}}));
  EXPECT_EQ(counts_.given_up.value(), 1u);
  EXPECT_EQ(kept_failure().at("DDBStreamBatchInfo").at("startSequenceNumber").as_string(), "0004");
  EXPECT_EQ(checkpoints_.kept->position, "0005");
}

TEST_F(Polling, ReportedFailuresAreTriedAgainFromTheFirstOn) {
  mapping_.settings.reports_failures = true;
  put(5);
  int calls = 0;
  answer_ = [&](const std::vector<int>&) -> Result<Answer> {
    return ++calls == 1 ? reported(3) : Answer{"", R"({"batchItemFailures":[]})", "$LATEST"};
  };
  start();
  EXPECT_EQ(checkpoints_.kept->position, "0002");
  pass();
  EXPECT_EQ(batches_, (Batches{{1, 2, 3, 4, 5}, {3, 4, 5}}));
  EXPECT_EQ(checkpoints_.kept->position, "0005");
}

TEST_F(Polling, ReportedFailuresSplitThereAtNoCost) {
  mapping_.settings.reports_failures = true;
  mapping_.settings.bisects = true;
  mapping_.settings.max_retries = 0;
  put(4);
  answer_ = [&](const std::vector<int>& batch) -> Result<Answer> {
    return std::ranges::find(batch, 3) != batch.end() ? reported(3) : Answer{"", "{}", "$LATEST"};
  };
  start();
  pass();
  EXPECT_EQ(batches_, (Batches{{1, 2, 3, 4}, {3, 4}, {3}, {4}}));
  EXPECT_EQ(counts_.given_up.value(), 1u);
}

TEST_F(Polling, WhatDidNotRunIsNoAttempt) {
  mapping_.settings.max_retries = 0;
  put(1);
  int calls = 0;
  answer_ = [&](const std::vector<int>&) -> Result<Answer> {
    if (++calls <= 20) return calls % 2 == 0 ? fail(Code::kThrottled, "busy") : fail(Code::kNotFound, "no function");
    return Answer{"", "null", "$LATEST"};
  };
  start();
  pass();
  EXPECT_EQ(calls, 21);
  EXPECT_EQ(times_[20] - times_[19], seconds(30));  // the longest pause
  EXPECT_EQ(counts_.given_up.value(), 0u);
  EXPECT_EQ(counts_.batches.value(), 1u);
  EXPECT_EQ(checkpoints_.kept, (Checkpoint{"0001", "OK"}));
}

TEST_F(Polling, RecordsGetTooOld) {
  mapping_.settings.max_age_s = 60;
  mapping_.settings.on_failure = "arn:aws:s3:::b";
  put(1);
  clock_.advance(seconds(61));
  put(2);
  poison(3);
  start();
  EXPECT_EQ(batches_, (Batches{{2, 3}}));
  EXPECT_FALSE(kept_failure().contains("responseContext"));
  EXPECT_EQ(kept_failure().at("requestContext").at("condition").as_string(), "RecordAgeExceeded");
  EXPECT_EQ(kept_failure().at("requestContext").at("approximateInvokeCount").as_int64(), 0);
  pass();
  EXPECT_EQ(failures_.kept.size(), 2u);
  EXPECT_EQ(kept_failure(1).at("DDBStreamBatchInfo").at("batchSize").as_int64(), 2);
  EXPECT_EQ(checkpoints_.kept->position, "0003");
}

TEST_F(Polling, RetriesEndWithTheSourcesRetention) {
  put(1);
  poison(1);
  const auto begin = clock_.now();
  start();
  pass();
  EXPECT_EQ(counts_.given_up.value(), 1u);
  EXPECT_GE(clock_.now() - begin, std::chrono::hours(24));
  EXPECT_LT(clock_.now() - begin, std::chrono::hours(25));
}

TEST_F(Polling, ADestinationThatIsAwayIsTriedAgainAndOneThatIsGoneIsNot) {
  mapping_.settings.max_retries = 0;
  mapping_.settings.on_failure = "arn:aws:s3:::b";
  failures_.failing = 3;
  put(1);
  poison(1);
  start();
  EXPECT_EQ(checkpoints_.kept->position, "");
  pass();
  EXPECT_EQ(failures_.kept.size(), 1u);
  EXPECT_EQ(checkpoints_.kept->position, "0001");
  stop();
  mapping_.settings.on_failure = "arn:aws:s3:::gone";
  put(1);
  poison(2);
  start();
  pass();
  EXPECT_EQ(checkpoints_.kept->position, "0002");
}

TEST_F(Polling, FiltersDropWhatNobodyWants) {
  mapping_.settings.filters = {R"({"n":[2]})", R"({"n":[{"numeric":[">=",4]}]})"};
  put(5);
  start();
  EXPECT_EQ(batches_, (Batches{{2, 4, 5}}));
  EXPECT_EQ(checkpoints_.kept->position, "0005");
  EXPECT_EQ(counts_.filtered.value(), 2u);
  // What no filter wants costs no row each, but is not looked at again and again.
  mapping_.settings.filters = {R"({"n":[0]})"};
  stop();
  const auto saves = checkpoints_.saves;
  put(2500);
  start();
  EXPECT_EQ(checkpoints_.saves, saves + 2);
  stop();
  EXPECT_EQ(checkpoints_.kept->position, "2505");
  EXPECT_EQ(batches_.size(), 1u);
}

TEST_F(Polling, FiltersLookIntoDeepItems) {
  mapping_.settings.filters = {R"({"n":[1]})"};
  std::string deep = "1";
  for (int i = 0; i < 150; ++i) deep = R"({"M":)" + deep + "}";
  source_.put("k", R"({"n":2,"deep":)" + deep + "}");
  source_.put("k", R"({"n":1,"deep":)" + deep + "}");
  start();
  EXPECT_EQ(batches_, (Batches{{1}}));
}

TEST_F(Polling, LanesRunAtOnceAndKeepTheOrderOfAKey) {
  mapping_.settings.lanes = 4;
  mapping_.settings.batch_size = 10;
  target_.hold();
  put(400, 20);
  start();
  EXPECT_GT(target_.most_running, 1u);
  EXPECT_LE(target_.most_running, 4u);
  target_.release();
  settle();
  std::map<int, std::vector<int>> by_key;
  for (const auto& batch : batches_)
    for (const auto n : batch) by_key[n % 20].push_back(n);
  std::size_t count = 0;
  for (const auto& [key, numbers] : by_key) {
    EXPECT_TRUE(std::ranges::is_sorted(numbers));
    count += numbers.size();
  }
  EXPECT_EQ(count, 400u);
  EXPECT_EQ(checkpoints_.kept->position, "0400");
}

TEST_F(Polling, ALaneThatFailsHoldsTheCheckpointOnly) {
  mapping_.settings.lanes = 2;
  mapping_.settings.batch_size = 1;
  for (int i = 0; i < 8; ++i) source_.put("key " + std::to_string(i), fmt::format(R"({{"n":{}}})", i + 1));
  poison(1);
  start();
  for (int i = 0; i < 20; ++i) pass([&] { return true; });
  const auto done = counts_.records.value();
  EXPECT_GT(done, 0u);
  EXPECT_EQ(checkpoints_.kept->position, "");
  EXPECT_TRUE(poller_->oldest());
  answer_ = {};
  pass();
  EXPECT_EQ(checkpoints_.kept->position, "0008");
  EXPECT_FALSE(poller_->oldest());
}

TEST_F(Polling, WhatWaitsIsBounded) {
  mapping_.settings.batch_size = 1;
  source_.read_most = 10;
  target_.hold();
  put(1000);
  start();
  EXPECT_LE(source_.reads(), 11u);
  target_.release();
  settle();
  EXPECT_EQ(checkpoints_.kept->position, "1000");
}

TEST_F(Polling, StoppingFinishesWhatRuns) {
  mapping_.settings.batch_size = 1;
  put(3);
  target_.hold();
  start();
  poller_->stop();
  settle();
  EXPECT_GT(tasks_->size(), 0u);
  target_.release();
  settle();
  EXPECT_EQ(tasks_->size(), 0u);
  EXPECT_EQ(batches_, (Batches{{1}}));
  EXPECT_EQ(checkpoints_.kept, (Checkpoint{"0001", "OK"}));
}

TEST_F(Polling, StoppingEndsRetries) {
  put(1);
  poison(1);
  start();
  stop();
  EXPECT_EQ(checkpoints_.kept->position, "");
}

TEST_F(Polling, AShardEnds) {
  put(2);
  source_.end();
  start();
  EXPECT_EQ(batches_, (Batches{{1, 2}}));
  EXPECT_EQ(tasks_->size(), 0u);
}

TEST_F(Polling, ReadsThatFailAreTriedAgain) {
  put(1);
  source_.fail_reads(3);
  start();
  EXPECT_EQ(poller_->result(), kSourceFailed);
  pass();
  EXPECT_EQ(batches_, (Batches{{1}}));
  EXPECT_EQ(poller_->result(), kOk);
}

TEST_F(Polling, AFullDiskHoldsNothingUp) {
  checkpoints_.failing = true;
  mapping_.settings.batch_size = 1;
  put(3);
  start();
  EXPECT_EQ(batches_, (Batches{{1}, {2}, {3}}));
  checkpoints_.failing = false;
  put(1);
  settle();
  EXPECT_EQ(checkpoints_.kept->position, "0004");
}

}  // namespace
}  // namespace gust::event_sources
