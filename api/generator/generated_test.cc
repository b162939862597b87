#include "api/lambda.gen.h"
#include "api/s3.gen.h"
#include "api/sts.gen.h"
#include "async/testing.h"
#include "wire/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gust::api {
namespace {

namespace asio = boost::asio;
using ::testing::HasSubstr;
using wire::Reply;

http::Request make_request(std::string method, std::string path, std::string query = "", std::string body = "") {
  http::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.query = std::move(query);
  request.content_length = body.size();
  request.body = async::from_string(std::move(body));
  return request;
}

http::Response ask(wire::Service& service, http::Request request) {
  RequestContext context;
  context.request_id = RequestId("the-id");
  context.principal.account = AccountId("000000000000");
  auto answer = async::testing::run([&]() -> async::Task<http::Response> {
    auto path = request.path;
    co_return co_await service.handle(context, std::move(request), std::move(path));
  });
  return answer ? std::move(*answer) : http::Response{.status = -1};
}

std::string text_of(std::unique_ptr<async::ByteSource>& source) {
  auto text =
      async::testing::run([&]() -> async::Task<std::string> { co_return co_await async::read_all(*source, 1 << 20); });
  return text.value_or("unreadable");
}

asio::awaitable<Reply<s3::ListBucketsOutput>> list_buckets(wire::Call call, s3::ListBucketsRequest request) {
  if (request.prefix == "bad") co_return wire::fault("InvalidArgument", "no & such", {{"ArgumentName", "prefix"}});
  if (request.prefix == "full") co_return fail(Code::kThrottled, "too many");
  s3::Bucket bucket;
  bucket.name = "one" + request.prefix.value_or("");
  bucket.creation_date = from_epoch_ms(1'700'000'000'000);
  s3::ListBucketsOutput output;
  output.buckets = std::vector<s3::Bucket>{bucket};
  output.owner = s3::Owner{};
  output.owner->id = call.context.principal.account.str();
  co_return output;
}

// Answers what it was given, so that one bucket of a test holds every object.
asio::awaitable<Reply<s3::GetObjectOutput>> get_object(wire::Call, s3::GetObjectRequest request) {
  s3::GetObjectOutput output;
  output.content_type = "text/x-key";
  output.metadata = std::map<std::string, std::string>{{"bucket", request.bucket}};
  output.body = async::from_string(request.key);
  co_return output;
}

asio::awaitable<Reply<s3::PutObjectOutput>> put_object(wire::Call, s3::PutObjectRequest request) {
  const auto text = co_await async::read_all(*request.body, 1 << 20);
  if (!text) co_return std::unexpected(text.error());
  s3::PutObjectOutput output;
  output.e_tag = *text;
  co_return output;
}

class S3 : public ::testing::Test {
 protected:
  S3() : service_(s3::model(), {.malformed_code = "MalformedXML"}) {
    service_.on<s3::ListBuckets>(list_buckets);
    service_.on<s3::GetObject>(get_object);
    service_.on<s3::PutObject>(put_object);
  }
  wire::Service service_;
};

TEST_F(S3, ListBucketsAnswersWithItsXml) {
  const auto response = ask(service_, make_request("GET", "/", "prefix=s%20"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("x-amz-request-id"), "the-id");
  EXPECT_THAT(response.body, HasSubstr("<ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"));
  EXPECT_THAT(response.body, HasSubstr("<Bucket><CreationDate>2023-11-14T22:13:20Z</CreationDate>"));
  EXPECT_THAT(response.body, HasSubstr("<Name>ones </Name>"));
  EXPECT_THAT(response.body, HasSubstr("<ID>000000000000</ID>"));
}

TEST_F(S3, AnObjectStreamsInAndOut) {
  const auto put = ask(service_, make_request("PUT", "/b/k", "", "the bytes"));
  EXPECT_EQ(put.headers.get("ETag"), "the bytes");
  auto got = ask(service_, make_request("GET", "/b/a/b%2Fc%20d"));
  EXPECT_EQ(got.headers.get("x-amz-meta-bucket"), "b");
  EXPECT_EQ(got.headers.get("Content-Type"), "text/x-key");
  ASSERT_NE(got.stream, nullptr);
  EXPECT_EQ(text_of(got.stream), "a/b/c d");
}

TEST_F(S3, AWireErrorKeepsItsCodeAndMembers) {
  const auto response = ask(service_, make_request("GET", "/", "prefix=bad"));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("<Error><Code>InvalidArgument</Code><Message>no &amp; such</Message>"
                                       "<ArgumentName>prefix</ArgumentName><RequestId>the-id</RequestId>"));
}

TEST_F(S3, ADomainErrorIsMapped) {
  const auto response = ask(service_, make_request("GET", "/", "prefix=full"));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("<Code>ThrottlingException</Code><Message>too many</Message>"));
}

