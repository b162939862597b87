#include "events/pattern.h"

#include <gtest/gtest.h>

namespace gust::events {
namespace {

bool matches(const std::string& pattern, const std::string& event) {
  const auto parsed = Pattern::parse(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << (parsed ? "" : parsed.error().message);
  const auto document = codec::parse_json(event);
  EXPECT_TRUE(document) << event;
  return parsed && document && parsed->matches(*document);
}

std::string refused(const std::string& pattern) {
  const auto parsed = Pattern::parse(pattern);
  if (parsed) return "(none)";
  EXPECT_EQ(parsed.error().code, Code::kInvalid);
  EXPECT_EQ(parsed.error().source, "pattern");
  return parsed.error().message;
}

TEST(Patterns, EveryFieldMustMatch) {
  const std::string pattern = R"({"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"id": {"S": ["a"]}}}})";
  EXPECT_TRUE(matches(pattern, R"({"eventName": "MODIFY", "dynamodb": {"Keys": {"id": {"S": "a"}, "x": 1}}, "y": 2})"));
  EXPECT_FALSE(matches(pattern, R"({"eventName": "REMOVE", "dynamodb": {"Keys": {"id": {"S": "a"}}}})"));
  EXPECT_FALSE(matches(pattern, R"({"eventName": "INSERT", "dynamodb": {"Keys": {"id": {"S": "b"}}}})"));
  EXPECT_FALSE(matches(pattern, R"({"eventName": "INSERT", "dynamodb": {"Keys": {"id": "a"}}})"));
  EXPECT_FALSE(matches(pattern, R"({"eventName": "INSERT"})"));
  EXPECT_FALSE(matches(pattern, R"("INSERT")"));
}

TEST(Patterns, ScalarsMatchThemselves) {
  EXPECT_TRUE(matches(R"({"a": [null]})", R"({"a": null})"));
  EXPECT_FALSE(matches(R"({"a": [null]})", R"({"a": ""})"));
  EXPECT_FALSE(matches(R"({"a": [null]})", R"({})"));
  EXPECT_TRUE(matches(R"({"a": [""]})", R"({"a": ""})"));
  EXPECT_TRUE(matches(R"({"a": [true]})", R"({"a": true})"));
  EXPECT_FALSE(matches(R"({"a": [true]})", R"({"a": "true"})"));
  EXPECT_TRUE(matches(R"({"a": [300]})", R"({"a": 3.0e2})"));
  EXPECT_FALSE(matches(R"({"a": [300]})", R"({"a": "300"})"));
  EXPECT_TRUE(matches(R"({"a": [18446744073709551615]})", R"({"a": 18446744073709551615})"));
}

TEST(Patterns, Texts) {
  EXPECT_TRUE(matches(R"({"a": [{"prefix": "us-"}]})", R"({"a": "us-east-1"})"));
  EXPECT_FALSE(matches(R"({"a": [{"prefix": "us-"}]})", R"({"a": "eu-west-1"})"));
  EXPECT_FALSE(matches(R"({"a": [{"prefix": "1"}]})", R"({"a": 12})"));
  EXPECT_TRUE(matches(R"({"a": [{"suffix": ".png"}]})", R"({"a": "x.png"})"));
  EXPECT_FALSE(matches(R"({"a": [{"suffix": ".png"}]})", R"({"a": "png"})"));
  EXPECT_TRUE(matches(R"({"a": [{"equals-ignore-case": "AliCe"}]})", R"({"a": "aLICE"})"));
  EXPECT_FALSE(matches(R"({"a": [{"equals-ignore-case": "alice"}]})", R"({"a": "alices"})"));
  EXPECT_TRUE(matches(R"({"a": [{"prefix": {"equals-ignore-case": "US-"}}]})", R"({"a": "us-east-1"})"));
  EXPECT_TRUE(matches(R"({"a": [{"suffix": {"equals-ignore-case": ".PNG"}}]})", R"({"a": "x.png"})"));
  EXPECT_FALSE(matches(R"({"a": [{"suffix": {"equals-ignore-case": ".PNG"}}]})", R"({"a": "png"})"));
}

