#include "tables/expressions/condition_node.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

using Kind = ConditionNode::Kind;

constexpr std::size_t kMaxInOperands = 100;

// What is known of an operand's type before there is an item.
std::optional<Type> known_type(const Operand& operand) {
  if (operand.measure == Operand::Measure::kSize) return Type::kNumber;
  if (const auto* value = std::get_if<Value>(&operand.is)) return value->type();
  return std::nullopt;
}

const DocumentPath* path_of(const Operand& operand) {
  if (operand.measure == Operand::Measure::kSize) return nullptr;
  return std::get_if<DocumentPath>(&operand.is);
}

const Value* value_of(const Operand& operand) {
  if (operand.measure == Operand::Measure::kSize) return nullptr;
  return std::get_if<Value>(&operand.is);
}

Result<void> check_distinct(ExpressionKind kind, std::string_view name, const std::vector<Operand>& operands) {
  const auto* first = path_of(operands.front());
  const auto same = [&](const Operand& operand) { return path_of(operand) && *path_of(operand) == *first; };
  if (!first || std::none_of(operands.begin() + 1, operands.end(), same)) return {};
  return invalid(kind, fmt::format("The first operand must be distinct from the remaining operands for this operator "
                                   "or function; operator: {}, first operand: {}",
                                   name, first->text()));
}

Result<void> check_bounds(ExpressionKind kind, const Operand& low, const Operand& high) {
  const auto *from = value_of(low), *to = value_of(high);
  if (!from || !to) return {};
  const auto ordered = order(*from, *to);
  if (ordered && *ordered <= 0) return {};
  return invalid(kind, fmt::format("The BETWEEN operator requires {}; lower bound operand: AttributeValue: {}, upper "
                                   "bound operand: AttributeValue: {}",
                                   ordered ? "upper bound to be greater than or equal to lower bound"
                                           : "same data type for lower and upper bounds",
                                   describe(*from), describe(*to)));
}

Result<void> check_ordered(ExpressionKind kind, std::string_view name, const std::vector<Operand>& operands) {
  for (const auto& operand : operands)
    if (const auto type = known_type(operand); type && !has_order(*type))
      return wrong_type(kind, name, name_of(*type));
  return {};
}

Kind comparison(std::string_view text) {
  if (text == "=") return Kind::kEqual;
  if (text == "<>") return Kind::kNotEqual;
  if (text == "<") return Kind::kLess;
  if (text == "<=") return Kind::kLessEqual;
  return text == ">" ? Kind::kGreater : Kind::kGreaterEqual;
}

Result<std::vector<Operand>> resolve_all(ExpressionKind kind, const std::vector<SyntaxNode>& nodes,
                                         Placeholders& placeholders) {
  std::vector<Operand> out;
  for (const auto& node : nodes) {
    GUST_TRY(auto operand, resolve_operand(kind, node, placeholders));
    out.push_back(std::move(operand));
  }
  return out;
}

