#include "tables/expressions/condition.h"

#include "codec/base64.h"
#include "tables/expressions/condition_node.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

using Kind = ConditionNode::Kind;

// In UTF-16 code units, as the service counts them.
std::size_t length(std::string_view text) {
  std::size_t out = 0;
  for (const unsigned char c : text) out += (c & 0xc0) == 0x80 ? 0 : c >= 0xf0 ? 2 : 1;
  return out;
}

std::optional<std::size_t> measure(const Value& value) {
  if (const auto* text = value.as<std::string>()) return length(*text);
  if (const auto* binary = value.as<Binary>()) return binary->bytes.size();
  if (const auto* map = value.as<Item>()) return map->size();
  if (const auto* list = value.as<List>()) return list->size();
  if (const auto* set = value.as<StringSet>()) return set->size();
  if (const auto* set = value.as<NumberSet>()) return set->size();
  if (const auto* set = value.as<BinarySet>()) return set->size();
  return std::nullopt;
}

// nullptr when there is none. `made` holds what is in no item.
const Value* look(const Operand& operand, const Item& item, Value& made) {
  const auto* path = std::get_if<DocumentPath>(&operand.is);
  const auto* value = path ? path->find(item) : &std::get<Value>(operand.is);
  if (!value || operand.measure == Operand::Measure::kItself) return value;
  const auto size = measure(*value);
  if (!size) return nullptr;
  auto number = Number::parse(std::to_string(*size));
  if (!number) return nullptr;
  made.is = std::move(*number);
  return &made;
}

bool begins_with(const Value& value, const Value& prefix) {
  if (const auto *text = value.as<std::string>(), *with = prefix.as<std::string>(); text && with)
    return text->starts_with(*with);
  if (const auto *binary = value.as<Binary>(), *with = prefix.as<Binary>(); binary && with)
    return binary->bytes.starts_with(with->bytes);
  return false;
}

template <typename Set, typename Element>
bool has_element(const Value& value, const Value& element) {
  const auto* set = value.as<Set>();
  const auto* one = element.as<Element>();
  return set && one && set->contains(*one);
}

bool contains(const Value& value, const Value& part) {
  if (const auto *text = value.as<std::string>(), *with = part.as<std::string>(); text && with)
    return text->contains(*with);
  if (const auto *binary = value.as<Binary>(), *with = part.as<Binary>(); binary && with)
    return binary->bytes.contains(with->bytes);
  if (const auto* list = value.as<List>()) return std::ranges::find(*list, part) != list->end();
  return has_element<StringSet, std::string>(value, part) || has_element<NumberSet, Number>(value, part) ||
         has_element<BinarySet, Binary>(value, part);
}

bool compares(Kind kind, const Value& left, const Value& right) {
  if (kind == Kind::kEqual) return left == right;
  if (kind == Kind::kBeginsWith) return begins_with(left, right);
  if (kind == Kind::kContains) return contains(left, right);
  const auto ordered = order(left, right);
  if (!ordered) return false;
  if (kind == Kind::kLess) return *ordered < 0;
  if (kind == Kind::kLessEqual) return *ordered <= 0;
  if (kind == Kind::kGreater) return *ordered > 0;
  return *ordered >= 0;
}

bool is_within(const Value& value, const Value& low, const Value& high) {
  return compares(Kind::kGreaterEqual, value, low) && compares(Kind::kLessEqual, value, high);
}

void add_attributes(const ConditionNode& node, std::set<std::string>& out) {
  for (const auto& operand : node.operands)
    if (const auto* path = std::get_if<DocumentPath>(&operand.is)) out.insert(path->top());
  for (const auto& child : node.of) add_attributes(child, out);
}

}  // namespace

std::optional<std::strong_ordering> order(const Value& left, const Value& right) {
  if (left.type() != right.type()) return std::nullopt;
  if (const auto* text = left.as<std::string>()) return *text <=> *right.as<std::string>();
  if (const auto* number = left.as<Number>()) return *number <=> *right.as<Number>();
  if (const auto* binary = left.as<Binary>()) return binary->bytes <=> right.as<Binary>()->bytes;
  return std::nullopt;
}

bool has_order(Type type) { return type == Type::kString || type == Type::kNumber || type == Type::kBinary; }

std::string describe(const Value& value) {
  std::string text;
  if (const auto* string = value.as<std::string>()) text = *string;
  if (const auto* number = value.as<Number>()) text = number->text();
  if (const auto* binary = value.as<Binary>()) text = codec::to_base64(binary->bytes);
  return fmt::format("{{{}:{}}}", name_of(value.type()), text);
}

bool holds(const ConditionNode& node, const Item& item) {
  const auto child_holds = [&](const ConditionNode& child) { return holds(child, item); };
  if (node.kind == Kind::kAnd) return std::ranges::all_of(node.of, child_holds);
  if (node.kind == Kind::kOr) return std::ranges::any_of(node.of, child_holds);
  if (node.kind == Kind::kNot) return !holds(node.of.front(), item);
  Value made, made_too, made_third;
  const auto* first = look(node.operands.front(), item, made);
  if (node.kind == Kind::kExists) return first != nullptr;
  if (node.kind == Kind::kType) return first && first->type() == node.type;
  if (node.kind == Kind::kIn)
    return first && std::ranges::any_of(node.operands.begin() + 1, node.operands.end(), [&](const Operand& operand) {
             const auto* value = look(operand, item, made_too);
             return value && *value == *first;
           });
  const auto* second = look(node.operands[1], item, made_too);
  if (node.kind == Kind::kNotEqual) return !first || !second || *first != *second;
  if (!first || !second) return false;
  if (node.kind != Kind::kBetween) return compares(node.kind, *first, *second);
  const auto* third = look(node.operands[2], item, made_third);
  return third && is_within(*first, *second, *third);
}

ConditionExpression::ConditionExpression(ConditionNode root)
    : root_(std::make_shared<const ConditionNode>(std::move(root))) {}

Result<bool> ConditionExpression::evaluate(const Item& item) const { return holds(*root_, item); }

std::set<std::string> ConditionExpression::attributes() const {
  std::set<std::string> out;
  add_attributes(*root_, out);
  return out;
}

Result<ConditionExpression> parse_condition(ExpressionKind kind, std::string_view text, Placeholders& placeholders) {
  GUST_TRY(auto tokens, Tokens::of(kind, text));
  GUST_TRY(const auto syntax, parse_condition_syntax(tokens));
  GUST_TRY(auto root, resolve_condition(kind, syntax, placeholders));
  return ConditionExpression(std::move(root));
}

}  // namespace gust::tables