TEST(Patterns, Wildcards) {
  EXPECT_TRUE(wildcard_matches("*", ""));
  EXPECT_TRUE(wildcard_matches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(wildcard_matches("a*b*c", "a-b-b-d"));
  EXPECT_FALSE(wildcard_matches("a*", "b"));
  EXPECT_TRUE(wildcard_matches("a\\*b", "a*b"));
  EXPECT_FALSE(wildcard_matches("a\\*b", "axb"));
  EXPECT_TRUE(wildcard_matches("*\\\\", "x\\"));
  EXPECT_TRUE(matches(R"({"a": [{"wildcard": "dir/*.png"}]})", R"({"a": "dir/sub/1.png"})"));
  EXPECT_EQ(refused(R"({"a": [{"wildcard": "a**"}]})"), "Consecutive wildcard characters");
  EXPECT_EQ(refused(R"({"a": [{"wildcard": "a\\b"}]})"), "Invalid escape character");
}

TEST(Patterns, Numbers) {
  EXPECT_TRUE(matches(R"({"a": [{"numeric": ["=", 100]}]})", R"({"a": 100.0})"));
  EXPECT_TRUE(matches(R"({"a": [{"numeric": [">", 10, "<=", 20]}]})", R"({"a": 20})"));
  EXPECT_FALSE(matches(R"({"a": [{"numeric": [">", 10, "<=", 20]}]})", R"({"a": 10})"));
  EXPECT_FALSE(matches(R"({"a": [{"numeric": [">=", 10]}]})", R"({"a": "11"})"));
  for (const auto* bad : {R"([])", R"(["="])", R"([5, "="])", R"(["!=", 5])", R"(["<", 5, ">", 1])",
                          R"([">", 5, "<", 5])", R"(["=", 5, "=", 6])", R"(["=", "5"])",
                          R"(["=", 5000000001])", R"("=5")"})
    EXPECT_NE(refused(std::string(R"({"a": [{"numeric": )") + bad + "}]}"), "(none)") << bad;
}

TEST(Patterns, Networks) {
  EXPECT_TRUE(matches(R"({"a": [{"cidr": "10.0.0.0/23"}]})", R"({"a": "10.0.1.255"})"));
  EXPECT_FALSE(matches(R"({"a": [{"cidr": "10.0.0.0/23"}]})", R"({"a": "10.0.2.0"})"));
  EXPECT_FALSE(matches(R"({"a": [{"cidr": "10.0.0.0/23"}]})", R"({"a": "::1"})"));
  EXPECT_TRUE(matches(R"({"a": [{"cidr": "2001:db8::/33"}]})", R"({"a": "2001:db8:7fff::1"})"));
  EXPECT_FALSE(matches(R"({"a": [{"cidr": "2001:db8::/33"}]})", R"({"a": "2001:db8:8000::1"})"));
  for (const auto* bad : {"10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "x/8"})
    EXPECT_NE(refused(std::string(R"({"a": [{"cidr": ")") + bad + "\"}]}"), "(none)") << bad;
}

TEST(Patterns, AnythingBut) {
  EXPECT_TRUE(matches(R"({"a": [{"anything-but": ["x", "y"]}]})", R"({"a": "z"})"));
  EXPECT_FALSE(matches(R"({"a": [{"anything-but": ["x", "y"]}]})", R"({"a": "y"})"));
  EXPECT_FALSE(matches(R"({"a": [{"anything-but": "x"}]})", R"({})"));
  EXPECT_TRUE(matches(R"({"a": [{"anything-but": 5}]})", R"({"a": "5"})"));
  EXPECT_FALSE(matches(R"({"a": [{"anything-but": [5]}]})", R"({"a": 5.0})"));
  EXPECT_FALSE(matches(R"({"a": [{"anything-but": {"prefix": "in"}}]})", R"({"a": "init"})"));
  EXPECT_TRUE(matches(R"({"a": [{"anything-but": {"suffix": ["a", "b"]}}]})", R"({"a": "c"})"));
  EXPECT_FALSE(matches(R"({"a": [{"anything-but": {"equals-ignore-case": ["A"]}}]})", R"({"a": "a"})"));
  EXPECT_FALSE(matches(R"({"a": [{"anything-but": {"wildcard": "*x*"}}]})", R"({"a": "axb"})"));
  for (const auto* bad : {"[]", R"(["x", 5])", "true", "[null]", R"({"numeric": ["=", 5]})", R"({"prefix": []})", "{}"})
    EXPECT_NE(refused(std::string(R"({"a": [{"anything-but": )") + bad + "}]}"), "(none)") << bad;
}

TEST(Patterns, ExistsLooksAtValuesOnly) {
  EXPECT_TRUE(matches(R"({"a": [{"exists": true}]})", R"({"a": null})"));
  EXPECT_FALSE(matches(R"({"a": [{"exists": true}]})", R"({"b": 1})"));
  EXPECT_FALSE(matches(R"({"a": [{"exists": true}]})", R"({"a": {"b": 1}})"));
  EXPECT_TRUE(matches(R"({"a": [{"exists": false}]})", R"({"b": 1})"));
  EXPECT_FALSE(matches(R"({"a": [{"exists": false}]})", R"({"a": 1})"));
  EXPECT_TRUE(matches(R"({"a": {"b": {"c": [{"exists": false}]}}})", R"({"a": 1})"));
  EXPECT_TRUE(matches(R"({"a": [{"exists": false}, "x"]})", R"({"a": "x"})"));
}

TEST(Patterns, ArraysMatchByAnElement) {
  EXPECT_TRUE(matches(R"({"a": ["x"]})", R"({"a": ["y", "x"]})"));
  EXPECT_TRUE(matches(R"({"a": ["x"]})", R"({"a": [["y"], ["x"]]})"));
  EXPECT_FALSE(matches(R"({"a": ["x"]})", R"({"a": []})"));
  EXPECT_TRUE(matches(R"({"a": [{"anything-but": "x"}]})", R"({"a": ["x", "y"]})"));
  const std::string both = R"({"a": {"b": [1], "c": [2]}})";
  EXPECT_TRUE(matches(both, R"({"a": [{"b": 9}, {"b": 1, "c": 2}]})"));
  EXPECT_FALSE(matches(both, R"({"a": [{"b": 1, "c": 9}, {"b": 9, "c": 2}]})"));
}

TEST(Patterns, Either) {
  const std::string pattern = R"({"a": [1], "$or": [{"b": [1]}, {"c": {"d": ["x"]}}]})";
  EXPECT_TRUE(matches(pattern, R"({"a": 1, "b": 1})"));
  EXPECT_TRUE(matches(pattern, R"({"a": 1, "b": 2, "c": {"d": "x"}})"));
  EXPECT_FALSE(matches(pattern, R"({"a": 1, "b": 2})"));
  EXPECT_FALSE(matches(pattern, R"({"a": 2, "b": 1})"));
  EXPECT_TRUE(matches(R"({"$or": ["x"]})", R"({"$or": "x"})"));
}

TEST(Patterns, WhatIsNoneIsRefused) {
  for (const auto* bad : {"", "x", "[]", "\"single-string\"", "5", "{}", R"({"a": {}})", R"({"a": []})",
                          R"({"a": "x"})", R"({"a": 5})", R"({"a": null})", R"({"a": [["x"]]})", R"({"a": [{}]})",
                          R"({"a": [{"prefix": "x", "suffix": "y"}]})", R"({"a": [{"like": "x"}]})",
                          R"({"a": [{"prefix": 5}]})", R"({"a": [{"prefix": {"suffix": "x"}}]})",
                          R"({"a": [{"exists": "true"}]})", R"({"a": [{"equals-ignore-case": ["x"]}]})",
                          R"({"$or": [{"a": [1]}, {}]})", R"([{"eventName": ["INSERT"=123}])"})
    EXPECT_NE(refused(bad), "(none)") << bad;
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"a":)";
  EXPECT_NE(refused(deep), "(none)");
}

}  // namespace
}  // namespace gust::events
