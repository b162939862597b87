// CreateStage, GetStage, GetStages, UpdateStage, DeleteStage; CreateDeployment, GetDeployment, GetDeployments.
#include "api/apigatewayv2/service.h"
#include "api/apigatewayv2/shared.h"

namespace gust::api {
namespace {

using gateway::DeploymentRecord;
using gateway::StageRecord;

template <typename Out>
Out show(const StageRecord& stage) {
  Out out;
  out.api_gateway_managed = stage.managed;
  out.auto_deploy = stage.auto_deploy;
  out.created_date = stage.created;
  v2::RouteSettings settings;
  settings.detailed_metrics_enabled = stage.detailed_metrics;
  out.default_route_settings = settings;
  out.deployment_id = unless_empty(stage.deployment_id);
  out.description = unless_empty(stage.description);
  if (stage.auto_deploy && !stage.deployment_id.empty()) {
    out.last_deployment_status_message =
        fmt::format("Successfully deployed stage with deployment ID '{}'", stage.deployment_id);
  }
  out.last_updated_date = stage.updated;
  out.route_settings.emplace();
  out.stage_name = stage.id;
  out.stage_variables = stage.variables;
  out.tags = stage.tags;
  return out;
}

template <typename Out>
Out show(const DeploymentRecord& deployment) {
  Out out;
  out.auto_deployed = deployment.automatic;
  out.created_date = deployment.created;
  out.deployment_id = deployment.id;
  out.deployment_status = "DEPLOYED";
  out.description = unless_empty(deployment.description);
  return out;
}

template <typename Request>
Result<void> refuse_unserved(const Request& request) {
  if (request.access_log_settings) return not_served("AccessLogSettings");
  if (is_set(request.client_certificate_id)) return not_served("ClientCertificateId");
  if (is_set(request.route_settings)) return not_served("RouteSettings");
  if (!request.default_route_settings) return {};
  const auto& settings = *request.default_route_settings;
  if (settings.throttling_burst_limit) return not_served("DefaultRouteSettings.ThrottlingBurstLimit");
  if (settings.throttling_rate_limit) return not_served("DefaultRouteSettings.ThrottlingRateLimit");
  if (settings.data_trace_enabled.value_or(false)) return not_served("DefaultRouteSettings.DataTraceEnabled");
  if (settings.logging_level.value_or("OFF") != "OFF") return not_served("DefaultRouteSettings.LoggingLevel");
  return {};
}

// What CreateStage and UpdateStage share. A variable with an empty value is one less.
template <typename Request>
Result<void> change(const Request& request, StageRecord& stage) {
  if (request.auto_deploy) stage.auto_deploy = *request.auto_deploy;
  if (request.description) stage.description = *request.description;
  if (request.default_route_settings)
    stage.detailed_metrics = request.default_route_settings->detailed_metrics_enabled.value_or(false);
  if (is_set(request.deployment_id)) {
    if (stage.auto_deploy) {
      return fail(Code::kInvalid, "Deployment ID cannot be set on stage " + stage.id + " because AutoDeploy is enabled",
                  "deployment");
    }
    stage.deployment_id = *request.deployment_id;
  }
  if (!request.stage_variables) return {};
  for (const auto& [name, value] : *request.stage_variables) {
    if (value.empty()) {
      stage.variables.erase(name);
    } else {
      stage.variables[name] = value;
    }
  }
  return {};
}

}  // namespace

void ApiGatewayV2Service::add_stages() {
  service_.on<v2::CreateStage>(
      [this](auto call, auto request) { return create_stage(std::move(call), std::move(request)); });
  service_.on<v2::GetStage>([this](auto call, auto request) { return get_stage(std::move(call), std::move(request)); });
  service_.on<v2::GetStages>(
      [this](auto call, auto request) { return get_stages(std::move(call), std::move(request)); });
  service_.on<v2::UpdateStage>(
      [this](auto call, auto request) { return update_stage(std::move(call), std::move(request)); });
  service_.on<v2::DeleteStage>(
      [this](auto call, auto request) { return delete_stage(std::move(call), std::move(request)); });
  service_.on<v2::CreateDeployment>(
      [this](auto call, auto request) { return create_deployment(std::move(call), std::move(request)); });
  service_.on<v2::GetDeployment>(
      [this](auto call, auto request) { return get_deployment(std::move(call), std::move(request)); });
  service_.on<v2::GetDeployments>(
      [this](auto call, auto request) { return get_deployments(std::move(call), std::move(request)); });
}

ApiGatewayV2Service::Reply<v2::CreateStageResponse> ApiGatewayV2Service::create_stage(wire::Call call,
                                                                                      v2::CreateStageRequest request) {
  GUST_CO_CHECK(refuse_unserved(request));
  StageRecord stage;
  stage.id = request.stage_name;
  if (request.tags) stage.tags = *request.tags;
  GUST_CO_CHECK(change(request, stage));
  GUST_CO_TRY(auto made, co_await apis_.create<StageRecord>(call.context.principal.account, request.api_id, stage));
  co_return show<v2::CreateStageResponse>(made);
}

ApiGatewayV2Service::Reply<v2::GetStageResponse> ApiGatewayV2Service::get_stage(wire::Call call,
                                                                                v2::GetStageRequest request) {
  GUST_CO_TRY(auto stage,
              co_await apis_.get<StageRecord>(call.context.principal.account, request.api_id, request.stage_name));
  co_return show<v2::GetStageResponse>(stage);
}

ApiGatewayV2Service::Reply<v2::GetStagesResponse> ApiGatewayV2Service::get_stages(wire::Call call,
                                                                                  v2::GetStagesRequest request) {
  GUST_CO_TRY(auto stages, co_await apis_.list<StageRecord>(call.context.principal.account, request.api_id));
  v2::GetStagesResponse out;
  GUST_CO_TRY(out.next_token, cut_page(stages, request.max_results, request.next_token));
  out.items.emplace();
  for (const auto& stage : stages) out.items->push_back(show<v2::Stage>(stage));
  co_return out;
}

ApiGatewayV2Service::Reply<v2::UpdateStageResponse> ApiGatewayV2Service::update_stage(wire::Call call,
                                                                                      v2::UpdateStageRequest request) {
  GUST_CO_CHECK(refuse_unserved(request));
  gateway::Change<StageRecord> apply = [&](StageRecord& stage) { return change(request, stage); };
  GUST_CO_TRY(auto stage, co_await apis_.update<StageRecord>(call.context.principal.account, request.api_id,
                                                             request.stage_name, apply));
  co_return show<v2::UpdateStageResponse>(stage);
}

ApiGatewayV2Service::Reply<v2::Empty> ApiGatewayV2Service::delete_stage(wire::Call call,
                                                                        v2::DeleteStageRequest request) {
  GUST_CO_CHECK(co_await apis_.remove<StageRecord>(call.context.principal.account, request.api_id, request.stage_name));
  co_return v2::Empty();
}

ApiGatewayV2Service::Reply<v2::CreateDeploymentResponse> ApiGatewayV2Service::create_deployment(
    wire::Call call, v2::CreateDeploymentRequest request) {
  auto description = request.description.value_or("");
  auto stage = request.stage_name.value_or("");
  GUST_CO_TRY(auto made, co_await apis_.deploy(call.context.principal.account, request.api_id, description, stage));
  co_return show<v2::CreateDeploymentResponse>(made);
}

ApiGatewayV2Service::Reply<v2::GetDeploymentResponse> ApiGatewayV2Service::get_deployment(
    wire::Call call, v2::GetDeploymentRequest request) {
  GUST_CO_TRY(auto deployment, co_await apis_.get<DeploymentRecord>(call.context.principal.account, request.api_id,
                                                                    request.deployment_id));
  co_return show<v2::GetDeploymentResponse>(deployment);
}

ApiGatewayV2Service::Reply<v2::GetDeploymentsResponse> ApiGatewayV2Service::get_deployments(
    wire::Call call, v2::GetDeploymentsRequest request) {
  GUST_CO_TRY(auto deployments, co_await apis_.list<DeploymentRecord>(call.context.principal.account, request.api_id));
  v2::GetDeploymentsResponse out;
  GUST_CO_TRY(out.next_token, cut_page(deployments, request.max_results, request.next_token));
  out.items.emplace();
  for (const auto& deployment : deployments) out.items->push_back(show<v2::Deployment>(deployment));
  co_return out;
}

}  // namespace gust::api
