#include "tables/expressions/partiql_parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace gust::tables {
namespace {

using Lexeme = PartiqlToken;
using Kind = SyntaxNode::Kind;

SyntaxNode joined(Kind kind, SyntaxNode first) {
  SyntaxNode out{.kind = kind};
  out.of.push_back(std::move(first));
  return out;
}

// Whether the exponent, and what is left of it behind the point, are 32-bit integers, as the service's parser has them.
bool fits(std::string_view text) {
  const auto mark = std::min(text.find_first_of("eE"), text.size());
  const auto point = std::min(text.find('.'), mark);
  auto written = text.substr(std::min(mark + 1, text.size()));
  if (written.starts_with('+')) written.remove_prefix(1);
  std::int64_t exponent = 0;
  if (!written.empty() && std::from_chars(written.data(), written.data() + written.size(), exponent).ec != std::errc())
    return false;
  const auto behind = static_cast<std::int64_t>(mark - point) - (point < mark ? 1 : 0);
  const auto is_int = [](std::int64_t value) {
    return value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max();
  };
  return is_int(exponent) && is_int(behind - exponent);
}

std::string text_of(const Value& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  return value.as<Number>() ? value.as<Number>()->text() : "";
}

}  // namespace

SyntaxNode PartiqlParser::value_node(Value value) {
  const auto key = fmt::format(":{}", values_.size());
  values_.emplace(key, std::move(value));
  return {.kind = Kind::kValue, .text = key};
}

Result<SyntaxNode> PartiqlParser::nested(Result<Node> (PartiqlParser::*part)()) {
  if (depth_ == kMaxOperators)
    return refused(fmt::format("The expression contains too many operators; operator count: {}", depth_ + 1));
  ++depth_;
  auto out = (this->*part)();
  --depth_;
  return out;
}

Result<SyntaxNode> PartiqlParser::either() {
  GUST_TRY(auto first, both());
  if (!is_word("OR")) return first;
  auto out = joined(Kind::kOr, std::move(first));
  while (is_word("OR")) {
    if (!is_condition(out.of.back())) return unexpected();
    next();
    GUST_TRY(auto more, both());
    out.of.push_back(std::move(more));
  }
  if (!is_condition(out.of.back())) return unexpected();
  return out;
}

Result<SyntaxNode> PartiqlParser::both() {
  GUST_TRY(auto first, negated());
  if (!is_word("AND")) return first;
  auto out = joined(Kind::kAnd, std::move(first));
  while (is_word("AND")) {
    if (!is_condition(out.of.back())) return unexpected();
    next();
    GUST_TRY(auto more, negated());
    out.of.push_back(std::move(more));
  }
  if (!is_condition(out.of.back())) return unexpected();
  return out;
}

Result<SyntaxNode> PartiqlParser::negated() {
  if (!take_word("NOT")) return comparison();
  GUST_TRY(auto child, nested(&PartiqlParser::negated));
  if (!is_condition(child)) return unexpected();
  return joined(Kind::kNot, std::move(child));
}

Result<SyntaxNode> PartiqlParser::comparison() {
  constexpr std::array<std::string_view, 7> kComparators = {"=", "<>", "!=", "<", "<=", ">", ">="};
  GUST_TRY(auto left, operand());
  const bool compares = std::ranges::any_of(kComparators, [&](std::string_view each) { return is_symbol(each); });
  const bool negates = is_word("NOT");
  if (!compares && !negates && !is_word("BETWEEN") && !is_word("IN") && !is_word("IS")) return left;
  if (is_condition(left) && left.kind != Kind::kFunction) return unexpected();
  if (negates) next();
  if (take_word("IS") && !negates) return is(std::move(left));
  SyntaxNode out;
  if (take_word("IN")) {
    GUST_TRY(out, among(std::move(left)));
  } else if (take_word("BETWEEN")) {
    out = joined(Kind::kBetween, std::move(left));
    out.text = "BETWEEN";
    GUST_TRY(auto low, operand());
    GUST_CHECK(expect_word("AND"));
    GUST_TRY(auto high, operand());
    out.of.push_back(std::move(low));
    out.of.push_back(std::move(high));
  } else if (compares) {
    out = joined(Kind::kCompare, std::move(left));
    out.text = next().text;
    if (out.text == "!=") out.text = "<>";
    GUST_TRY(auto right, operand());
    out.of.push_back(std::move(right));
  } else {
    return unexpected();
  }
  return negates ? joined(Kind::kNot, std::move(out)) : std::move(out);
}

