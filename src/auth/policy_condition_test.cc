#include "auth/policy_condition.h"

#include <gtest/gtest.h>

namespace gust::auth {
namespace {

using Texts = std::vector<std::string>;

PolicyCondition condition(std::string_view type, const Texts& values, Variables variables = Variables::kReplaced) {
  auto parsed = PolicyCondition::parse(type, "aws:Key", values, variables);
  EXPECT_TRUE(parsed.has_value()) << type << ": " << (parsed ? "" : parsed.error().message);
  return parsed.value();
}

bool holds(std::string_view type, const Texts& wanted, const Texts& given) {
  ConditionKeys keys;
  keys.add("aws:username", "ann");
  for (const auto& value : given) keys.add("AWS:KEY", value);
  return condition(type, wanted).holds(keys);
}

struct Comparison {
  std::string_view type;
  Texts wanted;
  std::string given;
  bool holds;
};

void check_comparisons(const std::vector<Comparison>& cases) {
  for (const auto& c : cases)
    EXPECT_EQ(holds(c.type, c.wanted, {c.given}), c.holds) << c.type << " " << c.wanted[0] << " on " << c.given;
}

TEST(PolicyCondition, ComparesTexts) {
  check_comparisons({
      {"StringEquals", {"a", "b"}, "b", true},
      {"StringEquals", {"a", "b"}, "c", false},
      {"StringEquals", {"a"}, "A", false},
      {"StringEquals", {"a*"}, "ab", false},
      {"StringEquals", {"a*"}, "a*", true},
      {"StringEquals", {""}, "", true},
      {"StringEquals", {"x-${aws:username}"}, "x-ann", true},
      {"StringEquals", {"${aws:userid}"}, "ann", false},
      {"StringNotEquals", {"a", "b"}, "b", false},
      {"StringNotEquals", {"a", "b"}, "c", true},
      {"StringNotEquals", {"${aws:userid}"}, "ann", true},
      {"StringEqualsIgnoreCase", {"aB"}, "Ab", true},
      {"StringEqualsIgnoreCase", {"aB"}, "Abc", false},
      {"StringNotEqualsIgnoreCase", {"aB"}, "Ab", false},
      {"StringNotEqualsIgnoreCase", {"aB"}, "x", true},
      {"StringLike", {"a*", "?"}, "abc", true},
      {"StringLike", {"a*", "?"}, "b", true},
      {"StringLike", {"a*", "?"}, "bc", false},
      {"StringLike", {"A*"}, "ab", false},
      {"StringLike", {"home/${aws:username}/*"}, "home/ann/1", true},
      {"StringLike", {"${*}"}, "a", false},
      {"StringNotLike", {"a*"}, "ab", false},
      {"StringNotLike", {"a*"}, "b", true},
  });
}

TEST(PolicyCondition, ComparesNumbers) {
  check_comparisons({
      {"NumericEquals", {"10"}, "10", true},
      {"NumericEquals", {"10"}, "10.0", true},
      {"NumericEquals", {"10", "20"}, "20", true},
      {"NumericEquals", {"10"}, "ten", false},
      {"NumericEquals", {"10"}, "", false},
      {"NumericNotEquals", {"10"}, "11", true},
      {"NumericNotEquals", {"10"}, "10", false},
      {"NumericLessThan", {"10"}, "9.5", true},
      {"NumericLessThan", {"10"}, "10", false},
      {"NumericLessThanEquals", {"10"}, "10", true},
      {"NumericLessThanEquals", {"10"}, "11", false},
      {"NumericGreaterThan", {"-1"}, "0", true},
      {"NumericGreaterThan", {"0"}, "0", false},
      {"NumericGreaterThanEquals", {"0"}, "0", true},
      {"NumericGreaterThanEquals", {"0"}, "-0.1", false},
      {"NumericGreaterThan", {"1"}, "1e3", true},
      {"NumericGreaterThan", {"1"}, "inf", false},
  });
}

TEST(PolicyCondition, ComparesDates) {
  check_comparisons({
      {"DateEquals", {"2026-11-23T12:00:00Z"}, "2026-11-23T13:00:00+01:00", true},
      {"DateEquals", {"2026-11-23T12:00Z"}, "2026-11-23T12:00:00Z", true},
      {"DateEquals", {"2026-11-23"}, "2026-11-23T00:00:00Z", true},
      {"DateEquals", {"2026-11"}, "2026-11-01T00:00:00Z", true},
      {"DateEquals", {"1774000000"}, "2026-03-20T09:46:40Z", true},
      {"DateEquals", {"2026-03-20T09:46:40Z"}, "1774000000", true},
      {"DateNotEquals", {"2026-03-20T09:46:40Z"}, "1774000000", false},
      {"DateNotEquals", {"2026-03-20T09:46:40Z"}, "1774000001", true},
      {"DateLessThan", {"2026-03-20T09:46:40.5Z"}, "2026-03-20T09:46:40.4Z", true},
      {"DateLessThan", {"2026-03-20T09:46:40Z"}, "2026-03-20T09:46:40Z", false},
      {"DateLessThanEquals", {"2026-03-20T09:46:40Z"}, "2026-03-20T09:46:40Z", true},
      {"DateGreaterThan", {"2026-03-20T09:46:40Z"}, "2026-03-20T09:46:41Z", true},
      {"DateGreaterThanEquals", {"2026-03-20T09:46:40Z"}, "2026-03-20T09:46:39Z", false},
      {"DateGreaterThan", {"2026-03-20T09:46:40Z"}, "yesterday", false},
  });
}

TEST(PolicyCondition, ComparesBooleansAndBytes) {
  check_comparisons({
      {"Bool", {"true"}, "true", true},
      {"Bool", {"True"}, "true", true},
      {"Bool", {"false"}, "true", false},
      {"Bool", {"false"}, "maybe", false},
      {"BinaryEquals", {"AAH/"}, std::string("\0\1\xff", 3), true},
      {"BinaryEquals", {"AAH/"}, "AAH/", false},
  });
}

TEST(PolicyCondition, ComparesAddresses) {
  check_comparisons({
      {"IpAddress", {"203.0.113.0/24"}, "203.0.113.9", true},
      {"IpAddress", {"203.0.113.0/24"}, "203.0.114.9", false},
      {"IpAddress", {"203.0.113.8/30"}, "203.0.113.11", true},
      {"IpAddress", {"203.0.113.8/30"}, "203.0.113.12", false},
      {"IpAddress", {"203.0.113.9"}, "203.0.113.9", true},
      {"IpAddress", {"203.0.113.9"}, "203.0.113.8", false},
      {"IpAddress", {"0.0.0.0/0"}, "1.2.3.4", true},
      {"IpAddress", {"0.0.0.0/0"}, "2001:db8::1", false},
      {"IpAddress", {"10.0.0.0/8", "2001:db8::/32"}, "2001:DB8:1::1", true},
      {"IpAddress", {"2001:db8::/33"}, "2001:db8:8000::1", false},
      {"IpAddress", {"::/0"}, "2001:db8::1", true},
      {"IpAddress", {"127.0.0.0/8"}, "::ffff:127.0.0.1", true},
      {"IpAddress", {"::ffff:127.0.0.0/104"}, "127.9.9.9", true},
      {"IpAddress", {"203.0.113.0/24"}, "", false},
      {"IpAddress", {"203.0.113.0/24"}, "203.0.113.9 ", false},
      {"NotIpAddress", {"203.0.113.0/24", "10.0.0.0/8"}, "10.1.1.1", false},
      {"NotIpAddress", {"203.0.113.0/24", "10.0.0.0/8"}, "192.0.2.1", true},
  });
}

TEST(PolicyCondition, ComparesArnsPartByPart) {
  check_comparisons({
      {"ArnEquals", {"arn:aws:sns:us-east-1:111122223333:topic"}, "arn:aws:sns:us-east-1:111122223333:topic", true},
      {"ArnEquals", {"arn:aws:sns:*:111122223333:*"}, "arn:aws:sns:us-east-1:111122223333:topic:sub", true},
      {"ArnLike", {"arn:aws:s:*:111122223333:finance/*"}, "arn:aws:s:r:999999999999:x:111122223333:finance/d", false},
      {"ArnLike", {"arn:aws:s3:::b*"}, "arn:aws:s3:::bucket", true},
      {"ArnLike", {"arn:aws:s3:::b*"}, "arn:aws:s3:::", false},
      {"ArnLike", {"arn:aws:iam::*:user/${aws:username}"}, "arn:aws:iam::111122223333:user/ann", true},
      {"ArnLike", {"arn:aws:iam::*:user/${aws:username}"}, "arn:aws:iam::111122223333:user/bob", false},
      {"ArnLike", {"*"}, "arn:aws:s3:::bucket", true},
      {"ArnLike", {"arn:aws:s3:::b*"}, "bucket", false},
      {"ArnNotEquals", {"arn:aws:s3:::b"}, "arn:aws:s3:::b", false},
      {"ArnNotLike", {"arn:aws:s3:::b*"}, "arn:aws:s3:::c", true},
      {"ArnLike", {"arn:aws:S3:::b"}, "arn:aws:s3:::b", false},
  });
}

TEST(PolicyCondition, KnowsAbsentKeys) {
  struct {
    std::string_view type, wanted;
    bool holds;
  } const cases[] = {
      {"StringEquals", "a", false},
      {"StringLike", "*", false},
      {"StringNotEquals", "a", true},
      {"StringNotEqualsIgnoreCase", "a", true},
      {"StringNotLike", "*", true},
      {"NumericEquals", "1", false},
      {"NumericNotEquals", "1", true},
      {"NumericLessThan", "1", false},
      {"DateNotEquals", "1", true},
      {"DateLessThan", "1", false},
      {"Bool", "false", false},
      {"BinaryEquals", "", false},
      {"IpAddress", "0.0.0.0/0", false},
      {"NotIpAddress", "0.0.0.0/0", true},
      {"ArnLike", "*", false},
      {"ArnNotLike", "*", true},
      {"Null", "true", true},
      {"Null", "false", false},
      {"StringEqualsIfExists", "a", true},
      {"StringNotEqualsIfExists", "a", true},
      {"NumericLessThanIfExists", "1", true},
      {"BoolIfExists", "true", true},
      {"IpAddressIfExists", "10.0.0.0/8", true},
      {"ForAllValues:StringEquals", "a", true},
      {"ForAnyValue:StringEquals", "a", false},
      {"ForAllValues:StringNotEquals", "a", true},
      {"ForAnyValue:StringNotEquals", "a", false},
      {"ForAnyValue:StringEqualsIfExists", "a", true},
  };
  for (const auto& c : cases) EXPECT_EQ(holds(c.type, {std::string(c.wanted)}, {}), c.holds) << c.type << c.wanted;
}

TEST(PolicyCondition, ComparesPresentKeysOfIfExists) {
  EXPECT_FALSE(holds("StringEqualsIfExists", {"a"}, {"b"}));
  EXPECT_TRUE(holds("StringEqualsIfExists", {"a"}, {"a"}));
  EXPECT_FALSE(holds("StringNotEqualsIfExists", {"a"}, {"a"}));
  EXPECT_FALSE(holds("Null", {"true"}, {""}));
  EXPECT_TRUE(holds("Null", {"false"}, {""}));
  EXPECT_TRUE(holds("Null", {"True", "false"}, {"x"}));
}

TEST(PolicyCondition, ComparesSets) {
  struct {
    std::string_view type;
    Texts wanted, given;
    bool holds;
  } const cases[] = {
      {"ForAllValues:StringEquals", {"a", "b"}, {"a", "b"}, true},
      {"ForAllValues:StringEquals", {"a", "b"}, {"a"}, true},
      {"ForAllValues:StringEquals", {"a", "b"}, {"a", "c"}, false},
      {"ForAnyValue:StringEquals", {"a", "b"}, {"c", "b"}, true},
      {"ForAnyValue:StringEquals", {"a", "b"}, {"c", "d"}, false},
      {"ForAllValues:StringNotEquals", {"a"}, {"b", "c"}, true},
      {"ForAllValues:StringNotEquals", {"a"}, {"a", "c"}, false},
      {"ForAnyValue:StringNotEquals", {"a"}, {"a", "c"}, true},
      {"ForAnyValue:StringNotEquals", {"a"}, {"a"}, false},
      {"ForAllValues:StringLike", {"a*"}, {"ab", "ac"}, true},
      {"ForAllValues:StringEquals", {"a"}, {""}, true},      // an empty value is an empty set
      {"ForAnyValue:StringLike", {"*"}, {""}, false},
      {"ForAllValues:StringEquals", {"a"}, {"", "b"}, false},
      {"StringEquals", {"a"}, {"b", "a"}, true},
      {"StringNotEquals", {"a"}, {"b", "a"}, false},
      {"ForAllValues:NumericLessThan", {"3"}, {"1", "2"}, true},
      {"ForAnyValue:NumericLessThan", {"2"}, {"1", "2"}, true},
  };
  for (const auto& c : cases) EXPECT_EQ(holds(c.type, c.wanted, c.given), c.holds) << c.type << " " << c.given[0];
}

TEST(PolicyCondition, TakesVariablesAsTextInTheOldVersion) {
  ConditionKeys keys;
  keys.add("aws:username", "ann");
  keys.add("aws:key", "${aws:username}");
  EXPECT_TRUE(condition("StringEquals", {"${aws:username}"}, Variables::kText).holds(keys));
  EXPECT_FALSE(condition("StringEquals", {"${aws:username}"}).holds(keys));
}

TEST(PolicyCondition, RefusesWhatIsNotOfItsKind) {
  struct {
    std::string_view type;
    std::string value;
    std::string_view message;
  } const cases[] = {
      {"StringEqual", "a", "Invalid Condition type : StringEqual"},
      {"stringequals", "a", "Invalid Condition type : stringequals"},
      {"", "a", "Invalid Condition type : "},
      {"IfExists", "a", "Invalid Condition type : IfExists"},
      {"NullIfExists", "true", "Invalid Condition type : NullIfExists"},
      {"ForAllValues:ForAnyValue:StringEquals", "a", "Invalid Condition type : ForAllValues:ForAnyValue:StringEquals"},
      {"NumericEquals", "ten", "Invalid value in Conditions: 'ten' of aws:key, expected a number"},
      {"NumericEquals", "nan", "Invalid value in Conditions: 'nan' of aws:key, expected a number"},
      {"DateLessThan", "tomorrow", "Invalid value in Conditions: 'tomorrow' of aws:key, expected a date"},
      {"Bool", "yes", "Invalid value in Conditions: 'yes' of aws:key, expected true or false"},
      {"Null", "${aws:username}", "Invalid value in Conditions: '${aws:username}' of aws:key, expected true or false"},
      {"BinaryEquals", "?", "Invalid value in Conditions: '?' of aws:key, expected base64"},
      {"IpAddress", "10.0.0.0/33", "Invalid IP address in Conditions: 10.0.0.0/33"},
      {"IpAddress", "10.0.0.0/", "Invalid IP address in Conditions: 10.0.0.0/"},
      {"IpAddress", "10.0.*", "Invalid IP address in Conditions: 10.0.*"},
      {"NotIpAddress", "2001:db8::/129", "Invalid IP address in Conditions: 2001:db8::/129"},
  };
  for (const auto& c : cases) {
    const auto parsed = PolicyCondition::parse(c.type, "aws:Key", {c.value}, Variables::kReplaced);
    ASSERT_FALSE(parsed.has_value()) << c.type;
    EXPECT_TRUE(parsed.error().message.starts_with(c.message)) << parsed.error().message;
    EXPECT_EQ(parsed.error().source, "policy");
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
  }
}

}  // namespace
}  // namespace gust::auth
