#include "wire/validate.h"

#include "codec/json.h"
#include "wire/json_body.h"

#include <gtest/gtest.h>

namespace gust::wire {
namespace {

constexpr const char* kModel = R"({
  "metadata": {"protocol": "json", "serviceId": "T", "errorNamespace": "com.example.v1#"},
  "operations": {"Do": {"name": "Do", "input": {"shape": "Input"}}},
  "shapes": {
    "Input": {"type": "structure", "required": ["Name"], "members": {
      "Name": {"shape": "TableArn"}, "Items": {"shape": "Items"}, "Kinds": {"shape": "Kinds"},
      "Count": {"shape": "Count"}, "Flag": {"shape": "Flag"}, "Parts": {"shape": "Parts"},
      "Bytes": {"shape": "Bytes"}}},
    "TableArn": {"type": "string", "min": 3, "max": 5, "pattern": "[a-z]+"},
    "Items": {"type": "map", "min": 1, "key": {"shape": "TableArn"}, "value": {"shape": "Parts"}},
    "Parts": {"type": "list", "min": 1, "max": 2, "member": {"shape": "Part"}},
    "Part": {"type": "structure", "required": ["Kind"], "members": {"Kind": {"shape": "Kind"}}},
    "Kinds": {"type": "list", "member": {"shape": "Kind"}},
    "Kind": {"type": "string", "enum": ["B", "A"]},
    "Count": {"type": "integer", "min": 1},
    "Flag": {"type": "boolean"},
    "Bytes": {"type": "blob"}
  }})";

class ValidateTest : public testing::Test {
 protected:
  std::string told(std::string_view json) {
    const auto& input = model_->operation("Do")->input;
    const auto document = codec::parse_json(json);
    const auto value = from_json(input, *document);
    if (!value) return value.error().message;
    const auto violations = validate(*input.shape, *value);
    return violations.empty() ? "fits" : validation_message(violations);
  }

  std::shared_ptr<const Model> model_ = Model::load(kModel).value();
};

TEST_F(ValidateTest, SeveralAtOnceInTheServicesWords) {
  EXPECT_EQ(told(R"({"Name": "abc"})"), "fits");
  EXPECT_EQ(told(R"({"Name": "arn:aws:x"})"), "fits");
  EXPECT_EQ(told("{}"),
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(told(R"({"Name": "A;", "Count": 0})"),
            "3 validation errors detected: Value 'A;' at 'name' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [a-z]+; Value 'A;' at 'name' failed to satisfy constraint: Member must have "
            "length greater than or equal to 3; Value '0' at 'count' failed to satisfy constraint: Member must have "
            "value greater than or equal to 1");
}

TEST_F(ValidateTest, MembersOfCollections) {
  EXPECT_EQ(told(R"({"Name": "abc", "Kinds": ["A", "C"]})"),
            "1 validation error detected: Value '[A, C]' at 'kinds' failed to satisfy constraint: Member must satisfy "
            "constraint: [Member must satisfy enum value set: [B, A]]");
  const auto keys = told(R"({"Name": "abc", "Items": {"a": [{}]}})");
  EXPECT_TRUE(keys.starts_with("2 validation errors detected: Value '{a=[com.example.v1.Part@")) << keys;
  EXPECT_TRUE(keys.contains("]}' at 'items' failed to satisfy constraint: Map keys must satisfy constraint: [Member "
                            "must have length less than or equal to 5, Member must have length greater than or equal "
                            "to 3, Member must satisfy regular expression pattern: [a-z]+]; Value null at "
                            "'items.a.member.1.member.kind' failed to satisfy constraint: Member must not be null"))
      << keys;
  const auto many = told(R"({"Name": "abc", "Items": {"abc": [{"Kind": "A"}, {"Kind": "A"}, {"Kind": "B"}]}})");
  EXPECT_TRUE(many.contains("at 'items' failed to satisfy constraint: Map value must satisfy constraint: [Member must "
                            "have length less than or equal to 2, Member must have length greater than or equal to 1]"))
      << many;
}

TEST_F(ValidateTest, NoMoreThanTen) {
  std::string items;
  for (int i = 0; i < 12; ++i) items += (i == 0 ? "" : ",") + ("\"ab" + std::string(1, static_cast<char>('a' + i))) +
                                        "\": [{}]";
  EXPECT_TRUE(told("{\"Name\": \"abc\", \"Items\": {" + items + "}}").starts_with("10 validation errors detected: "));
}

// As DynamoDB's answers were recorded by dynalite.
TEST_F(ValidateTest, WhatIsOfAnotherKind) {
  EXPECT_EQ(told(R"({"Name": 23})"), "NUMBER_VALUE cannot be converted to String");
  EXPECT_EQ(told(R"({"Name": 34.56})"), "DECIMAL_VALUE cannot be converted to String");
  EXPECT_EQ(told(R"({"Name": true})"), "TRUE_VALUE cannot be converted to String");
  EXPECT_EQ(told(R"({"Name": []})"), "Unrecognized collection type class java.lang.String");
  EXPECT_EQ(told(R"({"Name": {}})"), "Start of structure or map found where not expected");
  EXPECT_EQ(told(R"({"Count": "23"})"), "STRING_VALUE cannot be converted to Integer");
  EXPECT_EQ(told(R"({"Flag": "23"})"), "Unexpected token received from parser");
  EXPECT_EQ(told(R"({"Name": "abc", "Flag": "true"})"), "Unexpected token received from parser");
  EXPECT_EQ(told(R"({"Flag": 1})"), "NUMBER_VALUE cannot be converted to Boolean");
  EXPECT_EQ(told(R"({"Items": "x"})"), "Unexpected field type");
  EXPECT_EQ(told(R"({"Items": []})"),
            "Unrecognized collection type java.util.Map<java.lang.String, java.util.List<com.example.v1.Part>>");
  EXPECT_TRUE(told(R"({"Items": {"abc": 1}})").starts_with("class sun.reflect.generics"));
  EXPECT_EQ(told(R"({"Parts": 1})"), "Unexpected field type");
  EXPECT_EQ(told(R"({"Parts": {}})"), "Start of structure or map found where not expected");
  EXPECT_EQ(told(R"({"Parts": [1]})"), "Unexpected value type in payload");
  EXPECT_EQ(told(R"({"Parts": [[]]})"), "Unrecognized collection type class com.example.v1.Part");
  EXPECT_EQ(told(R"({"Bytes": 1})"), "only base-64-encoded strings are convertible to bytes");
}

}  // namespace
}  // namespace gust::wire
