#include "cli/waterfall.h"

#include "codec/json.h"
#include "codec/utf8.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gust::cli {
namespace {

std::vector<std::string> drawn(std::string_view spans) {
  const auto trace = codec::parse_json(fmt::format(R"({{"spans":[{}],"logs":[]}})", spans));
  EXPECT_TRUE(trace);
  return waterfall(Terminal(), trace->as_object(), 100);
}

std::string span_of(std::string_view id, std::string_view name, std::string_view attributes) {
  return fmt::format(R"({{"id":"{}","parent":null,"name":"{}","kind":"request","start":1000,"duration_us":500,)"
                     R"("status":"ok","error":"","attributes":{{{}}}}})",
                     id, name, attributes);
}

TEST(Waterfall, LongNamesAreCutToCharacters) {
  std::string name;
  for (int i = 0; i < 50; ++i) name += "\xc3\xbc";  // ü
  const auto lines = drawn(span_of("1", name, "") + "," + span_of("2", "x" + name.substr(0, 60), ""));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(codec::is_utf8(lines[0]));
  EXPECT_EQ(lines[0].substr(0, 83), name.substr(0, 80) + ".. ");
  EXPECT_TRUE(lines[1].starts_with("x" + name.substr(0, 60) + " ")) << "31 characters are not cut";
}

TEST(Waterfall, WhatHasNotEndedIsRunning) {
  const auto lines = drawn(span_of("1", "shop", R"("gust.in_progress":"true")"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("  running  "), std::string::npos) << lines[0];
  EXPECT_EQ(lines[0].find("500 us"), std::string::npos);
}

}  // namespace
}  // namespace gust::cli
