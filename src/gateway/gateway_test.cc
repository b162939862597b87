#include "gateway/gateway.h"

#include "gateway/event.h"
#include "gateway/testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gust::gateway {
namespace {

namespace json = boost::json;
using testing::headers;
using testing::House;

std::string header(const http::Response& response, std::string_view name) {
  return std::string(response.headers.get_or(name, "(none)"));
}

void answer(House& house, std::string payload) {
  house.function.reply = IntegrationReply{std::move(payload), Outcome::kAnswered};
}

TEST(Gateway, Payload2HasEveryField) {
  House house;
  house.serve({"POST /photos/{id}/{rest+}"});
  const auto response = house.ask("POST", "/photos/a%20b/c/d?q=1&q=2&empty=",
                                  headers({{"Host", "x:4566"},
                                           {"Content-Type", "image/png"},
                                           {"X-Two", "1"},
                                           {"x-two", "2"},
                                           {"Cookie", "one=1; two=2"},
                                           {"User-Agent", "tester"}}),
                                  std::string("\x00\xff", 2));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "apigw-requestid"), "11111111-2222-4333-8444-555555555555");
  const auto event = house.function.event();
  EXPECT_EQ(event.at("version"), "2.0");
  EXPECT_EQ(event.at("routeKey"), "POST /photos/{id}/{rest+}");
  EXPECT_EQ(event.at("rawPath"), "/photos/a b/c/d");
  EXPECT_EQ(event.at("rawQueryString"), "q=1&q=2&empty=");
  EXPECT_EQ(event.at("queryStringParameters"), (json::object{{"q", "1,2"}, {"empty", ""}}));
  EXPECT_EQ(event.at("pathParameters"), (json::object{{"id", "a b"}, {"rest", "c/d"}}));
  EXPECT_EQ(event.at("cookies"), (json::array{"one=1", "two=2"}));
  EXPECT_EQ(event.at("headers").at("x-two"), "1,2");
  EXPECT_EQ(event.at("headers").at("x-forwarded-for"), "127.0.0.1");
  EXPECT_EQ(event.at("headers").at("x-forwarded-port"), "4566");
  EXPECT_FALSE(event.at("headers").as_object().contains("cookie"));
  EXPECT_EQ(event.at("stageVariables"), (json::object{{"v", "1"}}));
  EXPECT_EQ(event.at("isBase64Encoded"), true);
  EXPECT_EQ(event.at("body"), "AP8=");
  const auto& context = event.at("requestContext");
  EXPECT_EQ(context.at("accountId"), "000000000000");
  EXPECT_EQ(context.at("apiId"), json::string(house.api_id));
  EXPECT_EQ(context.at("domainName"), json::string(house.api_id + ".execute-api.localhost"));
  EXPECT_EQ(context.at("domainPrefix"), json::string(house.api_id));
  EXPECT_EQ(context.at("http"), (json::object{{"method", "POST"},
                                              {"path", "/photos/a b/c/d"},
                                              {"protocol", "HTTP/1.1"},
                                              {"sourceIp", "127.0.0.1"},
                                              {"userAgent", "tester"}}));
  EXPECT_EQ(context.at("stage"), "$default");
  EXPECT_EQ(context.at("time"), "14/Nov/2023:22:13:20 +0000");
  EXPECT_EQ(context.at("timeEpoch"), 1'700'000'000'000);
  EXPECT_EQ(house.function.source_arn,
            "arn:aws:execute-api:us-east-1:000000000000:" + house.api_id + "/$default/POST/photos/{id}/{rest+}");
}

TEST(Gateway, Payload2LeavesOutWhatIsAbsent) {
  House house;
  house.serve({"$default"});
  house.ask("GET", "/x");
  const auto event = house.function.event();
  for (const char* name : {"body", "cookies", "queryStringParameters", "pathParameters"})
    EXPECT_FALSE(event.contains(name)) << name;
  EXPECT_EQ(event.at("isBase64Encoded"), false);
  EXPECT_EQ(house.function.source_arn,
            "arn:aws:execute-api:us-east-1:000000000000:" + house.api_id + "/$default/$default");
}

TEST(Gateway, FieldsOfTheConnectionStayHereAndTheLengthIsTold) {
  House house;
  house.serve({"$default"});
  house.ask("POST", "/", headers({{"Connection", "keep-alive"}, {"Transfer-Encoding", "chunked"}, {"X-Mine", "1"}}),
            "abc");
  const auto fields = house.function.event().at("headers").as_object();
  EXPECT_FALSE(fields.contains("connection"));
  EXPECT_FALSE(fields.contains("transfer-encoding"));
  EXPECT_EQ(fields.at("content-length"), "3");
  EXPECT_EQ(fields.at("x-mine"), "1");
}

