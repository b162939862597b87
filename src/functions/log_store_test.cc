#include "functions/log_store.h"

#include "async/testing.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

class LogStoreTest : public ::testing::Test {
 protected:
  LogStoreTest() {
    std::string name = (fs::temp_directory_path() / "gust-logs-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    open();
  }
  ~LogStoreTest() override {
    flush();
    logs_.reset();
    fs::remove_all(folder_);
  }
  void open() { logs_.emplace(loop_.get_executor(), clock_, folder_.string()); }
  void flush() {
    ASSERT_TRUE(async::testing::run(loop_, [&]() { return logs_->flush(); }));
  }
  std::vector<std::string> read(std::size_t limit = 100, WallTime since = {}) {
    const auto lines = async::testing::run(loop_, [&]() { return logs_->read(key_, since, limit); });
    EXPECT_TRUE(lines);
    std::vector<std::string> out;
    for (const auto& line : *lines) out.push_back(line.text);
    return out;
  }
  std::uint64_t bytes_on_disk() const {
    std::uint64_t sum = 0;
    for (const auto& file : fs::recursive_directory_iterator(folder_))
      sum += file.is_regular_file() ? file.file_size() : 0;
    return sum;
  }

  boost::asio::io_context loop_;
  env::FakeClock clock_;
  fs::path folder_;
  FunctionKey key_{AccountId("000000000000"), FunctionName("f")};
  FunctionKey other_{AccountId("000000000000"), FunctionName("g")};
  std::optional<LogStore> logs_;
};

using Texts = std::vector<std::string>;

TEST_F(LogStoreTest, KeepsLinesInOrderAndFunctionsApart) {
  logs_->append(key_, "r1", "one");
  logs_->append(other_, "r2", "another's");
  logs_->append(key_, "r1", "two");
  EXPECT_EQ(read(), (Texts{"one", "two"}));
}

TEST_F(LogStoreTest, AnswersTheNewestWithinTheLimitAndSince) {
  for (int i = 0; i < 10; ++i) {
    logs_->append(key_, "", std::to_string(i));
    clock_.advance(Millis(1000));
  }
  EXPECT_EQ(read(3), (Texts{"7", "8", "9"}));
  EXPECT_EQ(read(100, clock_.now() - Millis(2000)), (Texts{"8", "9"}));
}

TEST_F(LogStoreTest, LinesSurviveARestart) {
  logs_->append(key_, "r", "before");
  flush();
  logs_->append(key_, "r", "at the end");
  open();
  logs_->append(key_, "r", "after");
  EXPECT_EQ(read(), (Texts{"before", "at the end", "after"}));
}

TEST_F(LogStoreTest, ALineIsTextWhateverWasPrinted) {
  logs_->append(key_, "r", std::string("\xff\x00 \"quoted\"\n", 12));
  logs_->append(key_, "r", "\u00fc\u20ac");
  const auto lines = read();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find("\"quoted\""), std::string::npos);
  EXPECT_EQ(lines[1], "\u00fc\u20ac");
}

TEST_F(LogStoreTest, TheOldestGoFirst) {
  const std::string text(200'000, 'x');
  for (int i = 0; i < 200; ++i) {  // 40 MB
    logs_->append(key_, "r", std::to_string(i) + text);
    if (i % 10 == 9) flush();
  }
  const auto lines = read(1000);
  EXPECT_LT(bytes_on_disk(), 24U << 20);
  ASSERT_GT(lines.size(), 30U);
  EXPECT_EQ(lines.back(), "199" + text);
}

TEST_F(LogStoreTest, WhatIsCutOffInTheMiddleIsLeftOut) {
  logs_->append(key_, "r", "whole");
  flush();
  std::ofstream(folder_ / "000000000000" / "f" / "1.ndjson", std::ios::app) << "[1,\"r\",\"cut o";
  EXPECT_EQ(read(), (Texts{"whole"}));
}

TEST_F(LogStoreTest, AFollowerWakesForItsFunctionOnly) {
  const auto wait = [&](FunctionKey key, Millis limit) {
    return async::testing::run(loop_, [&]() -> async::Task<void> {
      const auto deadline = std::chrono::steady_clock::now() + limit;
      boost::asio::post(loop_, [&] { logs_->append(key_, "r", "a line"); });
      co_return co_await logs_->wait(key, deadline);
    });
  };
  EXPECT_TRUE(wait(key_, Millis(60'000)));
  EXPECT_EQ(wait(other_, Millis(1)).error().code, Code::kTimeout);
}

}  // namespace
}  // namespace gust::functions
