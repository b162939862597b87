#include "cli/bucket/plan.h"

#include "cli/bucket/progress.h"

#include <gtest/gtest.h>

namespace gust::cli {
namespace {

TEST(Parts, CoverTheFileOnce) {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, kUsualPart, kUsualPart + 1, 3 * kUsualPart}) {
    const auto plan = plan_parts(size, kUsualPart);
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < plan.size(); ++i) {
      EXPECT_EQ(plan[i].number, i + 1);
      EXPECT_EQ(plan[i].offset, at);
      EXPECT_TRUE(plan[i].size == kUsualPart || i + 1 == plan.size());
      at += plan[i].size;
    }
    EXPECT_EQ(at, size);
  }
  EXPECT_EQ(plan_parts(0, kUsualPart).size(), 1U);
  EXPECT_EQ(plan_parts(kUsualPart + 1, kUsualPart).back().size, 1U);
}

TEST(Parts, AreNeverMoreThanTenThousand) {
  EXPECT_EQ(part_size_for(100, kUsualPart), kUsualPart);
  EXPECT_EQ(part_size_for(kUsualPart * kMostParts, kUsualPart), kUsualPart);
  EXPECT_EQ(part_size_for(kUsualPart * kMostParts + 1, kUsualPart), kUsualPart + kMiB);
  EXPECT_EQ(part_size_for(kLargestObject, kUsualPart), 525 * kMiB);
  EXPECT_LE(plan_parts(kLargestObject, part_size_for(kLargestObject, kSmallestPart)).size(), kMostParts);
}

TEST(Parts, OfAStreamGrowSoThatTheyReachTheLargestObject) {
  std::uint64_t total = 0;
  for (std::uint32_t number = 1; number <= kMostParts; ++number) {
    const auto size = stream_part_size(number, kSmallestPart);
    EXPECT_GE(size, kSmallestPart);
    EXPECT_LE(size, kLargestPart);
    total += size;
  }
  EXPECT_GE(total, kLargestObject / 2);
  EXPECT_EQ(stream_part_size(1000, kUsualPart), kUsualPart);
  EXPECT_EQ(stream_part_size(1001, kUsualPart), 2 * kUsualPart);
}

TEST(Parts, OnesETagIsOfTheMd5sOfAll) {
  // As S3 has it of two parts, 5 MiB of "a" and then "b": computed with Python's hashlib.
  EXPECT_EQ(multipart_etag({"79b281060d337b9b2b84ccf390adcf74", "92eb5ffee6ae2fec3ad71c777531578f"}),
            "e5a8c5272b26fc10581a21089559b006-2");
}

TEST(Continuing, LooksFirstAtTheUploadThatHasMostOfTheFile) {
  const auto plan = plan_parts(20 * kMiB, kUsualPart);
  const OpenUpload none{"none", {}};
  const OpenUpload other{"other", {{1, {"e", 5 * kMiB}}, {2, {"e", 5 * kMiB}}}};
  const OpenUpload one{"one", {{2, {"e", kUsualPart}}}};
  const OpenUpload two{"two", {{1, {"e", kUsualPart}}, {3, {"e", 4 * kMiB}}, {4, {"e", kUsualPart}}}};
  EXPECT_TRUE(promising(plan, {}).empty());
  EXPECT_TRUE(promising(plan, {none, other}).empty());
  const auto found = promising(plan, {none, other, one, two});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, "two");
  EXPECT_EQ(found[1].id, "one");
  EXPECT_EQ(stored_of(plan, two), (std::vector<Part>{plan[0], plan[2]}));
}

TEST(Sync, GoesBySizeThenByTime) {
  const Entry old{5, 10'000}, recent{5, 12'000}, longer{6, 10'000};
  for (const auto direction : {Direction::kUpload, Direction::kDownload, Direction::kCopy}) {
    for (const auto compare : {Compare::kTimes, Compare::kExactTimes, Compare::kSize}) {
      EXPECT_TRUE(differs(old, longer, direction, compare));
      EXPECT_FALSE(differs(old, old, direction, compare));
    }
    EXPECT_FALSE(differs(old, recent, direction, Compare::kSize));
    EXPECT_FALSE(differs(recent, old, direction, Compare::kSize));
  }
  EXPECT_TRUE(differs(recent, old, Direction::kUpload, Compare::kTimes));
  EXPECT_FALSE(differs(old, recent, Direction::kUpload, Compare::kTimes));
  EXPECT_TRUE(differs(recent, old, Direction::kCopy, Compare::kTimes));
}

TEST(Sync, DownloadsWhatWasChangedHere) {
  const Entry object{5, 10'500};
  EXPECT_TRUE(differs(object, {5, 12'000}, Direction::kDownload, Compare::kTimes));
  EXPECT_FALSE(differs(object, {5, 8'000}, Direction::kDownload, Compare::kTimes));
  EXPECT_TRUE(differs(object, {5, 8'000}, Direction::kDownload, Compare::kExactTimes));
  // A file's time may have lost its fraction.
  EXPECT_FALSE(differs(object, {5, 10'000}, Direction::kDownload, Compare::kExactTimes));
  EXPECT_FALSE(differs(object, {5, 10'900}, Direction::kDownload, Compare::kTimes));
}

TEST(Sync, MovesWhatDiffersAndNamesWhatIsLeft) {
  const Entries source{{"a", {1, 5}}, {"b", {1, 5}}, {"c/d", {1, 5}}};
  const Entries target{{"a", {1, 9}}, {"b", {2, 9}}, {"z", {1, 9}}};
  const auto plan = plan_sync(source, target, Direction::kUpload, Compare::kTimes);
  EXPECT_EQ(plan.transfer, (std::vector<std::string>{"b", "c/d"}));
  EXPECT_EQ(plan.surplus, (std::vector<std::string>{"z"}));
  EXPECT_EQ(plan_sync({}, target, Direction::kUpload, Compare::kTimes).surplus.size(), 3U);
  EXPECT_EQ(plan_sync(source, {}, Direction::kUpload, Compare::kTimes).transfer.size(), 3U);
}

TEST(Progress, ReadsAsPeopleDo) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1), "1 byte");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(kMiB - 1), "1.0 MiB");
  EXPECT_EQ(bytes_text(kLargestObject), "5.0 TiB");
  EXPECT_EQ(duration_text(5), "0:05");
  EXPECT_EQ(duration_text(3722), "1:02:02");
  EXPECT_EQ(progress_text(12 * kMiB, 100 * kMiB, 4 * kMiB), "12.0 MiB of 100.0 MiB (12%), 4.0 MiB/s, 0:23 left");
  EXPECT_EQ(progress_text(100 * kMiB, 100 * kMiB, 4 * kMiB), "100.0 MiB of 100.0 MiB (100%), 4.0 MiB/s");
  EXPECT_EQ(progress_text(12 * kMiB, 0, 0), "12.0 MiB");
}

}  // namespace
}  // namespace gust::cli
