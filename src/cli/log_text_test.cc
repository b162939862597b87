#include "cli/log_text.h"

#include <gtest/gtest.h>

namespace gust::cli {
namespace {

TEST(LogText, RecordsOfRuntimesAreALevelAndAMessage) {
  const auto plain = log_text(R"({"timestamp":"2026-11-28T01:00:00.000Z","level":"INFO","message":"sold",)"
                              R"("logger":"root","requestId":"r","order":7})");
  EXPECT_EQ(plain.text, R"(INFO sold  {"order":7})");
  EXPECT_EQ(plain.colour, Colour::kPlain);
  EXPECT_EQ(log_text(R"({"timestamp":"t","level":"DEBUG","message":{"a":1}})").text, R"(DEBUG {"a":1})");
  EXPECT_EQ(log_text(R"({"timestamp":"t","level":"DEBUG","message":"x"})").colour, Colour::kDim);
  EXPECT_EQ(log_text(R"({"timestamp":"t","level":"WARNING","message":"x"})").colour, Colour::kYellow);
}

TEST(LogText, ErrorsHaveTheirStackBelow) {
  const auto python = log_text(R"({"timestamp":"t","level":"ERROR","errorMessage":"no change",)"
                               R"("errorType":"ValueError","requestId":"r",)"
                               R"("stackTrace":["  File app.py\n","  raise\n"]})");
  EXPECT_EQ(python.text, "ERROR ValueError: no change\n    File app.py\n    raise");
  EXPECT_EQ(python.colour, Colour::kRed);
  const auto node = log_text(R"({"timestamp":"t","level":"ERROR","message":{"errorType":"Error","errorMessage":"no",)"
                             R"("stackTrace":["Error: no","at f"]}})");
  EXPECT_EQ(node.text, "ERROR Error: no\n  Error: no\n  at f");
}

TEST(LogText, EventsOfThePlatformStepBackUnlessTheyTellOfAFailure) {
  const auto good = log_text(R"({"time":"t","type":"platform.report","record":{"requestId":"r","status":"success",)"
                             R"("metrics":{"durationMs":1.5}}})");
  EXPECT_EQ(good.text, "platform.report r success  durationMs 1.5");
  EXPECT_EQ(good.colour, Colour::kDim);
  const auto bad = log_text(R"({"time":"t","type":"platform.report","record":{"requestId":"r","status":"timeout"}})");
  EXPECT_EQ(bad.text, "platform.report r timeout");
  EXPECT_EQ(bad.colour, Colour::kRed);
}

TEST(LogText, EverythingElseIsAsItWasPrinted) {
  for (const auto* text : {"sold 3 apples", R"({"level": "INFO", "order": 7})", "{no JSON", "[1]", ""})
    EXPECT_EQ(log_text(text).text, text);
  EXPECT_EQ(log_text("START RequestId: r Version: $LATEST\n").text, "START RequestId: r Version: $LATEST");
  EXPECT_EQ(log_text("START RequestId: r").colour, Colour::kDim);
  EXPECT_EQ(log_text("[ERROR] ValueError").colour, Colour::kRed);
}

}  // namespace
}  // namespace gust::cli
