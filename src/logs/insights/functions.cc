// The functions of Insights expressions.
#include "logs/insights/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace gust::logs::insights {
namespace {

constexpr std::size_t kMany = 100;

using Arguments = std::vector<Value>;

struct Function {
  std::string_view name;
  std::size_t least, most;
  Value (*call)(const Arguments&);
};

Value of_number(const Value& value, double (*make)(double)) {
  const auto number = number_of(value);
  if (!number) return {};
  const auto out = make(*number);
  return std::isfinite(out) ? Value(out) : Value();
}

Value of_text(const Value& value, std::string (*make)(std::string)) {
  return is_missing(value) ? Value() : Value(make(text_of(value)));
}

std::string trimmed(std::string text) {
  constexpr const char* kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string mapped(std::string text, char from, char to, int by) {
  for (auto& c : text) {
    if (c >= from && c <= to) c = static_cast<char>(c + by);
  }
  return text;
}

Value extreme(const Arguments& arguments, int sign) {
  Value out;
  for (const auto& each : arguments) {
    if (!is_missing(each) && (is_missing(out) || compare(each, out) * sign > 0)) out = each;
  }
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  if (from.empty()) return text;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

Value substring(const Arguments& a) {
  const auto from = number_of(a[1]);
  auto text = text_of(a[0]);
  if (!from || *from < 0) return {};
  if (*from >= static_cast<double>(text.size())) return std::string();
  const auto length = a.size() > 2 ? number_of(a[2]) : std::optional<double>(1e9);
  if (!length || *length < 0) return {};
  return text.substr(static_cast<std::size_t>(*from), static_cast<std::size_t>(std::min(*length, 1e9)));
}

// Times are milliseconds; the second is a period in milliseconds.
Value floored(const Arguments& a) {
  const auto at = number_of(a[0]), period = number_of(a[1]);
  if (!at || !period || *period <= 0) return {};
  return std::floor(*at / *period) * *period;
}
Value ceiled(const Arguments& a) {
  const auto at = number_of(a[0]), period = number_of(a[1]);
  if (!at || !period || *period <= 0) return {};
  return std::ceil(*at / *period) * *period;
}

Value joined(const Arguments& a) {
  std::string out;
  for (const auto& each : a) out += text_of(each);
  return out;
}

Value first_present(const Arguments& a) {
  for (const auto& each : a) {
    if (!is_missing(each)) return each;
  }
  return {};
}

constexpr std::array kFunctions = {
    Function{"abs", 1, 1, [](const Arguments& a) { return of_number(a[0], [](double n) { return std::abs(n); }); }},
    Function{"ceil", 1, 1, [](const Arguments& a) { return of_number(a[0], [](double n) { return std::ceil(n); }); }},
    Function{"floor", 1, 1, [](const Arguments& a) { return of_number(a[0], [](double n) { return std::floor(n); }); }},
    Function{"log", 1, 1, [](const Arguments& a) { return of_number(a[0], [](double n) { return std::log(n); }); }},
    Function{"sqrt", 1, 1, [](const Arguments& a) { return of_number(a[0], [](double n) { return std::sqrt(n); }); }},
    Function{"greatest", 1, kMany, [](const Arguments& a) { return extreme(a, 1); }},
    Function{"least", 1, kMany, [](const Arguments& a) { return extreme(a, -1); }},
    Function{"bin", 2, 2, floored},
    Function{"datefloor", 2, 2, floored},
    Function{"dateceil", 2, 2, ceiled},
    Function{"frommillis", 1, 1, [](const Arguments& a) { return of_number(a[0], [](double n) { return n; }); }},
    Function{"tomillis", 1, 1, [](const Arguments& a) { return of_number(a[0], [](double n) { return n; }); }},
    Function{"isempty", 1, 1, [](const Arguments& a) { return truth(text_of(a[0]).empty()); }},
    Function{"isblank", 1, 1, [](const Arguments& a) { return truth(trimmed(text_of(a[0])).empty()); }},
    Function{"ispresent", 1, 1, [](const Arguments& a) { return truth(!is_missing(a[0])); }},
    Function{"coalesce", 1, kMany, first_present},
    Function{"concat", 1, kMany, joined},
    Function{"strlen", 1, 1, [](const Arguments& a) {
               return is_missing(a[0]) ? Value() : Value(static_cast<double>(text_of(a[0]).size()));
             }},
    Function{"trim", 1, 1, [](const Arguments& a) { return of_text(a[0], trimmed); }},
    Function{"ltrim", 1, 1, [](const Arguments& a) {
               return of_text(a[0],
                              [](std::string t) { return t.substr(std::min(t.find_first_not_of(" \t"), t.size())); });
             }},
    Function{"rtrim", 1, 1, [](const Arguments& a) {
               return of_text(a[0], [](std::string t) { return t.substr(0, t.find_last_not_of(" \t\r\n") + 1); });
             }},
    Function{"toupper", 1, 1, [](const Arguments& a) {
               return of_text(a[0], [](std::string t) { return mapped(std::move(t), 'a', 'z', -32); });
             }},
    Function{"tolower", 1, 1, [](const Arguments& a) {
               return of_text(a[0], [](std::string t) { return mapped(std::move(t), 'A', 'Z', 32); });
             }},
    Function{"substr", 2, 3, substring},
    Function{"strcontains", 2, 2, [](const Arguments& a) { return truth(text_of(a[0]).contains(text_of(a[1]))); }},
    Function{"replace", 3, 3, [](const Arguments& a) {
               return is_missing(a[0]) ? Value() : Value(replaced(text_of(a[0]), text_of(a[1]), text_of(a[2])));
             }},
};

const Function* find_function(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &Function::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

}  // namespace

Result<void> check_function(std::string_view name, std::size_t arguments) {
  const auto* const function = find_function(name);
  if (function == nullptr) return fail(Code::kInvalid, fmt::format("there is no function '{}'", name), "query");
  if (arguments < function->least || arguments > function->most)
    return fail(Code::kInvalid, fmt::format("{}() does not take {} arguments", name, arguments), "query");
  return {};
}

Value call_function(std::string_view name, const std::vector<Value>& arguments) {
  const auto* const function = find_function(name);
  return function == nullptr ? Value() : function->call(arguments);
}

}  // namespace gust::logs::insights
