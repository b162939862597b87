#include "auth/authorization.h"

#include <gtest/gtest.h>

namespace gust::auth {
namespace {

const std::string kSignature(64, 'a');
const std::string kGood =
    "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/s3/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" +
    kSignature;

http::Request with_header(std::string value, std::string date = "20261123T120000Z") {
  http::Request request;
  request.path = "/";
  request.headers.add("Authorization", std::move(value));
  if (!date.empty()) request.headers.add("X-Amz-Date", std::move(date));
  return request;
}

http::Request with_query(std::string query) {
  http::Request request;
  request.path = "/";
  request.query = std::move(query);
  return request;
}

std::string presigned(std::string_view expires = "60", std::string_view date = "20261123T120000Z") {
  return fmt::format(
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20261123%2Fus-east-1%2Fs3%2Faws4_request"
      "&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders=host&X-Amz-Signature={}",
      date, expires, kSignature);
}

TEST(Authorization, Header) {
  const auto out = parse_authorization(with_header(kGood)).value().value();
  EXPECT_EQ(out.mechanism, Mechanism::kHeader);
  EXPECT_EQ(out.access_key_id, "AKID");
  EXPECT_EQ(out.scope, (Scope{"20261123", "eu-west-1", "s3"}));
  EXPECT_EQ(out.signed_headers, (std::vector<std::string>{"host", "x-amz-date"}));
  EXPECT_EQ(out.signature, kSignature);
  EXPECT_EQ(scope_of(with_header(kGood)), out.scope);
}

TEST(Authorization, HeaderWithoutBlanksAndWithHttpDate) {
  auto request = with_header(
      "AWS4-HMAC-SHA256 Credential=A/20261123/r/s/aws4_request,SignedHeaders=host,Signature=" + kSignature, "");
  request.headers.add("Date", "Mon, 23 Nov 2026 12:00:00 GMT");
  EXPECT_EQ(parse_authorization(request).value().value().timestamp, "20261123T120000Z");
}

TEST(Authorization, NothingSigned) {
  EXPECT_EQ(parse_authorization(with_query("list-type=2")).value(), std::nullopt);
  EXPECT_EQ(scope_of(with_query("")), std::nullopt);
}

TEST(Authorization, AHeaderThatSaysNothingIsNone) {
  for (const auto* text : {"", " "}) EXPECT_FALSE(parse_authorization(with_header(text)).value().has_value());
}

TEST(Authorization, MalformedHeaders) {
  for (const auto& bad : std::vector<std::string>{
           "AWS4-HMAC-SHA256 x", "AWS4-HMAC-SHA256 Credential=AKID, SignedHeaders=host, Signature=" + kSignature,
           "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=zz",
           "AWS4-HMAC-SHA256 Credential=AKID/2026/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=" +
               kSignature,
           "AWS4-HMAC-SHA256 Credential=AKID/20261123//s3/aws4_request, SignedHeaders=host, Signature=" + kSignature,
           "AWS4-HMAC-SHA256 Credential=/20261123/r/s3/aws4_request, SignedHeaders=host, Signature=" + kSignature,
           "AWS4-HMAC-SHA256 Credential=AKID/20261123/r/s3/aws4_request, SignedHeaders=Host, Signature=" + kSignature,
           "AWS4-HMAC-SHA256 Credential=AKID/20261123/r/s3/aws4_request, SignedHeaders=, Signature=" + kSignature}) {
    const auto out = parse_authorization(with_header(bad));
    ASSERT_FALSE(out) << bad;
    EXPECT_EQ(out.error().source, "authorization") << bad;
  }
  EXPECT_EQ(parse_authorization(with_header(kGood, "yesterday")).error().source, "authorization");
  EXPECT_EQ(parse_authorization(with_header(kGood, "20261124T000000Z")).error().source, "authorization");
  EXPECT_EQ(parse_authorization(with_header(kGood, "")).error().source, "authorization");
}

TEST(Authorization, OtherMechanisms) {
  EXPECT_EQ(parse_authorization(with_header("AWS AKID:sig")).error().source, "algorithm");
  EXPECT_EQ(parse_authorization(with_header("Bearer x")).error().source, "authorization-type");
  EXPECT_EQ(parse_authorization(with_header("AWS4-ECDSA-P256-SHA256 Credential=a")).error().source, "algorithm");
  EXPECT_EQ(parse_authorization(with_query("AWSAccessKeyId=a&Signature=b&Expires=1")).error().source, "algorithm");
}

TEST(Authorization, Presigned) {
  const auto out = parse_authorization(with_query(presigned())).value().value();
  EXPECT_EQ(out.mechanism, Mechanism::kQuery);
  EXPECT_EQ(out.expires, Millis(60'000));
  EXPECT_EQ(scope_of(with_query(presigned()))->service, "s3");
}

TEST(Authorization, MalformedPresigned) {
  for (const auto expires : {"0", "604801", "-1", "x", "1.5", ""}) {
    EXPECT_EQ(parse_authorization(with_query(presigned(expires))).error().source, "authorization-query") << expires;
  }
  EXPECT_TRUE(parse_authorization(with_query(presigned("604800"))));
  EXPECT_EQ(parse_authorization(with_query(presigned("60", "2026"))).error().source, "authorization-query");
  EXPECT_EQ(parse_authorization(with_query("X-Amz-Algorithm=AWS4-HMAC-SHA256")).error().source, "authorization-query");
  EXPECT_EQ(parse_authorization(with_query("X-Amz-Algorithm=X&X-Amz-Signature=a")).error().source,
            "authorization-query");
  auto twice = with_query(presigned());
  twice.headers.add("Authorization", kGood);
  EXPECT_EQ(parse_authorization(twice).error().source, "two-mechanisms");
}

}  // namespace
}  // namespace gust::auth
