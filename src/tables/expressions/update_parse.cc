#include "tables/expressions/syntax.h"
#include "tables/expressions/update.h"
#include "tables/expressions/update_action.h"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace gust::tables {
namespace {

using Kind = UpdateAction::Kind;

constexpr auto kUpdate = ExpressionKind::kUpdate;
constexpr std::array<std::string_view, 4> kSections = {"SET", "REMOVE", "ADD", "DELETE"};

struct Sections {
  std::vector<WrittenAction> actions;
  std::string_view repeated;
};

Result<WrittenAction> parse_action(Kind kind, Tokens& tokens, SyntaxParser& parser) {
  WrittenAction out{.kind = kind, .path = {}};
  GUST_TRY(out.path, parser.path());
  if (kind == Kind::kSet) {
    GUST_CHECK(tokens.expect("="));
    GUST_TRY(out.value, parser.sum());
  } else if (kind != Kind::kRemove) {
    if (tokens.peek().kind != Token::Kind::kValuePlaceholder) return tokens.syntax_error();
    out.value = {.kind = SyntaxNode::Kind::kValue, .text = std::string(tokens.next().text)};
  }
  return out;
}

Result<Sections> parse_sections(Tokens& tokens, SyntaxParser& parser) {
  Sections out;
  std::array<bool, kSections.size()> seen{};
  do {
    std::size_t section = 0;
    while (section < kSections.size() && !tokens.is_word(kSections[section])) ++section;
    if (section == kSections.size()) return tokens.syntax_error();
    tokens.next();
    if (seen[section] && out.repeated.empty()) out.repeated = kSections[section];
    seen[section] = true;
    do {
      GUST_TRY(auto action, parse_action(static_cast<Kind>(section), tokens, parser));
      out.actions.push_back(std::move(action));
    } while (tokens.take(","));
  } while (!tokens.at_end());
  return out;
}

Result<void> check_uses(ExpressionKind kind, const SyntaxNode& node, bool inside) {
  if (node.kind == SyntaxNode::Kind::kFunction && node.text != "if_not_exists" &&
      (node.text != "list_append" || inside))
    return misused(kind, node.text);
  const bool in_function = inside || node.kind == SyntaxNode::Kind::kFunction;
  for (const auto& child : node.of) GUST_CHECK(check_uses(kind, child, in_function));
  return {};
}

Result<void> check_written(const Sections& sections) {
  for (const auto& action : sections.actions) {
    GUST_CHECK(check_names(kUpdate, action.path));
    GUST_CHECK(check_names(kUpdate, action.value));
  }
  for (const auto& action : sections.actions) GUST_CHECK(check_function_names(kUpdate, action.value));
  for (const auto& action : sections.actions) GUST_CHECK(check_function_uses(kUpdate, action));
  if (sections.repeated.empty()) return {};
  return invalid(kUpdate,
                 fmt::format("The \"{}\" section can only be used once in an update expression;", sections.repeated));
}

UpdateValue::Kind kind_of(const SyntaxNode& node) {
  using enum UpdateValue::Kind;
  if (node.kind == SyntaxNode::Kind::kPath) return kPath;
  if (node.kind == SyntaxNode::Kind::kValue) return kValue;
  if (node.kind == SyntaxNode::Kind::kSum) return node.text == "+" ? kPlus : kMinus;
  return node.text == "list_append" ? kListAppend : kIfNotExists;
}

Result<UpdateValue> resolve(ExpressionKind kind, const SyntaxNode& node, Placeholders& placeholders) {
  UpdateValue out{.kind = kind_of(node)};
  if (out.kind == UpdateValue::Kind::kPath) {
    GUST_TRY(out.path, resolve_path(kind, node.path, placeholders));
  } else if (out.kind == UpdateValue::Kind::kValue) {
    GUST_TRY(out.value, resolve_value(kind, node.text, placeholders));
  }
  for (const auto& child : node.of) {
    GUST_TRY(auto value, resolve(kind, child, placeholders));
    out.of.push_back(std::move(value));
  }
  return out;
}

// The type that it has, if it is known before there is an item.
Result<std::optional<Type>> check_value(ExpressionKind kind, const UpdateValue& value) {
  constexpr std::array<std::string_view, 6> kNames = {"", "", "if_not_exists", "list_append", "+", "-"};
  const auto name = kNames[static_cast<std::size_t>(value.kind)];
  if (value.kind == UpdateValue::Kind::kPath) return std::nullopt;
  if (value.kind == UpdateValue::Kind::kValue) return value.value.type();
  if (value.of.size() != 2) return wrong_count(kind, name, value.of.size());
  GUST_TRY(const auto first, check_value(kind, value.of[0]));
  GUST_TRY(const auto second, check_value(kind, value.of[1]));
  if (value.kind == UpdateValue::Kind::kIfNotExists) {
    if (value.of[0].kind != UpdateValue::Kind::kPath) return needs_path(kind, name);
    return second;
  }
  const auto wanted = value.kind == UpdateValue::Kind::kListAppend ? Type::kList : Type::kNumber;
  for (const auto& type : {first, second})
    if (type && *type != wanted) return wrong_type(kind, name, name_of(*type));
  return wanted;
}

Result<void> check_operand(ExpressionKind kind, const UpdateAction& action) {
  constexpr std::array<std::string_view, 10> kNames = {
      "STRING", "NUMBER", "BINARY", "BOOLEAN", "NULL", "MAP", "LIST", "STRING SET", "NUMBER SET", "BINARY SET"};
  if (action.kind != Kind::kAdd && action.kind != Kind::kDelete) return {};
  const auto type = action.value.value.type();
  if (type >= Type::kStringSet || (type == Type::kNumber && action.kind == Kind::kAdd)) return {};
  return invalid(kind, fmt::format("Incorrect operand type for operator or function; operator: {}, operand type: {}",
                                   kSections[static_cast<std::size_t>(action.kind)],
                                   kNames[static_cast<std::size_t>(type)]));
}

}  // namespace

Result<void> check_function_uses(ExpressionKind kind, const WrittenAction& action) {
  return check_uses(kind, action.value, false);
}

Result<UpdateExpression> resolve_update(ExpressionKind kind, const std::vector<WrittenAction>& written,
                                        Placeholders& placeholders) {
  std::vector<UpdateAction> actions;
  std::vector<DocumentPath> paths;
  for (const auto& each : written) {
    UpdateAction action{.kind = each.kind, .path = {}};
    GUST_TRY(action.path, resolve_path(kind, each.path, placeholders));
    if (each.kind != Kind::kRemove) {
      GUST_TRY(action.value, resolve(kind, each.value, placeholders));
    }
    paths.push_back(action.path);
    actions.push_back(std::move(action));
  }
  GUST_CHECK(check_apart(kind, paths));
  for (const auto& action : actions) GUST_CHECK(check_operand(kind, action));
  for (const auto& action : actions)
    if (action.kind == Kind::kSet) GUST_CHECK(check_value(kind, action.value));
  return UpdateExpression(std::move(actions));
}

Result<UpdateExpression> parse_update(std::string_view text, Placeholders& placeholders) {
  GUST_TRY(auto tokens, Tokens::of(kUpdate, text));
  SyntaxParser parser(tokens);
  GUST_TRY(const auto sections, parse_sections(tokens, parser));
  GUST_CHECK(parser.check());
  GUST_CHECK(check_written(sections));
  return resolve_update(kUpdate, sections.actions, placeholders);
}

}  // namespace gust::tables
