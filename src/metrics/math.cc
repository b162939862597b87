#include "metrics/math.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

namespace gust::metrics {
namespace {

constexpr int kMaxDepth = 32;
constexpr std::int64_t kMaxFilled = 110'000;
constexpr std::size_t kMaxListed = 1'000'000, kMaxItems = 1000;

using Many = std::vector<ValueSeries>;

std::unexpected<Error> wrong(std::string message) { return fail(Code::kInvalid, std::move(message), "math"); }

std::optional<double> apply(char op, double a, double b) {
  const double out = op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : a / b;
  if (!std::isfinite(out)) return std::nullopt;  // by zero: there is no value then
  return out;
}

ValueSeries with(char op, const ValueSeries& a, const ValueSeries& b) {
  ValueSeries out{{}, std::min(a.from_s, b.from_s), std::max(a.to_s, b.to_s), std::max(a.period_s, b.period_s)};
  for (const auto& [at, value] : a.values) {
    const auto other = b.values.find(at);
    if (other == b.values.end()) continue;
    if (const auto result = apply(op, value, other->second)) out.values.emplace(at, *result);
  }
  return out;
}

enum class Side { kLeft, kRight };

ValueSeries with(char op, const ValueSeries& series, double number, Side of_number) {
  ValueSeries out{{}, series.from_s, series.to_s, series.period_s};
  for (const auto& [at, value] : series.values) {
    const auto result = of_number == Side::kLeft ? apply(op, number, value) : apply(op, value, number);
    if (result) out.values.emplace(at, *result);
  }
  return out;
}

Result<MathValue> combine(char op, const MathValue& a, const MathValue& b) {
  const auto *an = std::get_if<double>(&a), *bn = std::get_if<double>(&b);
  if (an != nullptr && bn != nullptr) {
    const auto result = apply(op, *an, *bn);
    return result ? Result<MathValue>(*result) : wrong("a division by zero");
  }
  const auto *as = std::get_if<ValueSeries>(&a), *bs = std::get_if<ValueSeries>(&b);
  if (as != nullptr && bs != nullptr) return MathValue(with(op, *as, *bs));
  if (as != nullptr && bn != nullptr) return MathValue(with(op, *as, *bn, Side::kRight));
  if (an != nullptr && bs != nullptr) return MathValue(with(op, *bs, *an, Side::kLeft));
  // A list with one value is a list again.
  const auto *am = std::get_if<Many>(&a), *bm = std::get_if<Many>(&b);
  if (am != nullptr && bm != nullptr) return wrong(fmt::format("'{}' has a list on both sides", op));
  Many out;
  for (const auto& one : am != nullptr ? *am : *bm) {
    GUST_TRY(auto each, am != nullptr ? combine(op, MathValue(one), b) : combine(op, a, MathValue(one)));
    out.push_back(std::get<ValueSeries>(std::move(each)));
  }
  return MathValue(std::move(out));
}

double reduce(std::string_view name, const std::vector<double>& values) {
  if (name == "MAX") return std::ranges::max(values);
  if (name == "MIN") return std::ranges::min(values);
  double sum = 0;
  for (const auto value : values) sum += value;
  return name == "SUM" ? sum : sum / static_cast<double>(values.size());
}

// Of a list: a series, at each time of those that have a value. Of a series: a number.
Result<MathValue> aggregate(std::string_view name, const MathValue& of) {
  if (const auto* number = std::get_if<double>(&of)) return MathValue(*number);
  if (const auto* series = std::get_if<ValueSeries>(&of)) {
    std::vector<double> values;
    for (const auto& [at, value] : series->values) values.push_back(value);
    return MathValue(values.empty() ? 0.0 : reduce(name, values));
  }
  const auto& many = std::get<Many>(of);
  std::map<std::int64_t, std::vector<double>> at_once;
  ValueSeries out;
  for (std::size_t i = 0; i < many.size(); ++i) {
    out.from_s = i == 0 ? many[i].from_s : std::min(out.from_s, many[i].from_s);
    out.to_s = std::max(out.to_s, many[i].to_s);
    out.period_s = i == 0 ? many[i].period_s : std::max(out.period_s, many[i].period_s);
    for (const auto& [at, value] : many[i].values) at_once[at].push_back(value);
  }
  for (const auto& [at, values] : at_once) out.values.emplace(at, reduce(name, values));
  return MathValue(std::move(out));
}

enum class Filling { kNumber, kRepeat, kLinear };

Result<ValueSeries> fill(const ValueSeries& series, Filling way, double number) {
  if (series.period_s <= 0 || (series.to_s - series.from_s) / series.period_s > kMaxFilled)
    return wrong("FILL of too many values");
  auto out = series;
  for (auto at = series.from_s; at < series.to_s; at += series.period_s) {
    if (series.values.contains(at)) continue;
    const auto after = series.values.upper_bound(at);
    const bool has_before = after != series.values.begin(), has_after = after != series.values.end();
    if (way == Filling::kNumber) {
      out.values.emplace(at, number);
    } else if (has_before) {
      const auto before = std::prev(after);
      if (way == Filling::kRepeat) {
        out.values.emplace(at, before->second);
      } else if (has_after) {
        const auto share = static_cast<double>(at - before->first) / static_cast<double>(after->first - before->first);
        out.values.emplace(at, before->second + (after->second - before->second) * share);
      }
    }
  }
  return out;
}

class Parser {
 public:
  Parser(std::string_view text, const Lookup& lookup) : text_(text), lookup_(lookup) {}