TEST(Gateway, ErrorsHaveCorsHeadersToo) {
  House house;
  Cors cors;
  cors.allow_origins = {"*"};
  house.serve({"GET /x"}, "2.0", cors);
  const auto origin = headers({{"Origin", "http://app.example"}});
  EXPECT_EQ(header(house.ask("GET", "/none", origin), "access-control-allow-origin"), "*");
  house.function.reply = IntegrationReply{R"({"errorMessage":"x"})", Outcome::kFailed};
  const auto failed = house.ask("GET", "/x", origin);
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(header(failed, "access-control-allow-origin"), "*");
  house.function.reply = fail(Code::kTimeout, "late");
  const auto late = house.ask("GET", "/x", origin);
  EXPECT_EQ(late.status, 503);
  EXPECT_EQ(late.body, R"({"message":"Service Unavailable"})");
  EXPECT_EQ(header(late, "access-control-allow-origin"), "*");
}

TEST(Gateway, Payload1HasEveryField) {
  House house;
  house.serve({"ANY /{proxy+}"}, "1.0");
  house.ask("GET", "/x/y?q=1&q=2", headers({{"X-Two", "1"}, {"x-two", "2"}}));
  const auto event = house.function.event();
  EXPECT_EQ(event.at("version"), "1.0");
  EXPECT_EQ(event.at("resource"), "/{proxy+}");
  EXPECT_EQ(event.at("path"), "/x/y");
  EXPECT_EQ(event.at("httpMethod"), "GET");
  EXPECT_EQ(event.at("headers").at("X-Two"), "2");
  EXPECT_EQ(event.at("multiValueHeaders").at("X-Two"), (json::array{"1", "2"}));
  EXPECT_EQ(event.at("queryStringParameters"), (json::object{{"q", "2"}}));
  EXPECT_EQ(event.at("multiValueQueryStringParameters"), (json::object{{"q", json::array{"1", "2"}}}));
  EXPECT_EQ(event.at("pathParameters"), (json::object{{"proxy", "x/y"}}));
  EXPECT_TRUE(event.at("body").is_null());
  EXPECT_EQ(event.at("requestContext").at("identity").at("sourceIp"), "127.0.0.1");
  EXPECT_TRUE(event.at("requestContext").at("identity").at("userArn").is_null());
  EXPECT_EQ(event.at("requestContext").at("requestTimeEpoch"), 1'700'000'000'000);
  EXPECT_EQ(event.at("requestContext").at("resourcePath"), "/{proxy+}");
}

TEST(Gateway, TextGoesAsTextAndTheRestAsBase64) {
  EXPECT_FALSE(is_binary("application/json; charset=utf-8", "{}"));
  EXPECT_FALSE(is_binary("Application/XML", "<a/>"));
  EXPECT_FALSE(is_binary("application/javascript", "1"));
  EXPECT_TRUE(is_binary("application/problem+json", "{}"));
  EXPECT_TRUE(is_binary("", "{}"));
  EXPECT_FALSE(is_binary("", ""));
  EXPECT_FALSE(is_binary("text/csv", "a"));
  EXPECT_TRUE(is_binary("application/x-www-form-urlencoded", "a=1"));
  EXPECT_TRUE(is_binary("application/octet-stream", "a"));
  EXPECT_TRUE(is_binary("text/plain", "\xff"));
  EXPECT_TRUE(is_binary("text/plain", "\xed\xa0\x80"));
  EXPECT_FALSE(is_binary("text/plain", "\xe2\x82\xac"));
}

TEST(Gateway, Response2IsTranslated) {
  House house;
  house.serve({"$default"});
  answer(
      house,
      R"({"statusCode":207,"headers":{"x-mine":1,"Content-Length":"9"},"cookies":["a=1","b=2"],)"
         R"("body":"AP8=","isBase64Encoded":true})");
  const auto response = house.ask("GET", "/");
  EXPECT_EQ(response.status, 207);
  EXPECT_EQ(response.body, std::string("\x00\xff", 2));
  EXPECT_EQ(header(response, "x-mine"), "1");
  EXPECT_FALSE(response.headers.contains("content-length"));
  std::vector<std::string> cookies;
  for (const auto& [name, value] : response.headers.all())
    if (name == "set-cookie") cookies.push_back(value);
  EXPECT_EQ(cookies, (std::vector<std::string>{"a=1", "b=2"}));
}

TEST(Gateway, Response2WithoutStatusIsTheBody) {
  House house;
  house.serve({"$default"});
  answer(house, R"("plain")");
  EXPECT_EQ(house.ask("GET", "/").body, "plain");
  answer(house, R"({"a":1})");
  const auto response = house.ask("GET", "/");
  EXPECT_EQ(response.body, R"({"a":1})");
  EXPECT_EQ(header(response, "content-type"), "application/json");
}

TEST(Gateway, Response1TakesListsOfValues) {
  House house;
  house.serve({"$default"}, "1.0");
  answer(house, R"({"statusCode":"201","headers":{"x":"old"},"multiValueHeaders":{"x":["1","2"]},"body":"hi"})");
  const auto response = house.ask("GET", "/");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(header(response, "x"), "1");
  EXPECT_EQ(std::ranges::count_if(response.headers.all(), [](const auto& field) { return field.first == "x"; }), 2);
  answer(house, R"("plain")");
  EXPECT_EQ(house.ask("GET", "/").status, 500);
}

