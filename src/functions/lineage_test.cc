#include "functions/lineage.h"

#include <gtest/gtest.h>

namespace gust::functions {
namespace {

FunctionKey key(const char* name) { return {AccountId("000000000000"), FunctionName(name)}; }

TEST(Lineage, CountsEachFunction) {
  std::string trace = "Root=1-2-3;Parent=4;Sampled=0";
  EXPECT_EQ(loops(trace, key("f")), 0U);
  for (const auto* name : {"f", "g", "f", "f"}) trace = with_loop(trace, key(name));
  EXPECT_EQ(loops(trace, key("f")), 3U);
  EXPECT_EQ(loops(trace, key("g")), 1U);
  EXPECT_EQ(loops(trace, key("h")), 0U);
  EXPECT_TRUE(trace.starts_with("Root=1-2-3;Parent=4;Sampled=0;Lineage=")) << trace;
}

TEST(Lineage, StaysShortAndTakesAnything) {
  std::string trace;
  for (int i = 0; i < 100; ++i) trace = with_loop(trace, key(std::to_string(i).c_str()));
  EXPECT_EQ(loops(trace, key("99")), 1U);
  EXPECT_LT(trace.size(), 300U);
  for (const auto* odd : {";;;", "Lineage=", "Lineage=1:a7cc9e3b:0", "Lineage=&&:&abcdefgh:x", "=;Lineage"}) {
    EXPECT_EQ(loops(odd, key("f")), 0U) << odd;
    EXPECT_EQ(loops(with_loop(odd, key("f")), key("f")), 1U) << odd;
  }
}

}  // namespace
}  // namespace gust::functions