  Result<MathValue> whole() {
    GUST_TRY(auto value, sum(0));
    skip();
    if (at_ != text_.size()) return unexpected();
    return value;
  }

 private:
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  char peek() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  std::unexpected<Error> unexpected() const {
    return wrong(fmt::format("the expression makes no sense at character {}: '{}'", at_ + 1, text_.substr(at_, 20)));
  }

  Result<MathValue> sum(int depth) {
    if (depth > kMaxDepth) return wrong("the expression is nested too deep");
    GUST_TRY(auto left, product(depth));
    for (char op = peek(); op == '+' || op == '-'; op = peek()) {
      ++at_;
      GUST_TRY(const auto right, product(depth));
      GUST_TRY(left, combine(op, left, right));
    }
    return left;
  }

  Result<MathValue> product(int depth) {
    GUST_TRY(auto left, factor(depth));
    for (char op = peek(); op == '*' || op == '/'; op = peek()) {
      ++at_;
      GUST_TRY(const auto right, factor(depth));
      GUST_TRY(left, combine(op, left, right));
    }
    return left;
  }

  Result<MathValue> factor(int depth) {
    if (depth > kMaxDepth) return wrong("the expression is nested too deep");
    if (take('-')) {
      GUST_TRY(const auto value, factor(depth + 1));
      return combine('*', value, MathValue(-1.0));
    }
    if (take('(')) {
      GUST_TRY(auto value, sum(depth + 1));
      if (!take(')')) return unexpected();
      return value;
    }
    if (take('[')) return list(depth);
    const char c = peek();
    if ((c >= '0' && c <= '9') || c == '.') return number();
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return named(depth);
    return unexpected();
  }

  Result<MathValue> number() {
    double out = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), out);
    if (error != std::errc() || !std::isfinite(out)) return unexpected();
    at_ = static_cast<std::size_t>(end - text_.data());
    return MathValue(out);
  }

  Result<MathValue> list(int depth) {
    Many out;
    do {
      GUST_TRY(auto item, sum(depth + 1));
      if (auto* series = std::get_if<ValueSeries>(&item)) {
        out.push_back(std::move(*series));
      } else if (auto* many = std::get_if<Many>(&item)) {
        std::ranges::move(*many, std::back_inserter(out));
      } else {
        return wrong("a list holds a number where only series may be");
      }
      std::size_t values = 0;
      for (const auto& series : out) values += series.values.size();
      if (values > kMaxListed || out.size() > kMaxItems) return wrong("a list of too many values");
    } while (take(','));
    if (!take(']')) return unexpected();
    return MathValue(std::move(out));
  }

  std::string word() {
    skip();
    const auto begin = at_;
    const auto belongs = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // A function's name is in upper case, an id begins in lower case.
  Result<MathValue> named(int depth) {
    const auto name = word();
    if (!take('(')) return lookup_(name);
    static const std::set<std::string, std::less<>> kAggregates = {"AVG", "MAX", "MIN", "SUM"};
    if (name != "FILL" && !kAggregates.contains(name)) {
      return fail(Code::kUnsupported,
                  fmt::format("The function {} of metric math is not served: AVG, MAX, MIN, SUM and FILL are", name),
                  "math");
    }
    GUST_TRY(const auto of, sum(depth + 1));
    Result<MathValue> out;
    if (name == "FILL") {
      GUST_TRY(out, filled(of, depth));
    } else {
      GUST_TRY(out, aggregate(name, of));
    }
    if (!take(')')) return unexpected();
    return out;
  }

  Result<MathValue> filled(const MathValue& of, int depth) {
    if (!take(',')) return unexpected();
    Filling way = Filling::kNumber;
    double number = 0;
    const auto before = at_;
    const auto way_name = word();
    if (way_name == "REPEAT" || way_name == "LINEAR") {
      way = way_name == "REPEAT" ? Filling::kRepeat : Filling::kLinear;
    } else {
      at_ = before;
      GUST_TRY(const auto value, sum(depth + 1));
      const auto* given = std::get_if<double>(&value);
      if (given == nullptr) return wrong("FILL takes a number, REPEAT or LINEAR");
      number = *given;
    }
    if (const auto* series = std::get_if<ValueSeries>(&of)) {
      GUST_TRY(auto one, fill(*series, way, number));
      return MathValue(std::move(one));
    }
    const auto* many = std::get_if<Many>(&of);
    if (many == nullptr) return wrong("FILL takes a series");
    Many out;
    for (const auto& series : *many) {
      GUST_TRY(auto one, fill(series, way, number));
      out.push_back(std::move(one));
    }
    return MathValue(std::move(out));
  }

  std::string_view text_;
  const Lookup& lookup_;
  std::size_t at_ = 0;
};

}  // namespace

Result<MathValue> compute(std::string_view expression, const Lookup& lookup) {
  return Parser(expression, lookup).whole();
}

}  // namespace gust::metrics
