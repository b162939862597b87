#include "logs/insights/run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gust::logs::insights {
namespace {

constexpr std::int64_t kStart = 1'700'000'000'000;  // 2023-11-14 22:13:20

std::vector<Event> events() {
  std::vector<Event> out;
  const auto add = [&](std::string message) {
    const auto n = static_cast<std::int64_t>(out.size());
    out.push_back({kStart + n * 60'000, kStart, static_cast<std::uint64_t>(n + 1), n % 2 == 0 ? "even" : "odd", "",
                   std::move(message)});
  };
  for (int i = 0; i < 10; ++i)
    add(fmt::format(R"({{"level":"{}","ms":{},"user":{{"id":"u{}"}},"ok":{}}})", i % 3 == 0 ? "ERROR" : "INFO",
                    i * 10, i % 4, i % 2 == 0 ? "true" : "false"));
  add("plain user=ada ip=10.0.0.1 took 17 ms");
  add("REPORT RequestId: r-1\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB");
  return out;
}

std::vector<Row> rows(std::string_view text, std::size_t most = 1000) {
  auto query = parse_query(text);
  EXPECT_TRUE(query) << text << ": " << query.error().message;
  if (!query) return {};
  Run run(std::make_shared<const Query>(*std::move(query)), most);
  for (const auto& event : events()) run.take(event, "000000000000:/app");
  return run.finish();
}

// One line a row, without @ptr.
std::string told(std::string_view text) {
  std::string out;
  for (const auto& row : rows(text)) {
    std::string line;
    for (const auto& [name, value] : row) {
      if (name != "@ptr") line += fmt::format("{}{}={}", line.empty() ? "" : " ", name, value);
    }
    out += line + "\n";
  }
  return out;
}

std::string refused(std::string_view text) {
  const auto query = parse_query(text);
  if (query) return "(taken)";
  EXPECT_EQ(query.error().source, "query");
  return query.error().message;
}

TEST(Insights, WithoutMoreTheNewestComeFirst) {
  EXPECT_EQ(told("fields @timestamp, level | limit 3"),
            "@timestamp=2023-11-14 22:24:20.000\n@timestamp=2023-11-14 22:23:20.000\n"
            "@timestamp=2023-11-14 22:22:20.000 level=ERROR\n");
  const auto first = rows("limit 1").at(0);
  EXPECT_EQ(first[0].first, "@timestamp");
  EXPECT_EQ(first[1].first, "@message");
  EXPECT_EQ(first[2].first, "@ptr");
}

TEST(Insights, Filters) {
  EXPECT_EQ(told("fields ms | filter level = 'ERROR' and ms > 20 | sort ms asc"), "ms=30\nms=60\nms=90\n");
  EXPECT_EQ(told("fields ms | filter level = \"ERROR\" | filter ms in [0, 90] | sort ms"), "ms=0\nms=90\n");
  EXPECT_EQ(told("fields user.id | filter not (level = 'ERROR') and ms < 30 | sort ms"), "user.id=u1\nuser.id=u2\n");
  EXPECT_EQ(told("filter @message like /user=\\w+/ | display @logStream"), "@logStream=even\n");
  EXPECT_EQ(told("filter @message like 'plain' or @message =~ /^REPORT/ | stats count(*) as n"), "n=2\n");
  EXPECT_EQ(told("filter @message not like 'level' | stats count(*) as n"), "n=2\n");
  EXPECT_EQ(told("filter ok = true | stats count(*) as n"), "n=5\n");
  EXPECT_EQ(told("filter ispresent(level) and level not in ['INFO'] | stats count() as n"), "n=4\n");
}

TEST(Insights, Stats) {
  EXPECT_EQ(told("stats count(*), sum(ms), avg(ms), min(ms), max(ms) by level | sort level"),
            "count(*)=2\nlevel=ERROR count(*)=4 sum(ms)=180 avg(ms)=45 min(ms)=0 max(ms)=90\n"
            "level=INFO count(*)=6 sum(ms)=270 avg(ms)=45 min(ms)=10 max(ms)=80\n");
  EXPECT_EQ(told("filter ispresent(ms) | stats pct(ms, 50) as p50, median(ms) as m, pct(ms, 100) as p100"),
            "p50=45 m=45 p100=90\n");
  EXPECT_EQ(told("stats count(*) as n by bin(5m) | sort `bin(5m)`"),
            "bin(5m)=2023-11-14 22:10:00.000 n=2\nbin(5m)=2023-11-14 22:15:00.000 n=5\n"
            "bin(5m)=2023-11-14 22:20:00.000 n=5\n");
  EXPECT_EQ(told("stats count_distinct(user.id) as users, latest(ms) as last, earliest(ms) as first"),
            "users=4 last=90 first=0\n");
  EXPECT_EQ(told("filter level = 'none' | stats count(*) as n, avg(ms) as a"), "n=0\n");
  EXPECT_EQ(told("stats max(@maxMemoryUsed / 1000000) as mb, max(@billedDuration) as billed by @type | filter mb > 0"),
            "@type=REPORT mb=40 billed=13\n");
}

TEST(Insights, ParseTakesTextsApart) {
  EXPECT_EQ(told("parse @message 'user=* ip=* took * ms' as who, ip, t | filter ispresent(who) | display who, ip, t"),
            "who=ada ip=10.0.0.1 t=17\n");
  EXPECT_EQ(told("parse @message /user=(?<who>\\w+).*took (?<n>\\d+)/ | filter n > 10 | display who, n + 1 as more"),
            "who=ada more=18\n");
}

TEST(Insights, SortLimitDedupAndExpressions) {
  EXPECT_EQ(told("fields level, ms | filter ispresent(level) | sort level desc, ms desc | limit 2"),
            "level=INFO ms=80\nlevel=INFO ms=70\n");
  EXPECT_EQ(told("fields level | filter ispresent(level) | sort ms asc | dedup level"), "level=ERROR\nlevel=INFO\n");
  EXPECT_EQ(told("filter ms = 30 | display ms * 2 + 1 as a, concat(toupper(user.id), '-', strlen(level)) as b, "
                 "2 ^ 3 as c"),
            "a=61 b=U3-5 c=8\n");
  EXPECT_EQ(told("filter ms = 10 | display ms / 4 as a, greatest(ms, 3) as b, coalesce(none, level) as c"),
            "a=2.5 b=10 c=INFO\n");
  EXPECT_EQ(rows("fields @message", 4).size(), 4U);
}

TEST(Insights, CommentsAndCase) {
  EXPECT_EQ(told("FIELDS ms # what it took\n| FILTER ms = 10 # one\n| LIMIT 5"), "ms=10\n");
}

TEST(Insights, WhatIsNoQuery) {
  for (const auto* text : {"", "|", "nonsense x", "fields", "filter", "filter (a = 1", "filter a like", "stats",
                           "stats a", "stats count(* by x", "stats pct(a)", "sort", "limit", "limit 0", "limit x",
                           "parse 'a*'", "parse @message 'a*b*' as x", "parse @message /a(b)/", "fields nothere(a)",
                           "filter a in []",
                           "fields 'open", "filter a like /[/", "fields a,", "fields 5xy", "dedup", "filter a = 1 }"}) {
    EXPECT_NE(refused(text), "(taken)") << text;
  }
  EXPECT_NE(refused("fields " + std::string(200, '(') + "1" + std::string(200, ')')), "(taken)");
  EXPECT_NE(refused("fields " + std::string(200, '-') + "1"), "(taken)");
}

TEST(Insights, NeedsAreThoseOfFiltersOfTheEventItself) {
  const auto kind = [](std::string_view text) { return parse_query(text)->needs().kind; };
  EXPECT_EQ(kind("filter @message like 'needle'"), Needs::Kind::kAll);
  EXPECT_EQ(kind("fields @message | filter level = 'ERROR'"), Needs::Kind::kAll);
  EXPECT_EQ(kind("parse @message 'a*' as level | filter level = 'ERROR'"), Needs::Kind::kNothing);
  EXPECT_EQ(kind("fields 'x' as level | filter level = 'ERROR'"), Needs::Kind::kNothing);
  EXPECT_EQ(kind("filter level = 'ERROR' or ms > 1"), Needs::Kind::kNothing);
  EXPECT_EQ(kind("limit 10 | filter level = 'ERROR'"), Needs::Kind::kNothing);
}

}  // namespace
}  // namespace gust::logs::insights
