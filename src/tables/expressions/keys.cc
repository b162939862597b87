#include "tables/expressions/keys.h"

#include "tables/expressions/condition_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace gust::tables {
namespace {

using Kind = ConditionNode::Kind;
using RangeIs = PageQuery::RangeIs;
using One = KeyConditionExpression::One;

constexpr auto kKey = ExpressionKind::kKeyCondition;

// Operators that never ask for a key.
Result<void> check_operators(const SyntaxNode& node) {
  using Syntax = SyntaxNode::Kind;
  const bool joins = node.kind == Syntax::kOr || node.kind == Syntax::kNot || node.kind == Syntax::kIn;
  const bool differs = node.kind == Syntax::kCompare && node.text == "<>";
  const bool asks = node.kind == Syntax::kFunction && node.text != "begins_with" && node.text != "size";
  if (joins || differs || asks)
    return refused(fmt::format("Invalid operator used in KeyConditionExpression: {}", node.text));
  for (const auto& child : node.of) GUST_CHECK(check_operators(child));
  return {};
}

void flatten(const ConditionNode& node, std::vector<const ConditionNode*>& out) {
  if (node.kind != Kind::kAnd) {
    out.push_back(&node);
    return;
  }
  for (const auto& child : node.of) flatten(child, out);
}

const DocumentPath* path_of(const Operand& operand) { return std::get_if<DocumentPath>(&operand.is); }

Result<void> check_first(const ConditionNode& node) {
  if (node.kind != Kind::kBetween && node.kind != Kind::kBeginsWith) return {};
  const auto& first = node.operands.front();
  if (path_of(first) && first.measure == Operand::Measure::kItself) return {};
  return refused(fmt::format("Invalid condition in KeyConditionExpression: {} operator must have the key attribute as "
                             "its first operand",
                             node.kind == Kind::kBetween ? "BETWEEN" : "begins_with"));
}

// One top-level attribute, and else values.
Result<void> check_operands(const ConditionNode& node) {
  const DocumentPath* attribute = nullptr;
  for (const auto& operand : node.operands) {
    if (operand.measure == Operand::Measure::kSize)
      return refused("KeyConditionExpressions cannot contain nested operations");
    const auto* path = path_of(operand);
    if (path && attribute)
      return refused("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition");
    if (path && path->steps.size() > 1)
      return refused("KeyConditionExpressions cannot have conditions on nested attributes");
    if (path) attribute = path;
  }
  if (!attribute) return refused("Invalid condition in KeyConditionExpression: No key attribute specified");
  return {};
}

RangeIs::Kind mirrored(RangeIs::Kind kind) {
  if (kind == RangeIs::Kind::kLess) return RangeIs::Kind::kGreater;
  if (kind == RangeIs::Kind::kLessEqual) return RangeIs::Kind::kGreaterEqual;
  if (kind == RangeIs::Kind::kGreater) return RangeIs::Kind::kLess;
  if (kind == RangeIs::Kind::kGreaterEqual) return RangeIs::Kind::kLessEqual;
  return kind;
}

RangeIs::Kind range_kind(Kind kind) {
  if (kind == Kind::kEqual) return RangeIs::Kind::kEqual;
  if (kind == Kind::kLess) return RangeIs::Kind::kLess;
  if (kind == Kind::kLessEqual) return RangeIs::Kind::kLessEqual;
  if (kind == Kind::kGreater) return RangeIs::Kind::kGreater;
  if (kind == Kind::kGreaterEqual) return RangeIs::Kind::kGreaterEqual;
  return kind == Kind::kBetween ? RangeIs::Kind::kBetween : RangeIs::Kind::kBeginsWith;
}

One condition_of(const ConditionNode& node) {
  const auto* path = path_of(node.operands.front());
  auto kind = range_kind(node.kind);
  if (!path) kind = mirrored(kind);
  One out{.attribute = (path ? path : path_of(node.operands[1]))->top(), .is = {.kind = kind}};
  out.is.low = std::get<Value>(node.operands[path ? 1 : 0].is);
  if (kind == RangeIs::Kind::kBetween) out.is.high = std::get<Value>(node.operands[2].is);
  return out;
}

bool is_empty(const Value& value) {
  const auto* text = value.as<std::string>();
  const auto* binary = value.as<Binary>();
  return (text && text->empty()) || (binary && binary->bytes.empty());
}

Result<void> check_types(const One& condition, const KeyAttribute& key) {
  if (condition.support == One::Support::kNotSupported)
    return refused("Attempted conditional constraint is not an indexable operation");
  const bool two = condition.is.kind == RangeIs::Kind::kBetween;
  const bool prefix = condition.is.kind == RangeIs::Kind::kBeginsWith;
  if (condition.is.low.type() == key.type && (!two || condition.is.high.type() == key.type) &&
      (!prefix || key.type != Type::kNumber))
    return {};
  return refused("One or more parameter values were invalid: Condition parameter type does not match schema type");
}

}  // namespace

