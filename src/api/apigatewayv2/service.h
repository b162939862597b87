// ApiGatewayV2Service: the management API of HTTP APIs over gateway::Apis. Files: apis.cc, routes.cc, integrations.cc,
// stages.cc; what they share is in shared.h. An account sees only its own APIs. Loop thread only.
#pragma once

#include "api/apigatewayv2.gen.h"
#include "gateway/apis.h"
#include "wire/service.h"

#include <string>

namespace gust::api {

namespace v2 = apigatewayv2;

class ApiGatewayV2Service {
 public:
  // An API's endpoint is http://{id}.{endpoint_suffix}, as in "execute-api.localhost:4566". `apis` outlives this.
  ApiGatewayV2Service(gateway::Apis& apis, std::string endpoint_suffix);

  wire::Service& wire() { return service_; }

 private:
  template <typename T>
  using Reply = boost::asio::awaitable<wire::Reply<T>>;
  void add_apis();
  void add_routes();
  void add_integrations();
  void add_stages();

  Reply<v2::CreateApiResponse> create_api(wire::Call call, v2::CreateApiRequest request);
  Reply<v2::GetApiResponse> get_api(wire::Call call, v2::GetApiRequest request);
  Reply<v2::GetApisResponse> get_apis(wire::Call call, v2::GetApisRequest request);
  Reply<v2::UpdateApiResponse> update_api(wire::Call call, v2::UpdateApiRequest request);
  Reply<v2::Empty> delete_api(wire::Call call, v2::DeleteApiRequest request);
  Reply<v2::Empty> delete_cors(wire::Call call, v2::DeleteCorsConfigurationRequest request);

  Reply<v2::CreateRouteResult> create_route(wire::Call call, v2::CreateRouteRequest request);
  Reply<v2::GetRouteResult> get_route(wire::Call call, v2::GetRouteRequest request);
  Reply<v2::GetRoutesResponse> get_routes(wire::Call call, v2::GetRoutesRequest request);
  Reply<v2::UpdateRouteResult> update_route(wire::Call call, v2::UpdateRouteRequest request);
  Reply<v2::Empty> delete_route(wire::Call call, v2::DeleteRouteRequest request);

  Reply<v2::CreateIntegrationResult> create_integration(wire::Call call, v2::CreateIntegrationRequest request);
  Reply<v2::GetIntegrationResult> get_integration(wire::Call call, v2::GetIntegrationRequest request);
  Reply<v2::GetIntegrationsResponse> get_integrations(wire::Call call, v2::GetIntegrationsRequest request);
  Reply<v2::UpdateIntegrationResult> update_integration(wire::Call call, v2::UpdateIntegrationRequest request);
  Reply<v2::Empty> delete_integration(wire::Call call, v2::DeleteIntegrationRequest request);

  Reply<v2::CreateStageResponse> create_stage(wire::Call call, v2::CreateStageRequest request);
  Reply<v2::GetStageResponse> get_stage(wire::Call call, v2::GetStageRequest request);
  Reply<v2::GetStagesResponse> get_stages(wire::Call call, v2::GetStagesRequest request);
  Reply<v2::UpdateStageResponse> update_stage(wire::Call call, v2::UpdateStageRequest request);
  Reply<v2::Empty> delete_stage(wire::Call call, v2::DeleteStageRequest request);
  Reply<v2::CreateDeploymentResponse> create_deployment(wire::Call call, v2::CreateDeploymentRequest request);
  Reply<v2::GetDeploymentResponse> get_deployment(wire::Call call, v2::GetDeploymentRequest request);
  Reply<v2::GetDeploymentsResponse> get_deployments(wire::Call call, v2::GetDeploymentsRequest request);

  gateway::Apis& apis_;
  std::string endpoint_suffix_;
  wire::Service service_;
};

}  // namespace gust::api
