#include "tables/expressions/keys.h"

#include "tables/values_for_tests.h"

#include <gtest/gtest.h>

namespace gust::tables {
namespace {

using RangeKind = PageQuery::RangeIs::Kind;

const KeySchema kKey = {{"id"}, KeyAttribute{"made", Type::kNumber}};

Result<KeyCondition> parse(std::string_view text, const KeySchema& key = kKey) {
  auto given = placeholders({{"#id", "id"}}, {{":9", N("9")}, {":empty", S("")}});
  return parse_key_condition(text, given, key);
}

std::string error_of(std::string_view text, const KeySchema& key = kKey) {
  const auto parsed = parse(text, key);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().source, "expression");
  return parsed.error().message;
}

TEST(KeyConditionExpression, UnderstandsKeys) {
  struct {
    std::string_view text;
    RangeKind kind;
    Value low, high;
  } const cases[] = {
      {"id = :s", RangeKind::kAny, {}, {}},
      {"(:s = #id)", RangeKind::kAny, {}, {}},
      {"id = :s AND made = :n", RangeKind::kEqual, N("1"), {}},
      {"made < :n and id = :s", RangeKind::kLess, N("1"), {}},
      {"id = :s AND :n < made", RangeKind::kGreater, N("1"), {}},
      {"id = :s AND :n >= made", RangeKind::kLessEqual, N("1"), {}},
      {"(id = :s) AND (made >= :n)", RangeKind::kGreaterEqual, N("1"), {}},
      {"id = :s AND made BETWEEN :n AND :9", RangeKind::kBetween, N("1"), N("9")},
  };
  for (const auto& c : cases) {
    const auto parsed = parse(c.text);
    ASSERT_TRUE(parsed) << c.text << ": " << parsed.error().message;
    EXPECT_EQ(parsed->hash, S("a")) << c.text;
    EXPECT_EQ(parsed->range.kind, c.kind) << c.text;
    if (c.kind != RangeKind::kAny) EXPECT_EQ(parsed->range.low, c.low) << c.text;
    if (c.kind == RangeKind::kBetween) EXPECT_EQ(parsed->range.high, c.high) << c.text;
  }
  const KeySchema texts = {{"id"}, KeyAttribute{"made"}};
  EXPECT_EQ(parse("begins_with(made, :s) AND id = :s", texts)->range.kind, RangeKind::kBeginsWith);
}

TEST(KeyConditionExpression, TellsWhatNoKeyConditionCanBe) {
  const std::string operators = "Invalid operator used in KeyConditionExpression: ";
  const std::string condition = "Invalid condition in KeyConditionExpression: ";
  const std::string nested = "KeyConditionExpressions cannot contain nested operations";
  const std::string multiple = condition + "Multiple attribute names used in one condition";
  const std::string paths = "KeyConditionExpressions cannot have conditions on nested attributes";
  const std::string none = condition + "No key attribute specified";
  const std::string twice = "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition "
                            "per key";
  struct {
    std::string_view text;
    std::string message;
  } const cases[] = {
      {"", "Invalid KeyConditionExpression: The expression can not be empty;"},
      {"a > 4", "Invalid KeyConditionExpression: Syntax error; token: \"4\", near: \"> 4\""},
      {"((id = :s))", "Invalid KeyConditionExpression: The expression has redundant parentheses;"},
      {"begins_with(made, :n) AND id = :missing",
       "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: "
       "begins_with, operand type: N"},
      {"id = :missing AND begins_with(made, :n)",
       "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; attribute "
       "value: :missing"},
      {"id = :s AND made < :bool",
       "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: <, "
       "operand type: BOOL"},
      {"a > b and size(b) > c or a > c", operators + "OR"},
      {"a in (b, size(c), d)", operators + "IN"},
      {"attribute_exists(a)", operators + "attribute_exists"},
      {"attribute_not_exists(a)", operators + "attribute_not_exists"},
      {"contains(a.d, b)", operators + "contains"},
      {"not a > b", operators + "NOT"},
      {"a <> b", operators + "<>"},
      {":n between size(b) and size(a) and b > :n", condition + "BETWEEN operator must have the key attribute as its "
                                                                "first operand"},
      {"begins_with(:s, b) and a > :s", condition + "begins_with operator must have the key attribute as its first "
                                                    "operand"},
      {"size(b) > a AND a.b > b AND b > c", nested},
      {"a > size(b.d)", nested},
      {"a between size(b) and size(a)", nested},
      {"b > a.b", multiple},
      {"b between c[1] and d", multiple},
      {"a between b and size(a)", multiple},
      {"begins_with(a, b)", multiple},
      {"b.d > a AND c.d > e.f", paths},
      {"b[0] > :s", paths},
      {":n > :s AND a < :n", none},
      {"b > :n AND b < :n and c = :n and d = :n", twice},
      {"(a > :n and b > :n) and (b > :n and c > :n)", twice},
      {"id = :s AND id = :s", twice},
  };
  for (const auto& c : cases) EXPECT_EQ(error_of(c.text), c.message) << c.text;
}

TEST(KeyConditionExpression, TellsWhatTheTableCannotAnswer) {
  const std::string type = "One or more parameter values were invalid: Condition parameter type does not match schema "
                           "type";
  EXPECT_EQ(error_of("made = :n"), "Query condition missed key schema element: id");
  EXPECT_EQ(error_of("id = :s AND more = :s"), "Query condition missed key schema element: made");
  EXPECT_EQ(error_of("id > :s"), "Query key condition not supported");
  EXPECT_EQ(error_of("id = :n"), type);
  EXPECT_EQ(error_of("id = :s AND made = :bool"), type);
  EXPECT_EQ(error_of("id = :s AND begins_with(made, :s)"), type);
  EXPECT_EQ(error_of("id = :s AND made > :n AND more = :s"),
            "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)");
  EXPECT_EQ(error_of("id = :s AND made > :n", {{"id"}, std::nullopt}),
            "The number of query conditions (2) exceeds the number of key attributes defined in the schema (1)");
  EXPECT_EQ(error_of("id = :empty"),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty string value. Key: id");
}

}  // namespace
}  // namespace gust::tables
