#include "tables/expressions/legacy_conditions.h"

#include "tables/expressions/condition_node.h"
#include "tables/expressions/update_action.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace gust::tables {
namespace {

using Kind = ConditionNode::Kind;
using RangeIs = PageQuery::RangeIs;

std::unexpected<Error> invalid_parameter(std::string_view words) {
  return refused(fmt::format("One or more parameter values were invalid: {}", words));
}

constexpr std::size_t kAny = 0;  // one, or more

struct Comparison {
  std::string_view name;
  std::optional<std::size_t> values;  // how many it takes; nothing: none
  std::string_view types;             // of its values, each between spaces; empty: all
  Kind kind;
};

constexpr std::string_view kOrdered = " S N B ";
constexpr std::array kComparisons = {
    Comparison{"EQ", 1, "", Kind::kEqual},
    Comparison{"NE", 1, "", Kind::kNotEqual},
    Comparison{"LE", 1, kOrdered, Kind::kLessEqual},
    Comparison{"LT", 1, kOrdered, Kind::kLess},
    Comparison{"GE", 1, kOrdered, Kind::kGreaterEqual},
    Comparison{"GT", 1, kOrdered, Kind::kGreater},
    Comparison{"NOT_NULL", std::nullopt, "", Kind::kExists},
    Comparison{"NULL", std::nullopt, "", Kind::kNot},
    Comparison{"CONTAINS", 1, " S N B BOOL NULL ", Kind::kContains},
    Comparison{"NOT_CONTAINS", 1, " S N B BOOL NULL ", Kind::kAnd},
    Comparison{"BEGINS_WITH", 1, " S B ", Kind::kBeginsWith},
    Comparison{"IN", kAny, kOrdered, Kind::kIn},
    Comparison{"BETWEEN", 2, kOrdered, Kind::kBetween},
};

bool fits(const Comparison& comparison, std::size_t count) {
  if (!comparison.values) return count == 0;
  return *comparison.values == kAny ? count > 0 : count == *comparison.values;
}

Result<const Comparison*> checked(const std::string& name, const std::vector<Value>& values) {
  const auto found = std::ranges::find(kComparisons, name, &Comparison::name);
  if (found == kComparisons.end()) return invalid_parameter(fmt::format("Unknown ComparisonOperator: {}", name));
  if (!fits(*found, values.size()))
    return invalid_parameter(fmt::format("Invalid number of argument(s) for the {} ComparisonOperator", name));
  for (const auto& value : values) {
    if (value.type() != values.front().type())
      return invalid_parameter("AttributeValues inside AttributeValueList must be of same type");
    if (!found->types.empty() && !found->types.contains(fmt::format(" {} ", name_of(value.type()))))
      return invalid_parameter(fmt::format("ComparisonOperator {} is not valid for {} AttributeValue type", name,
                                           name_of(value.type())));
  }
  if (found->kind == Kind::kBetween && order(values[0], values[1]) == std::strong_ordering::greater)
    return refused("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
  return &*found;
}

DocumentPath path_of(const std::string& attribute) { return {.steps = {attribute}}; }

ConditionNode negated(ConditionNode node) {
  ConditionNode out{.kind = Kind::kNot};
  out.of.push_back(std::move(node));
  return out;
}

ConditionNode exists(const std::string& attribute) {
  ConditionNode out{.kind = Kind::kExists};
  out.operands.push_back({path_of(attribute)});
  return out;
}

ConditionNode comparing(Kind kind, const std::string& attribute, const std::vector<Value>& values) {
  ConditionNode out{.kind = kind};
  out.operands.push_back({path_of(attribute)});
  for (const auto& value : values) out.operands.push_back({value});
  return out;
}

Result<ConditionNode> node_of(const std::string& attribute, const std::string& name, const std::vector<Value>& values) {
  GUST_TRY(const auto* comparison, checked(name, values));
  if (comparison->kind == Kind::kExists) return exists(attribute);
  if (comparison->kind == Kind::kNot) return negated(exists(attribute));
  if (comparison->kind != Kind::kAnd) return comparing(comparison->kind, attribute, values);
  // What is not there does not contain the value, and yet NOT_CONTAINS is false for it.
  ConditionNode out{.kind = Kind::kAnd};
  out.of.push_back(exists(attribute));
  out.of.push_back(negated(comparing(Kind::kContains, attribute, values)));
  return out;
}

Result<ConditionNode> node_of(const std::string& attribute, const ExpectedValue& expected) {
  using Exists = ExpectedValue::Exists;
  const auto wrong = [&](std::string_view words) {
    return invalid_parameter(fmt::format("{} for Attribute: {}", words, attribute));
  };
  if (expected.value && expected.values) return wrong("Value and AttributeValueList cannot be used together");
  if (expected.comparison) {
    if (expected.exists != Exists::kNotSaid) return wrong("Exists and ComparisonOperator cannot be used together");
    const auto& name = *expected.comparison;
    if (expected.value) return node_of(attribute, name, {*expected.value});
    if (!expected.values && name != "NULL" && name != "NOT_NULL")
      return wrong(fmt::format("Value or AttributeValueList must be used with ComparisonOperator: {}", name));
    return node_of(attribute, name, expected.values.value_or(std::vector<Value>()));
  }
  if (expected.values) return wrong("AttributeValueList can only be used with a ComparisonOperator");
  if (expected.exists == Exists::kFalse) {
    if (expected.value) return wrong("Value cannot be used when Exists is false");
    return negated(exists(attribute));
  }
  if (!expected.value)
    return wrong(fmt::format("Value must be provided when Exists is {}",
                             expected.exists == Exists::kTrue ? "true" : "null"));
  return node_of(attribute, "EQ", {*expected.value});
}

ConditionExpression join(std::vector<ConditionNode> nodes, ConditionalOperator joined) {
  // Of no condition, always true.
  const bool either = joined == ConditionalOperator::kOr && !nodes.empty();
  ConditionNode root{.kind = either ? Kind::kOr : Kind::kAnd};
  root.of = std::move(nodes);
  return ConditionExpression(std::move(root));
}

std::optional<RangeIs::Kind> range_kind(Kind kind) {
  if (kind == Kind::kEqual) return RangeIs::Kind::kEqual;
  if (kind == Kind::kLess) return RangeIs::Kind::kLess;
  if (kind == Kind::kLessEqual) return RangeIs::Kind::kLessEqual;
  if (kind == Kind::kGreater) return RangeIs::Kind::kGreater;
  if (kind == Kind::kGreaterEqual) return RangeIs::Kind::kGreaterEqual;
  if (kind == Kind::kBetween) return RangeIs::Kind::kBetween;
  if (kind == Kind::kBeginsWith) return RangeIs::Kind::kBeginsWith;
  return std::nullopt;
}

Result<UpdateAction> action_of(const std::string& attribute, const AttributeUpdate& update) {
  UpdateAction out{.kind = UpdateAction::Kind::kSet, .path = path_of(attribute), .rules = UpdateAction::Rules::kLegacy};
  if (!update.value) {
    if (update.action != "DELETE")
      return invalid_parameter("Only DELETE action is allowed when no attribute value is specified");
    out.kind = UpdateAction::Kind::kRemove;
    return out;
  }
  out.value.value = *update.value;
  const auto type = update.value->type();
  const bool set = type >= Type::kStringSet;
  if (update.action == "ADD") {
    if (!set && type != Type::kNumber && type != Type::kList)
      return invalid_parameter(fmt::format("ADD action is not supported for the type {}", name_of(type)));
    out.kind = UpdateAction::Kind::kAdd;
  } else if (update.action == "DELETE") {
    if (!set)
      return invalid_parameter(fmt::format("DELETE action with value is not supported for the type {}", name_of(type)));
    out.kind = UpdateAction::Kind::kDelete;
  } else if (update.action != "PUT") {
    return invalid_parameter(fmt::format("Unknown AttributeAction: {}", update.action));
  }
  return out;
}

}  // namespace

Result<ConditionExpression> condition_of(const ExpectedValues& expected, ConditionalOperator joined) {
  std::vector<ConditionNode> nodes;
  for (const auto& [attribute, value] : expected) {
    GUST_TRY(auto node, node_of(attribute, value));
    nodes.push_back(std::move(node));
  }
  return join(std::move(nodes), joined);
}

Result<ConditionExpression> filter_of(const LegacyConditions& conditions, ConditionalOperator joined) {
  std::vector<ConditionNode> nodes;
  for (const auto& [attribute, condition] : conditions) {
    GUST_TRY(auto node, node_of(attribute, condition.comparison, condition.values));
    nodes.push_back(std::move(node));
  }
  return join(std::move(nodes), joined);
}

Result<KeyConditionExpression> key_condition_of(const LegacyConditions& conditions) {
  std::vector<KeyConditionExpression::One> out;
  for (const auto& [attribute, condition] : conditions) {
    GUST_TRY(const auto* comparison, checked(condition.comparison, condition.values));
    KeyConditionExpression::One one{.attribute = attribute};
    const auto kind = range_kind(comparison->kind);
    if (kind) {
      one.is.kind = *kind;
      one.is.low = condition.values.front();
      one.is.high = condition.values.back();
    } else {
      one.support = KeyConditionExpression::One::Support::kNotSupported;
    }
    out.push_back(std::move(one));
  }
  if (out.empty() || out.size() > 2) return refused("Conditions can be of length 1 or 2 only");
  return KeyConditionExpression(std::move(out));
}

Result<UpdateExpression> update_of(const AttributeUpdates& updates) {
  std::vector<UpdateAction> actions;
  for (const auto& [attribute, update] : updates) {
    GUST_TRY(auto action, action_of(attribute, update));
    actions.push_back(std::move(action));
  }
  return UpdateExpression(std::move(actions));
}

Result<Projection> projection_of(const std::vector<std::string>& attributes_to_get) {
  std::set<std::string_view> seen;
  std::vector<DocumentPath> paths;
  for (const auto& attribute : attributes_to_get) {
    if (!seen.insert(attribute).second)
      return invalid_parameter(fmt::format("Duplicate value in attribute name: {}", attribute));
    paths.push_back(path_of(attribute));
  }
  return Projection(std::move(paths));
}

}  // namespace gust::tables
