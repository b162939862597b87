// What policies of forms say, and documents that are none.
#include "api/s3/post_policy.h"

#include "codec/base64.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gust::api {
namespace {

const auto kNow = from_epoch_ms(1'700'000'000'000);

wire::Reply<PostPolicy> parse(std::string_view conditions) {
  return parse_post_policy(codec::to_base64(
      fmt::format(R"({{"expiration": "2030-01-01T00:00:00Z", "conditions": {}}})", conditions)));
}

// "" when the fields fit; else what the client is told.
std::string refusal(std::string_view conditions, const PostFields& fields, WallTime now = kNow) {
  const auto policy = parse(conditions);
  if (!policy) return policy.error().wire.message;
  const auto checked = check_post_policy(*policy, fields, now);
  return checked ? "" : checked.error().wire.message.substr(std::string_view("Invalid according to Policy: ").size());
}

TEST(PostPolicy, ConditionsOfFields) {
  EXPECT_EQ(refusal(R"([{"key": "k"}])", {{"key", "k"}}), "");
  EXPECT_EQ(refusal(R"([{"key": "k"}])", {{"key", "K"}}), R"(Policy Condition failed: ["eq", "$key", "k"])");
  EXPECT_EQ(refusal(R"([["Starts-With", "$Key", "a/"]])", {{"key", "a/b"}}), "");
  EXPECT_EQ(refusal(R"([["starts-with", "$key", "a/"]])", {{"key", "b"}}),
            R"(Policy Condition failed: ["starts-with", "$key", "a/"])");
  EXPECT_EQ(refusal(R"([["starts-with", "$acl", ""]])", {}), "");
  EXPECT_EQ(refusal(R"([["eq", "$acl", "private"]])", {}), R"(Policy Condition failed: ["eq", "$acl", "private"])");
  EXPECT_EQ(refusal(R"([["starts-with", "$content-type", "image/"]])", {{"content-type", "image/a,image/b"}}), "");
  EXPECT_NE(refusal(R"([["starts-with", "$content-type", "image/"]])", {{"content-type", "image/a, x"}}), "");
}

TEST(PostPolicy, EveryFieldNeedsACondition) {
  EXPECT_EQ(refusal("[]", {{"policy", ""}, {"signature", ""}, {"awsaccesskeyid", ""}, {"x-amz-signature", ""},
                           {"x-ignore-me", ""}}),
            "");
  EXPECT_EQ(refusal("[]", {{"key", "k"}, {"x-amz-date", ""}}), "Extra input fields: key, x-amz-date");
}

TEST(PostPolicy, Expires) {
  EXPECT_EQ(refusal("[]", {}, from_epoch_ms(1'893'455'999'999)), "");
  EXPECT_EQ(refusal("[]", {}, from_epoch_ms(1'893'456'000'000)), "Policy expired.");
}

TEST(PostPolicy, TheFilesSize) {
  const auto policy = parse(R"([["content-length-range", 1, "1048576"], ["Content-Length-Range", 0, 10]])");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->min_bytes, 1u);
  EXPECT_EQ(policy->max_bytes, 10u);
}

TEST(PostPolicy, TakesWhatItsDocumentationHasBeyondJson) {
  EXPECT_EQ(refusal(R"([["eq", "$key", "\$5\\,]"], {"a": "\\$",}, ])", {{"key", "$5\\,]"}, {"a", "\\$"}}), "");
}

TEST(PostPolicy, WhatIsNoPolicyIsRefused) {
  for (const auto* conditions :
       {"{}", "1", "[1]", "[{}]", "[[]]", R"([{"a": 1}])", R"([{"a": "1", "b": "2"}])", R"([["eq", "key", "k"]])",
        R"([["eq", "$key"]])", R"([["like", "$key", "k"]])", R"([[1, "$key", "k"]])", R"(["content-length-range"])",
        R"([["content-length-range", 0]])", R"([["content-length-range", -1, 1]])",
        R"([["content-length-range", 0, "x"]])", R"([["content-length-range", 0, "9999999999999999999999"]])"}) {
    const auto policy = parse(conditions);
    ASSERT_FALSE(policy) << conditions;
    EXPECT_EQ(policy.error().wire.code, "InvalidPolicyDocument");
  }
  EXPECT_FALSE(parse_post_policy("not base64"));
  EXPECT_FALSE(parse_post_policy(codec::to_base64(R"({"conditions": []})")));
  EXPECT_FALSE(parse_post_policy(codec::to_base64(R"({"expiration": "soon", "conditions": []})")));
  EXPECT_FALSE(parse_post_policy(codec::to_base64(R"({"expiration": "2030-01-01T00:00:00Z"})")));
  EXPECT_TRUE(parse_post_policy("eyJleHBpcmF0aW9uIjoiMjAzMC0wMS0wMVQwMDowMDowMFoiLCJj\r\nb25kaXRpb25zIjpbXX0="));
}

}  // namespace
}  // namespace gust::api
