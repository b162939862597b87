#include "logs/insights/parser.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::logs::insights {
namespace {

using Kind = Expression::Kind;

constexpr int kMaxDepth = 64;

ExpressionPtr make(Kind kind, std::string name, std::vector<ExpressionPtr> parts) {
  Expression out;
  out.kind = kind;
  out.name = std::move(name);
  out.parts = std::move(parts);
  return std::make_shared<const Expression>(std::move(out));
}

ExpressionPtr literal(Value value) {
  Expression out;
  out.literal = std::move(value);
  return std::make_shared<const Expression>(std::move(out));
}

ExpressionPtr negated(ExpressionPtr of) { return make(Kind::kNot, "", {std::move(of)}); }

std::string lower(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

}  // namespace

bool ExpressionParser::take(std::string_view sign) {
  if (!here().is(sign)) return false;
  move();
  return true;
}

bool ExpressionParser::take_word(std::string_view word) {
  if (!here().is_word(word)) return false;
  move();
  return true;
}

std::unexpected<Error> ExpressionParser::error(std::string_view expected) const {
  const auto what = here().kind == Token::Kind::kEnd ? std::string("the end") : fmt::format("'{}'", here().raw);
  return fail(Code::kInvalid, fmt::format("unexpected {}, expected {}", what, expected), "query");
}

std::string ExpressionParser::text_since(std::size_t begin) const {
  if (begin >= at_) return {};
  const auto& first = tokens_[begin].raw;
  const auto& last = tokens_[at_ - 1].raw;
  return {first.data(), static_cast<std::size_t>(last.data() + last.size() - first.data())};
}

Result<std::string> ExpressionParser::field_name() {
  if (here().kind != Token::Kind::kName) return error("the name of a field");
  auto out = here().text;
  move();
  return out;
}

Result<ExpressionPtr> ExpressionParser::expression() {
  if (++depth_ > kMaxDepth) return error("fewer parentheses");
  GUST_TRY(auto out, conjunction());
  while (take_word("or")) {
    GUST_TRY(auto right, conjunction());
    out = make(Kind::kOr, "", {std::move(out), std::move(right)});
  }
  --depth_;
  return out;
}

Result<ExpressionPtr> ExpressionParser::conjunction() {
  GUST_TRY(auto out, negation());
  while (take_word("and")) {
    GUST_TRY(auto right, negation());
    out = make(Kind::kAnd, "", {std::move(out), std::move(right)});
  }
  return out;
}

Result<ExpressionPtr> ExpressionParser::negation() {
  bool odd = false;
  while (take_word("not")) odd = !odd;
  GUST_TRY(auto of, comparison());
  return odd ? negated(std::move(of)) : of;
}

Result<ExpressionPtr> ExpressionParser::comparison() {
  GUST_TRY(auto left, sum());
  return tested(std::move(left));
}

Result<ExpressionPtr> ExpressionParser::tested(ExpressionPtr left) {
  for (const std::string_view op : {"=", "!=", "<", "<=", ">", ">="}) {
    if (!take(op)) continue;
    GUST_TRY(auto right, sum());
    return make(Kind::kCompare, std::string(op), {std::move(left), std::move(right)});
  }
  if (take("=~") || take_word("like")) return like(std::move(left));
  if (take_word("in")) return membership(std::move(left));
  if (here().is_word("not") && (ahead().is_word("like") || ahead().is_word("in"))) {
    move();
    auto of = take_word("like") ? like(std::move(left)) : (move(), membership(std::move(left)));
    if (!of) return of;
    return negated(*std::move(of));
  }
  return left;
}

Result<ExpressionPtr> ExpressionParser::like(ExpressionPtr left) {
  Expression out;
  out.kind = Kind::kLike;
  if (here().kind == Token::Kind::kRegex) {
    GUST_TRY(out.regex, query_regex(here().text));
    move();
    out.parts = {std::move(left)};
  } else {
    GUST_TRY(auto right, value());
    out.parts = {std::move(left), std::move(right)};
  }
  return std::make_shared<const Expression>(std::move(out));
}

Result<ExpressionPtr> ExpressionParser::membership(ExpressionPtr left) {
  const bool bracket = take("[");
  if (!bracket && !take("(")) return error("[");
  std::vector<ExpressionPtr> parts{std::move(left)};
  do {
    GUST_TRY(auto one, sum());
    parts.push_back(std::move(one));
  } while (take(","));
  if (!take(bracket ? "]" : ")")) return error("]");
  return make(Kind::kIn, "", std::move(parts));
}

Result<ExpressionPtr> ExpressionParser::sum() {
  GUST_TRY(auto out, product());
  for (;;) {
    const auto op = here().is("+") ? "+" : here().is("-") ? "-" : "";
    if (*op == '\0') return out;
    move();
    GUST_TRY(auto right, product());
    out = make(Kind::kArithmetic, op, {std::move(out), std::move(right)});
  }
}

Result<ExpressionPtr> ExpressionParser::product() {
  GUST_TRY(auto out, power());
  for (;;) {
    const auto op = here().is("*") ? "*" : here().is("/") ? "/" : here().is("%") ? "%" : "";
    if (*op == '\0') return out;
    move();
    GUST_TRY(auto right, power());
    out = make(Kind::kArithmetic, op, {std::move(out), std::move(right)});
  }
}

Result<ExpressionPtr> ExpressionParser::power() {
  GUST_TRY(auto out, value());
  if (!take("^")) return out;
  if (++depth_ > kMaxDepth) return error("fewer powers");
  GUST_TRY(auto right, power());
  --depth_;
  return make(Kind::kArithmetic, "^", {std::move(out), std::move(right)});
}

Result<ExpressionPtr> ExpressionParser::value() {
  const auto token = here();
  if (take("(")) {
    GUST_TRY(auto out, expression());
    if (!take(")")) return error(")");
    return out;
  }
  if (take("-")) {
    if (++depth_ > kMaxDepth) return error("fewer signs");
    GUST_TRY(auto of, value());
    --depth_;
    return make(Kind::kArithmetic, "-", {literal(0.0), std::move(of)});
  }
  switch (token.kind) {
    case Token::Kind::kNumber:
    case Token::Kind::kPeriod: move(); return literal(token.number);
    case Token::Kind::kText: move(); return literal(token.text);
    case Token::Kind::kName: move(); break;
    default: return error("a value");
  }
  if (token.quoting == Token::Quoting::kNone && here().is("(")) return call(lower(token.text));
  if (token.is_word("true")) return literal(1.0);
  if (token.is_word("false")) return literal(0.0);
  return make(Kind::kField, token.text, {});
}

Result<ExpressionPtr> ExpressionParser::call(std::string name) {
  take("(");
  std::vector<ExpressionPtr> parts;
  if (name == "bin" && here().kind == Token::Kind::kPeriod) parts.push_back(make(Kind::kField, "@timestamp", {}));
  while (!here().is(")")) {
    GUST_TRY(auto one, expression());
    parts.push_back(std::move(one));
    if (!take(",")) break;
  }
  if (!take(")")) return error(")");
  GUST_CHECK(check_function(name, parts.size()));
  return make(Kind::kCall, std::move(name), std::move(parts));
}

}  // namespace gust::logs::insights
