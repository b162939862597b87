#include "logs/insights/expression.h"

#include "logs/comparison.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

namespace gust::logs::insights {
namespace {

Value arithmetic(char op, const Value& a, const Value& b) {
  const auto x = number_of(a), y = number_of(b);
  if (!x || !y) return {};
  double out = 0;
  switch (op) {
    case '+': out = *x + *y; break;
    case '-': out = *x - *y; break;
    case '*': out = *x * *y; break;
    case '/': out = *y == 0 ? NAN : *x / *y; break;
    case '%': out = *y == 0 ? NAN : std::fmod(*x, *y); break;
    default: out = std::pow(*x, *y); break;
  }
  return std::isfinite(out) ? Value(out) : Value();
}

bool compares(std::string_view op, const Value& a, const Value& b) {
  if (is_missing(a) || is_missing(b)) return op == "!=" && is_missing(a) != is_missing(b);
  const auto order = compare(a, b);
  if (op == "=") return order == 0;
  if (op == "!=") return order != 0;
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

// a.0.b, as queries name what filters know as $.a[0].b.
std::string path_of(std::string_view field) {
  std::string out = "$";
  while (!field.empty()) {
    const auto dot = field.find('.');
    const auto part = field.substr(0, dot);
    const bool index = !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
    out += index ? fmt::format("[{}]", part) : fmt::format(".{}", part);
    field.remove_prefix(dot == std::string_view::npos ? field.size() : dot + 1);
  }
  return out;
}

Needs need_keys(const std::array<std::uint64_t, 2>& keys) {
  Needs out;
  out.kind = Needs::Kind::kKeys;
  out.keys.assign(keys.begin(), keys.end());
  out.of_fields = true;
  return out;
}

// A number in a text of the message may be written in many ways, and a boolean is in no filter.
Needs needs_of_equal(const Expression& field, const Expression& value) {
  if (field.kind != Expression::Kind::kField || value.kind != Expression::Kind::kLiteral) return {};
  const auto text = text_of(value.literal);
  if (field.name == "@message") return need_text(text);
  if (field.name.starts_with('@') || number_of(value.literal) || text.empty()) return {};
  return need_keys(field_keys(path_of(field.name), text));
}

}  // namespace

Value Expression::evaluate(const Record& record) const {
  const auto part = [&](std::size_t i) { return parts[i]->evaluate(record); };
  switch (kind) {
    case Kind::kLiteral: return literal;
    case Kind::kField: return record.get(name);
    case Kind::kAnd: return truth(is_true(part(0)) && is_true(part(1)));
    case Kind::kOr: return truth(is_true(part(0)) || is_true(part(1)));
    case Kind::kNot: return truth(!is_true(part(0)));
    case Kind::kCompare: return truth(compares(name, part(0), part(1)));
    case Kind::kArithmetic: return arithmetic(name[0], part(0), part(1));
    case Kind::kLike: {
      const auto text = text_of(part(0));
      if (regex) return truth(re2::RE2::PartialMatch(text, *regex));
      return truth(text.contains(text_of(part(1))));
    }
    case Kind::kIn: {
      const auto value = part(0);
      const auto same = [&](const ExpressionPtr& each) { return compares("=", value, each->evaluate(record)); };
      return truth(std::any_of(parts.begin() + 1, parts.end(), same));
    }
    case Kind::kCall: break;
  }
  std::vector<Value> arguments;
  for (std::size_t i = 0; i < parts.size(); ++i) arguments.push_back(part(i));
  return call_function(name, arguments);
}

Result<std::shared_ptr<const re2::RE2>> query_regex(std::string_view text) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(4 << 20);
  auto out = std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!out->ok()) {
    return fail(Code::kInvalid, fmt::format("/{}/ is not a regular expression: {}", text, out->error()), "query");
  }
  return out;
}

Needs needs_of(const Expression& filter) {
  using Kind = Expression::Kind;
  const auto of_parts = [&] { return std::vector{needs_of(*filter.parts[0]), needs_of(*filter.parts[1])}; };
  switch (filter.kind) {
    case Kind::kAnd: return need_all(of_parts());
    case Kind::kOr: return need_any(of_parts());
    case Kind::kCompare:
      return filter.name == "=" ? needs_of_equal(*filter.parts[0], *filter.parts[1]) : Needs();
    case Kind::kLike: {
      const auto& field = *filter.parts[0];
      const bool of_message = field.kind == Kind::kField && field.name == "@message";
      if (!of_message || filter.regex || filter.parts[1]->kind != Kind::kLiteral) return {};
      return need_text(text_of(filter.parts[1]->literal));
    }
    case Kind::kIn: {
      std::vector<Needs> options;
      for (std::size_t i = 1; i < filter.parts.size(); ++i)
        options.push_back(needs_of_equal(*filter.parts[0], *filter.parts[i]));
      return need_any(std::move(options));
    }
    default: return {};
  }
}

}  // namespace gust::logs::insights
