// For tests only: an API on a store in memory, and a function that answers as told and keeps what it was given.
#pragma once

#include "async/testing.h"
#include "codec/json.h"
#include "gateway/gateway.h"
#include "kv/memory/memory_store.h"

#include <boost/json.hpp>

namespace gust::gateway::testing {

inline constexpr const char* kFunction = "arn:aws:lambda:us-east-1:000000000000:function:echo";

class FakeIntegration final : public Integration {
 public:
  Result<IntegrationReply> reply = IntegrationReply{R"({"statusCode":200})", Outcome::kAnswered};
  std::string function, payload, source_arn;
  SteadyTime deadline{};
  int calls = 0;

  async::Task<IntegrationReply> invoke(RequestContext context, std::string function_arn, std::string event,
                                       std::string source) override {
    ++calls;
    function = std::move(function_arn);
    payload = std::move(event);
    source_arn = std::move(source);
    deadline = context.deadline;
    co_return reply;
  }
  boost::json::object event() const { return codec::parse_json(payload).value().as_object(); }
};

struct House {
  kv::MemoryStore store;
  env::FakeClock clock;
  env::SeededRandom random{1};
  Apis apis{store, clock, random};
  FakeIntegration function;
  Gateway gateway{apis, function, clock};
  AccountId account{std::string(kDefaultAccount)};
  std::string api_id;

  template <typename T>
  T must(async::Task<T> task) {
    auto result = async::testing::run([&]() { return std::move(task); });
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
  }
  template <typename T>
  Error refused(async::Task<T> task) {
    auto result = async::testing::run([&]() { return std::move(task); });
    if (result) throw std::runtime_error("expected a refusal");
    return result.error();
  }

  void make_api(std::optional<Cors> cors = {}) {
    ApiRecord api;
    api.account = account;
    api.region = "us-east-1";
    api.name = "test";
    api.cors = std::move(cors);
    api_id = must(apis.create_api(api, {})).id;
  }
  std::string integrate(std::string version = "2.0") {
    IntegrationRecord integration;
    integration.uri = kFunction;
    integration.payload_format_version = std::move(version);
    return must(apis.create<IntegrationRecord>(account, api_id, integration)).id;
  }
  RouteRecord route(std::string key, const std::string& integration) {
    RouteRecord route;
    route.key = std::move(key);
    route.target = "integrations/" + integration;
    return must(apis.create<RouteRecord>(account, api_id, route));
  }
  StageRecord stage(std::string name, bool automatic = true) {
    StageRecord stage;
    stage.id = std::move(name);
    stage.auto_deploy = automatic;
    stage.variables = {{"v", "1"}};
    return must(apis.create<StageRecord>(account, api_id, stage));
  }
  void serve(const std::vector<std::string>& keys, std::string version = "2.0", std::optional<Cors> cors = {}) {
    make_api(std::move(cors));
    const auto integration = integrate(std::move(version));
    for (const auto& key : keys) route(key, integration);
    stage("$default");
  }

  http::Response ask(std::string method, std::string target, http::Headers headers = {}, std::string body = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = target;
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != target.npos) request.query = target.substr(mark + 1);
    request.headers = std::move(headers);
    request.peer = "127.0.0.1";
    request.content_length = body.size();
    request.body = async::from_string(std::move(body));
    RequestContext context;
    context.request_id = RequestId("11111111-2222-4333-8444-555555555555");
    context.trace = parse_xray("Root=1-00000000-000000000000000000000001");
    auto path = request.path;
    http::Response out;
    (void)async::testing::run([&]() -> async::Task<int> {
      out = co_await gateway.handle(std::move(context), std::move(request), api_id, std::move(path),
                                    api_id + ".execute-api.localhost:4566");
      co_return 0;
    });
    return out;
  }
};

inline http::Headers headers(std::initializer_list<std::pair<std::string, std::string>> fields) {
  http::Headers out;
  for (const auto& [name, value] : fields) out.add(name, value);
  return out;
}

}  // namespace gust::gateway::testing
