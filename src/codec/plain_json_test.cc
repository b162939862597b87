#include "codec/plain_json.h"

#include "codec/json.h"

#include <gtest/gtest.h>

#include <string>

namespace gust::codec {
namespace {

TEST(PlainJson, NumbersAreAsPeopleWriteThem) {
  const std::string text = R"({"a":1.5,"b":[0.25,-3,1000000,{"c":19.363}],"d":"1.5E0 \"é\"\n",)"
                           R"("e":null,"f":{},"g":[],"h":true})";
  const auto parsed = parse_json(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(to_plain_json(*parsed), text);
  EXPECT_EQ(to_plain_json(parsed->get_object()), text);
  EXPECT_EQ(to_plain_json(json::value(12.0)), "12");
  EXPECT_EQ(*parse_json(to_plain_json(json::value(1e-9))), json::value(1e-9));
}

}  // namespace
}  // namespace gust::codec
