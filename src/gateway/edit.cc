#include "gateway/edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace gust::gateway {
namespace {

constexpr std::string_view kIdAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kTargetPrefix = "integrations/";
// Quotas of the public service (docs: "Quotas for configuring and running an HTTP API").
constexpr std::size_t kMostRoutes = 300;
constexpr std::size_t kMostIntegrations = 300;
constexpr std::size_t kMostStages = 10;
constexpr std::size_t kMostDeployments = 900;

std::string target_id(const RouteRecord& route) {
  return route.target.starts_with(kTargetPrefix) ? route.target.substr(kTargetPrefix.size()) : std::string();
}

}  // namespace

std::string api_key(std::string_view api_id) { return std::string(kApiPrefix).append(api_id); }

std::string table_prefix(std::string_view table, std::string_view api_id) {
  return fmt::format("gw/{}/{}/", table, api_id);
}

std::unexpected<Error> no_such(std::string_view noun, std::string_view id) {
  return fail(Code::kNotFound, fmt::format("Invalid {} identifier specified {}", noun, id), std::string(noun));
}

std::unexpected<Error> no_such_api(const AccountId& account, std::string_view api_id) {
  return no_such(ApiRecord::kNoun, fmt::format("{}:{}", account, api_id));
}

Result<void> Apis::Edit::open(const AccountId& account, std::string_view api_id) {
  GUST_TRY(auto bytes, tx_.get(api_key(api_id)));
  if (!bytes) return no_such_api(account, api_id);
  GUST_CHECK(from_row(*bytes, api));
  if (api.account != account) return no_such_api(account, api_id);
  return {};
}