// IS [NOT] MISSING, IS [NOT] NULL.
Result<SyntaxNode> PartiqlParser::is(Node first) {
  const bool negates = take_word("NOT");
  const bool missing = is_word("MISSING");
  if (!missing && !is_word("NULL")) return unexpected();
  next();
  auto out = joined(Kind::kFunction, std::move(first));
  out.text = missing ? "attribute_exists" : "attribute_type";
  if (!missing) out.of.push_back(value_node({std::string("NULL")}));
  return missing == negates ? std::move(out) : joined(Kind::kNot, std::move(out));
}

Result<SyntaxNode> PartiqlParser::among(Node first) {
  auto out = joined(Kind::kIn, std::move(first));
  out.text = "IN";
  const bool brackets = take("[");
  if (!brackets) GUST_CHECK(expect("("));
  do {
    GUST_TRY(auto value, operand());
    out.of.push_back(std::move(value));
  } while (take(","));
  GUST_CHECK(expect(brackets ? "]" : ")"));
  return out;
}

Result<SyntaxNode> PartiqlParser::group() {
  GUST_CHECK(expect("("));
  GUST_TRY(auto out, either());
  GUST_CHECK(expect(")"));
  return out;
}

Result<SyntaxNode> PartiqlParser::operand() {
  if (is_symbol("(")) return nested(&PartiqlParser::group);
  const auto& token = peek();
  const bool literal_word = is_word("TRUE") || is_word("FALSE") || is_word("NULL");
  const bool name = token.kind == Lexeme::Kind::kName || token.kind == Lexeme::Kind::kQuotedName;
  if (!name || literal_word) {
    GUST_TRY(auto value, literal("root"));
    return value_node(std::move(value));
  }
  const bool calls = peek(1).kind == Lexeme::Kind::kSymbol && peek(1).text == "(";
  if (token.kind == Lexeme::Kind::kName && calls) return nested(&PartiqlParser::function);
  GUST_TRY(auto steps, path());
  return SyntaxNode{.kind = Kind::kPath, .path = std::move(steps)};
}

Result<SyntaxNode> PartiqlParser::function() {
  constexpr std::array<std::string_view, 8> kKnown = {"attribute_exists", "attribute_not_exists", "attribute_type",
                                                      "begins_with",      "contains",             "size",
                                                      "if_not_exists",    "list_append"};
  const auto name = next();
  SyntaxNode out{.kind = Kind::kFunction, .text = lower(name.text)};
  if (std::ranges::find(kKnown, out.text) == kKnown.end())
    return refused(fmt::format("Unrecognized function: {}{}", out.text, place(name)));
  GUST_CHECK(expect("("));
  if (take(")")) return wrong_count(ExpressionKind::kStatement, out.text, 0);
  do {
    GUST_TRY(auto argument, operand());
    out.of.push_back(std::move(argument));
  } while (take(","));
  GUST_CHECK(expect(")"));
  return out;
}

Result<SyntaxPath> PartiqlParser::path() {
  const auto is_name = [&] {
    return peek().kind == Lexeme::Kind::kQuotedName ||
           (peek().kind == Lexeme::Kind::kName && !is_partiql_keyword(peek().text));
  };
  if (!is_name()) return unexpected();
  SyntaxPath out = {{SyntaxStep::Kind::kName, next().text}};
  while (true) {
    if (take(".")) {
      if (!is_name()) return not_well_formed("Invalid path dot component");
      out.push_back({SyntaxStep::Kind::kName, next().text});
    } else if (take("[")) {
      if (is_symbol("-") && peek(1).kind == Lexeme::Kind::kNumber && peek(1).text != "0")
        return refused(fmt::format("List index is not within the allowable range; index: [-{}]", peek(1).text) +
                       place(peek(1)));
      take("-");
      if (peek().kind == Lexeme::Kind::kText) {
        out.push_back({SyntaxStep::Kind::kName, next().text});
      } else {
        const auto& text = peek().text;
        if (peek().kind != Lexeme::Kind::kNumber || text.find_first_not_of("0123456789") != std::string::npos)
          return unexpected();
        out.push_back({SyntaxStep::Kind::kIndex, next().text});
      }
      GUST_CHECK(expect("]"));
    } else {
      return out;
    }
  }
}