TEST(Gateway, ABrokenResponseIsA500) {
  House house;
  house.serve({"$default"});
  for (const char* bad :
       {"not json", R"({"statusCode":99})", R"({"statusCode":"x"})", R"({"statusCode":200,"body":{}})",
        R"({"statusCode":200,"headers":{"a b":"1"}})", R"({"statusCode":200,"headers":{"a":"1\r\nb: 2"}})",
        R"({"statusCode":200,"headers":[]})", R"({"statusCode":200,"cookies":"a"})",
        R"({"statusCode":200,"body":"*","isBase64Encoded":true})"}) {
    answer(house, bad);
    const auto response = house.ask("GET", "/");
    EXPECT_EQ(response.status, 500) << bad;
    EXPECT_EQ(response.body, R"({"message":"Internal Server Error"})") << bad;
  }
}

TEST(Gateway, FailuresOfTheFunctionHaveTheServicesStatus) {
  House house;
  house.serve({"$default"});
  const auto status = [&](Code code) {
    house.function.reply = fail(code, "no");
    return house.ask("GET", "/").status;
  };
  EXPECT_EQ(status(Code::kDenied), 500);
  EXPECT_EQ(status(Code::kTimeout), 503);
  EXPECT_EQ(status(Code::kThrottled), 500);
  EXPECT_EQ(status(Code::kTooLarge), 413);
  house.function.reply = IntegrationReply{R"({"errorMessage":"x"})", Outcome::kFailed};
  EXPECT_EQ(house.ask("GET", "/").status, 500);
  EXPECT_EQ(house.function.deadline, house.clock.steady() + Millis(30'000));
}

TEST(Gateway, NotFoundAndTooLongNeverReachTheFunction) {
  House house;
  house.serve({"POST /x"});
  EXPECT_EQ(house.ask("GET", "/x").status, 404);
  EXPECT_EQ(house.ask("GET", "/x").body, R"({"message":"Not Found"})");
  const auto over = house.ask("POST", "/x", {}, std::string(Gateway::kMaxBodyBytes + 1, 'x'));
  EXPECT_EQ(over.status, 413);
  EXPECT_EQ(over.body, R"({"message":"Request Too Long"})");
  EXPECT_EQ(house.ask("POST", "/x?a=%zz").status, 400);
  EXPECT_EQ(house.function.calls, 0);
  EXPECT_EQ(house.ask("POST", "/x", {}, std::string(Gateway::kMaxBodyBytes, 'x')).status, 200);
  house.api_id = "nosuchapi0";
  EXPECT_EQ(house.ask("POST", "/x").status, 404);
}

TEST(Gateway, ANamedStageIsThePathsFirstSegment) {
  House house;
  house.serve({"GET /x"});
  house.stage("dev");
  EXPECT_EQ(house.ask("GET", "/dev/x").status, 200);
  const auto event = house.function.event();
  EXPECT_EQ(event.at("rawPath"), "/dev/x");
  EXPECT_EQ(event.at("requestContext").at("stage"), "dev");
  EXPECT_EQ(house.ask("GET", "/x").status, 200);
  EXPECT_EQ(house.function.event().at("requestContext").at("stage"), "$default");
}

TEST(Gateway, HeadHasTheLengthAndNoBody) {
  House house;
  house.serve({"$default"});
  answer(house, R"("plain")");
  const auto response = house.ask("HEAD", "/");
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.content_length, 5u);
}

TEST(Gateway, PreflightsAreAnsweredAndHeadersReplaced) {
  House house;
  Cors cors;
  cors.allow_origins = {"http://app.example", "https://*.wide.example"};
  cors.allow_methods = {"GET", "POST"};
  cors.allow_headers = {"content-type"};
  cors.expose_headers = {"x-mine"};
  cors.max_age_seconds = 60;
  house.serve({"GET /x"}, "2.0", cors);
  const auto preflight = house.ask(
      "OPTIONS", "/x", headers({{"Origin", "http://app.example"}, {"Access-Control-Request-Method", "POST"}}));
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(header(preflight, "access-control-allow-origin"), "http://app.example");
  EXPECT_EQ(header(preflight, "access-control-allow-methods"), "GET,POST");
  EXPECT_EQ(header(preflight, "access-control-max-age"), "60");
  const auto evil = house.ask("OPTIONS", "/x",
                              headers({{"Origin", "http://evil.example"}, {"Access-Control-Request-Method", "POST"}}));
  EXPECT_EQ(header(evil, "access-control-allow-origin"), "(none)");
  EXPECT_EQ(house.function.calls, 0);
  answer(house, R"({"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*"}})");
  EXPECT_EQ(
      header(house.ask("GET", "/x", headers({{"Origin", "https://a.wide.example"}})), "access-control-allow-origin"),
      "https://a.wide.example");
  EXPECT_EQ(header(house.ask("GET", "/x", headers({{"Origin", "http://evil.example"}})), "access-control-allow-origin"),
            "(none)");
  EXPECT_EQ(
      header(house.ask("GET", "/x", headers({{"Origin", "http://app.example"}})), "access-control-expose-headers"),
      "x-mine");
}

}  // namespace
}  // namespace gust::gateway
