// PolicyCondition: one operator on one key, as a statement's Condition has them. Any thread. Source: "IAM JSON policy
// elements: condition operators" and "Conditions with multiple context keys or values", IAM user guide.
#pragma once

#include "auth/condition_keys.h"
#include "auth/policy_pattern.h"
#include "base/result.h"

#include <array>
#include <string>
#include <variant>
#include <vector>

namespace gust::auth {

// An IPv4 or IPv6 network; IPv4 in IPv6 counts as IPv4.
struct Network {
  std::array<unsigned char, 16> address{};
  int family = 4;
  int bits = 32;

  // "203.0.113.0/24", "2001:db8::/32", or an address alone.
  static std::optional<Network> parse(std::string_view text);
  bool contains(const Network& other) const;
};

// The six parts of an ARN, each matched for itself; a text that is no ARN is matched as a whole.
struct ArnPattern {
  std::vector<PolicyPattern> parts;
  bool matches(std::string_view arn, const ConditionKeys& keys) const;
};

class PolicyCondition {
 public:
  enum class Kind { kString, kNumeric, kDate, kBool, kBinary, kIp, kArn, kNull };
  enum class Comparison { kEquals, kLess, kLessEquals, kGreater, kGreaterEquals };
  enum class Sense { kPlain, kNegated };
  enum class Set { kNone, kAll, kAny };

  // `type` is "ForAllValues:StringLikeIfExists". kInvalid "policy": an unknown operator, a value that is not of its
  // kind.
  static Result<PolicyCondition> parse(std::string_view type, std::string_view key,
                                       const std::vector<std::string>& values, Variables variables);

  // A key that is absent: false, and true for negated operators, IfExists and ForAllValues.
  bool holds(const ConditionKeys& keys) const;

  const std::string& key() const { return key_; }  // lower-case
  // Whether every request that it holds for has the key, with one of the values() that are written.
  bool requires_a_value() const;
  Kind kind() const { return kind_; }
  const std::vector<std::string>& values() const { return written_; }

 private:
  PolicyCondition() = default;
  Result<void> set_operator(std::string_view type);
  Result<void> set_value(const std::string& value, Variables variables);
  bool matches(std::string_view value, const ConditionKeys& keys) const;
  bool compares(double left, double right) const;

  Kind kind_ = Kind::kString;
  Comparison comparison_ = Comparison::kEquals;
  Sense sense_ = Sense::kPlain;
  Set set_ = Set::kNone;
  bool if_exists_ = false;
  Wildcards wildcards_ = Wildcards::kText;
  Case letters_ = Case::kExact;
  std::string key_;
  std::vector<std::string> written_;
  using Value = std::variant<PolicyPattern, ArnPattern, Network, double, std::string>;
  std::vector<Value> values_;
};

}  // namespace gust::auth
