// CreateIntegration, GetIntegration, GetIntegrations, UpdateIntegration, DeleteIntegration.
#include "api/apigatewayv2/service.h"
#include "api/apigatewayv2/shared.h"

namespace gust::api {
namespace {

using gateway::IntegrationRecord;

template <typename Out>
Out show(const IntegrationRecord& integration) {
  Out out;
  out.api_gateway_managed = integration.managed;
  out.connection_type = "INTERNET";
  out.description = unless_empty(integration.description);
  out.integration_id = integration.id;
  out.integration_method = integration.method;
  out.integration_type = integration.type;
  out.integration_uri = integration.uri;
  out.payload_format_version = integration.payload_format_version;
  out.timeout_in_millis = integration.timeout_ms;
  return out;
}

template <typename Request>
Result<void> refuse_unserved(const Request& request) {
  if (request.connection_type.value_or("INTERNET") != "INTERNET")
    return not_served("ConnectionType " + *request.connection_type);
  if (is_set(request.connection_id)) return not_served("ConnectionId");
  if (is_set(request.content_handling_strategy)) return not_served("ContentHandlingStrategy");
  if (is_set(request.credentials_arn)) return not_served("CredentialsArn");
  if (is_set(request.integration_subtype)) return not_served("IntegrationSubtype");
  if (is_set(request.passthrough_behavior)) return not_served("PassthroughBehavior");
  if (is_set(request.request_parameters)) return not_served("RequestParameters");
  if (is_set(request.request_templates)) return not_served("RequestTemplates");
  if (is_set(request.response_parameters)) return not_served("ResponseParameters");
  if (is_set(request.template_selection_expression)) return not_served("TemplateSelectionExpression");
  if (request.tls_config) return not_served("TlsConfig");
  return {};
}

}  // namespace

void ApiGatewayV2Service::add_integrations() {
  service_.on<v2::CreateIntegration>(
      [this](auto call, auto request) { return create_integration(std::move(call), std::move(request)); });
  service_.on<v2::GetIntegration>(
      [this](auto call, auto request) { return get_integration(std::move(call), std::move(request)); });
  service_.on<v2::GetIntegrations>(
      [this](auto call, auto request) { return get_integrations(std::move(call), std::move(request)); });
  service_.on<v2::UpdateIntegration>(
      [this](auto call, auto request) { return update_integration(std::move(call), std::move(request)); });
  service_.on<v2::DeleteIntegration>(
      [this](auto call, auto request) { return delete_integration(std::move(call), std::move(request)); });
}

ApiGatewayV2Service::Reply<v2::CreateIntegrationResult> ApiGatewayV2Service::create_integration(
    wire::Call call, v2::CreateIntegrationRequest request) {
  GUST_CO_CHECK(refuse_unserved(request));
  IntegrationRecord integration;
  integration.type = request.integration_type;
  integration.uri = request.integration_uri.value_or("");
  integration.method = request.integration_method.value_or("POST");
  integration.payload_format_version = request.payload_format_version.value_or("");  // a proxy must name one
  integration.description = request.description.value_or("");
  integration.timeout_ms = request.timeout_in_millis.value_or(integration.timeout_ms);
  GUST_CO_TRY(auto made,
              co_await apis_.create<IntegrationRecord>(call.context.principal.account, request.api_id, integration));
  co_return show<v2::CreateIntegrationResult>(made);
}

ApiGatewayV2Service::Reply<v2::GetIntegrationResult> ApiGatewayV2Service::get_integration(
    wire::Call call, v2::GetIntegrationRequest request) {
  GUST_CO_TRY(auto integration, co_await apis_.get<IntegrationRecord>(call.context.principal.account, request.api_id,
                                                                      request.integration_id));
  co_return show<v2::GetIntegrationResult>(integration);
}

ApiGatewayV2Service::Reply<v2::GetIntegrationsResponse> ApiGatewayV2Service::get_integrations(
    wire::Call call, v2::GetIntegrationsRequest request) {
  GUST_CO_TRY(auto integrations,
              co_await apis_.list<IntegrationRecord>(call.context.principal.account, request.api_id));
  v2::GetIntegrationsResponse out;
  GUST_CO_TRY(out.next_token, cut_page(integrations, request.max_results, request.next_token));
  out.items.emplace();
  for (const auto& integration : integrations) out.items->push_back(show<v2::Integration>(integration));
  co_return out;
}

ApiGatewayV2Service::Reply<v2::UpdateIntegrationResult> ApiGatewayV2Service::update_integration(
    wire::Call call, v2::UpdateIntegrationRequest request) {
  GUST_CO_CHECK(refuse_unserved(request));
  gateway::Change<IntegrationRecord> apply = [&](IntegrationRecord& integration) -> Result<void> {
    if (request.integration_type) integration.type = *request.integration_type;
    if (request.integration_uri) integration.uri = *request.integration_uri;
    if (request.integration_method) integration.method = *request.integration_method;
    if (request.payload_format_version) integration.payload_format_version = *request.payload_format_version;
    if (request.description) integration.description = *request.description;
    if (request.timeout_in_millis) integration.timeout_ms = *request.timeout_in_millis;
    return {};
  };
  GUST_CO_TRY(auto integration, co_await apis_.update<IntegrationRecord>(call.context.principal.account, request.api_id,
                                                                         request.integration_id, apply));
  co_return show<v2::UpdateIntegrationResult>(integration);
}

ApiGatewayV2Service::Reply<v2::Empty> ApiGatewayV2Service::delete_integration(wire::Call call,
                                                                              v2::DeleteIntegrationRequest request) {
  GUST_CO_CHECK(
      co_await apis_.remove<IntegrationRecord>(call.context.principal.account, request.api_id, request.integration_id));
  co_return v2::Empty();
}

}  // namespace gust::api
