// What lifecycle rules say of versions and uploads.
#include "objects/lifecycle.h"

#include <gtest/gtest.h>

namespace gust::objects {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr std::chrono::sys_days kDay = std::chrono::year(2026) / 3 / 10;

WallTime at(std::chrono::sys_days day, Millis of_day = Millis(0)) { return WallTime(day) + of_day; }

// The one rule of a text, which has what every rule must have as well.
std::vector<LifecycleRule> rules(std::string members) {
  const auto parsed = parse_lifecycle(R"({"Rules":[{"ID":"one","Status":"Enabled",)" + members + "}]}");
  EXPECT_TRUE(parsed) << members;
  return parsed.value_or(std::vector<LifecycleRule>());
}

Object object(std::string key = "logs/a", std::uint64_t size = 100) {
  Object out;
  out.key = ObjectKey(std::move(key));
  out.size = size;
  out.modified_at = at(kDay, 10h + 30min);
  return out;
}

Object marker() {
  auto out = object("logs/a", 0);
  out.kind = VersionKind::kDeleteMarker;
  return out;
}

std::optional<WallTime> ends(const std::vector<LifecycleRule>& rules, const Object& object, Rank rank = {}) {
  const auto due = expiration(rules, object, rank);
  return due ? std::optional(due->at) : std::nullopt;
}

TEST(Lifecycle, DaysEndAtTheNextMidnight) {
  EXPECT_EQ(due_after(at(kDay, 10h + 30min), 3), at(kDay + days(4)));
  EXPECT_EQ(due_after(at(kDay, 23h + 59min + 59s), 1), at(kDay + days(2)));
  EXPECT_EQ(due_after(at(kDay, 1ms), 1), at(kDay + days(2)));
}

TEST(Lifecycle, ACurrentVersionEndsByDaysOrDate) {
  EXPECT_EQ(ends(rules(R"("Filter":{},"Expiration":{"Days":3})"), object()), at(kDay + days(4)));
  EXPECT_EQ(ends(rules(R"("Prefix":"logs/","Expiration":{"Date":{"$time":1767225600000}})"), object()),
            at(std::chrono::year(2026) / 1 / 1));
  EXPECT_EQ(ends(rules(R"("Filter":{},"NoncurrentVersionExpiration":{"NoncurrentDays":3})"), object()), std::nullopt);
  EXPECT_EQ(ends(rules(R"("Filter":{},"Expiration":{"ExpiredObjectDeleteMarker":true})"), object()), std::nullopt);
}

TEST(Lifecycle, FiltersHaveAllToHold) {
  const auto fits = [](std::string filter, const Object& object) {
    return ends(rules(R"("Filter":)" + filter + R"(,"Expiration":{"Days":1})"), object).has_value();
  };
  auto tagged = object();
  tagged.tags = {{"a", "1"}, {"b", "2"}};
  EXPECT_TRUE(fits(R"({"Prefix":"logs/"})", object()));
  EXPECT_FALSE(fits(R"({"Prefix":"log/"})", object()));
  EXPECT_TRUE(fits(R"({"Tag":{"Key":"a","Value":"1"}})", tagged));
  EXPECT_FALSE(fits(R"({"Tag":{"Key":"a","Value":"2"}})", tagged));
  EXPECT_FALSE(fits(R"({"Tag":{"Key":"a","Value":"1"}})", object()));
  EXPECT_TRUE(fits(R"({"ObjectSizeGreaterThan":99})", object()));
  EXPECT_FALSE(fits(R"({"ObjectSizeGreaterThan":100})", object()));
  EXPECT_TRUE(fits(R"({"ObjectSizeLessThan":101})", object()));
  EXPECT_FALSE(fits(R"({"ObjectSizeLessThan":100})", object()));
  const std::string all = R"({"And":{"Prefix":"logs/","ObjectSizeGreaterThan":10,
      "Tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]}})";
  EXPECT_TRUE(fits(all, tagged));
  tagged.tags.erase("b");
  EXPECT_FALSE(fits(all, tagged));
}

TEST(Lifecycle, ADisabledRuleSaysNothing) {
  const auto parsed =
      parse_lifecycle(R"({"Rules":[{"ID":"x","Status":"Disabled","Filter":{},"Expiration":{"Days":1}}]})");
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->empty());
  EXPECT_EQ(parse_lifecycle("{}").error().code, Code::kCorrupt);
  EXPECT_EQ(parse_lifecycle("x").error().code, Code::kCorrupt);
}

