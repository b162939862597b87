#include "events/pattern_leaf.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <optional>

namespace gust::events {
namespace {

namespace json = codec::json;
using Kind = PatternLeaf::Kind;
using Relation = PatternLeaf::Bound::Relation;

constexpr double kMostNumber = 5e9;  // "Numeric matching" of the user guide

std::unexpected<Error> wrong(std::string message) { return fail(Code::kInvalid, std::move(message), "pattern"); }

bool is_number(const json::value& value) { return value.is_int64() || value.is_uint64() || value.is_double(); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool holds(const PatternLeaf::Bound& bound, double number) {
  switch (bound.relation) {
    case Relation::kEqual: return number == bound.number;
    case Relation::kLess: return number < bound.number;
    case Relation::kLessEqual: return number <= bound.number;
    case Relation::kGreater: return number > bound.number;
    case Relation::kGreaterEqual: return number >= bound.number;
  }
  return false;
}

// The bytes of an IPv4 or IPv6 address; empty when it is none.
std::string address_bytes(std::string_view text) {
  const std::string terminated(text);
  std::string out(16, '\0');
  if (::inet_pton(AF_INET6, terminated.c_str(), out.data()) == 1) return out;
  out.resize(4);
  if (::inet_pton(AF_INET, terminated.c_str(), out.data()) == 1) return out;
  return {};
}

bool in_network(std::string_view network, int bits, std::string_view address) {
  if (network.size() != address.size()) return false;
  for (std::size_t i = 0; i < network.size() && bits > 0; ++i, bits -= 8) {
    const auto mask = static_cast<unsigned char>(bits >= 8 ? 0xFF : 0xFF << (8 - bits));
    if (((static_cast<unsigned char>(network[i]) ^ static_cast<unsigned char>(address[i])) & mask) != 0) return false;
  }
  return true;
}

Result<PatternLeaf> network(const json::value& value) {
  const auto* given = value.if_string();
  const std::string_view text = given != nullptr ? std::string_view(*given) : std::string_view();
  const auto slash = text.find('/');
  PatternLeaf out{.kind = Kind::kAddress, .text = address_bytes(text.substr(0, slash))};
  if (slash == std::string_view::npos || out.text.empty())
    return wrong("cidr must be an IP network such as 10.0.0.0/24");
  const auto digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.bits);
  const bool known = error == std::errc() && end == digits.data() + digits.size();
  if (!known || out.bits < 0 || out.bits > static_cast<int>(out.text.size() * 8))
    return wrong("cidr must end with the number of bits of the network");
  return out;
}

Result<PatternLeaf> numeric(const json::value& value) {
  const auto* list = value.if_array();
  if (list == nullptr || list->empty() || list->size() % 2 != 0 || list->size() > 4)
    return wrong("numeric must be a list of one or two relations, each with its number");
  PatternLeaf out{.kind = Kind::kNumeric};
  for (std::size_t i = 0; i < list->size(); i += 2) {
    const auto* relation = (*list)[i].if_string();
    const std::string_view text = relation != nullptr ? std::string_view(*relation) : std::string_view();
    PatternLeaf::Bound bound;
    if (text == "=") bound.relation = Relation::kEqual;
    else if (text == "<") bound.relation = Relation::kLess;
    else if (text == "<=") bound.relation = Relation::kLessEqual;
    else if (text == ">") bound.relation = Relation::kGreater;
    else if (text == ">=") bound.relation = Relation::kGreaterEqual;
    else return wrong("numeric knows the relations =, <, <=, > and >=");
    if (!is_number((*list)[i + 1])) return wrong("a relation of numeric needs a number");
    bound.number = (*list)[i + 1].to_number<double>();
    if (std::abs(bound.number) > kMostNumber) return wrong("Value must be between -5.0E9 and 5.0E9, inclusive");
    out.bounds.push_back(bound);
  }
  if (out.bounds.size() == 2) {
    const auto &lower = out.bounds[0], &upper = out.bounds[1];
    const bool above = lower.relation == Relation::kGreater || lower.relation == Relation::kGreaterEqual;
    const bool below = upper.relation == Relation::kLess || upper.relation == Relation::kLessEqual;
    const bool range = above && below && lower.number < upper.number;
    if (!range) return wrong("two relations of numeric must be a lower and then a greater upper bound");
  }
  return out;
}

Result<void> check_wildcard(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*' && i + 1 < pattern.size() && pattern[i + 1] == '*')
      return wrong("Consecutive wildcard characters");
    if (pattern[i] != '\\') continue;
    ++i;
    if (i == pattern.size() || (pattern[i] != '*' && pattern[i] != '\\')) return wrong("Invalid escape character");
  }
  return {};
}

Result<PatternLeaf> of_text(Kind kind, std::string_view name, const json::value& value) {
  const auto* text = value.if_string();
  if (text == nullptr) return wrong(fmt::format("{} match pattern must be a string", name));
  if (kind == Kind::kWildcard) GUST_CHECK(check_wildcard(*text));
  return PatternLeaf{.kind = kind, .text = std::string(*text)};
}

// prefix and suffix take a text, or one whatever its letters' case.
Result<PatternLeaf> of_end(Kind kind, Kind ignoring, std::string_view name, const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return of_text(kind, name, value);
  const auto* text = object->if_contains("equals-ignore-case");
  if (text == nullptr || object->size() != 1)
    return wrong(fmt::format("{} must be a string, or an object with equals-ignore-case", name));
  return of_text(ignoring, name, *text);
}

Result<PatternLeaf> anything_but(const json::value& value);

Result<PatternLeaf> operation(std::string_view name, const json::value& value) {
  if (name == "prefix") return of_end(Kind::kPrefix, Kind::kPrefixIgnoreCase, name, value);
  if (name == "suffix") return of_end(Kind::kSuffix, Kind::kSuffixIgnoreCase, name, value);
  if (name == "equals-ignore-case") return of_text(Kind::kIgnoreCase, name, value);
  if (name == "wildcard") return of_text(Kind::kWildcard, name, value);
  if (name == "numeric") return numeric(value);
  if (name == "cidr") return network(value);
  if (name == "anything-but") return anything_but(value);
  if (name == "exists") {
    if (!value.is_bool()) return wrong("exists match pattern must be either true or false.");
    return PatternLeaf{.kind = value.get_bool() ? Kind::kPresent : Kind::kAbsent};
  }
  return wrong(fmt::format("Unrecognized match type {}", name));
}

Result<PatternLeaf> anything_but(const json::value& value) {
  PatternLeaf out{.kind = Kind::kAnythingBut};
  const auto* object = value.if_object();
  std::string_view name;
  const json::value* given = &value;
  if (object != nullptr) {
    if (object->size() != 1) return wrong("anything-but must have one match type");
    name = object->begin()->key();
    given = &object->begin()->value();
    if (name != "prefix" && name != "suffix" && name != "equals-ignore-case" && name != "wildcard")
      return wrong(fmt::format("Unsupported anything-but pattern: {}", name));
  }
  const auto add = [&](const json::value& one) -> Result<void> {
    if (!name.empty()) {
      GUST_TRY(auto leaf, operation(name, one));
      out.others.push_back(std::move(leaf));
      return {};
    }
    if (!one.is_string() && !is_number(one)) return wrong("anything-but takes strings and numbers");
    if (!out.others.empty() && out.others[0].value.is_string() != one.is_string())
      return wrong("Inside anything but list, either all values are number or string, mixed type is not supported");
    out.others.push_back({.kind = Kind::kEqual, .value = one});
    return {};
  };
  if (const auto* list = given->if_array()) {
    if (list->empty()) return wrong("Empty arrays are not allowed");
    for (const auto& one : *list) GUST_CHECK(add(one));
  } else {
    GUST_CHECK(add(*given));
  }
  return out;
}

bool equal(const json::value& a, const json::value& b) {
  if (is_number(a) && is_number(b)) return a == b || a.to_number<double>() == b.to_number<double>();
  return a == b;
}

bool text_matches(const PatternLeaf& leaf, std::string_view text) {
  const std::string_view wanted = leaf.text;
  const bool fits = text.size() >= wanted.size();
  switch (leaf.kind) {
    case Kind::kPrefix: return text.starts_with(wanted);
    case Kind::kSuffix: return text.ends_with(wanted);
    case Kind::kIgnoreCase: return same_letters(text, wanted);
    case Kind::kPrefixIgnoreCase: return fits && same_letters(text.substr(0, wanted.size()), wanted);
    case Kind::kSuffixIgnoreCase: return fits && same_letters(text.substr(text.size() - wanted.size()), wanted);
    case Kind::kWildcard: return wildcard_matches(wanted, text);
    case Kind::kAddress: return in_network(wanted, leaf.bits, address_bytes(text));
    default: return false;
  }
}

}  // namespace

