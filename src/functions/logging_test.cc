#include "functions/logging.h"

#include <boost/json/object.hpp>
#include <gtest/gtest.h>

namespace gust::functions {
namespace {

namespace json = boost::json;

TEST(Logging, LevelsHaveTheNamesOfTheServiceAndOfPython) {
  EXPECT_EQ(log_level_of("TRACE"), LogLevel::kTrace);
  EXPECT_EQ(log_level_of("debug"), LogLevel::kDebug);
  EXPECT_EQ(log_level_of("Warning"), LogLevel::kWarn);
  EXPECT_EQ(log_level_of("CRITICAL"), LogLevel::kFatal);
  for (const auto* wrong : {"", "LOUD", "INFORMATION", "INFOINFOINFOINFOINFO"}) EXPECT_FALSE(log_level_of(wrong));
  EXPECT_EQ(name_of(LogLevel::kFatal), "FATAL");
  EXPECT_EQ(log_format_of("JSON"), LogFormat::kJson);
  EXPECT_FALSE(log_format_of("json"));
}

TEST(Logging, ALineOfJsonHasItsOwnLevelAndPlainTextHasNone) {
  constexpr auto kAt = R"("timestamp": "2024-11-02T16:51:31.587199Z")";
  EXPECT_EQ(level_of_line(std::string(R"({"level": "debug", )") + kAt + "}"), LogLevel::kDebug);
  EXPECT_EQ(level_of_line(std::string(R"( {"level": "ERROR", )") + kAt + "}"), LogLevel::kError);
  EXPECT_EQ(level_of_line(R"({"level": "ERROR", "time": "2024-11-02T16:51:31+01:00"})"), LogLevel::kError);
  // As documented: without a level, or without a valid time, it is INFO.
  EXPECT_EQ(level_of_line(R"({"level": "ERROR"})"), LogLevel::kInfo);
  EXPECT_EQ(level_of_line(R"({"level": "ERROR", "timestamp": "yesterday"})"), LogLevel::kInfo);
  EXPECT_EQ(level_of_line(R"({"level": 40, "timestamp": 1730566291})"), LogLevel::kInfo);
  EXPECT_EQ(level_of_line("{}"), LogLevel::kInfo);
  for (const auto* plain : {"", "ERROR", "{not JSON", "[1]", "\"DEBUG\""}) EXPECT_FALSE(level_of_line(plain)) << plain;
}

TEST(Logging, WhatIsBelowTheLevelIsNotKept) {
  const std::string debug = R"({"level": "DEBUG", "timestamp": "2024-11-02T16:51:31Z"})";
  const auto json = [](LogLevel level) { return Logging{LogFormat::kJson, level, LogLevel::kInfo}; };
  EXPECT_TRUE(keeps_line(Logging{}, debug));
  EXPECT_TRUE(keeps_line(json(LogLevel::kTrace), debug));
  EXPECT_TRUE(keeps_line(json(LogLevel::kDebug), debug));
  EXPECT_FALSE(keeps_line(json(LogLevel::kInfo), debug));
  EXPECT_TRUE(keeps_line(json(LogLevel::kInfo), R"({"order": 1})"));
  EXPECT_FALSE(keeps_line(json(LogLevel::kWarn), R"({"order": 1})"));
  EXPECT_TRUE(keeps_line(json(LogLevel::kFatal), "printed"));
}

TEST(Logging, EventsOfThePlatformHaveTheLevelsOfTheGuide) {
  const json::object good{{"status", "success"}}, bad{{"status", "timeout"}}, none;
  EXPECT_EQ(level_of_event("platform.start", none), LogLevel::kInfo);
  EXPECT_EQ(level_of_event("platform.report", good), LogLevel::kInfo);
  EXPECT_EQ(level_of_event("platform.report", bad), LogLevel::kWarn);
  EXPECT_EQ(level_of_event("platform.runtimeDone", good), LogLevel::kDebug);
  EXPECT_EQ(level_of_event("platform.runtimeDone", bad), LogLevel::kWarn);
  EXPECT_EQ(level_of_event("platform.initRuntimeDone", good), LogLevel::kDebug);
  EXPECT_EQ(level_of_event("platform.initStart", none), LogLevel::kDebug);
  EXPECT_EQ(level_of_event("platform.initStart", {{"runtimeVersion", "python:3.12"}}), LogLevel::kInfo);
  const json::object on_demand{{"initializationType", "on-demand"}}, ahead{{"initializationType", "snap-start"}};
  EXPECT_EQ(level_of_event("platform.initReport", on_demand), LogLevel::kDebug);
  EXPECT_EQ(level_of_event("platform.initReport", ahead), LogLevel::kInfo);
  EXPECT_EQ(level_of_event("platform.restoreReport", good), LogLevel::kInfo);
  EXPECT_EQ(level_of_event("platform.extension", {{"name", "x"}, {"state", "Ready"}}), LogLevel::kInfo);
  EXPECT_EQ(level_of_event("platform.extension", {{"name", "x"}, {"state", "Extension.Crash"}}), LogLevel::kWarn);
  EXPECT_EQ(level_of_event("platform.logsDropped", none), LogLevel::kWarn);
}

TEST(Logging, AnEventIsALineOfTheTelemetrySchema) {
  const auto at = from_epoch_ms(1'700'000'000'123);
  EXPECT_EQ(event_line("platform.start", {{"requestId", "r"}, {"version", "$LATEST"}}, at),
            R"({"time":"2023-11-14T22:13:20.123Z","type":"platform.start",)"
            R"("record":{"requestId":"r","version":"$LATEST"}})");
  const auto report = event_line("platform.report", {{"metrics", json::object{{"durationMs", 1.427}}}}, at);
  EXPECT_NE(report.find(R"({"durationMs":1.427})"), std::string::npos) << report;
  EXPECT_EQ(notice_line(Logging{}, "it is so", at), "it is so");
  EXPECT_EQ(notice_line(Logging{LogFormat::kJson}, "it is so", at),
            R"({"timestamp":"2023-11-14T22:13:20.123Z","level":"WARN","message":"it is so"})");
}

}  // namespace
}  // namespace gust::functions
