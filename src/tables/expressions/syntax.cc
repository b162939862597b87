#include "tables/expressions/syntax.h"

#include "tables/expressions/reserved.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace gust::tables {
namespace {

using Kind = SyntaxNode::Kind;
using Grouped = SyntaxNode::Grouped;

constexpr std::array<std::string_view, 5> kConditions = {"attribute_exists", "attribute_not_exists", "attribute_type",
                                                         "begins_with", "contains"};
constexpr std::array<std::string_view, 3> kValues = {"size", "if_not_exists", "list_append"};

template <typename Words>
bool has(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool is_keyword(ExpressionKind kind, std::string_view word) {
  constexpr std::array<std::string_view, 5> kOfConditions = {"AND", "OR", "NOT", "BETWEEN", "IN"};
  constexpr std::array<std::string_view, 4> kOfUpdates = {"SET", "REMOVE", "ADD", "DELETE"};
  const auto same = [&](std::string_view keyword) { return same_word(word, keyword); };
  if (kind == ExpressionKind::kProjection) return false;
  if (kind == ExpressionKind::kUpdate) return std::ranges::any_of(kOfUpdates, same);
  return std::ranges::any_of(kOfConditions, same);
}

bool is_comparator(const Token& token) {
  constexpr std::array<std::string_view, 6> kComparators = {"=", "<>", "<", "<=", ">", ">="};
  return token.kind == Token::Kind::kSymbol && has(kComparators, token.text);
}

bool is_operand(const SyntaxNode& node) {
  return node.kind == Kind::kPath || node.kind == Kind::kValue || node.kind == Kind::kFunction;
}

bool fits(std::string_view function, bool as_condition) {
  return as_condition ? has(kConditions, function) : function == "size";
}

Result<void> check_uses(ExpressionKind kind, const SyntaxNode& node) {
  const bool joins = node.kind == Kind::kAnd || node.kind == Kind::kOr || node.kind == Kind::kNot;
  for (const auto& child : node.of) {
    if (child.kind == Kind::kFunction && !fits(child.text, joins)) return misused(kind, child.text);
    GUST_CHECK(check_uses(kind, child));
  }
  return {};
}

}  // namespace

bool is_condition(const SyntaxNode& node) {
  return node.kind != Kind::kPath && node.kind != Kind::kValue && node.kind != Kind::kSum;
}

std::unexpected<Error> SyntaxParser::too_many(std::size_t operators) const {
  return invalid(tokens_.kind(),
                 fmt::format("The expression contains too many operators; operator count: {}", operators));
}

Result<void> SyntaxParser::check() const {
  if (redundant_) return invalid(tokens_.kind(), "The expression has redundant parentheses;");
  if (operators_ > kMaxOperators) return too_many(operators_);
  return {};
}

Result<SyntaxNode> SyntaxParser::nested(Part part) {
  if (depth_ == kMaxOperators) {
    GUST_CHECK(check());
    return too_many(kMaxOperators + 1);
  }
  ++depth_;
  auto out = (this->*part)();
  --depth_;
  return out;
}

Result<SyntaxNode> SyntaxParser::joined(Kind kind, std::string_view word, Part part) {
  GUST_TRY(auto first, (this->*part)());
  if (!tokens_.is_word(word)) return first;
  SyntaxNode out{.kind = kind, .text = std::string(word)};
  out.of.push_back(std::move(first));
  while (tokens_.is_word(word)) {
    if (!is_condition(out.of.back())) return tokens_.syntax_error();
    tokens_.next();
    ++operators_;
    GUST_TRY(auto more, (this->*part)());
    out.of.push_back(std::move(more));
  }
  if (!is_condition(out.of.back())) return tokens_.syntax_error();
  return out;
}

Result<SyntaxNode> SyntaxParser::either() { return joined(Kind::kOr, "OR", &SyntaxParser::both); }
Result<SyntaxNode> SyntaxParser::both() { return joined(Kind::kAnd, "AND", &SyntaxParser::negated); }

Result<SyntaxNode> SyntaxParser::negated() {
  if (!tokens_.take_word("NOT")) return comparison();
  ++operators_;
  SyntaxNode out{.kind = Kind::kNot, .text = "NOT"};
  GUST_TRY(auto child, nested(&SyntaxParser::negated));
  if (!is_condition(child)) return tokens_.syntax_error();
  out.of.push_back(std::move(child));
  return out;
}

Result<SyntaxNode> SyntaxParser::comparison() {
  GUST_TRY(auto left, term());
  const bool compares = is_comparator(tokens_.peek());
  const bool has_words = tokens_.is_word("BETWEEN") || tokens_.is_word("IN");
  if (!compares && !has_words) return left;
  if (!is_operand(left)) return tokens_.syntax_error();
  ++operators_;
  if (tokens_.take_word("BETWEEN")) return between(std::move(left));
  if (tokens_.take_word("IN")) return among(std::move(left));
  SyntaxNode out{.kind = Kind::kCompare, .text = std::string(tokens_.next().text)};
  GUST_TRY(auto right, operand());
  out.of.push_back(std::move(left));
  out.of.push_back(std::move(right));
  return out;
}

Result<SyntaxNode> SyntaxParser::between(SyntaxNode first) {
  SyntaxNode out{.kind = Kind::kBetween, .text = "BETWEEN"};
  GUST_TRY(auto low, operand());
  GUST_CHECK(tokens_.expect_word("AND"));
  GUST_TRY(auto high, operand());
  out.of.push_back(std::move(first));
  out.of.push_back(std::move(low));
  out.of.push_back(std::move(high));
  return out;
}

Result<SyntaxNode> SyntaxParser::among(SyntaxNode first) {
  SyntaxNode out{.kind = Kind::kIn, .text = "IN"};
  out.of.push_back(std::move(first));
  GUST_CHECK(tokens_.expect("("));
  do {
    GUST_TRY(auto value, operand());
    out.of.push_back(std::move(value));
  } while (tokens_.take(","));
  GUST_CHECK(tokens_.expect(")"));
  return out;
}

Result<SyntaxNode> SyntaxParser::term() {
  return tokens_.is("(") ? group(&SyntaxParser::either) : operand();
}

Result<SyntaxNode> SyntaxParser::sum() {
  GUST_TRY(auto left, tokens_.is("(") ? group(&SyntaxParser::sum) : operand());
  if (!tokens_.is("+") && !tokens_.is("-")) return left;
  if (left.kind == Kind::kSum) return tokens_.syntax_error();
  ++operators_;
  SyntaxNode out{.kind = Kind::kSum, .text = std::string(tokens_.next().text)};
  GUST_TRY(auto right, operand());
  out.of.push_back(std::move(left));
  out.of.push_back(std::move(right));
  return out;
}

Result<SyntaxNode> SyntaxParser::group(Part part) {
  GUST_CHECK(tokens_.expect("("));
  GUST_TRY(auto inner, nested(part));
  GUST_CHECK(tokens_.expect(")"));
  if (inner.grouped == Grouped::kYes) redundant_ = true;
  inner.grouped = Grouped::kYes;
  // "(a.b).c" is a path, but not in an update.
  if (inner.kind != Kind::kPath || tokens_.kind() == ExpressionKind::kUpdate) return inner;
  const auto length = inner.path.size();
  GUST_CHECK(steps(inner.path));
  if (inner.path.size() > length) inner.grouped = Grouped::kNo;
  return inner;
}

Result<SyntaxNode> SyntaxParser::operand() {
  if (tokens_.is("(")) return group(&SyntaxParser::operand);
  const auto& token = tokens_.peek();
  if (token.kind == Token::Kind::kValuePlaceholder)
    return SyntaxNode{.kind = Kind::kValue, .text = std::string(tokens_.next().text)};
  const auto& after = tokens_.peek(1);
  if (token.kind == Token::Kind::kName && !is_keyword(tokens_.kind(), token.text) &&
      after.kind == Token::Kind::kSymbol && after.text == "(")
    return nested(&SyntaxParser::function);
  GUST_TRY(auto steps, path());
  return SyntaxNode{.kind = Kind::kPath, .path = std::move(steps)};
}

Result<SyntaxNode> SyntaxParser::function() {
  ++operators_;
  SyntaxNode out{.kind = Kind::kFunction, .text = std::string(tokens_.next().text)};
  GUST_CHECK(tokens_.expect("("));
  do {
    GUST_TRY(auto argument, operand());
    out.of.push_back(std::move(argument));
  } while (tokens_.take(","));
  GUST_CHECK(tokens_.expect(")"));
  return out;
}

Result<SyntaxPath> SyntaxParser::path() {
  const auto& token = tokens_.peek();
  const bool placeholder = token.kind == Token::Kind::kNamePlaceholder;
  if (!placeholder && (token.kind != Token::Kind::kName || is_keyword(tokens_.kind(), token.text)))
    return tokens_.syntax_error();
  SyntaxPath out;
  out.push_back({placeholder ? SyntaxStep::Kind::kPlaceholder : SyntaxStep::Kind::kName,
                 std::string(tokens_.next().text)});
  GUST_CHECK(steps(out));
  return out;
}

Result<void> SyntaxParser::steps(SyntaxPath& path) {
  while (true) {
    if (tokens_.take(".")) {
      const auto& token = tokens_.peek();
      const bool placeholder = token.kind == Token::Kind::kNamePlaceholder;
      if (!placeholder && (token.kind != Token::Kind::kName || is_keyword(tokens_.kind(), token.text)))
        return tokens_.syntax_error();
      path.push_back({placeholder ? SyntaxStep::Kind::kPlaceholder : SyntaxStep::Kind::kName,
                      std::string(tokens_.next().text)});
    } else if (tokens_.take("[")) {
      if (tokens_.peek().kind != Token::Kind::kNumber) return tokens_.syntax_error();
      path.push_back({SyntaxStep::Kind::kIndex, std::string(tokens_.next().text)});
      GUST_CHECK(tokens_.expect("]"));
    } else {
      return {};
    }
  }
}

Result<SyntaxNode> parse_condition_syntax(Tokens& tokens) {
  const auto kind = tokens.kind();
  SyntaxParser parser(tokens);
  GUST_TRY(auto root, parser.either());
  if (!is_condition(root)) return tokens.syntax_error();
  GUST_CHECK(tokens.expect_end());
  GUST_CHECK(parser.check());
  GUST_CHECK(check_function_names(kind, root));
  GUST_CHECK(check_function_uses(kind, root));
  GUST_CHECK(check_names(kind, root));
  return root;
}

Result<void> check_function_uses(ExpressionKind kind, const SyntaxNode& root) {
  if (root.kind == Kind::kFunction && !fits(root.text, true)) return misused(kind, root.text);
  return check_uses(kind, root);
}

Result<void> check_function_names(ExpressionKind kind, const SyntaxNode& node) {
  if (node.kind == Kind::kFunction && !has(kConditions, node.text) &&
      !has(kValues, node.text))
    return invalid(kind, fmt::format("Invalid function name; function: {}", node.text));
  for (const auto& child : node.of) GUST_CHECK(check_function_names(kind, child));
  return {};
}

Result<void> check_names(ExpressionKind kind, const SyntaxPath& path) {
  for (const auto& step : path)
    if (step.kind == SyntaxStep::Kind::kName && is_reserved(step.text))
      return invalid(kind, fmt::format("Attribute name is a reserved keyword; reserved keyword: {}", step.text));
  return {};
}

Result<void> check_names(ExpressionKind kind, const SyntaxNode& node) {
  GUST_CHECK(check_names(kind, node.path));
  for (const auto& child : node.of) GUST_CHECK(check_names(kind, child));
  return {};
}

std::unexpected<Error> misused(ExpressionKind kind, std::string_view function) {
  return invalid(kind, fmt::format("The function is not allowed to be used this way in an expression; function: {}",
                                   function));
}

Result<DocumentPath> resolve_path(ExpressionKind kind, const SyntaxPath& path, Placeholders& placeholders) {
  DocumentPath out;
  for (const auto& step : path) {
    if (step.kind == SyntaxStep::Kind::kName) {
      out.steps.emplace_back(step.text);
    } else if (step.kind == SyntaxStep::Kind::kPlaceholder) {
      const auto* name = placeholders.name(step.text);
      if (!name)
        return invalid(kind, fmt::format("An expression attribute name used in the document path is not defined; "
                                         "attribute name: {}",
                                         step.text));
      out.steps.emplace_back(*name);
    } else {
      std::int32_t index = 0;
      const auto [_, error] = std::from_chars(step.text.data(), step.text.data() + step.text.size(), index);
      if (error != std::errc())
        return invalid(kind, fmt::format("List index is not within the allowable range; index: [{}]", step.text));
      out.steps.emplace_back(static_cast<std::size_t>(index));
    }
  }
  if (out.steps.size() > kMaxDepth)
    return invalid(kind, fmt::format("The document path has too many nesting levels; nesting levels: {}",
                                     out.steps.size()));
  return out;
}

Result<Value> resolve_value(ExpressionKind kind, std::string_view text, Placeholders& placeholders) {
  if (const auto* value = placeholders.value(text)) return *value;
  return invalid(kind, fmt::format("An expression attribute value used in expression is not defined; "
                                   "attribute value: {}",
                                   text));
}

std::unexpected<Error> wrong_count(ExpressionKind kind, std::string_view function, std::size_t count) {
  return invalid(kind, fmt::format("Incorrect number of operands for operator or function; operator or function: {}, "
                                   "number of operands: {}",
                                   function, count));
}

std::unexpected<Error> wrong_type(ExpressionKind kind, std::string_view function, std::string_view type) {
  return invalid(kind, fmt::format("Incorrect operand type for operator or function; operator or function: {}, "
                                   "operand type: {}",
                                   function, type));
}

std::unexpected<Error> needs_path(ExpressionKind kind, std::string_view function) {
  return invalid(kind, fmt::format("Operator or function requires a document path; operator or function: {}",
                                   function));
}

}  // namespace gust::tables