// The type that attribute_type() asks for.
Result<Type> wanted_type(ExpressionKind kind, const Operand& operand) {
  const auto type = known_type(operand);
  if (!type) return wrong_type(kind, "attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
  const auto* value = value_of(operand);
  const auto* name = value ? value->as<std::string>() : nullptr;
  if (!name) return wrong_type(kind, "attribute_type", name_of(*type));
  for (auto each = Type::kString; each <= Type::kBinarySet; each = static_cast<Type>(static_cast<int>(each) + 1))
    if (name_of(each) == *name) return each;
  return invalid(kind, fmt::format("Invalid attribute type name found; type: {}, valid types: "
                                   "{{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}",
                                   *name));
}

Result<ConditionNode> resolve_function(ExpressionKind kind, const SyntaxNode& node, Placeholders& placeholders) {
  GUST_TRY(auto operands, resolve_all(kind, node.of, placeholders));
  const bool exists = node.text == "attribute_exists", exists_not = node.text == "attribute_not_exists";
  if (operands.size() != (exists || exists_not ? 1 : 2)) return wrong_count(kind, node.text, operands.size());
  if (exists || exists_not) {
    if (!path_of(operands.front())) return needs_path(kind, node.text);
    ConditionNode there{.kind = Kind::kExists, .operands = std::move(operands)};
    if (exists) return there;
    ConditionNode out{.kind = Kind::kNot};
    out.of.push_back(std::move(there));
    return out;
  }
  GUST_CHECK(check_distinct(kind, node.text, operands));
  if (node.text == "attribute_type") {
    GUST_TRY(const auto type, wanted_type(kind, operands[1]));
    operands.pop_back();
    return ConditionNode{.kind = Kind::kType, .operands = std::move(operands), .type = type};
  }
  if (node.text == "contains") return ConditionNode{.kind = Kind::kContains, .operands = std::move(operands)};
  for (const auto& operand : operands)
    if (const auto type = known_type(operand); type && *type != Type::kString && *type != Type::kBinary)
      return wrong_type(kind, node.text, name_of(*type));
  return ConditionNode{.kind = Kind::kBeginsWith, .operands = std::move(operands)};
}

}  // namespace

Result<Operand> resolve_operand(ExpressionKind kind, const SyntaxNode& node, Placeholders& placeholders) {
  if (node.kind == SyntaxNode::Kind::kPath) {
    GUST_TRY(auto path, resolve_path(kind, node.path, placeholders));
    return Operand{std::move(path)};
  }
  if (node.kind == SyntaxNode::Kind::kValue) {
    GUST_TRY(auto value, resolve_value(kind, node.text, placeholders));
    return Operand{std::move(value)};
  }
  // Only size() is allowed here.
  GUST_TRY(auto operands, resolve_all(kind, node.of, placeholders));
  if (operands.size() != 1) return wrong_count(kind, node.text, operands.size());
  const auto type = known_type(operands.front());
  if (type == Type::kNumber || type == Type::kBool || type == Type::kNull)
    return wrong_type(kind, node.text, name_of(*type));
  operands.front().measure = Operand::Measure::kSize;
  return std::move(operands.front());
}

Result<ConditionNode> resolve_condition(ExpressionKind kind, const SyntaxNode& node, Placeholders& placeholders) {
  using Syntax = SyntaxNode::Kind;
  if (node.kind == Syntax::kFunction) return resolve_function(kind, node, placeholders);
  if (node.kind == Syntax::kAnd || node.kind == Syntax::kOr || node.kind == Syntax::kNot) {
    ConditionNode out{.kind = node.kind == Syntax::kAnd  ? Kind::kAnd
                              : node.kind == Syntax::kOr ? Kind::kOr
                                                         : Kind::kNot};
    for (const auto& child : node.of) {
      GUST_TRY(auto condition, resolve_condition(kind, child, placeholders));
      out.of.push_back(std::move(condition));
    }
    return out;
  }
  GUST_TRY(auto operands, resolve_all(kind, node.of, placeholders));
  ConditionNode out;
  if (node.kind == Syntax::kBetween) {
    out.kind = Kind::kBetween;
    GUST_CHECK(check_ordered(kind, node.text, operands));
    GUST_CHECK(check_bounds(kind, operands[1], operands[2]));
  } else if (node.kind == Syntax::kIn) {
    out.kind = Kind::kIn;
    if (operands.size() - 1 > kMaxInOperands)
      return invalid(kind, fmt::format("The IN operator is provided with too many operands; number of operands: {}",
                                       operands.size() - 1));
  } else {
    out.kind = comparison(node.text);
    if (out.kind != Kind::kEqual && out.kind != Kind::kNotEqual)
      GUST_CHECK(check_ordered(kind, node.text, operands));
  }
  GUST_CHECK(check_distinct(kind, node.text, operands));
  out.operands = std::move(operands);
  return out;
}

}  // namespace gust::tables
