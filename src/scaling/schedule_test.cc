#include "scaling/schedule.h"

#include "codec/time_format.h"

#include <gmock/gmock.h>

#include <random>
#include <set>
#include <vector>

namespace gust::scaling {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

WallTime utc(std::string_view text) { return codec::from_iso8601(text).value(); }
std::string show(std::optional<WallTime> time) { return time ? codec::to_iso8601(*time) : "never"; }

Schedule schedule(std::string_view expression, const std::string& zone = "", Schedule::Bounds bounds = {}) {
  auto parsed = Schedule::parse(expression, zone, bounds);
  EXPECT_TRUE(parsed) << expression << ": " << parsed.error().message;
  return *std::move(parsed);
}

std::string next(std::string_view expression, std::string_view after, const std::string& zone = "") {
  return show(schedule(expression, zone).next(utc(after)));
}

std::vector<std::string> all(const Schedule& schedule, std::string_view from, std::string_view to) {
  std::vector<std::string> out;
  for (auto at = schedule.next(utc(from)); at && *at < utc(to); at = schedule.next(*at)) out.push_back(show(at));
  return out;
}

TEST(Cron, KnowsEveryMark) {
  constexpr auto kFrom = "2026-01-15T10:07:30Z";  // a Thursday
  EXPECT_EQ(next("cron(* * * * ? *)", kFrom), "2026-01-15T10:08:00Z");
  EXPECT_EQ(next("cron(0/15 * * * ? *)", kFrom), "2026-01-15T10:15:00Z");
  EXPECT_EQ(next("cron(5,10-12 9-10 * * ? *)", kFrom), "2026-01-15T10:10:00Z");
  EXPECT_EQ(next("cron(0 22-2 * * ? *)", "2026-01-15T23:30:00Z"), "2026-01-16T00:00:00Z");
  EXPECT_EQ(next("cron(30 6 ? * MON *)", kFrom), "2026-01-19T06:30:00Z");
  EXPECT_EQ(next("cron(30 6 ? * fri-sun *)", kFrom), "2026-01-16T06:30:00Z");
  EXPECT_EQ(next("cron(0 0 ? * 1 *)", kFrom), "2026-01-18T00:00:00Z");
  EXPECT_EQ(next("cron(0 0 L * ? *)", kFrom), "2026-01-31T00:00:00Z");
  EXPECT_EQ(next("cron(0 0 L FEB ? *)", kFrom), "2026-02-28T00:00:00Z");
  EXPECT_EQ(next("cron(0 0 LW JAN ? *)", kFrom), "2026-01-30T00:00:00Z");  // the 31st is a Saturday
  EXPECT_EQ(next("cron(0 0 1W FEB ? *)", kFrom), "2026-02-02T00:00:00Z");  // the 1st is a Sunday
  EXPECT_EQ(next("cron(0 0 1W AUG ? *)", kFrom), "2026-08-03T00:00:00Z");  // a Saturday, within the month
  EXPECT_EQ(next("cron(0 0 31W MAY ? *)", kFrom), "2026-05-29T00:00:00Z");  // a Sunday, within the month
  EXPECT_EQ(next("cron(0 0 ? * 6L *)", kFrom), "2026-01-30T00:00:00Z");
  EXPECT_EQ(next("cron(0 0 ? * L *)", kFrom), "2026-01-17T00:00:00Z");
  EXPECT_EQ(next("cron(0 0 ? * TUE#2 *)", kFrom), "2026-02-10T00:00:00Z");
  EXPECT_EQ(next("cron(0 0 29 2 ? *)", kFrom), "2028-02-29T00:00:00Z");
  EXPECT_EQ(next("cron(0 0 1 1 ? 2030-2040/5)", kFrom), "2030-01-01T00:00:00Z");
  EXPECT_EQ(next("cron(0 0 30 2 ? *)", kFrom), "never");
  EXPECT_EQ(next("cron(0 0 1 1 ? 2020)", kFrom), "never");
  EXPECT_EQ(next("cron(59 23 31 12 ? 2199)", "2199-12-31T23:59:00Z"), "never");
}

TEST(Cron, AWeekAcrossBothChangesOfTheClocks) {
  const auto nights = schedule("cron(30 2 * * ? *)", "Europe/Berlin");
  EXPECT_THAT(all(nights, "2026-03-27T00:00:00Z", "2026-04-01T00:00:00Z"),
              ElementsAre("2026-03-27T01:30:00Z", "2026-03-28T01:30:00Z",  // on the 29th there is no 02:30
                          "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"));
  EXPECT_THAT(all(nights, "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z"),
              ElementsAre("2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"));
  const auto mornings = schedule("cron(0 8 ? * MON-FRI *)", "America/New_York");
  EXPECT_THAT(all(mornings, "2026-03-05T00:00:00Z", "2026-03-12T00:00:00Z"),
              ElementsAre("2026-03-05T13:00:00Z", "2026-03-06T13:00:00Z", "2026-03-09T12:00:00Z",
                          "2026-03-10T12:00:00Z", "2026-03-11T12:00:00Z"));
  // Every quarter of an hour, but those of the hour that is shown twice come once.
  const auto quarters = schedule("cron(0/15 * * * ? *)", "Europe/Berlin");
  EXPECT_EQ(all(quarters, "2026-10-24T21:59:00Z", "2026-10-25T23:00:00Z").size(), 24U * 4);
}

TEST(Schedule, AtARateAndBetweenBounds) {
  EXPECT_EQ(next("at(2026-07-01T09:00:00)", "2026-01-01T00:00:00Z"), "2026-07-01T09:00:00Z");
  EXPECT_EQ(next("at(2026-07-01T09:00:00)", "2026-01-01T00:00:00Z", "Europe/Berlin"), "2026-07-01T07:00:00Z");
  EXPECT_EQ(next("at(2026-07-01T09:00:00)", "2026-07-01T09:00:00Z"), "never");

  Schedule::Bounds bounds{.since = utc("2026-01-01T00:00:30Z")};
  EXPECT_THAT(all(schedule("rate(2 hours)", "", bounds), "2026-01-01T01:00:00Z", "2026-01-01T05:00:00Z"),
              ElementsAre("2026-01-01T02:00:30Z", "2026-01-01T04:00:30Z"));
  // What repeats is due at its start, too, and not after its end.
  bounds.start = utc("2026-01-01T10:10:10Z");
  bounds.end = utc("2026-01-01T12:30:00Z");
  EXPECT_THAT(all(schedule("rate(1 hour)", "", bounds), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
              ElementsAre("2026-01-01T10:10:10Z", "2026-01-01T11:10:10Z", "2026-01-01T12:10:10Z"));
  EXPECT_THAT(all(schedule("cron(0 * * * ? *)", "", bounds), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
              ElementsAre("2026-01-01T10:10:10Z", "2026-01-01T11:00:00Z", "2026-01-01T12:00:00Z"));
  EXPECT_EQ(show(schedule("at(2026-01-01T09:00:00)", "", bounds).next(utc("2025-01-01T00:00:00Z"))), "never");
}

TEST(Schedule, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "no known form"},
      {"0 8 * * ? *", "no known form"},
      {"every(1 minute)", "no known form"},
      {"at(2026-07-01)", "not a date and a time"},
      {"at(2026-02-30T00:00:00)", "not a date and a time"},
      {"at(2026-02-03T24:00:00)", "not a date and a time"},
      {"at(2026-02-03T10:00:00Z)", "not a date and a time"},
      {"rate(0 minutes)", "1 to 1,000,000"},
      {"rate(-5 minutes)", "1 to 1,000,000"},
      {"rate(5)", "1 to 1,000,000"},
      {"rate(99999999999 days)", "1 to 1,000,000"},
      {"rate(5 weeks)", "minutes, hours or days"},
      {"cron(0 8 * * ?)", "6 fields"},
      {"cron(0 8 * * * *)", "must be '?'"},
      {"cron(0 8 ? * ? *)", "must be '?'"},
      {"cron(0 8 1 * MON *)", "must be '?'"},
      {"cron(60 8 * * ? *)", "Minutes field"},
      {"cron(0 24 * * ? *)", "Hours field"},
      {"cron(0 8 32 * ? *)", "Day-of-month field"},
      {"cron(0 8 0W * ? *)", "Day-of-month field"},
      {"cron(0 8 * FOO ? *)", "Month field"},
      {"cron(0 8 ? * 8 *)", "Day-of-week field"},
      {"cron(0 8 ? * MON#6 *)", "Day-of-week field"},
      {"cron(0 8 * * ? 1969)", "Year field"},
      {"cron(0 8 * * ? 2030-2020)", "Year field"},
      {"cron(0/0 8 * * ? *)", "Minutes field"},
      {"cron(1,,2 8 * * ? *)", "Minutes field"},
  };
  for (const auto& [expression, why] : wrong) {
    const auto parsed = Schedule::parse(expression, "", {});
    ASSERT_FALSE(parsed) << expression;
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
    EXPECT_THAT(parsed.error().message, HasSubstr(why)) << expression;
  }
  EXPECT_THAT(Schedule::parse("at(2026-03-29T02:30:00)", "Europe/Berlin", {}).error().message, HasSubstr("skip"));
  for (const auto* zone : {"Mars/Olympus", "../../etc/passwd", "europe/berlin"})
    EXPECT_THAT(Schedule::parse("rate(1 day)", zone, {}).error().message, HasSubstr("IANA")) << zone;
}

// Some values of a field as text, and the same as a set.
std::pair<std::string, std::set<int>> some_values(std::mt19937& random, int min, int max) {
  std::string text;
  std::set<int> values;
  for (int parts = static_cast<int>(random() % 3) + 1; parts > 0; --parts) {
    const int first = min + static_cast<int>(random() % static_cast<unsigned>(max - min + 1));
    const int last = first + static_cast<int>(random() % static_cast<unsigned>(max - first + 1));
    const int step = static_cast<int>(random() % 7) + 1;
    if (!text.empty()) text += ',';
    switch (random() % 3) {
      case 0:
        text += std::to_string(first);
        values.insert(first);
        break;
      case 1:
        text += std::to_string(first) + '-' + std::to_string(last) + '/' + std::to_string(step);
        for (int v = first; v <= last; v += step) values.insert(v);
        break;
      default:
        text += std::to_string(first) + '/' + std::to_string(step);
        for (int v = first; v <= max; v += step) values.insert(v);
    }
  }
  return {text, values};
}

TEST(Cron, IsDueExactlyWhenEveryFieldFits) {
  namespace chrono = std::chrono;
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const auto [minutes, minute_set] = some_values(random, 0, 59);
    const auto [hours, hour_set] = some_values(random, 0, 23);
    const auto [days, day_set] = some_values(random, 1, 31);
    const auto [months, month_set] = some_values(random, 1, 12);
    const auto text = "cron(" + minutes + " " + hours + " " + days + " " + months + " ? *)";
    const auto cron = schedule(text);
    auto at = utc("2026-01-01T00:00:00Z") + chrono::minutes(random() % 500'000);
    auto due = cron.next(at);
    for (int i = 0; i < 20'000; ++i) {
      at += chrono::minutes(1);
      const auto day = chrono::floor<chrono::days>(at);
      const chrono::year_month_day date(day);
      const auto minute = chrono::floor<chrono::minutes>(at - day).count();
      const bool fits = minute_set.contains(static_cast<int>(minute % 60)) &&
                        hour_set.contains(static_cast<int>(minute / 60)) &&
                        day_set.contains(static_cast<int>(static_cast<unsigned>(date.day()))) &&
                        month_set.contains(static_cast<int>(static_cast<unsigned>(date.month())));
      ASSERT_EQ(fits, due == at) << text << " at " << show(at) << ", said " << show(due);
      if (fits) due = cron.next(at);
    }
  }
}

TEST(Schedule, IsAlwaysDueLaterInEveryZone) {
  std::mt19937 random(11);
  for (const auto* zone : {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"}) {
    for (int round = 0; round < 40; ++round) {
      const auto expression = "cron(" + some_values(random, 0, 59).first + " " + some_values(random, 0, 23).first +
                              " ? * " + some_values(random, 1, 7).first + " *)";
      const auto repeated = schedule(expression, zone);
      auto at = utc("2026-01-01T00:00:00Z") + std::chrono::hours(random() % 8'760);
      for (int i = 0; i < 50; ++i) {
        const auto due = repeated.next(at);
        ASSERT_TRUE(due && *due > at) << expression << " in " << zone << " after " << show(at);
        // Nothing lies between: from just before it, it is the next.
        ASSERT_EQ(repeated.next(*due - Millis(1)), due);
        at = *due;
      }
    }
  }
}

}  // namespace
}  // namespace gust::scaling