std::vector<One> key_conditions_in(const ConditionNode& root) {
  std::vector<const ConditionNode*> nodes;
  flatten(root, nodes);
  std::vector<One> out;
  for (const auto* node : nodes) {
    const bool compares = node->kind >= Kind::kEqual && node->kind <= Kind::kBetween && node->kind != Kind::kNotEqual;
    if (!compares && node->kind != Kind::kBeginsWith) continue;
    if (check_first(*node) && check_operands(*node)) out.push_back(condition_of(*node));
  }
  return out;
}

Result<KeyCondition> KeyConditionExpression::of(const KeySchema& key) const {
  const std::size_t attributes = key.range ? 2 : 1;
  if (conditions_.size() > attributes)
    return refused(fmt::format("The number of query conditions ({}) exceeds the number of key attributes defined in "
                               "the schema ({})",
                               conditions_.size(), attributes));
  const auto missed = [](const KeyAttribute& attribute) {
    return refused(fmt::format("Query condition missed key schema element: {}", attribute.name));
  };
  const auto hash = std::ranges::find(conditions_, key.hash.name, &One::attribute);
  if (hash == conditions_.end()) return missed(key.hash);
  GUST_CHECK(check_types(*hash, key.hash));
  if (hash->is.kind != RangeIs::Kind::kEqual) return refused("Query key condition not supported");
  if (is_empty(hash->is.low))
    return refused(fmt::format("One or more parameter values are not valid. The AttributeValue for a key attribute "
                               "cannot contain an empty {} value. Key: {}",
                               key.hash.type == Type::kString ? "string" : "binary", key.hash.name));
  KeyCondition out{.hash = hash->is.low};
  if (conditions_.size() == 1) return out;
  const auto range = std::ranges::find(conditions_, key.range->name, &One::attribute);
  if (range == conditions_.end()) return missed(*key.range);
  GUST_CHECK(check_types(*range, *key.range));
  out.range = range->is;
  return out;
}

Result<KeyConditionExpression> parse_key_condition(std::string_view text, Placeholders& placeholders) {
  GUST_TRY(auto tokens, Tokens::of(kKey, text));
  GUST_TRY(const auto syntax, parse_condition_syntax(tokens));
  GUST_TRY(const auto root, resolve_condition(kKey, syntax, placeholders));
  GUST_CHECK(check_operators(syntax));
  std::vector<const ConditionNode*> nodes;
  flatten(root, nodes);
  for (const auto* node : nodes) GUST_CHECK(check_first(*node));
  for (const auto* node : nodes) GUST_CHECK(check_operands(*node));
  std::vector<One> out;
  for (const auto* node : nodes) {
    out.push_back(condition_of(*node));
    if (std::ranges::count(out, out.back().attribute, &One::attribute) > 1)
      return invalid(kKey, "KeyConditionExpressions must only contain one condition per key");
  }
  return KeyConditionExpression(std::move(out));
}

Result<KeyCondition> parse_key_condition(std::string_view text, Placeholders& placeholders, const KeySchema& key) {
  GUST_TRY(const auto expression, parse_key_condition(text, placeholders));
  return expression.of(key);
}

}  // namespace gust::tables