TEST(Lifecycle, TheRuleThatActsFirstWins) {
  auto several = rules(R"("Filter":{},"Expiration":{"Days":9})");
  several.push_back(rules(R"("Filter":{"Prefix":"logs/"},"Expiration":{"Days":2})")[0]);
  several.back().id = "two, sooner";
  const auto due = expiration(several, object(), {});
  ASSERT_TRUE(due);
  EXPECT_EQ(due->at, at(kDay + days(3)));
  EXPECT_EQ(expiration_text(*due), R"(expiry-date="Fri, 13 Mar 2026 00:00:00 GMT", rule-id="two%2C%20sooner")");
  EXPECT_EQ(ends(several, object("other")), at(kDay + days(10)));
}

TEST(Lifecycle, NoncurrentVersionsEndButForTheNewest) {
  auto older = object();
  older.noncurrent_at = at(kDay + days(20), 1h);
  const auto some = rules(R"("Filter":{},
      "NoncurrentVersionExpiration":{"NoncurrentDays":5,"NewerNoncurrentVersions":2})");
  EXPECT_EQ(ends(some, older, {Standing::kNoncurrent, 0}), std::nullopt);
  EXPECT_EQ(ends(some, older, {Standing::kNoncurrent, 1}), std::nullopt);
  EXPECT_EQ(ends(some, older, {Standing::kNoncurrent, 2}), at(kDay + days(26)));
  const auto all = rules(R"("Filter":{},"NoncurrentVersionExpiration":{"NoncurrentDays":5})");
  EXPECT_EQ(ends(all, older, {Standing::kNoncurrent, 0}), at(kDay + days(26)));
  EXPECT_EQ(ends(rules(R"("Filter":{},"Expiration":{"Days":1})"), older, {Standing::kNoncurrent, 0}), std::nullopt);
}

TEST(Lifecycle, AMarkerEndsWhenItIsAlone) {
  const auto clean = rules(R"("Filter":{},"Expiration":{"ExpiredObjectDeleteMarker":true})");
  EXPECT_EQ(ends(clean, marker(), {Standing::kAlone, 0}), marker().modified_at);
  EXPECT_EQ(ends(clean, marker(), {Standing::kCurrent, 0}), std::nullopt);
  const auto aged = rules(R"("Filter":{},"Expiration":{"Days":1})");
  EXPECT_EQ(ends(aged, marker(), {Standing::kAlone, 0}), at(kDay + days(2)));
  EXPECT_EQ(ends(aged, marker(), {Standing::kCurrent, 0}), std::nullopt);
  const auto tagged = rules(R"("Filter":{"Tag":{"Key":"a","Value":"1"}},"Expiration":{"Days":1})");
  EXPECT_EQ(ends(tagged, marker(), {Standing::kAlone, 0}), std::nullopt);
}

TEST(Lifecycle, UploadsAreAborted) {
  Upload upload;
  upload.key = ObjectKey("logs/big");
  upload.started_at = at(kDay, 5h);
  const std::string aborts = R"("AbortIncompleteMultipartUpload":{"DaysAfterInitiation":7})";
  const auto some = rules(R"("Filter":{"Prefix":"logs/"},)" + aborts);
  const auto due = abortion(some, upload);
  ASSERT_TRUE(due);
  EXPECT_EQ(due->at, at(kDay + days(8)));
  EXPECT_FALSE(abortion(rules(R"("Filter":{"Prefix":"x"},)" + aborts), upload));
  EXPECT_FALSE(abortion(rules(R"("Filter":{"ObjectSizeLessThan":9},)" + aborts), upload));
  EXPECT_FALSE(abortion(rules(R"("Filter":{},"Expiration":{"Days":7})"), upload));
}

TEST(Lifecycle, LocksHoldUntilTheyEnd) {
  auto kept = object();
  EXPECT_FALSE(is_locked(kept, at(kDay)));
  kept.lock = {LockMode::kGovernance, at(kDay + days(1)), false};
  EXPECT_TRUE(is_locked(kept, at(kDay)));
  EXPECT_FALSE(is_locked(kept, at(kDay + days(1))));
  kept.lock.legal_hold = true;
  EXPECT_TRUE(is_locked(kept, at(kDay + days(1))));
}

}  // namespace
}  // namespace gust::objects
