#include "daemon/json_front.h"

#include "codec/time_format.h"

#include <gtest/gtest.h>

namespace gust::daemon {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

http::Request request(std::string method, const Pairs& headers, std::string query = "") {
  http::Request out;
  out.method = std::move(method);
  out.query = std::move(query);
  out.content_length = 2;
  for (const auto& [name, value] : headers) out.headers.add(name, value);
  return out;
}

std::string unsigned_words(const Pairs& headers, std::string query = "") {
  const auto error = unsigned_error(request("POST", headers, std::move(query)));
  EXPECT_EQ(error.status, 400);
  return error.code + ": " + error.message;
}

std::string refused(std::string source, std::string credential, std::string date = "20261127T100000Z") {
  const auto asked = request("POST", {{"Authorization", "AWS4-HMAC-SHA256 Credential=" + credential +
                                                            ", SignedHeaders=host, Signature=0"},
                                      {"X-Amz-Date", date}});
  const Error error{Code::kInvalid, "no", std::move(source)};
  const auto out = json_auth_error(error, asked, "dynamodb", *codec::from_iso8601("20261127T103000Z"));
  EXPECT_EQ(out.status, 400);
  return out.code + ": " + out.message;
}

constexpr const char* kGood = "a/20261127/us-east-1/dynamodb/aws4_request";

TEST(JsonFront, AnswersPlainly) {
  const auto health = answer_plainly(request("GET", {}), "eu-west-1");
  EXPECT_EQ(health->body, "healthy: dynamodb.eu-west-1.amazonaws.com ");
  EXPECT_EQ(answer_plainly(request("GET", {}), "us-east-1")->headers.get_or("x-amz-crc32", ""), "3128867991");
  for (const auto* method : {"PUT", "DELETE", "OPTIONS"}) {
    const auto other = answer_plainly(request(method, {{"Content-Type", "application/json"}}), "us-east-1");
    EXPECT_EQ(other->status, 404) << method;
    EXPECT_EQ(other->body, "<UnknownOperationException/>\n");
    EXPECT_EQ(other->headers.get_or("x-amz-crc32", ""), "3552371480");
  }
  for (const auto* type : {"", "whatever", "application/x-amz-json-1.1", "application/jsonx"})
    EXPECT_EQ(answer_plainly(request("POST", {{"Content-Type", type}}), "us-east-1")->status, 404) << type;
  for (const auto* type : {"application/json", "application/x-amz-json-1.0", " application/json ;charset=x"})
    EXPECT_FALSE(answer_plainly(request("POST", {{"Content-Type", type}}), "us-east-1")) << type;
}

TEST(JsonFront, PagesMayAsk) {
  const auto allowed = answer_plainly(request("OPTIONS", {{"Origin", "http://x"},
                                                          {"Access-Control-Request-Headers", "a, b"},
                                                          {"Access-Control-Request-Method", "POST"}}),
                                      "us-east-1");
  EXPECT_EQ(allowed->status, 200);
  EXPECT_EQ(allowed->headers.get_or("access-control-allow-origin", ""), "*");
  EXPECT_EQ(allowed->headers.get_or("access-control-allow-headers", ""), "a, b");
  EXPECT_EQ(allowed->headers.get_or("access-control-allow-methods", ""), "POST");
  EXPECT_EQ(allowed->headers.get_or("access-control-max-age", ""), "172800");
}

// As DynamoDB's answers were recorded by dynalite.
TEST(JsonFront, WithoutAUsableSignature) {
  const auto* missing = "MissingAuthenticationTokenException: Request is missing Authentication Token";
  EXPECT_EQ(unsigned_words({}), missing);
  EXPECT_EQ(unsigned_words({{"Authorization", "AWS4"}}), missing);
  EXPECT_EQ(unsigned_words({{"Authorization", "X"}}, "X-Amz-Algorith"), missing);
  EXPECT_EQ(unsigned_words({}, "X-Amz-Credential=a&X-Amz-Signature=b"), missing);
  EXPECT_EQ(unsigned_words({{"Authorization", "X"}}, "X-Amz-Algorithm"),
            "InvalidSignatureException: Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as "
            "HTTP header.");
  EXPECT_EQ(unsigned_words({{"Authorization", "AWS4-"}}),
            "IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header "
            "requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization "
            "header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-");
  EXPECT_EQ(unsigned_words({{"Authorization", "AWS4- Signature=b, Credential=a"}, {"Date", "a"}}),
            "IncompleteSignatureException: Authorization header requires 'SignedHeaders' parameter. "
            "Authorization=AWS4- Signature=b, Credential=a");
  EXPECT_EQ(unsigned_words({}, "X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d"),
            "IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine "
            "the query-string parameters.");
}

TEST(JsonFront, SignaturesThatAreRefused) {
  EXPECT_EQ(refused("access-key", kGood),
            "UnrecognizedClientException: The security token included in the request is invalid.");
  EXPECT_EQ(refused("token-expired", kGood),
            "ExpiredTokenException: The security token included in the request is expired");
  EXPECT_TRUE(refused("signature", kGood).starts_with("InvalidSignatureException: The request signature we"));
  EXPECT_EQ(refused("clock-skew", kGood),
            "InvalidSignatureException: Signature expired: 20261127T100000Z is now earlier than 20261127T101500Z "
            "(20261127T103000Z - 15 min.)");
  EXPECT_EQ(refused("authorization", "a/b/c/d"),
            "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'a/b/c/d'");
  EXPECT_EQ(refused("authorization", "a/20261127/us-east-1/s3/aws4_request"),
            "InvalidSignatureException: Credential should be scoped to correct service: 'dynamodb'. ");
  EXPECT_EQ(refused("authorization", "a/20261126/us-east-1/dynamodb/x"),
            "InvalidSignatureException: Credential should be scoped with a valid terminator: 'aws4_request', not 'x'. "
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261126' != "
            "'20261127', from '20261127T100000Z'. ");
}

}  // namespace
}  // namespace gust::daemon
