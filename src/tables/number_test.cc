// Numbers as the service has them: texts, limits, order and sums against plain models.
#include "tables/number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace gust::tables {
namespace {

Number number(std::string_view text) {
  const auto parsed = Number::parse(text);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().message;
  return parsed.value_or(Number());
}
std::string refused(std::string_view text) {
  const auto parsed = Number::parse(text);
  return parsed ? "taken: " + parsed->text() : parsed.error().message;
}

constexpr const char* kOver =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
constexpr const char* kUnder =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";
constexpr const char* kLong = "Attempting to store more than 38 significant digits in a Number";

TEST(Numbers, AreWrittenWithoutNeedlessZerosAndExponents) {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "0"},          {"-0", "0"},           {"0.00", "0"},          {"0e999", "0"},
      {"+5", "5"},         {"007", "7"},          {"1.50", "1.5"},        {".5", "0.5"},
      {"5.", "5"},         {"100", "100"},        {"1e2", "100"},         {"1E+2", "100"},
      {"12.34e1", "123.4"}, {"12.34E-3", "0.01234"}, {"-1.5e-3", "-0.0015"}, {"-120.0", "-120"},
      {"0.10e1", "1"},     {"00.0e-99999999999999999999", "0"}};
  for (const auto& [given, expected] : cases) EXPECT_EQ(number(given).text(), expected) << given;
  EXPECT_EQ(number("1E125").text(), "1" + std::string(125, '0'));
  EXPECT_EQ(number("-1E-130").text(), "-0." + std::string(129, '0') + "1");
}

TEST(Numbers, WhatIsNoneIsRefused) {
  for (const auto* text : {"b", "1a", "1 ", " 1", "1..2", "1.2.3", "e5", "1e", "1e+", "--1", "+-1", ".", "-", "1e1.5",
                           "0x10", "NaN", "Infinity", "1,000", "\xD9\xA1"})
    EXPECT_EQ(refused(text), std::string("The parameter cannot be converted to a numeric value: ") + text);
  EXPECT_EQ(refused(""), "The parameter cannot be converted to a numeric value");
}

TEST(Numbers, HaveLimits) {
  const std::string nines(38, '9');
  EXPECT_EQ(number(nines + "E88").text(), nines + std::string(88, '0'));
  EXPECT_EQ(refused("1" + nines), kLong);
  EXPECT_EQ(number("1" + std::string(38, '0')).text(), "1" + std::string(38, '0'));
  EXPECT_EQ(refused("1E126"), kOver);
  EXPECT_EQ(refused("-" + nines + "E89"), kOver);
  EXPECT_EQ(refused("1e99999999999999999999"), kOver);
  EXPECT_EQ(refused("1E-131"), kUnder);
  EXPECT_EQ(refused("-9.9E-131"), kUnder);
  EXPECT_EQ(refused("1e-99999999999999999999"), kUnder);
  EXPECT_EQ(number("1.2E-130").text(), "0." + std::string(129, '0') + "12");
  EXPECT_EQ(number("0." + std::string(200, '0') + "1e100").text(), "0." + std::string(100, '0') + "1");
}

TEST(Numbers, SumsThatDoNotFitAreRefused) {
  const std::string nines(38, '9');
  const auto most = number(nines + "E88");
  EXPECT_EQ(most.plus(most).error().message, kOver);
  EXPECT_EQ(number("-" + nines + "E88").minus(most).error().message, kOver);
  EXPECT_EQ(number("1E125").plus(number("1E-130")).error().message, kLong);
  EXPECT_EQ(number(nines).plus(number("0.1")).error().message, kLong);
  EXPECT_EQ(number("1.1E-130").minus(number("1E-130")).error().message, kUnder);
  EXPECT_EQ(number(nines).plus(number("1"))->text(), "1" + std::string(38, '0'));
  EXPECT_EQ(most.minus(most)->text(), "0");
  EXPECT_EQ(number("0").minus(number("0")), Number());
  EXPECT_EQ(number("0").minus(number("-2.5"))->text(), "2.5");
}

