#include "auth/policy_condition.h"

#include "auth/text.h"
#include "codec/base64.h"
#include "codec/time_format.h"

#include <fmt/format.h>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace gust::auth {
namespace {

using Kind = PolicyCondition::Kind;
using Comparison = PolicyCondition::Comparison;
using Sense = PolicyCondition::Sense;

struct Operator {
  std::string_view name;
  Kind kind;
  Sense sense = Sense::kPlain;
  Comparison comparison = Comparison::kEquals;
  Wildcards wildcards = Wildcards::kText;
  Case letters = Case::kExact;
};

constexpr auto kPlain = Sense::kPlain, kNegated = Sense::kNegated;
constexpr auto kEquals = Comparison::kEquals;
constexpr std::array kOperators = {
    Operator{"StringEquals", Kind::kString},
    Operator{"StringNotEquals", Kind::kString, kNegated},
    Operator{"StringEqualsIgnoreCase", Kind::kString, kPlain, kEquals, Wildcards::kText, Case::kIgnored},
    Operator{"StringNotEqualsIgnoreCase", Kind::kString, kNegated, kEquals, Wildcards::kText, Case::kIgnored},
    Operator{"StringLike", Kind::kString, kPlain, kEquals, Wildcards::kMatched},
    Operator{"StringNotLike", Kind::kString, kNegated, kEquals, Wildcards::kMatched},
    Operator{"NumericEquals", Kind::kNumeric},
    Operator{"NumericNotEquals", Kind::kNumeric, kNegated},
    Operator{"NumericLessThan", Kind::kNumeric, kPlain, Comparison::kLess},
    Operator{"NumericLessThanEquals", Kind::kNumeric, kPlain, Comparison::kLessEquals},
    Operator{"NumericGreaterThan", Kind::kNumeric, kPlain, Comparison::kGreater},
    Operator{"NumericGreaterThanEquals", Kind::kNumeric, kPlain, Comparison::kGreaterEquals},
    Operator{"DateEquals", Kind::kDate},
    Operator{"DateNotEquals", Kind::kDate, kNegated},
    Operator{"DateLessThan", Kind::kDate, kPlain, Comparison::kLess},
    Operator{"DateLessThanEquals", Kind::kDate, kPlain, Comparison::kLessEquals},
    Operator{"DateGreaterThan", Kind::kDate, kPlain, Comparison::kGreater},
    Operator{"DateGreaterThanEquals", Kind::kDate, kPlain, Comparison::kGreaterEquals},
    Operator{"Bool", Kind::kBool, kPlain, kEquals, Wildcards::kText, Case::kIgnored},
    Operator{"BinaryEquals", Kind::kBinary},
    Operator{"IpAddress", Kind::kIp},
    Operator{"NotIpAddress", Kind::kIp, kNegated},
    Operator{"ArnEquals", Kind::kArn, kPlain, kEquals, Wildcards::kMatched},
    Operator{"ArnLike", Kind::kArn, kPlain, kEquals, Wildcards::kMatched},
    Operator{"ArnNotEquals", Kind::kArn, kNegated, kEquals, Wildcards::kMatched},
    Operator{"ArnNotLike", Kind::kArn, kNegated, kEquals, Wildcards::kMatched},
    Operator{"Null", Kind::kNull},
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool same_letters(std::string_view left, std::string_view right) {
  return left.size() == right.size() && lower_ascii(left) == right;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// Seconds since 1970: as they are, or from the forms of ISO 8601 that the W3C's note has, from the day to the fraction.
std::optional<double> date(std::string_view text) {
  if (const auto seconds = number(text)) return seconds;
  std::string full(text);
  if (full.size() == 7 && full[4] == '-') full += "-01";
  if (full.size() == 10) full += "T00:00:00Z";
  if (full.size() > 16 && full[13] == ':' && full[16] != ':') full.insert(16, ":00");
  const auto time = codec::from_iso8601(full);
  if (!time) return std::nullopt;
  return static_cast<double>(to_epoch_ms(*time)) / 1000;
}

// The part of an ARN that `text` begins with, up to a colon that is in no variable.
std::string_view arn_part(std::string_view text, Variables variables) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != ':') {
    const auto variable = variables == Variables::kReplaced ? variable_length(text.substr(end)) : 0;
    end += std::max<std::size_t>(variable, 1);
  }
  return text.substr(0, end);
}

ArnPattern arn_pattern(std::string_view text, Variables variables) {
  ArnPattern out;
  auto rest = text;
  while (out.parts.size() < 5) {
    const auto part = arn_part(rest, variables);
    if (part.size() == rest.size()) return {{PolicyPattern(text, Wildcards::kMatched, variables)}};
    out.parts.emplace_back(part, Wildcards::kMatched, variables);
    rest.remove_prefix(part.size() + 1);
  }
  out.parts.emplace_back(rest, Wildcards::kMatched, variables);
  return out;
}

}  // namespace

