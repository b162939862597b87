#include "meter/prices.h"

#include <gtest/gtest.h>

namespace gust::meter {
namespace {

TEST(Prices, TheListPricesAMillionInvocationsOfAGigabyteSecond) {
  const Quantities million{1'000'000, 1'000'000'000, 1'024'000'000'000, 0};
  EXPECT_EQ(decimal(cost_of(million, {})), "16.8667000000");  // 0.20 and 16.6667
  EXPECT_EQ(gb_seconds(million), "1000000.000");
}

TEST(Prices, NothingIsLostInLargeSums) {
  const Quantities century{0, 0, 1'000'000'000'000'000'000, 0};
  EXPECT_EQ(decimal(cost_of(century, {})), "16276074.2187500000");
}

TEST(Prices, RoundsHalfUpAtTheTenthDigit) {
  EXPECT_EQ(decimal(49'999'999), "0.0000000000");
  EXPECT_EQ(decimal(50'000'000), "0.0000000001");
  EXPECT_EQ(gb_seconds({0, 0, 512, 0}), "0.001");
  EXPECT_EQ(gb_seconds({0, 0, 511, 0}), "0.000");
}

TEST(Prices, AFileReplacesWhatItNames) {
  const auto prices = parse_prices(R"({"currency": "EUR", "gb_second": "2.5"})", "p");
  ASSERT_TRUE(prices);
  EXPECT_EQ(prices->currency, "EUR");
  EXPECT_EQ(decimal(prices->gb_second), "2.5000000000");
  EXPECT_EQ(prices->million_invocations, Prices().million_invocations);
}

TEST(Prices, EveryServiceHasItsPrice) {
  EXPECT_EQ(decimal(cost_of({.puts = 1000, .gets = 1000}, {})), "0.0054000000");
  EXPECT_EQ(decimal(cost_of({.object_byte_hours = 730ULL << 30, .bytes_out = 1 << 30}, {})), "0.1130000000");
  EXPECT_EQ(decimal(cost_of({.read_milliunits = 1'000'000'500, .write_milliunits = 1'000'000'000}, {})),
            "0.7500000625");
  EXPECT_EQ(decimal(cost_of({.table_byte_hours = 730ULL << 30, .api_requests = 1'000'000}, {})), "1.2500000000");
  EXPECT_EQ(gb_months(730ULL << 29), "0.500");
}

TEST(Prices, ListsHaveNames) {
  EXPECT_EQ(decimal(named_prices("aws-arm")->gb_second * 1'000'000), "13.3334000000");
  EXPECT_EQ(cost_of({.invocations = 1'000'000, .puts = 5, .api_requests = 9}, *named_prices("none")), Atto{0});
  EXPECT_FALSE(named_prices("moon"));
  const auto back = parse_prices(to_json(*named_prices("aws-arm")), "p");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->gb_second, named_prices("aws-arm")->gb_second);
  EXPECT_EQ(back->thousand_gets, Prices().thousand_gets);
}

TEST(Prices, WhatIsNoPriceIsRefused) {
  for (const auto* text : {"[]", "x", R"({"gb_second": 1})", R"({"gb_second": ""})", R"({"gb_second": "1e5"})",
                           R"({"gb_second": "-1"})", R"({"gb_second": "1.2.3"})", R"({"gb_second": "1234567890"})",
                           R"({"gb_second": "0.1234567890123456789"})", R"({"dollars": "1"})"}) {
    EXPECT_FALSE(parse_prices(text, "p")) << text;
  }
}

}  // namespace
}  // namespace gust::meter
