#include "meter/use_ledger.h"

#include "async/testing.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace gust::meter {
namespace {

namespace fs = std::filesystem;

class UseLedgerTest : public ::testing::Test {
 protected:
  UseLedgerTest() {
    std::string name = (fs::temp_directory_path() / "gust-use-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    open();
  }
  ~UseLedgerTest() override {
    ledger_.reset();
    fs::remove_all(folder_);
  }
  void open() {
    ledger_.emplace(loop_.get_executor(), clock_, folder_.string(),
                    [](std::string, std::string resource) -> async::Task<AccountId> {
                      if (resource == "gone") co_return fail(Code::kNotFound, "gone");
                      co_return AccountId("owner");
                    });
  }
  void flush() {
    EXPECT_TRUE(async::testing::run(loop_, [&] { return ledger_->flush(); }));
  }
  std::vector<UseSum> usage(std::string account, std::string from = "", std::string to = "9") {
    auto found = async::testing::run(loop_, [&] { return ledger_->usage(AccountId(account), from, to); });
    EXPECT_TRUE(found);
    return found.value_or(std::vector<UseSum>());
  }
  fs::path day() const { return folder_ / "2023-11-14.use"; }

  boost::asio::io_context loop_;
  env::FakeClock clock_;  // 2023-11-14
  fs::path folder_;
  std::optional<UseLedger> ledger_;
};

TEST_F(UseLedgerTest, CountsAddUpByThingAccountAndDay) {
  ledger_->count("s3", "photos", AccountId("1"), {.requests = 1, .puts = 1, .bytes_in = 10});
  ledger_->count("s3", "photos", AccountId("1"), {.requests = 1, .gets = 1, .bytes_out = 7});
  flush();
  ledger_->count("s3", "photos", AccountId("1"), {.requests = 1, .byte_hours = 3});
  ledger_->count("dynamodb", "music", AccountId("1"), {.requests = 1, .read_milliunits = 500});
  ledger_->count("s3", "photos", AccountId("2"), {.requests = 9});
  auto sums = usage("1");
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(sums[0].thing.resource, "music");
  EXPECT_EQ(sums[0].use.read_milliunits, 500U);
  EXPECT_EQ(sums[1].use, (Use{.requests = 3, .puts = 1, .gets = 1, .bytes_in = 10, .bytes_out = 7, .byte_hours = 3}));
  EXPECT_EQ(sums[1].day, "2023-11-14");
  clock_.advance(std::chrono::hours(24));
  ledger_->count("s3", "photos", AccountId("1"), {.requests = 1});
  EXPECT_EQ(usage("1").size(), 3U);
  EXPECT_EQ(usage("1", "2023-11-15", "2023-11-15").size(), 1U);
}

TEST_F(UseLedgerTest, AnOwnerPaysWhereNobodyIsNamed) {
  ledger_->count("s3", "photos", AccountId(), {.requests = 1});
  ledger_->count("s3", "gone", AccountId(), {.requests = 1});
  const auto sums = usage("owner");
  ASSERT_EQ(sums.size(), 1U);
  EXPECT_EQ(sums[0].thing.resource, "photos");
}

TEST_F(UseLedgerTest, ItIsThereAfterAKillAndHalfALineIsLeftOut) {
  ledger_->count("s3", "photos", AccountId("1"), {.requests = 4});
  flush();
  std::ofstream(day(), std::ios::app) << "12345678 {\"account\":\"1\",\"serv";
  open();
  EXPECT_EQ(usage("1").at(0).use.requests, 4U);
  ledger_->count("s3", "photos", AccountId("1"), {.requests = 1});
  EXPECT_EQ(usage("1").at(0).use.requests, 5U);
}

TEST_F(UseLedgerTest, ALongDayIsSummedUpAndSaysTheSame) {
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 1000; ++i)
      ledger_->count("s3", "bucket-" + std::to_string(i), AccountId("1"), {.requests = 1, .puts = 1});
    flush();
  }
  EXPECT_LT(fs::file_size(day()), 5U << 20);
  const auto sums = usage("1");
  ASSERT_EQ(sums.size(), 1000U);
  for (const auto& sum : sums) EXPECT_EQ(sum.use.requests, 60U);
}

TEST_F(UseLedgerTest, ADayThatIsOverIsSummedUp) {
  for (int i = 0; i < 3; ++i) {
    ledger_->count("s3", "photos", AccountId("1"), {.requests = 1});
    flush();
  }
  const auto before = fs::file_size(day());
  clock_.advance(std::chrono::hours(24));
  ledger_->count("s3", "photos", AccountId("1"), {.requests = 1});
  flush();
  EXPECT_LT(fs::file_size(day()), before);
  EXPECT_EQ(usage("1").at(0).use.requests, 3U);
}

TEST_F(UseLedgerTest, TooManyThingsAreCountedWithoutTheirNames) {
  for (std::size_t i = 0; i < UseLedger::kMostThings + 50; ++i)
    ledger_->count("s3", "b" + std::to_string(i), AccountId("1"), {.requests = 1});
  const auto sums = usage("1");
  EXPECT_EQ(sums.size(), UseLedger::kMostThings + 1);
  EXPECT_EQ(sums.at(0).use.requests, 50U);
}

}  // namespace
}  // namespace gust::meter
