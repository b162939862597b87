#include "meter/ledger.h"
#include "async/task_group.h"
#include "async/testing.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace gust::meter {
namespace {

namespace fs = std::filesystem;
using async::testing::run;

class TestClock final : public env::Clock {
 public:
  WallTime now() const override { return at; }
  SteadyTime steady() const override { return SteadyTime(at.time_since_epoch()); }
  WallTime at = from_epoch_ms(1'700'000'000'000);  // 2023-11-14
};

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() {
    std::string name = (fs::temp_directory_path() / "gust-meter-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    open();
  }
  ~LedgerTest() override { fs::remove_all(folder_); }

  void open() { ledger_ = std::make_unique<Ledger>(loop_.get_executor(), clock_, folder_.string()); }

  Record record(std::string function, std::string account = "1") const {
    Record r;
    r.request_id = RequestId("id");
    r.account = AccountId(std::move(account));
    r.function = std::move(function);
    r.version = "$LATEST";
    r.at = clock_.now();
    r.start = "warm";
    r.duration_us = 1500;
    r.billed_ms = 2;
    r.memory_mb = 128;
    r.tmp_mb = 1024;
    r.cpu_us = 700;
    return r;
  }
  void append(Record r) {
    EXPECT_TRUE(run(loop_, [&] { return ledger_->append(r); }));
  }
  Usage usage(std::string from = "", std::string to = "9") {
    auto found = run(loop_, [&] { return ledger_->usage(AccountId("1"), from, to); });
    EXPECT_TRUE(found);
    return found.value_or(Usage());
  }
  fs::path raw() const { return folder_ / "2023-11-14.ledger"; }

  boost::asio::io_context loop_;
  TestClock clock_;
  fs::path folder_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerTest, ARecordComesBackAsItWas) {
  auto r = record("f");
  r.start = "pooled";
  r.queued_ms = 3;
  r.init_us = 4;
  r.error_type = "E \"x\"\n";
  const auto back = decode_record(encode(r));
  ASSERT_TRUE(back);
  EXPECT_EQ(encode(*back), encode(r));
  EXPECT_EQ(back->error_type, r.error_type);
}

TEST_F(LedgerTest, SumsAreOfOneAccountByDayAndFunction) {
  append(record("f"));
  append(record("f"));
  append(record("g"));
  append(record("f", "2"));
  clock_.at += std::chrono::hours(24);
  append(record("f"));
  const auto all = usage().sums;
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].day, "2023-11-14");
  EXPECT_EQ(all[0].function, "f");
  EXPECT_EQ(all[0].invocations, 2U);
  EXPECT_EQ(all[0].billed_ms, 4U);
  EXPECT_EQ(all[0].mb_ms, 4U * 128);
  EXPECT_EQ(all[0].tmp_mb_ms, 4U * 512);
  EXPECT_EQ(all[0].cpu_us, 1400U);
  EXPECT_EQ(all[2].day, "2023-11-15");
  EXPECT_EQ(usage("2023-11-15", "2023-11-15").sums.size(), 1U);
}

TEST_F(LedgerTest, AppendsAtOnceAreAllThere) {
  async::TaskGroup group(loop_.get_executor(), "test");
  for (int i = 0; i < 500; ++i) {
    if (i == 250) clock_.at += std::chrono::hours(24);
    group.spawn(ledger_->append(record("f")));
  }
  EXPECT_TRUE(run(loop_, [&] { return group.drain(SteadyTime::max()); }));
  const auto sums = usage().sums;
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(sums[0].invocations + sums[1].invocations, 500U);
}

TEST_F(LedgerTest, ATornTailIsCutOffAndDamageIsCounted) {
  append(record("f"));
  const auto whole = fs::file_size(raw());
  std::ofstream(raw(), std::ios::app) << line_of(record("f")).substr(0, 30);
  EXPECT_EQ(usage().sums.at(0).invocations, 1U);
  EXPECT_EQ(usage().damaged, 0U);
  open();
  append(record("f"));
  EXPECT_EQ(fs::file_size(raw()), 2 * whole);
  std::fstream(raw(), std::ios::in | std::ios::out) << "0";  // into the first checksum
  auto broken = usage();
  EXPECT_EQ(broken.sums.at(0).invocations + broken.damaged, 2U);
}

TEST_F(LedgerTest, OldDaysBecomeSumsThatSayTheSame) {
  append(record("f"));
  append(record("g"));
  const auto before = usage().sums;
  clock_.at += std::chrono::hours(24 * Ledger::kRawDays);
  append(record("f", "2"));
  EXPECT_TRUE(fs::exists(raw()));
  clock_.at += std::chrono::hours(24);
  append(record("f", "2"));
  EXPECT_FALSE(fs::exists(raw()));
  EXPECT_EQ(usage().sums, before);
}

TEST_F(LedgerTest, AFullDiskLosesTheRecordAndSaysSo) {
  ledger_ = std::make_unique<Ledger>(loop_.get_executor(), clock_, "/proc/nowhere");
  EXPECT_FALSE(run(loop_, [&] { return ledger_->append(record("f")); }));
}

}  // namespace
}  // namespace gust::meter
