#include "logs/subscriptions.h"

#include "async/testing.h"
#include "codec/base64.h"
#include "codec/gzip.h"
#include "codec/json.h"
#include "kv/memory/memory_store.h"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

namespace gust::logs {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using async::Task;
using Texts = std::vector<std::string>;

// Takes what is delivered, after so many failures.
class FakeDeliveries final : public Deliveries {
 public:
  explicit FakeDeliveries(async::Executor executor) : came(std::move(executor)) {}

  Task<void> check(GroupKey, std::string destination_arn, std::string) override {
    if (destination_arn.empty()) co_return fail(Code::kInvalid, "no such function", "request");
    co_return Result<void>{};
  }
  Task<void> deliver(GroupKey, std::string, std::string payload, std::string id) override {
    if (failures > 0) {
      --failures;
      co_return fail(Code::kUnavailable, "not now");
    }
    const auto document = codec::parse_json(payload);
    const auto packed = codec::from_base64(std::string_view(document->at_pointer("/awslogs/data").as_string()));
    codec::Gunzip gunzip;
    std::string text;
    EXPECT_TRUE(gunzip.add(*packed, text));
    const auto message = codec::parse_json(text);
    for (const auto& event : message->at("logEvents").as_array())
      got.emplace_back(std::string(event.at("message").as_string()));
    streams.emplace_back(message->at("logStream").as_string());
    ids.push_back(std::move(id));
    came.pulse();
    co_return Result<void>{};
  }

  int failures = 0;
  Texts got, streams, ids;
  async::Event came;
};

class SubscriptionsTest : public ::testing::Test {
 protected:
  template <typename F>
  auto run(F make) {
    return async::testing::run(loop_, std::move(make));
  }
  SubscriptionsTest() : folder_(make_folder()), deliveries_(loop_.get_executor()) {
    Group wanted;
    wanted.key = key_;
    EXPECT_TRUE(run([&]() { return groups_.create(wanted); }));
    subscriptions_.emplace(loop_.get_executor(), groups_, events_, deliveries_);
  }
  ~SubscriptionsTest() override {
    stop();
    (void)run([&]() { return events_.stop(); });
    fs::remove_all(folder_);
  }
  void stop() {
    if (subscriptions_) (void)run([&]() { return subscriptions_->stop(); });
    subscriptions_.reset();
  }
  Result<void> subscribe(std::string name, std::string pattern, std::string arn = "arn:f") {
    Subscription wanted;
    wanted.name = std::move(name);
    wanted.pattern = std::move(pattern);
    wanted.destination_arn = std::move(arn);
    return run([&]() { return subscriptions_->put(key_, wanted, "us-east-1"); });
  }
  void put(std::string stream, Texts messages) {
    ASSERT_TRUE(run([&]() -> Task<void> {
      std::vector<NewEvent> events;
      for (auto& message : messages) events.push_back({1, stream, "", message});
      co_return co_await events_.put(key_, std::move(events));
    }));
  }
  void wait_for(std::size_t count) {
    ASSERT_TRUE(run([&]() -> Task<void> {
      while (deliveries_.got.size() < count) GUST_CO_CHECK(co_await deliveries_.came.wait());
      co_return Result<void>{};
    }));
  }
  // Until what was delivered is noted.
  void wait_noted(std::uint64_t sequence) {
    ASSERT_TRUE(run([&]() -> Task<void> {
      while (groups_.find(key_)->subscriptions.at(0).delivered < sequence)
        co_await boost::asio::post(loop_.get_executor(), boost::asio::use_awaitable);
      co_return Result<void>{};
    }));
  }

  boost::asio::io_context loop_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  kv::MemoryStore store_;
  fs::path folder_;
  GroupKey key_{AccountId("000000000000"), "/app"};
  Groups groups_{store_, clock_, random_};
  FakeDeliveries deliveries_;
  EventStore events_{loop_.get_executor(), groups_, clock_, folder_.string(), {}};
  std::optional<Subscriptions> subscriptions_;

 private:
  static std::string make_folder() {
    std::string name = (fs::temp_directory_path() / "gust-subscriptions-XXXXXX").string();
    return ::mkdtemp(name.data());
  }
};

TEST_F(SubscriptionsTest, WhatMatchesFromNowOnIsDeliveredInOrderAndByStream) {
  put("a", {"ERROR before"});
  ASSERT_TRUE(subscribe("errors", "ERROR"));
  put("a", {"ERROR 1", "fine", "ERROR 2"});
  put("b", {"ERROR 3"});
  wait_for(3);
  EXPECT_EQ(deliveries_.got, (Texts{"ERROR 1", "ERROR 2", "ERROR 3"}));
  EXPECT_EQ(deliveries_.streams.back(), "b");
}

TEST_F(SubscriptionsTest, AFailedDeliveryIsTriedAgain) {
  ASSERT_TRUE(subscribe("all", ""));
  deliveries_.failures = 1;
  put("a", {"one"});
  wait_for(1);
  EXPECT_EQ(deliveries_.got, (Texts{"one"}));
}

TEST_F(SubscriptionsTest, ItGoesOnWhereItWasBeforeARestart) {
  ASSERT_TRUE(subscribe("all", ""));
  put("a", {"one"});
  wait_for(1);
  wait_noted(2);
  stop();
  put("a", {"two"});
  subscriptions_.emplace(loop_.get_executor(), groups_, events_, deliveries_);
  subscriptions_->start();
  wait_for(2);
  EXPECT_EQ(deliveries_.got, (Texts{"one", "two"}));
  EXPECT_NE(deliveries_.ids[0], deliveries_.ids[1]);
}

TEST_F(SubscriptionsTest, TooMuchForOnePayloadComesInParts) {
  ASSERT_TRUE(subscribe("all", ""));
  const std::string large(100 << 10, 'x');
  put("a", {large + "1", large + "2", large + "3"});
  wait_for(3);
  EXPECT_EQ(deliveries_.ids.size(), 3U);
  EXPECT_EQ(deliveries_.got[2], large + "3");
}

TEST_F(SubscriptionsTest, WhatIsRefused) {
  EXPECT_EQ(subscribe("x", "a:").error().source, "pattern");
  EXPECT_EQ(subscribe("x", "", "").error().message, "no such function");
  ASSERT_TRUE(subscribe("one", ""));
  ASSERT_TRUE(subscribe("two", ""));
  EXPECT_EQ(subscribe("three", "").error().source, "limit");
  EXPECT_TRUE(subscribe("two", "changed"));
  EXPECT_EQ(groups_.find(key_)->subscriptions.at(1).pattern, "changed");
  ASSERT_TRUE(run([&]() { return subscriptions_->remove(key_, "one"); }));
  EXPECT_EQ(run([&]() { return subscriptions_->remove(key_, "one"); }).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace gust::logs
