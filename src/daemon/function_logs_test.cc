// The contract of functions::LogStore, for both that there are; and what earlier versions kept.
#include "daemon/function_logs.h"

#include "async/testing.h"
#include "functions/memory_log_store.h"
#include "kv/memory/memory_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace gust::daemon {
namespace {

namespace fs = std::filesystem;
using async::Task;
using Texts = std::vector<std::string>;

class LogStoreContract : public ::testing::TestWithParam<const char*> {
 protected:
  template <typename F>
  auto run(F make) {
    return async::testing::run(loop_, std::move(make));
  }
  LogStoreContract() : folder_(make_folder()) {
    if (std::string_view(GetParam()) == "memory") store_ = std::make_unique<functions::MemoryLogStore>(clock_);
    else store_ = std::make_unique<FunctionLogs>(events_, clock_);
  }
  ~LogStoreContract() override {
    (void)run([&]() -> Task<void> {
      GUST_CO_CHECK(co_await store_->flush());
      co_return co_await events_.stop();
    });
    fs::remove_all(folder_);
  }
  static std::string make_folder() {
    std::string name = (fs::temp_directory_path() / "gust-function-logs-XXXXXX").string();
    return ::mkdtemp(name.data());
  }
  void append(const char* function, std::string text) {
    const functions::LogSource source{{AccountId("000000000000"), FunctionName(function)}, "", "instance"};
    store_->append(source, "r1", std::move(text));
  }
  Texts read(const char* function, WallTime since = {}, std::size_t limit = 100) {
    const auto lines = run([&]() {
      return store_->read({AccountId("000000000000"), FunctionName(function)}, since, limit);
    });
    EXPECT_TRUE(lines);
    Texts out;
    for (const auto& line : *lines) {
      EXPECT_EQ(line.request_id, "r1");
      out.push_back(line.text);
    }
    return out;
  }

  boost::asio::io_context loop_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  kv::MemoryStore rows_;
  fs::path folder_;
  logs::Groups groups_{rows_, clock_, random_};
  logs::EventStore events_{loop_.get_executor(), groups_, clock_, (folder_ / "groups").string(), {}};
  std::unique_ptr<functions::LogStore> store_;
};

TEST_P(LogStoreContract, KeepsLinesInOrderAndFunctionsApart) {
  append("f", "one");
  append("g", "another's");
  append("f", "two");
  EXPECT_EQ(read("f"), (Texts{"one", "two"}));
  EXPECT_EQ(read("g"), (Texts{"another's"}));
  EXPECT_EQ(read("none"), Texts());
}

TEST_P(LogStoreContract, AnswersTheNewestWithinTheLimitAndSince) {
  for (int i = 0; i < 10; ++i) {
    append("f", std::to_string(i));
    clock_.advance(Millis(1000));
  }
  EXPECT_EQ(read("f", {}, 3), (Texts{"7", "8", "9"}));
  EXPECT_EQ(read("f", clock_.now() - Millis(2000)), (Texts{"8", "9"}));
}

INSTANTIATE_TEST_SUITE_P(LogStores, LogStoreContract, ::testing::Values("memory", "groups"),
                         [](const auto& info) { return std::string(info.param); });

class FunctionLogsTest : public LogStoreContract {};

TEST_P(FunctionLogsTest, ALineIsTextWhateverWasPrinted) {
  append("f", std::string("\xff\x00 \"quoted\"", 11));
  append("f", "\u00fc\u20ac");
  const auto lines = read("f");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], std::string("?\0 \"quoted\"", 11));
  EXPECT_EQ(lines[1], "\u00fc\u20ac");
}

TEST_P(FunctionLogsTest, TakesOverWhatEarlierVersionsKept) {
  fs::create_directories(folder_ / "000000000000" / "f");
  std::ofstream(folder_ / "000000000000" / "f" / "1.ndjson") << "[1000,\"r1\",\"old\"]\nnonsense\n[2000,\"r1\",\"cut o";
  ASSERT_TRUE(run([&]() { return carry_over_logs(folder_.string(), groups_, events_); }));
  append("f", "new");
  EXPECT_EQ(read("f"), (Texts{"old", "new"}));
  EXPECT_FALSE(fs::exists(folder_ / "000000000000" / "f"));
}

TEST_P(FunctionLogsTest, LinesAreFoundInAGroupThatOthersShare) {
  auto& logs = static_cast<FunctionLogs&>(*store_);
  logs.look_in([](functions::FunctionKey) -> Task<std::vector<std::string>> {
    co_return std::vector<std::string>{"/shop", "/not-there"};
  });
  append("f", "at first");
  const functions::FunctionKey f{AccountId("000000000000"), FunctionName("f")},
      ff{AccountId("000000000000"), FunctionName("ff")};
  clock_.advance(Millis(1));
  logs.append({f, "/shop", "2026/11/28/f[$LATEST]0123"}, "r1", "later");
  logs.append({ff, "/shop", "2026/11/28/ff[$LATEST]0123"}, "r1", "another's");
  EXPECT_EQ(read("f"), (Texts{"at first", "later"}));
  EXPECT_EQ(read("f", {}, 1), (Texts{"later"}));
  EXPECT_EQ(read("ff"), (Texts{"another's"}));
}

INSTANTIATE_TEST_SUITE_P(OfGroups, FunctionLogsTest, ::testing::Values("groups"));

}  // namespace
}  // namespace gust::daemon
