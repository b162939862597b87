#include "tables/expressions/legacy_conditions.h"

#include "tables/values_for_tests.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gust::tables {
namespace {

template <typename T>
std::string error_of(const Result<T>& result) {
  if (result) return "";
  EXPECT_EQ(result.error().code, Code::kInvalid);
  EXPECT_EQ(result.error().source, "expression");
  constexpr std::string_view kPrefix = "One or more parameter values were invalid: ";
  const auto& message = result.error().message;
  return message.starts_with(kPrefix) ? message.substr(kPrefix.size()) : message;
}

std::string filter_error(const std::string& comparison, const std::vector<Value>& values) {
  const auto filter = error_of(filter_of({{"a", {comparison, values}}}, ConditionalOperator::kAnd));
  EXPECT_EQ(error_of(condition_of({{"a", {.comparison = comparison, .values = values}}}, ConditionalOperator::kAnd)),
            filter);
  EXPECT_EQ(error_of(key_condition_of({{"a", {comparison, values}}})), filter);
  return filter;
}

TEST(LegacyConditions, CheckTheirArguments) {
  const auto a = S("a");
  for (const std::string one : {"EQ", "NE", "LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH"}) {
    const auto message = fmt::format("Invalid number of argument(s) for the {} ComparisonOperator", one);
    EXPECT_EQ(filter_error(one, {}), message);
    EXPECT_EQ(filter_error(one, {a, a}), message);
    EXPECT_EQ(filter_error(one, {a}), "");
  }
  EXPECT_EQ(filter_error("IN", {}), "Invalid number of argument(s) for the IN ComparisonOperator");
  EXPECT_EQ(filter_error("NULL", {a}), "Invalid number of argument(s) for the NULL ComparisonOperator");
  EXPECT_EQ(filter_error("NOT_NULL", {a}), "Invalid number of argument(s) for the NOT_NULL ComparisonOperator");
  EXPECT_EQ(filter_error("BETWEEN", {a}), "Invalid number of argument(s) for the BETWEEN ComparisonOperator");
  EXPECT_EQ(filter_error("BETWEEN", {a, a, a}), "Invalid number of argument(s) for the BETWEEN ComparisonOperator");
  EXPECT_EQ(filter_error("IN", {a, N("1")}), "AttributeValues inside AttributeValueList must be of same type");
  EXPECT_EQ(filter_error("BETWEEN", {S("b"), a}),
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
  const auto wrong = [](std::string_view comparison, std::string_view type) {
    return fmt::format("ComparisonOperator {} is not valid for {} AttributeValue type", comparison, type);
  };
  for (const std::string ordered : {"LT", "LE", "GT", "GE", "IN"}) {
    EXPECT_EQ(filter_error(ordered, {Bool(true)}), wrong(ordered, "BOOL"));
    EXPECT_EQ(filter_error(ordered, {SS({"a"})}), wrong(ordered, "SS"));
    EXPECT_EQ(filter_error(ordered, {L({})}), wrong(ordered, "L"));
  }
  EXPECT_EQ(filter_error("CONTAINS", {M({})}), wrong("CONTAINS", "M"));
  EXPECT_EQ(filter_error("NOT_CONTAINS", {NS({"1"})}), wrong("NOT_CONTAINS", "NS"));
  EXPECT_EQ(filter_error("CONTAINS", {NullValue()}), "");
  EXPECT_EQ(filter_error("BEGINS_WITH", {N("1")}), wrong("BEGINS_WITH", "N"));
  EXPECT_EQ(filter_error("BETWEEN", {NullValue(), NullValue()}), wrong("BETWEEN", "NULL"));
  EXPECT_EQ(filter_error("EQ", {SS({"a"})}), "");
}

TEST(LegacyConditions, CheckWhatExpectedSays) {
  using Exists = ExpectedValue::Exists;
  const auto error = [](const ExpectedValue& expected) {
    return error_of(condition_of({{"a", expected}}, ConditionalOperator::kAnd));
  };
  EXPECT_EQ(error({.comparison = "LT"}),
            "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a");
  EXPECT_EQ(error({.comparison = "LT", .exists = Exists::kTrue}),
            "Exists and ComparisonOperator cannot be used together for Attribute: a");
  const std::string alone = "AttributeValueList can only be used with a ComparisonOperator for Attribute: a";
  EXPECT_EQ(error({.values = std::vector<Value>()}), alone);
  EXPECT_EQ(error({.values = std::vector<Value>(), .exists = Exists::kTrue}), alone);
  EXPECT_EQ(error({.value = S("a"), .values = std::vector<Value>()}),
            "Value and AttributeValueList cannot be used together for Attribute: a");
  EXPECT_EQ(error({.comparison = "BETWEEN", .value = S("a")}),
            "Invalid number of argument(s) for the BETWEEN ComparisonOperator");
  EXPECT_EQ(error({.comparison = "NULL", .value = S("a")}),
            "Invalid number of argument(s) for the NULL ComparisonOperator");
  EXPECT_EQ(error({.comparison = "NULL"}), "");
  EXPECT_EQ(error({}), "Value must be provided when Exists is null for Attribute: a");
  EXPECT_EQ(error({.exists = Exists::kTrue}), "Value must be provided when Exists is true for Attribute: a");
  EXPECT_EQ(error({.value = S("a"), .exists = Exists::kFalse}),
            "Value cannot be used when Exists is false for Attribute: a");
}

TEST(LegacyConditions, Compare) {
  const Item item = {{"s", S("hello")}, {"n", N("5")},    {"b", B("hi")},
                     {"ns", NS({"2", "4"})}, {"l", L({N("2"), S("x")})}, {"nil", NullValue()}};
  struct {
    std::string attribute, comparison;
    std::vector<Value> values;
    bool is;
  } const cases[] = {
      {"n", "EQ", {N("5")}, true},
      {"n", "EQ", {S("5")}, false},
      {"n", "NE", {S("5")}, true},
      {"n", "NE", {N("5")}, false},
      {"gone", "NE", {N("5")}, true},
      {"gone", "EQ", {N("5")}, false},
      {"n", "LT", {N("6")}, true},
      {"n", "LE", {N("5")}, true},
      {"n", "GT", {N("5")}, false},
      {"n", "GE", {S("0")}, false},
      {"gone", "LT", {N("6")}, false},
      {"n", "NOT_NULL", {}, true},
      {"nil", "NULL", {}, false},
      {"gone", "NULL", {}, true},
      {"gone", "NOT_NULL", {}, false},
      {"s", "CONTAINS", {S("ell")}, true},
      {"ns", "CONTAINS", {N("4")}, true},
      {"l", "CONTAINS", {S("x")}, true},
      {"n", "CONTAINS", {N("5")}, false},
      {"s", "NOT_CONTAINS", {S("dog")}, true},
      {"s", "NOT_CONTAINS", {N("1")}, true},
      {"ns", "NOT_CONTAINS", {N("4")}, false},
      {"gone", "NOT_CONTAINS", {N("4")}, false},
      {"s", "BEGINS_WITH", {S("he")}, true},
      {"b", "BEGINS_WITH", {B("h")}, true},
      {"n", "BEGINS_WITH", {S("5")}, false},
      {"n", "IN", {N("1"), N("5")}, true},
      {"ns", "IN", {N("2")}, false},
      {"n", "BETWEEN", {N("5"), N("6")}, true},
      {"s", "BETWEEN", {N("5"), N("6")}, false},
  };
  for (const auto& c : cases) {
    const auto filter = filter_of({{c.attribute, {c.comparison, c.values}}}, ConditionalOperator::kAnd);
    ASSERT_TRUE(filter) << c.attribute << " " << c.comparison << ": " << filter.error().message;
    EXPECT_EQ(filter->evaluate(item).value(), c.is) << c.attribute << " " << c.comparison;
  }
}

TEST(LegacyConditions, Join) {
  using Exists = ExpectedValue::Exists;
  const ExpectedValues both = {{"a", {.value = N("1")}}, {"b", {.exists = Exists::kFalse}}};
  const auto all = condition_of(both, ConditionalOperator::kAnd).value();
  const auto any = condition_of(both, ConditionalOperator::kOr).value();
  EXPECT_TRUE(all.evaluate({{"a", N("1")}}).value());
  EXPECT_FALSE(all.evaluate({{"a", N("1")}, {"b", N("1")}}).value());
  EXPECT_TRUE(any.evaluate({{"a", N("1")}, {"b", N("1")}}).value());
  EXPECT_FALSE(any.evaluate({{"b", N("1")}}).value());
  for (const auto joined : {ConditionalOperator::kAnd, ConditionalOperator::kOr})
    EXPECT_TRUE(condition_of({}, joined)->evaluate({}).value());
  EXPECT_EQ(all.attributes(), (std::set<std::string>{"a", "b"}));
}

TEST(LegacyConditions, AskForKeys) {
  const KeySchema key = {{"id"}, KeyAttribute{"at", Type::kNumber}};
  const auto parsed =
      key_condition_of({{"id", {"EQ", {S("x")}}}, {"at", {"BETWEEN", {N("1"), N("2")}}}}).value().of(key).value();
  EXPECT_EQ(parsed.hash, S("x"));
  EXPECT_EQ(parsed.range.kind, PageQuery::RangeIs::Kind::kBetween);
  EXPECT_EQ(parsed.range.low, N("1"));
  EXPECT_EQ(parsed.range.high, N("2"));
  const auto error = [&](const LegacyConditions& conditions) {
    return error_of(key_condition_of(conditions)->of(key));
  };
  const LegacyCondition id = {"EQ", {S("x")}};
  EXPECT_EQ(error({{"id", id}, {"at", {"NULL", {}}}}),
            "Attempted conditional constraint is not an indexable operation");
  EXPECT_EQ(error({{"id", id}, {"at", {"CONTAINS", {N("1")}}}}),
            "Attempted conditional constraint is not an indexable operation");
  EXPECT_EQ(error({{"id", {"GT", {S("x")}}}}), "Query key condition not supported");
  EXPECT_EQ(error({{"at", {"EQ", {N("1")}}}}), "Query condition missed key schema element: id");
  EXPECT_EQ(error({{"id", id}, {"at", {"EQ", {S("1")}}}}),
            "Condition parameter type does not match schema type");
  EXPECT_EQ(error_of(key_condition_of({})), "Conditions can be of length 1 or 2 only");
  EXPECT_EQ(error_of(key_condition_of({{"a", id}, {"b", id}, {"c", id}})), "Conditions can be of length 1 or 2 only");
}

TEST(LegacyConditions, Update) {
  const Item item = {{"a", N("1")}, {"l", L({N("1")})}, {"ss", SS({"a", "b"})}};
  const auto updated = update_of({{"a", {"ADD", N("2")}},
                                  {"b", {.value = S("x")}},
                                  {"l", {"ADD", L({N("2")})}},
                                  {"ss", {"DELETE", SS({"a"})}}})
                           .value();
  EXPECT_EQ(updated.apply(item).value(),
            (Item{{"a", N("3")}, {"b", S("x")}, {"l", L({N("1"), N("2")})}, {"ss", SS({"b"})}}));
  EXPECT_EQ(update_of({{"a", {"DELETE"}}, {"z", {"DELETE"}}})->apply(item)->count("a"), 0u);
  EXPECT_EQ(error_of(update_of({{"a", {}}})), "Only DELETE action is allowed when no attribute value is specified");
  EXPECT_EQ(error_of(update_of({{"a", {"ADD", S("x")}}})), "ADD action is not supported for the type S");
  EXPECT_EQ(error_of(update_of({{"a", {"DELETE", N("1")}}})),
            "DELETE action with value is not supported for the type N");
  EXPECT_EQ(error_of(update_of({{"ss", {"DELETE", NS({"1"})}}})->apply(item)),
            "Type mismatch for attribute to update");
  EXPECT_EQ(error_of(update_of({{"ss", {"ADD", N("1")}}})->apply(item)), "Type mismatch for attribute to update");
  EXPECT_FALSE(update_of({{"id", {"PUT", S("x")}}})->check_key({{"id"}, std::nullopt}));
}

TEST(LegacyConditions, Project) {
  EXPECT_EQ(error_of(projection_of({"a", "b", "a"})), "Duplicate value in attribute name: a");
  EXPECT_EQ(projection_of({"a.b", "c"})->apply({{"a.b", N("1")}, {"c", N("2")}, {"d", N("3")}}),
            (Item{{"a.b", N("1")}, {"c", N("2")}}));
}

}  // namespace
}  // namespace gust::tables