Result<Value> PartiqlParser::parameter() {
  GUST_CHECK(expect("?"));
  if (used_ == parameters_.size()) return refused("Number of parameters in request and statement don't match.");
  return parameters_[used_++];
}

Result<Value> PartiqlParser::literal(const std::string& where) {
  if (literal_depth_ == kMaxDepth)
    return refused("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
                   "supported limit");
  if (is_symbol("?")) return parameter();
  if (peek().kind == Lexeme::Kind::kText) return Value{next().text};
  if (peek().kind == Lexeme::Kind::kNumber || is_symbol("-") || is_symbol("+")) return number(where);
  if (take_word("TRUE")) return Value{true};
  if (take_word("FALSE")) return Value{false};
  if (take_word("NULL")) return Value{Null{}};
  // The attributes of an item are the first level.
  const std::size_t levels = where.empty() ? 0 : 1;
  literal_depth_ += levels;
  auto out = [&]() -> Result<Value> {
    if (is_symbol("[")) return list(where);
    if (is_symbol("<<")) return bag(where);
    if (is_symbol("{")) return map(where);
    return unexpected();
  }();
  literal_depth_ -= levels;
  return out;
}

Result<Value> PartiqlParser::number(const std::string& where) {
  std::string text = is_symbol("-") ? "-" : "";
  if (peek().kind == Lexeme::Kind::kSymbol) next();
  if (peek().kind != Lexeme::Kind::kNumber) return unexpected();
  auto digits = next().text;
  if (!fits(digits)) return not_well_formed();
  if (digits.starts_with('.')) digits.insert(0, "0");
  if (const auto point = digits.find('.'); point + 1 == std::min(digits.find_first_of("eE"), digits.size()))
    digits.erase(point, 1);
  auto parsed = Number::parse(text + digits);
  if (!parsed) return refused(fmt::format("{} under {}", parsed.error().message, where.empty() ? "root" : where));
  return Value{std::move(*parsed)};
}

Result<Value> PartiqlParser::list(const std::string& where) {
  GUST_CHECK(expect("["));
  List out;
  if (take("]")) return Value{std::move(out)};
  do {
    GUST_TRY(auto value, literal(fmt::format("{}[{}]", where, out.size())));
    out.push_back(std::move(value));
  } while (take(","));
  GUST_CHECK(expect("]"));
  return Value{std::move(out)};
}

// <<...>>: a set.
Result<Value> PartiqlParser::bag(const std::string& where) {
  GUST_CHECK(expect("<<"));
  if (is_symbol(">>")) return refused("Empty bags are not supported");
  List all;
  do {
    GUST_TRY(auto value, literal(where));
    all.push_back(std::move(value));
  } while (take(","));
  GUST_CHECK(expect(">>"));
  Value out;
  std::size_t size = 0;
  const auto collect = [&]<typename Element>(std::set<Element> set) {
    for (const auto& value : all)
      if (const auto* element = value.as<Element>()) set.insert(*element);
    size = set.size();
    out.is = std::move(set);
  };
  const auto type = all.front().type();
  if (std::ranges::any_of(all, [&](const Value& value) { return value.type() != type; }) || type > Type::kBinary)
    return refused("Unsupported data type: a set has elements of one type, which is string, number or binary");
  if (type == Type::kString) collect(StringSet());
  if (type == Type::kNumber) collect(NumberSet());
  if (type == Type::kBinary) collect(BinarySet());
  if (size == all.size()) return out;
  std::vector<std::string> texts;
  for (const auto& value : all) texts.push_back(text_of(value));
  return refused(fmt::format("One or more parameter values were invalid: Input collection [{}] contains duplicates.",
                             fmt::join(texts, ", ")));
}

// `where` is empty for an item, each of whose attributes is a root.
Result<Value> PartiqlParser::map(const std::string& where) {
  GUST_CHECK(expect("{"));
  Item out;
  if (take("}")) return Value{std::move(out)};
  do {
    if (peek().kind != Lexeme::Kind::kText) return unexpected();
    auto name = next().text;
    GUST_CHECK(expect(":"));
    GUST_TRY(auto value, literal(where.empty() ? "root" : fmt::format("{}.{}", where, name)));
    if (!out.emplace(name, std::move(value)).second)
      return refused(fmt::format("Duplicate attribute in a map: {}", name));
  } while (take(","));
  GUST_CHECK(expect("}"));
  return Value{std::move(out)};
}

}  // namespace gust::tables
