#include "metrics/math.h"

#include <gtest/gtest.h>

#include <map>

namespace gust::metrics {
namespace {

const std::map<std::string, MathValue> kKnown = {
    {"m1", ValueSeries{{{0, 1}, {60, 2}, {120, 3}}, 0, 240, 60}},
    {"m2", ValueSeries{{{0, 10}, {120, 30}}, 0, 240, 60}},
    {"e", ValueSeries{{}, 0, 240, 60}},
};

Result<MathValue> look_up(const std::string& id) {
  const auto found = kKnown.find(id);
  if (found == kKnown.end()) return fail(Code::kInvalid, "unknown " + id, "math");
  return found->second;
}

std::map<std::int64_t, double> series(std::string_view expression) {
  const auto out = compute(expression, look_up);
  EXPECT_TRUE(out) << expression << ": " << out.error().message;
  const auto* found = out ? std::get_if<ValueSeries>(&*out) : nullptr;
  EXPECT_NE(found, nullptr) << expression;
  return found == nullptr ? std::map<std::int64_t, double>() : found->values;
}

double number(std::string_view expression) {
  const auto out = compute(expression, look_up);
  EXPECT_TRUE(out && std::holds_alternative<double>(*out)) << expression;
  return out && std::holds_alternative<double>(*out) ? std::get<double>(*out) : -1;
}

using Values = std::map<std::int64_t, double>;

TEST(MathTest, Numbers) {
  EXPECT_EQ(number("1 + 2 * 3"), 7);
  EXPECT_EQ(number("(1 + 2) * 3 - -1"), 10);
  EXPECT_EQ(number("1e2 / 4"), 25);
}

TEST(MathTest, SeriesMeetWhereBothHaveValues) {
  EXPECT_EQ(series("m1 + m2"), (Values{{0, 11}, {120, 33}}));
  EXPECT_EQ(series("100 * m1 / m2"), (Values{{0, 10}, {120, 10}}));
  EXPECT_EQ(series("10 - m1"), (Values{{0, 9}, {60, 8}, {120, 7}}));
  EXPECT_EQ(series("m1 / (m1 - 2)"), (Values{{0, -1}, {120, 3}}));  // none where it divides by zero
}

TEST(MathTest, Aggregates) {
  EXPECT_EQ(series("SUM([m1, m2])"), (Values{{0, 11}, {60, 2}, {120, 33}}));
  EXPECT_EQ(series("AVG([m1, m2])"), (Values{{0, 5.5}, {60, 2}, {120, 16.5}}));
  EXPECT_EQ(series("MAX([m1, m2 / 20])"), (Values{{0, 1}, {60, 2}, {120, 3}}));
  EXPECT_EQ(number("SUM(m1)"), 6);
  EXPECT_EQ(number("MIN(m2)"), 10);
  EXPECT_EQ(number("AVG(e)"), 0);
  EXPECT_EQ(series("m1 / SUM(m1) * 6"), (Values{{0, 1}, {60, 2}, {120, 3}}));
}

TEST(MathTest, Fill) {
  EXPECT_EQ(series("FILL(m2, 0)"), (Values{{0, 10}, {60, 0}, {120, 30}, {180, 0}}));
  EXPECT_EQ(series("FILL(m2, REPEAT)"), (Values{{0, 10}, {60, 10}, {120, 30}, {180, 30}}));
  EXPECT_EQ(series("FILL(m2, LINEAR)"), (Values{{0, 10}, {60, 20}, {120, 30}}));
  EXPECT_EQ(series("SUM([m1, FILL(m2, 5)])"), (Values{{0, 11}, {60, 7}, {120, 33}, {180, 5}}));
}

TEST(MathTest, WhatIsWrongIsSaid) {
  for (const auto* wrong : {"", "m1 +", "(m1", "[m1", "m1 m2", "nobody", "FILL(m1)", "FILL(m1, m2)", "1/0", "[1]",
                            "m1)", "FILL(1, 2)", "[m1] + [m2]"})
    EXPECT_EQ(compute(wrong, look_up).error().code, Code::kInvalid) << wrong;
  EXPECT_EQ(compute("ANOMALY_DETECTION_BAND(m1)", look_up).error().code, Code::kUnsupported);
  EXPECT_FALSE(compute(std::string(2000, '('), look_up));
  EXPECT_FALSE(compute(std::string(2000, '-') + "1", look_up));
}

}  // namespace
}  // namespace gust::metrics
