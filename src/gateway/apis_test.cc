#include "gateway/apis.h"

#include "gateway/function_uri.h"
#include "gateway/testing.h"

#include <gtest/gtest.h>

namespace gust::gateway {
namespace {

using testing::House;

TEST(Apis, RecordsSurviveTheWayThroughTheirRows) {
  House house;
  Cors cors;
  cors.allow_origins = {"https://a.example"};
  cors.max_age_seconds = 5;
  house.make_api(cors);
  const auto api = house.must(house.apis.get_api(house.account, house.api_id));
  EXPECT_EQ(api.name, "test");
  EXPECT_EQ(api.cors->allow_origins, cors.allow_origins);
  EXPECT_EQ(api.cors->max_age_seconds, 5);
  EXPECT_EQ(api.created, house.clock.now());
  EXPECT_EQ(house.must(house.apis.list_apis(house.account)).size(), 1u);
}

TEST(Apis, AnotherAccountSeesNothing) {
  House house;
  house.make_api();
  const AccountId other("111111111111");
  EXPECT_EQ(house.refused(house.apis.get_api(other, house.api_id)).code, Code::kNotFound);
  EXPECT_EQ(house.refused(house.apis.delete_api(other, house.api_id)).code, Code::kNotFound);
  EXPECT_EQ(house.refused(house.apis.list<RouteRecord>(other, house.api_id)).code, Code::kNotFound);
  EXPECT_TRUE(house.must(house.apis.list_apis(other)).empty());
  EXPECT_EQ(house.must(house.apis.list_apis(house.account)).size(), 1u);
}

TEST(Apis, RoutesAreUniqueAndTheirTargetsExist) {
  House house;
  house.make_api();
  const auto integration = house.integrate();
  const auto first = house.route("GET /a", integration);
  RouteRecord again = first;
  EXPECT_EQ(house.refused(house.apis.create<RouteRecord>(house.account, house.api_id, again)).code,
            Code::kAlreadyExists);
  again.key = "GET /b";
  again.target = "integrations/nowhere";
  EXPECT_EQ(house.refused(house.apis.create<RouteRecord>(house.account, house.api_id, again)).code, Code::kInvalid);
  EXPECT_EQ(house.must(house.apis.list<RouteRecord>(house.account, house.api_id)).size(), 1u);
  EXPECT_EQ(house.refused(house.apis.remove<IntegrationRecord>(house.account, house.api_id, integration)).source,
            "integration");
}

TEST(Apis, AnAutomaticStageFollowsEveryChangeAndKeepsOneDeployment) {
  House house;
  house.serve({"GET /a"});
  EXPECT_EQ(house.must(house.apis.served(house.api_id))->stages.at("$default").keys.size(), 1u);
  const auto integration = house.must(house.apis.list<IntegrationRecord>(house.account, house.api_id)).at(0).id;
  const auto added = house.route("GET /b", integration);
  EXPECT_EQ(house.must(house.apis.served(house.api_id))->stages.at("$default").keys.size(), 2u);
  (void)async::testing::run([&] { return house.apis.remove<RouteRecord>(house.account, house.api_id, added.id); });
  EXPECT_EQ(house.must(house.apis.served(house.api_id))->stages.at("$default").keys.size(), 1u);
  EXPECT_EQ(house.must(house.apis.list<DeploymentRecord>(house.account, house.api_id)).size(), 1u);
}

TEST(Apis, AManualStageServesItsDeploymentUntilTheNext) {
  House house;
  house.make_api();
  house.route("GET /a", house.integrate());
  house.stage("dev", false);
  EXPECT_TRUE(house.must(house.apis.served(house.api_id))->stages.empty());
  const auto deployment = house.must(house.apis.deploy(house.account, house.api_id, "first", "dev"));
  EXPECT_EQ(house.must(house.apis.get<StageRecord>(house.account, house.api_id, "dev")).deployment_id, deployment.id);
  house.route("GET /b", house.must(house.apis.list<IntegrationRecord>(house.account, house.api_id)).at(0).id);
  EXPECT_EQ(house.must(house.apis.served(house.api_id))->stages.at("dev").keys.size(), 1u);
}

TEST(Apis, QuickCreateMakesAWorkingApiAndCanBeChanged) {
  House house;
  ApiRecord api;
  api.account = house.account;
  api.name = "quick";
  QuickCreate quick;
  quick.target = testing::kFunction;
  const auto made = house.must(house.apis.create_api(api, quick));
  auto served = house.must(house.apis.served(made.id));
  EXPECT_TRUE(served->stages.at("$default").keys.at(0).is_default);
  QuickCreate change;
  change.route_key = "GET /x";
  Change<ApiRecord> keep = [](ApiRecord&) -> Result<void> { return {}; };
  house.must(house.apis.update_api(house.account, made.id, keep, change));
  served = house.must(house.apis.served(made.id));
  EXPECT_EQ(served->stages.at("$default").keys.at(0).path, "/x");
}

TEST(Apis, ADeletedApiLeavesNoRow) {
  House house;
  house.serve({"GET /a", "$default"});
  (void)async::testing::run([&] { return house.apis.delete_api(house.account, house.api_id); });
  EXPECT_EQ(house.refused(house.apis.served(house.api_id)).code, Code::kNotFound);
  EXPECT_TRUE(house.must(house.store.scan(kv::Range::prefix("gw/"))).empty());
}

TEST(Apis, RefusesWhatAnApiCannotBe) {
  House house;
  house.make_api();
  StageRecord stage;
  for (const char* bad : {"", "a/b", "$other", "a b"}) {
    stage.id = bad;
    EXPECT_EQ(house.refused(house.apis.create<StageRecord>(house.account, house.api_id, stage)).code, Code::kInvalid)
        << bad;
  }
  stage.id = "ok";
  stage.variables = {{"x", "a b"}};
  EXPECT_EQ(house.refused(house.apis.create<StageRecord>(house.account, house.api_id, stage)).code, Code::kInvalid);
  IntegrationRecord integration;
  integration.uri = testing::kFunction;
  integration.timeout_ms = 30'001;
  EXPECT_EQ(house.refused(house.apis.create<IntegrationRecord>(house.account, house.api_id, integration)).source,
            "timeout");
  integration.timeout_ms = 30'000;
  integration.type = "HTTP_PROXY";
  EXPECT_EQ(house.refused(house.apis.create<IntegrationRecord>(house.account, house.api_id, integration)).source,
            "type");
  ApiRecord api;
  api.account = house.account;
  api.name = "x";
  api.cors = Cors();
  api.cors->allow_credentials = true;
  api.cors->allow_origins = {"*"};
  EXPECT_EQ(house.refused(house.apis.create_api(api, {})).source, "cors");
}

TEST(Apis, EveryLimitIsHeld) {
  House house;
  house.make_api();
  for (int i = 0; i < 10; ++i) house.stage("s" + std::to_string(i), false);
  StageRecord stage;
  stage.id = "eleven";
  EXPECT_EQ(house.refused(house.apis.create<StageRecord>(house.account, house.api_id, stage)).code, Code::kThrottled);
}

TEST(FunctionUri, TakesBothForms) {
  const std::string arn = testing::kFunction;
  EXPECT_EQ(function_of_uri(arn).value(), arn);
  EXPECT_EQ(
      function_of_uri("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations").value(),
      arn);
  for (const char* bad : {"", "echo", "https://example", "arn:aws:lambda:us-east-1:1:function:", "arn:aws:s3:::x",
                          "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions//invocations"}) {
    EXPECT_EQ(function_of_uri(bad).error().code, Code::kInvalid) << bad;
  }
}

}  // namespace
}  // namespace gust::gateway