void Apis::Edit::erase_all() {
  for (auto table : {RouteRecord::kTable, IntegrationRecord::kTable, StageRecord::kTable, DeploymentRecord::kTable}) {
    auto entries = tx_.scan(kv::Range::prefix(table_prefix(table, api.id), 10'000));
    if (!entries) continue;  // the commit tells
    for (const auto& entry : *entries) tx_.erase(entry.key);
  }
  tx_.erase(api_key(api.id));
}

template <typename Row>
Result<void> Apis::Edit::check_room(std::size_t most) {
  GUST_TRY(auto rows, all<Row>());
  if (rows.size() < most) return {};
  return fail(Code::kThrottled,
              fmt::format("API {} has {} {}s, the most there can be; delete one first", api.id, most, Row::kNoun),
              "limit");
}

Result<void> Apis::Edit::check_links(const RouteRecord& route) {
  if (!route.target.empty()) {
    const auto found = find<IntegrationRecord>(target_id(route));
    if (!found && found.error().code == Code::kNotFound) {
      return fail(
          Code::kInvalid,
          fmt::format("Invalid target {}: expected integrations/ID of an integration of API {}", route.target, api.id),
          "target");
    }
    GUST_CHECK(found);
  }
  GUST_TRY(auto routes, all<RouteRecord>());
  for (const auto& other : routes) {
    if (other.id != route.id && other.key == route.key) {
      return fail(Code::kAlreadyExists, fmt::format("Route with key {} already exists for this API", route.key),
                  "route key");
    }
  }
  return {};
}

Result<void> Apis::Edit::insert(RouteRecord& route) {
  GUST_CHECK(check(route));
  GUST_CHECK(check_room<RouteRecord>(kMostRoutes));
  route.id = random_.pick(7, kIdAlphabet);
  return replace(route);
}

Result<void> Apis::Edit::insert(IntegrationRecord& integration) {
  GUST_CHECK(check(integration));
  GUST_CHECK(check_room<IntegrationRecord>(kMostIntegrations));
  integration.id = random_.pick(7, kIdAlphabet);
  put(integration);  // no route uses it yet: nothing to deploy
  return {};
}

Result<void> Apis::Edit::insert(StageRecord& stage) {
  GUST_CHECK(check(stage));
  GUST_CHECK(check_room<StageRecord>(kMostStages));
  if (find<StageRecord>(stage.id))
    return fail(Code::kAlreadyExists, fmt::format("Stage already exists: {}", stage.id), "stage");
  stage.created = clock_.now();
  return replace(stage);
}

Result<void> Apis::Edit::replace(RouteRecord& route) {
  GUST_CHECK(check(route));
  GUST_CHECK(check_links(route));
  put(route);
  return redeploy();
}

Result<void> Apis::Edit::replace(IntegrationRecord& integration) {
  GUST_CHECK(check(integration));
  put(integration);
  return redeploy();
}

Result<void> Apis::Edit::replace(StageRecord& stage) {
  GUST_CHECK(check(stage));
  if (!stage.deployment_id.empty()) GUST_CHECK(find<DeploymentRecord>(stage.deployment_id));
  stage.updated = clock_.now();
  put(stage);
  if (!stage.auto_deploy) return {};
  GUST_CHECK(redeploy());
  GUST_TRY(stage, find<StageRecord>(stage.id));
  return {};
}

Result<void> Apis::Edit::drop(const RouteRecord& route) {
  erase<RouteRecord>(route.id);
  return redeploy();
}

Result<void> Apis::Edit::drop(const IntegrationRecord& integration) {
  GUST_TRY(auto routes, all<RouteRecord>());
  for (const auto& route : routes) {
    if (target_id(route) == integration.id) {
      return fail(Code::kAlreadyExists,
                  fmt::format("Cannot delete Integration '{}' because it is referenced by Route '{}'", integration.id,
                              route.key),
                  "integration");
    }
  }
  erase<IntegrationRecord>(integration.id);
  return {};
}

Result<void> Apis::Edit::drop(const StageRecord& stage) {
  erase<StageRecord>(stage.id);
  return {};
}

Result<DeploymentRecord> Apis::Edit::snapshot(std::string description, Cause cause) {
  GUST_CHECK(check_room<DeploymentRecord>(kMostDeployments));
  DeploymentRecord made;
  made.id = random_.pick(6, kIdAlphabet);
  made.description = std::move(description);
  made.automatic = cause == Cause::kAutomatic;
  made.created = clock_.now();
  GUST_TRY(made.routes, all<RouteRecord>());
  GUST_TRY(made.integrations, all<IntegrationRecord>());
  put(made);
  return made;
}

Result<void> Apis::Edit::redeploy() {
  GUST_TRY(auto stages, all<StageRecord>());
  if (std::ranges::none_of(stages, &StageRecord::auto_deploy)) return {};
  GUST_TRY(auto made,
           snapshot("Automatic deployment triggered by changes to the Api configuration", Cause::kAutomatic));
  std::set<std::string> used;
  for (auto& stage : stages) {
    if (stage.auto_deploy) {
      stage.deployment_id = made.id;
      stage.updated = made.created;
      put(stage);
    }
    used.insert(stage.deployment_id);
  }
  GUST_TRY(auto deployments, all<DeploymentRecord>());
  for (const auto& old : deployments) {
    if (old.automatic && !used.contains(old.id)) erase<DeploymentRecord>(old.id);
  }
  return {};
}

Result<void> Apis::Edit::quick_create(const QuickCreate& quick) {
  IntegrationRecord integration;
  integration.uri = quick.target.value_or("");
  integration.managed = true;
  GUST_CHECK(insert(integration));
  RouteRecord route;
  route.key = quick.route_key.value_or(std::string(kDefaultRouteKey));
  route.target = std::string(kTargetPrefix) + integration.id;
  route.managed = true;
  GUST_CHECK(insert(route));
  StageRecord stage;
  stage.id = kDefaultStage;
  stage.auto_deploy = true;
  stage.managed = true;
  GUST_CHECK(insert(stage));
  api.quick_route_id = route.id;
  api.quick_integration_id = integration.id;
  return {};
}

Result<void> Apis::Edit::quick_change(const QuickCreate& quick) {
  if (!quick.route_key && !quick.target) return {};
  if (api.quick_route_id.empty()) {
    return fail(Code::kInvalid,
                "RouteKey and Target can be updated only on an API that was made with a Target; "
                "update its routes and integrations instead",
                "target");
  }
  if (quick.target) {
    GUST_TRY(auto integration, find<IntegrationRecord>(api.quick_integration_id));
    integration.uri = *quick.target;
    GUST_CHECK(replace(integration));
  }
  if (quick.route_key) {
    GUST_TRY(auto route, find<RouteRecord>(api.quick_route_id));
    route.key = *quick.route_key;
    GUST_CHECK(replace(route));
  }
  return {};
}

}  // namespace gust::gateway