TEST_F(S3, AnOperationWithoutHandlerIsUnknown) {
  EXPECT_THAT(ask(service_, make_request("DELETE", "/b/k")).body, HasSubstr("<Code>UnknownOperationException</Code>"));
  EXPECT_EQ(ask(service_, make_request("DELETE", "/b")).status, 404);
}

TEST_F(S3, ABrokenQueryIsRefused) {
  EXPECT_THAT(ask(service_, make_request("GET", "/", "prefix=%zz")).body, HasSubstr("<Code>MalformedXML</Code>"));
}

asio::awaitable<Reply<lambda::FunctionConfiguration>> create_function(wire::Call,
                                                                      lambda::CreateFunctionRequest request) {
  lambda::FunctionConfiguration output;
  output.function_name = request.function_name;
  output.code_size = static_cast<std::int64_t>(request.code.zip_file.value_or("").size());
  co_return output;
}

class Lambda : public ::testing::Test {
 protected:
  Lambda() : service_(lambda::model(), {.max_body_bytes = 1000}) {
    service_.on<lambda::CreateFunction>(create_function);
  }
  http::Response create(std::string body) {
    return ask(service_, make_request("POST", "/2015-03-31/functions", "", std::move(body)));
  }
  wire::Service service_;
};

constexpr std::string_view kRole = R"("Role":"arn:aws:iam::000000000000:role/r")";

TEST_F(Lambda, BlobsArriveAsBytes) {
  const auto response = create(fmt::format(R"({{"FunctionName":"f","Code":{{"ZipFile":"aGVsbG8="}},{}}})", kRole));
  EXPECT_EQ(response.status, 201);
  EXPECT_THAT(response.body, HasSubstr(R"("CodeSize":5)"));
}

TEST_F(Lambda, WhatTheModelForbidsIsNamed) {
  const auto response = create(fmt::format(R"({{"FunctionName":"a b","Code":{{}},{}}})", kRole));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.get("x-amzn-ErrorType"), "ValidationException");
  EXPECT_THAT(response.body, HasSubstr("1 validation error detected: Value 'a b' at 'functionName' failed to satisfy "
                                       "constraint: Member must satisfy regular expression pattern: "));
  EXPECT_THAT(create("{}").body, HasSubstr("3 validation errors detected: "));
}

TEST_F(Lambda, BytesThatAreNotJsonAreRefused) {
  EXPECT_EQ(create("{").headers.get("x-amzn-ErrorType"), "SerializationException");
  EXPECT_EQ(create("null").headers.get("x-amzn-ErrorType"), "SerializationException");
  EXPECT_EQ(create(R"({"FunctionName":7})").headers.get("x-amzn-ErrorType"), "SerializationException");
}

TEST_F(Lambda, ABodyPastTheLimitIsTooLarge) {
  EXPECT_EQ(create(std::string(1001, ' ')).status, 413);
}

asio::awaitable<Reply<sts::GetCallerIdentityResponse>> get_caller_identity(wire::Call call,
                                                                           sts::GetCallerIdentityRequest) {
  sts::GetCallerIdentityResponse output;
  output.account = call.context.principal.account.str();
  co_return output;
}

TEST(Sts, TheActionOfTheFormIsAnswered) {
  wire::Service service(sts::model(), {});
  service.on<sts::GetCallerIdentity>(get_caller_identity);
  const auto response = ask(service, make_request("POST", "/", "", "Action=GetCallerIdentity&Version=2011-06-15"));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body,
              HasSubstr("<GetCallerIdentityResult><Account>000000000000</Account></GetCallerIdentityResult>"));
  EXPECT_THAT(ask(service, make_request("POST", "/", "", "Action=Nothing")).body,
              HasSubstr("<Type>Sender</Type><Code>UnknownOperationException</Code>"));
}

}  // namespace
}  // namespace gust::api
