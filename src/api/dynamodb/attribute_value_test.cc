#include "api/dynamodb/attribute_value.h"

#include "codec/json.h"
#include "tables/rows.h"

#include <gtest/gtest.h>

namespace gust::api {
namespace {

Result<tables::Item> item(const std::string& text) {
  const auto parsed = codec::parse_json(text, 256);
  return item_from(*parsed);
}

std::string refusal(const std::string& value) {
  const auto found = item(R"({"a":)" + value + "}");
  EXPECT_FALSE(found) << value;
  return found ? "" : found.error().message;
}

TEST(AttributeValue, EveryTypeComesBackAsItWent) {
  const std::string text =
      R"({"b":{"B":"AAH/"},"bool":{"BOOL":false},"bs":{"BS":["AA==","AQ=="]},"l":{"L":[{"S":"x"},{"N":"1"}]},)"
      R"("m":{"M":{"in":{"L":[]}}},"n":{"N":"-1.5"},"ns":{"NS":["1","2"]},"null":{"NULL":true},)"
      R"("s":{"S":"q\"\\\u0001é"},"ss":{"SS":["a","b"]}})";
  const auto found = item(text);
  ASSERT_TRUE(found) << found.error().message;
  std::string out;
  append_json(out, *found);
  EXPECT_EQ(out, text);
  std::string of_row = "[";
  append_json(of_row, *tables::StoredItem::of(tables::rows::encode(*found)));
  EXPECT_EQ(of_row, "[" + text);
}

TEST(AttributeValue, NestedItemsOfRowsAreWrittenAsItems) {
  const auto found = item(
      R"({"":{"S":""},"a":{"L":[{"L":[]},{"M":{}},{"NS":["1","2","3"]},{"M":{"x":{"L":[{"NULL":true},{"BOOL":true}]},)"
      R"("y":{"SS":["p","q"]}}},{"B":"AA=="},{"S":"{["},{"S":"]}"}]},"b":{"M":{"m":{"M":{"m":{"BS":["AA=="]}}}}}})");
  ASSERT_TRUE(found) << found.error().message;
  std::string of_item, of_row = ":";
  append_json(of_item, *found);
  append_json(of_row, *tables::StoredItem::of(tables::rows::encode(*found)));
  EXPECT_EQ(of_row, ":" + of_item);
}

TEST(AttributeValue, TextIsEscapedWhereverItsSpecialsAre) {
  for (const std::string_view special : {"\"", "\\", "\n", "\x1f"}) {
    for (std::size_t before = 0; before < 20; ++before) {
      const auto text = std::string(before, '!') + std::string(special) + "\xc3\xa9 [~" + std::string(before, '\x7f');
      std::string out;
      append_text(out, text);
      const auto back = codec::parse_json(out);
      ASSERT_TRUE(back) << out;
      EXPECT_EQ(back->get_string(), text);
    }
  }
}

TEST(AttributeValue, WhatIsNoneIsRefusedInTheServicesWords) {
  constexpr auto kEmpty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
  EXPECT_EQ(refusal("{}"), kEmpty);
  EXPECT_EQ(refusal("null"), kEmpty);
  EXPECT_EQ(refusal(R"({"X":"y"})"), kEmpty);
  EXPECT_EQ(refusal(R"({"S":null})"), kEmpty);
  EXPECT_EQ(refusal(R"({"S":"a","N":"1"})"),
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
            "datatypes");
  EXPECT_EQ(refusal(R"({"SS":[]})"), "One or more parameter values were invalid: An string set  may not be empty");
  EXPECT_EQ(refusal(R"({"NS":[]})"), "One or more parameter values were invalid: An number set  may not be empty");
  EXPECT_EQ(refusal(R"({"BS":[]})"), "One or more parameter values were invalid: Binary sets should not be empty");
  EXPECT_EQ(refusal(R"({"SS":["a","a"]})"),
            "One or more parameter values were invalid: Input collection [a, a] contains duplicates.");
  EXPECT_EQ(refusal(R"({"NS":["1","1.0"]})"), "Input collection contains duplicates");
  EXPECT_EQ(refusal(R"({"NULL":false})"),
            "One or more parameter values were invalid: Null attribute value types must have the value of true");
  EXPECT_EQ(refusal(R"({"S":1})"), "NUMBER_VALUE cannot be converted to String");
  EXPECT_EQ(item(R"({"a":{"B":"%"}})").error().source, "serialization");
  EXPECT_EQ(item(R"({"a":"text"})").error().source, "serialization");
  EXPECT_EQ(item(R"({"a":{"N":"x"}})").error().code, Code::kInvalid);
}

TEST(AttributeValue, ListsAndMapsNestToThirtyTwoLevels) {
  const auto nested = [](int levels) {
    std::string text = R"({"S":"x"})";
    for (int i = 0; i < levels; ++i) text = i % 2 == 0 ? R"({"L":[)" + text + "]}" : R"({"M":{"k":)" + text + "}}";
    return R"({"a":)" + text + "}";
  };
  EXPECT_TRUE(item(nested(32)));
  EXPECT_EQ(item(nested(33)).error().message, "Nesting Levels have exceeded supported limits");
}

}  // namespace
}  // namespace gust::api