bool wildcard_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  std::optional<std::size_t> star;  // behind the last one that was passed
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = t;
      continue;
    }
    const std::size_t literal = p < pattern.size() && pattern[p] == '\\' ? p + 1 : p;
    if (literal < pattern.size() && pattern[literal] == text[t]) {
      p = literal + 1;
      ++t;
      continue;
    }
    if (!star) return false;
    p = *star;
    t = ++resume;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool PatternLeaf::matches(const json::value& event_value) const {
  switch (kind) {
    case Kind::kEqual: return equal(value, event_value);
    case Kind::kPresent: return true;
    case Kind::kAbsent: return false;
    case Kind::kNumeric: {
      if (!is_number(event_value)) return false;
      const auto number = event_value.to_number<double>();
      return std::ranges::all_of(bounds, [&](const auto& bound) { return holds(bound, number); });
    }
    case Kind::kAnythingBut:
      return std::ranges::none_of(others, [&](const auto& other) { return other.matches(event_value); });
    default: {
      const auto* event_text = event_value.if_string();
      return event_text != nullptr && text_matches(*this, *event_text);
    }
  }
}

Result<PatternLeaf> parse_leaf(const json::value& element) {
  if (const auto* object = element.if_object()) {
    if (object->size() != 1) return wrong("Only one key allowed in match expression");
    return operation(object->begin()->key(), object->begin()->value());
  }
  if (element.is_array()) return wrong("Match value must be String, number, true, false, or null");
  return PatternLeaf{.kind = Kind::kEqual, .value = element};
}

}  // namespace gust::events