std::optional<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network out;
  if (::inet_pton(AF_INET6, address.c_str(), out.address.data()) == 1) {
    out.family = 6;
    out.bits = 128;
  } else if (::inet_pton(AF_INET, address.c_str(), out.address.data()) != 1) {
    return std::nullopt;
  }
  if (address.find('\0') != std::string::npos) return std::nullopt;
  if (slash != std::string_view::npos) {
    const auto bits = text.substr(slash + 1);
    int value = 0;
    const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), value);
    if (error != std::errc() || end != bits.data() + bits.size() || value < 0 || value > out.bits) return std::nullopt;
    out.bits = value;
  }
  constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (out.family == 6 && out.bits >= 96 && std::ranges::equal(std::span(out.address).first(12), kMapped)) {
    std::copy_n(out.address.begin() + 12, 4, out.address.begin());
    out.family = 4;
    out.bits -= 96;
  }
  return out;
}

bool Network::contains(const Network& other) const {
  if (family != other.family || other.bits < bits) return false;
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (std::memcmp(address.data(), other.address.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  return ((address[whole] ^ other.address[whole]) >> (8 - bits % 8)) == 0;
}

bool ArnPattern::matches(std::string_view arn, const ConditionKeys& keys) const {
  if (parts.size() == 1) return parts.front().matches(arn, keys);
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const auto colon = arn.find(':');
    if (colon == std::string_view::npos || !parts[i].matches(arn.substr(0, colon), keys)) return false;
    arn.remove_prefix(colon + 1);
  }
  return parts.back().matches(arn, keys);
}

Result<void> PolicyCondition::set_operator(std::string_view type) {
  auto name = type;
  if (take_prefix(name, "ForAllValues:")) set_ = Set::kAll;
  if (set_ == Set::kNone && take_prefix(name, "ForAnyValue:")) set_ = Set::kAny;
  constexpr std::string_view kIfExists = "IfExists";
  if (name.ends_with(kIfExists)) {
    if_exists_ = true;
    name.remove_suffix(kIfExists.size());
  }
  const auto found = std::ranges::find(kOperators, name, &Operator::name);
  if (found == kOperators.end() || (found->kind == Kind::kNull && if_exists_))
    return fail(Code::kInvalid, fmt::format("Invalid Condition type : {}", type), "policy");
  kind_ = found->kind;
  sense_ = found->sense;
  comparison_ = found->comparison;
  wildcards_ = found->wildcards;
  letters_ = found->letters;
  return {};
}

Result<void> PolicyCondition::set_value(const std::string& value, Variables variables) {
  const auto wrong = [&](std::string_view expected) {
    return fail(Code::kInvalid,
                fmt::format("Invalid value in Conditions: '{}' of {}, expected {}", value, key_, expected), "policy");
  };
  if (kind_ == Kind::kString) {
    values_.emplace_back(PolicyPattern(value, wildcards_, variables, letters_));
  } else if (kind_ == Kind::kArn) {
    values_.emplace_back(arn_pattern(value, variables));
  } else if (kind_ == Kind::kBool || kind_ == Kind::kNull) {
    PolicyPattern pattern(value, Wildcards::kText, kind_ == Kind::kBool ? variables : Variables::kText, Case::kIgnored);
    if (!pattern.has_variables() && !same_letters(value, "true") && !same_letters(value, "false"))
      return wrong("true or false");
    values_.emplace_back(std::move(pattern));
  } else if (kind_ == Kind::kIp) {
    const auto network = Network::parse(value);
    if (!network) return fail(Code::kInvalid, fmt::format("Invalid IP address in Conditions: {}", value), "policy");
    values_.emplace_back(*network);
  } else if (kind_ == Kind::kBinary) {
    auto bytes = codec::from_base64(value);
    if (!bytes) return wrong("base64");
    values_.emplace_back(std::move(*bytes));
  } else {
    const auto parsed = kind_ == Kind::kNumeric ? number(value) : date(value);
    if (!parsed && kind_ == Kind::kNumeric) return wrong("a number");
    if (!parsed) return wrong("a date like 2026-11-23T12:00:00Z, or seconds since 1970");
    values_.emplace_back(*parsed);
  }
  return {};
}

Result<PolicyCondition> PolicyCondition::parse(std::string_view type, std::string_view key,
                                               const std::vector<std::string>& values, Variables variables) {
  PolicyCondition out;
  GUST_CHECK(out.set_operator(type));
  out.key_ = lower_ascii(key);
  for (const auto& value : values) GUST_CHECK(out.set_value(value, variables));
  out.written_ = values;
  return out;
}

bool PolicyCondition::compares(double left, double right) const {
  switch (comparison_) {
    case Comparison::kEquals: return left == right;
    case Comparison::kLess: return left < right;
    case Comparison::kLessEquals: return left <= right;
    case Comparison::kGreater: return left > right;
    case Comparison::kGreaterEquals: return left >= right;
  }
  return false;
}

// Whether the operator without its negation holds for one value of the request and any of the policy's.
bool PolicyCondition::matches(std::string_view value, const ConditionKeys& keys) const {
  const auto any = [&](const auto& accepts) { return std::ranges::any_of(values_, accepts); };
  switch (kind_) {
    case Kind::kString:
    case Kind::kBool:
    case Kind::kNull: return any([&](const Value& v) { return std::get<PolicyPattern>(v).matches(value, keys); });
    case Kind::kArn: return any([&](const Value& v) { return std::get<ArnPattern>(v).matches(value, keys); });
    case Kind::kBinary: return any([&](const Value& v) { return std::get<std::string>(v) == value; });
    case Kind::kIp: {
      const auto address = Network::parse(value);
      return address && any([&](const Value& v) { return std::get<Network>(v).contains(*address); });
    }
    case Kind::kNumeric:
    case Kind::kDate: {
      const auto given = kind_ == Kind::kNumeric ? number(value) : date(value);
      return given && any([&](const Value& v) { return compares(*given, std::get<double>(v)); });
    }
  }
  return false;
}

bool PolicyCondition::holds(const ConditionKeys& keys) const {
  const auto given = keys.find(key_);
  if (kind_ == Kind::kNull) return matches(given.empty() ? "true" : "false", keys);
  const bool negated = sense_ == Sense::kNegated;
  if (given.empty()) return if_exists_ || set_ == Set::kAll || (set_ == Set::kNone && negated);
  const auto accepts = [&](const ConditionKeys::Key& key) { return matches(key.value, keys) != negated; };
  if (set_ == Set::kNone) {
    const auto fits = [&](const ConditionKeys::Key& key) { return matches(key.value, keys); };
    return std::ranges::any_of(given, fits) != negated;
  }
  // Values that are all empty are an empty set.
  const bool nothing = std::ranges::all_of(given, [](const ConditionKeys::Key& key) { return key.value.empty(); });
  if (set_ == Set::kAll) return nothing || std::ranges::all_of(given, accepts);
  return !nothing && std::ranges::any_of(given, accepts);
}

bool PolicyCondition::requires_a_value() const {
  return sense_ == Sense::kPlain && !if_exists_ && set_ != Set::kAll && kind_ != Kind::kNull &&
         comparison_ == Comparison::kEquals;
}

}  // namespace gust::auth
