#include "api/apigatewayv2/service.h"

#include "async/testing.h"
#include "codec/json.h"
#include "kv/memory/memory_store.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace gust::api {
namespace {

namespace json = boost::json;

constexpr const char* kFunction = "arn:aws:lambda:us-east-1:000000000000:function:echo";

class ApiGatewayV2 : public ::testing::Test {
 protected:
  struct Answer {
    int status = 0;
    json::object body;
    std::string error;
    std::string operator[](std::string_view name) const {
      auto* found = body.if_contains(name);
      return !found ? "(none)" : found->is_string() ? std::string(found->as_string()) : json::serialize(*found);
    }
  };

  Answer ask(std::string method, std::string path, json::value body = nullptr, std::string query = "") {
    http::Request request;
    request.method = std::move(method);
    request.path = "/v2/apis" + path;
    request.query = std::move(query);
    request.body = async::from_string(body.is_null() ? "" : codec::to_json(body));
    RequestContext context;
    context.request_id = RequestId("the-id");
    context.principal.account = account_;
    http::Response response;
    (void)async::testing::run([&]() -> async::Task<int> {
      auto at = request.path;
      auto answer = co_await service_.wire().handle(context, std::move(request), std::move(at));
      response = std::move(*answer);
      co_return 0;
    });
    Answer out{response.status, {}, std::string(response.headers.get_or("x-amzn-errortype", ""))};
    if (auto value = codec::parse_json(response.body); value && value->is_object()) out.body = value->as_object();
    return out;
  }
  std::string make_api() { return ask("POST", "", {{"name", "one"}, {"protocolType", "HTTP"}})["apiId"]; }
  std::string make_integration(const std::string& api) {
    return ask("POST", "/" + api + "/integrations",
               {{"integrationType", "AWS_PROXY"},
                {"integrationUri", kFunction},
                {"payloadFormatVersion", "2.0"}})["integrationId"];
  }

  AccountId account_{"000000000000"};
  kv::MemoryStore store_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  gateway::Apis apis_{store_, clock_, random_};
  ApiGatewayV2Service service_{apis_, "execute-api.localhost:4566"};
};

TEST_F(ApiGatewayV2, ServesEveryOperationOfItsModel) {
  for (const auto& [name, operation] : service_.wire().model().operations()) {
    auto path = operation.uri.substr(std::string("/v2/apis").size());
    const auto answer = ask(operation.method, path);
    EXPECT_NE(answer.error, "UnknownOperationException") << name;
  }
}

TEST_F(ApiGatewayV2, AnApiFromItsMakingToItsEnd) {
  const auto made = ask("POST", "",
                        {{"name", "one"},
                         {"protocolType", "HTTP"},
                         {"tags", {{"a", "b"}}},
                         {"corsConfiguration", {{"allowOrigins", {"https://a.example"}}, {"maxAge", 5}}}});
  EXPECT_EQ(made.status, 201);
  const auto id = made["apiId"];
  EXPECT_EQ(made["apiEndpoint"], "http://" + id + ".execute-api.localhost:4566");
  EXPECT_EQ(made["routeSelectionExpression"], "$request.method $request.path");
  EXPECT_EQ(made["createdDate"].substr(0, 10), "2023-11-14");
  EXPECT_EQ(ask("PATCH", "/" + id, {{"name", "two"}}).status, 200);
  const auto got = ask("GET", "/" + id);
  EXPECT_EQ(got["name"], "two");
  EXPECT_EQ(got.body.at("corsConfiguration").at("maxAge"), 5);
  EXPECT_EQ(ask("DELETE", "/" + id + "/cors").status, 204);
  EXPECT_EQ(ask("GET", "/" + id)["corsConfiguration"], "(none)");
  EXPECT_EQ(ask("DELETE", "/" + id).status, 204);
  const auto gone = ask("GET", "/" + id);
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.error, "NotFoundException");
  EXPECT_EQ(gone["message"], "Invalid API identifier specified 000000000000:" + id);
}

