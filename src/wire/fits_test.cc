// fits() against from_json() and validate(): it never lets pass what these refuse, and lets pass what is common.
#include "wire/fits.h"

#include "codec/json.h"
#include "wire/json_body.h"
#include "wire/validate.h"

#include <gtest/gtest.h>

#include <random>

namespace gust::wire {
namespace {

constexpr std::string_view kModel = R"({
  "metadata": {"protocol": "json", "serviceId": "Test"},
  "operations": {"Do": {"name": "Do", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "In"}}},
  "shapes": {
    "In": {"type": "structure", "required": ["Name"], "members": {
      "Name": {"shape": "Name"}, "Mode": {"shape": "Mode"}, "Limit": {"shape": "Limit"}, "Long": {"shape": "Long"},
      "Flag": {"shape": "Flag"}, "List": {"shape": "List"}, "Map": {"shape": "Map"}, "Inner": {"shape": "Inner"},
      "Any": {"shape": "Any"}, "Rate": {"shape": "Rate"}, "Bytes": {"shape": "Bytes"}, "At": {"shape": "At"}}},
    "Name": {"type": "string", "min": 3, "max": 8, "pattern": "[a-zé]+"},
    "Mode": {"type": "string", "enum": ["ON", "OFF"]},
    "Limit": {"type": "integer", "min": 1, "max": 10}, "Long": {"type": "long"}, "Flag": {"type": "boolean"},
    "Rate": {"type": "double"}, "Bytes": {"type": "blob", "max": 3}, "At": {"type": "timestamp"},
    "List": {"type": "list", "min": 1, "max": 2, "member": {"shape": "Inner"}},
    "Map": {"type": "map", "max": 2, "key": {"shape": "Name"}, "value": {"shape": "Any"}},
    "Inner": {"type": "structure", "required": ["Mode"],
      "members": {"Mode": {"shape": "Mode"}, "Map": {"shape": "Map"}}},
    "Any": {"type": "structure", "members": {}, "opaque": true}
  }})";

struct FitsTest : testing::Test {
  std::shared_ptr<const Model> model = *Model::load(kModel);
  const Ref& input = model->operation("Do")->input;

  bool fast(std::string_view text) { return fits(input, *codec::parse_json(text)); }
  bool slow(std::string_view text) {
    const auto value = from_json(input, *codec::parse_json(text));
    return value && validate(*input.shape, *value).empty();
  }
};

TEST_F(FitsTest, LetsPassWhatTheModelWants) {
  for (const auto* text :
       {R"({"Name": "abc"})", R"({"Name": "abcé", "Mode": "ON", "Limit": 10, "Long": 9000000000, "Flag": false})",
        R"({"Name": "abc", "List": [{"Mode": "OFF"}, null], "Map": {"abc": {"S": 1}, "abd": 7}, "More": []})",
        R"({"Name": "abc", "Inner": {"Mode": "ON", "Map": {}}, "Any": [1], "Mode": null})"}) {
    EXPECT_TRUE(fast(text)) << text;
    EXPECT_TRUE(slow(text)) << text;
  }
}

TEST_F(FitsTest, LetsNothingPassThatTheModelRefuses) {
  for (const auto* text :
       {"{}", "[]", R"({"Name": null})", R"({"Name": "ab"})", R"({"Name": "abcdefghi"})", R"({"Name": "ABC"})",
        R"({"Name": 7})", R"({"Name": "abc", "Mode": "on"})", R"({"Name": "abc", "Limit": 0})",
        R"({"Name": "abc", "Limit": 11})", R"({"Name": "abc", "Limit": 1.5})", R"({"Name": "abc", "Limit": "1"})",
        R"({"Name": "abc", "Flag": "true"})", R"({"Name": "abc", "List": []})", R"({"Name": "abc", "List": [null]})",
        R"({"Name": "abc", "List": {}})", R"({"Name": "abc", "List": [{}]})",
        R"({"Name": "abc", "List": [{"Mode": "ON"}, {"Mode": "ON"}, {"Mode": "ON"}]})",
        R"({"Name": "abc", "Map": {"x": {}}})", R"({"Name": "abc", "Map": {"aaa": 1, "bbb": 1, "ccc": 1}})",
        R"({"Name": "abc", "Inner": {"Map": {}}})", R"({"Name": "abc", "Long": 99999999999999999999})"}) {
    EXPECT_FALSE(fast(text)) << text;
    EXPECT_FALSE(slow(text)) << text;
  }
}

TEST_F(FitsTest, NeverSaysMoreThanTheWholeCheck) {
  const char* values[] = {"null", "1",  "0",  "2147483648", "1e3",           "\"abc\"",         "\"a\"",    "\"ON\"",
                          "true", "{}", "[]", "[1]",        R"({"Mode":"ON"})", R"([{"Mode":"ON"}])", R"({"abc":1})"};
  const char* names[] = {"Name", "Mode", "Limit", "Long", "Flag", "List", "Map", "Inner", "Any", "Rate", "Bytes", "At"};
  std::mt19937 random(7);
  int passed = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = R"({"Name": "abc")";
    for (auto n = random() % 4; n > 0; --n) {
      text += std::string(", \"") + names[random() % std::size(names)] + "\": " + values[random() % std::size(values)];
    }
    text += "}";
    if (!fast(text)) continue;
    ++passed;
    ASSERT_TRUE(slow(text)) << text;
  }
  EXPECT_GT(passed, 1000);
}

}  // namespace
}  // namespace gust::wire
