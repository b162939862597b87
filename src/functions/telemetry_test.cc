#include "functions/telemetry.h"

#include "async/testing.h"
#include "codec/json.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gust::functions {
namespace {

namespace json = boost::json;
using Source = Telemetry::Source;

std::string request(std::string_view types = R"(["platform","function","extension"])", std::string_view more = "") {
  return fmt::format(R"({{"schemaVersion":"2022-12-13","types":{},{}"destination":{{"protocol":"HTTP",)"
                     R"("URI":"http://sandbox.localdomain:8080/to"}}}})",
                     types, more);
}

class TelemetryTest : public ::testing::Test {
 protected:
  TelemetryTest() { telemetry_.open(); }

  // The types of the events of the next batch.
  std::vector<std::string> next() {
    const auto batch = async::testing::run(loop_, [&] { return telemetry_.next(); });
    if (!batch) return {std::string(code_name(batch.error().code))};
    EXPECT_EQ(batch->port, 8080);
    EXPECT_EQ(batch->path, "/to");
    std::vector<std::string> out;
    for (const auto& event : codec::parse_json(batch->body)->as_array())
      out.emplace_back(event.as_object().at("type").as_string());
    return out;
  }

  boost::asio::io_context loop_;
  env::SystemClock clock_;
  Telemetry telemetry_{loop_.get_executor(), clock_};
};

TEST_F(TelemetryTest, WhatHappenedBeforeTheSubscriptionComesToo) {
  telemetry_.event("platform.initStart", {});
  telemetry_.line(Source::kFunction, "one");
  ASSERT_TRUE(telemetry_.subscribe("x", request(R"(["platform","function"])", R"("buffering":{"timeoutMs":25},)")));
  telemetry_.line(Source::kExtension, "of an extension, which nobody wants");
  EXPECT_EQ(next(), (std::vector<std::string>{"platform.initStart", "function", "platform.telemetrySubscription"}));
  telemetry_.close_subscription();
  telemetry_.line(Source::kFunction, "two");
  EXPECT_EQ(next(), std::vector<std::string>{"function"});
  telemetry_.line(Source::kFunction, "three");
  telemetry_.end();
  telemetry_.line(Source::kFunction, "after the end");
  EXPECT_EQ(next(), std::vector<std::string>{"function"});
  EXPECT_EQ(next(), std::vector<std::string>{"cancelled"});
}

TEST_F(TelemetryTest, AFullBatchDoesNotWait) {
  ASSERT_TRUE(telemetry_.subscribe("x", request(R"(["function"])", R"("buffering":{"timeoutMs":30000},)")));
  for (int i = 0; i < 1001; ++i) telemetry_.line(Source::kFunction, "x");
  EXPECT_EQ(next().size(), 1000u);
  telemetry_.end();
  EXPECT_EQ(next().size(), 1u);
}

TEST_F(TelemetryTest, WhatIsNotTakenInTimeIsDroppedAndTold) {
  ASSERT_TRUE(telemetry_.subscribe("x", request()));
  for (int i = 0; i < 9; ++i) telemetry_.line(Source::kFunction, std::string(1 << 20, 'x'));
  std::vector<std::string> told;
  telemetry_.end();
  for (auto batch = next(); batch != std::vector<std::string>{"cancelled"}; batch = next())
    told.insert(told.end(), batch.begin(), batch.end());
  EXPECT_EQ(told, (std::vector<std::string>{"platform.telemetrySubscription", "function", "function", "function",
                                            "platform.logsDropped"}));
}

TEST_F(TelemetryTest, ASecondSubscriptionReplacesTheFirst) {
  ASSERT_TRUE(telemetry_.subscribe("x", request(R"(["extension"])")));
  ASSERT_TRUE(telemetry_.subscribe("x", request(R"(["function"])")));
  telemetry_.line(Source::kExtension, "1");
  telemetry_.line(Source::kFunction, "2");
  telemetry_.end();
  EXPECT_EQ(next(), std::vector<std::string>{"function"});
  EXPECT_EQ(next(), std::vector<std::string>{"cancelled"});
}

TEST_F(TelemetryTest, EverythingThatIsWrongIsNamed) {
  const auto refused = [&](std::string_view text) {
    const auto made = telemetry_.subscribe("x", text);
    return made ? std::string("made") : made.error().message;
  };
  EXPECT_EQ(refused("[]"), "the request is not a JSON object");
  EXPECT_NE(refused("{}").find("schemaVersion should be one of"), std::string::npos);
  EXPECT_NE(refused("{}").find("types should not be empty"), std::string::npos);
  EXPECT_EQ(refused(request(R"(["metrics"])")), "metrics is not a type");
  EXPECT_EQ(refused(request(R"(["platform"])", R"("buffering":{"maxItems":999},)")),
            "maxItems should be between 1000 and 10000");
  EXPECT_EQ(refused(request(R"(["platform"])", R"("buffering":{"timeoutMs":"x"},)")),
            "timeoutMs should be between 25 and 30000");
  const auto to = [&](std::string_view uri) {
    return refused(fmt::format(R"({{"schemaVersion":"2022-12-13","types":["platform"],"destination":)"
                               R"({{"protocol":"HTTP","URI":"{}"}}}})",
                               uri));
  };
  EXPECT_EQ(to("http://sandbox.localdomain"), "URI port is not provided");
  EXPECT_EQ(to("http://sandbox.localdomain:9001"), "port 9001 cannot be used");
  EXPECT_EQ(to("http://sandbox.localdomain:99999"), "port 99999 cannot be used");
  EXPECT_NE(to("http://example.com:80").find("should be http://sandbox.localdomain:PORT"), std::string::npos);
  EXPECT_EQ(to("http://sandbox:80"), "made");
}

}  // namespace
}  // namespace gust::functions