TEST_F(ApiGatewayV2, RoutesIntegrationsStagesAndDeployments) {
  const auto api = "/" + make_api();
  const auto integration = make_integration(api.substr(1));
  const auto route = ask("POST", api + "/routes", {{"routeKey", "GET /x"}, {"target", "integrations/" + integration}});
  EXPECT_EQ(route.status, 201);
  EXPECT_EQ(route["authorizationType"], "NONE");
  EXPECT_EQ(ask("POST", api + "/routes", {{"routeKey", "GET /x"}}).error, "ConflictException");
  EXPECT_EQ(ask("POST", api + "/routes", {{"routeKey", "nonsense"}}).error, "BadRequestException");
  EXPECT_EQ(ask("PATCH", api + "/routes/" + route["routeId"], {{"routeKey", "GET /y"}})["routeKey"], "GET /y");
  EXPECT_EQ(ask("PATCH", api + "/integrations/" + integration, {{"timeoutInMillis", 100}})["timeoutInMillis"], "100");
  const auto stage =
      ask("POST", api + "/stages",
          {{"stageName", "$default"}, {"autoDeploy", true}, {"stageVariables", {{"a", "1"}, {"b", "2"}}}});
  EXPECT_EQ(stage.status, 201);
  EXPECT_NE(stage["deploymentId"], "(none)");
  EXPECT_EQ(ask("GET", api + "/stages/$default")["deploymentId"], stage["deploymentId"]);
  EXPECT_EQ(ask("PATCH", api + "/stages/$default", {{"stageVariables", {{"a", ""}}}})["stageVariables"],
            R"({"b":"2"})");
  EXPECT_EQ(ask("POST", api + "/deployments", json::object{{"stageName", "$default"}}).error, "BadRequestException");
  const auto deployment = ask("POST", api + "/deployments", json::object{{"description", "d"}});
  EXPECT_EQ(deployment.status, 201);
  EXPECT_EQ(ask("GET", api + "/deployments/" + deployment["deploymentId"])["deploymentStatus"], "DEPLOYED");
  EXPECT_EQ(ask("DELETE", api + "/integrations/" + integration).error, "ConflictException");
  EXPECT_EQ(ask("DELETE", api + "/routes/" + route["routeId"]).status, 204);
  EXPECT_EQ(ask("DELETE", api + "/integrations/" + integration).status, 204);
  EXPECT_EQ(ask("DELETE", api + "/stages/$default").status, 204);
  EXPECT_EQ(ask("GET", api + "/stages/$default").error, "NotFoundException");
}

TEST_F(ApiGatewayV2, QuickCreateMakesTheRest) {
  const auto api = ask(
      "POST", "", {{"name", "q"}, {"protocolType", "HTTP"}, {"routeKey", "GET /x"}, {"target", kFunction}})["apiId"];
  const auto routes = ask("GET", "/" + api + "/routes").body.at("items").as_array();
  ASSERT_EQ(routes.size(), 1u);
  EXPECT_EQ(routes[0].at("routeKey"), "GET /x");
  EXPECT_EQ(routes[0].at("apiGatewayManaged"), true);
  EXPECT_EQ(ask("GET", "/" + api + "/stages/$default")["autoDeploy"], "true");
}

TEST_F(ApiGatewayV2, PagesHoldEveryItemOnce) {
  for (int i = 0; i < 5; ++i) make_api();
  std::set<std::string> seen;
  std::string query = "maxResults=2";
  int pages = 0;
  for (; pages < 10; ++pages) {
    const auto page = ask("GET", "", nullptr, query);
    for (const auto& item : page.body.at("items").as_array())
      EXPECT_TRUE(seen.insert(std::string(item.at("apiId").as_string())).second);
    if (page["nextToken"] == "(none)") break;
    query = "maxResults=2&nextToken=" + page["nextToken"];
  }
  EXPECT_EQ(pages, 2);
  EXPECT_EQ(seen.size(), 5u);
  EXPECT_EQ(ask("GET", "", nullptr, "maxResults=x").error, "BadRequestException");
}

TEST_F(ApiGatewayV2, RefusesWhatIsNotServed) {
  const auto api = "/" + make_api();
  const auto error = [&](std::string path, json::value body) { return ask("POST", path, std::move(body)).error; };
  EXPECT_EQ(error("", {{"name", "w"}, {"protocolType", "WEBSOCKET"}}), "BadRequestException");
  EXPECT_EQ(error("", json::object{{"name", "w"}}), "BadRequestException");
  EXPECT_EQ(error(api + "/routes", {{"routeKey", "GET /x"}, {"authorizationType", "JWT"}}), "BadRequestException");
  EXPECT_EQ(error(api + "/integrations", {{"integrationType", "AWS_PROXY"}, {"integrationUri", kFunction}}),
            "BadRequestException");
  EXPECT_EQ(error(api + "/integrations", {{"integrationType", "HTTP_PROXY"},
                                          {"integrationUri", "https://a.example"},
                                          {"payloadFormatVersion", "1.0"}}),
            "BadRequestException");
  EXPECT_EQ(error(api + "/stages", {{"stageName", "s"}, {"defaultRouteSettings", {{"throttlingBurstLimit", 5}}}}),
            "BadRequestException");
  EXPECT_TRUE(ask("GET", api + "/routes").body.at("items").as_array().empty());
}

TEST_F(ApiGatewayV2, AnotherAccountIsToldThatThereIsNothing) {
  const auto api = "/" + make_api();
  account_ = AccountId("111111111111");
  EXPECT_EQ(ask("GET", api).status, 404);
  EXPECT_EQ(ask("DELETE", api).status, 404);
  EXPECT_EQ(ask("POST", api + "/routes", {{"routeKey", "GET /x"}}).status, 404);
  EXPECT_TRUE(ask("GET", "").body.at("items").as_array().empty());
}

}  // namespace
}  // namespace gust::api