// A decimal with six places, by its millionths.
std::string decimal(std::int64_t millionths) {
  auto text = std::to_string(millionths < 0 ? -millionths : millionths);
  if (text.size() < 7) text.insert(0, 7 - text.size(), '0');
  text.insert(text.size() - 6, ".");
  return (millionths < 0 ? "-" : "") + text;
}

TEST(Numbers, OrderAndSumsAreThoseOfIntegers) {
  std::mt19937_64 random(7);
  const auto draw = [&] {
    const std::int64_t bound = std::int64_t{1} << random() % 60;
    auto value = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(bound));
    if (random() % 3 == 0) value -= value % 1'000'000;
    return random() % 2 == 0 ? value : -value;
  };
  for (int i = 0; i < 20'000; ++i) {
    const auto x = draw(), y = random() % 10 == 0 ? x : draw();
    const auto a = number(decimal(x)), b = number(decimal(y));
    ASSERT_EQ(a <=> b, x <=> y) << decimal(x) << " " << decimal(y);
    ASSERT_EQ(a == b, x == y);
    ASSERT_EQ(a.sortable().compare(b.sortable()) <=> 0, x <=> y) << decimal(x) << " " << decimal(y);
    ASSERT_EQ(a.plus(b), number(decimal(x + y))) << decimal(x) << " " << decimal(y);
    ASSERT_EQ(a.minus(b), number(decimal(x - y))) << decimal(x) << " " << decimal(y);
    ASSERT_EQ(number(a.text()), a);
  }
}

Number any(std::mt19937_64& random) {
  if (random() % 50 == 0) return Number();
  std::string text = random() % 2 == 0 ? "-" : "";
  const auto digits = 1 + random() % 38;
  text += static_cast<char>('1' + random() % 9);
  text += '.';
  for (std::size_t i = 1; i < digits; ++i) text += static_cast<char>('0' + random() % 10);
  return number(text + "E" + std::to_string(static_cast<int>(random() % 256) - 130));
}

TEST(Numbers, SortableBytesSortAndComeBack) {
  std::mt19937_64 random(11);
  std::vector<Number> numbers{number("1E125"), number("-1E125"), number("1E-130"), number("-1E-130"), Number(),
                              number("1"),     number("1.01"),   number("10"),     number("-1.01")};
  for (int i = 0; i < 2000; ++i) numbers.push_back(any(random));
  std::ranges::sort(numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto bytes = numbers[i].sortable();
    ASSERT_EQ(Number::from_sortable(bytes), numbers[i]);
    ASSERT_EQ(number(numbers[i].text()), numbers[i]);
    if (i == 0) continue;
    const auto before = numbers[i - 1].sortable();
    ASSERT_EQ(before < bytes, numbers[i - 1] != numbers[i]);
    // Each ends by itself: what follows changes nothing.
    ASSERT_EQ(before + "\xFF" < bytes + '\0', numbers[i - 1] != numbers[i]);
  }
}

TEST(Numbers, OtherBytesAreCorrupt) {
  const auto good = number("-12.345").sortable();
  for (std::size_t i = 0; i < good.size(); ++i)
    EXPECT_EQ(Number::from_sortable(good.substr(0, i)).error().code, Code::kCorrupt);
  EXPECT_EQ(Number::from_sortable(good + good).error().code, Code::kCorrupt);
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = any(random).sortable();
    bytes[random() % bytes.size()] = static_cast<char>(random());
    if (const auto back = Number::from_sortable(bytes)) ASSERT_EQ(back->sortable(), bytes);
  }
}

TEST(Numbers, AreCountedByPairsOfDigits) {
  const std::pair<const char*, std::size_t> cases[] = {
      {"0", 1},  {"1", 2},   {"12", 2},  {"120", 3},  {"123", 3},  {"1234", 3},  {"12345", 4}, {"-1", 3},
      {"-12", 3}, {"0.1", 2}, {"0.12", 2}, {"0.01", 2}, {"1.2", 3}, {"1E125", 2}, {"1E-130", 2}};
  for (const auto& [text, size] : cases) EXPECT_EQ(number(text).size(), size) << text;
  EXPECT_EQ(number(std::string(38, '9')).size(), 20u);
}

}  // namespace
}  // namespace gust::tables
