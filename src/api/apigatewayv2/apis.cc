// CreateApi, GetApi, GetApis, UpdateApi, DeleteApi, DeleteCorsConfiguration.
#include "api/apigatewayv2/service.h"
#include "api/apigatewayv2/shared.h"

namespace gust::api {
namespace {

using gateway::ApiRecord;

gateway::Cors to_domain(const v2::Cors& cors) {
  using List = std::vector<std::string>;
  return {.allow_credentials = cors.allow_credentials.value_or(false),
          .allow_headers = cors.allow_headers.value_or(List()),
          .allow_methods = cors.allow_methods.value_or(List()),
          .allow_origins = cors.allow_origins.value_or(List()),
          .expose_headers = cors.expose_headers.value_or(List()),
          .max_age_seconds = cors.max_age};
}

v2::Cors to_wire(const gateway::Cors& cors) {
  v2::Cors out;
  const auto list = [](const std::vector<std::string>& from) {
    return from.empty() ? std::nullopt : std::optional(from);
  };
  out.allow_credentials = cors.allow_credentials;
  out.allow_headers = list(cors.allow_headers);
  out.allow_methods = list(cors.allow_methods);
  out.allow_origins = list(cors.allow_origins);
  out.expose_headers = list(cors.expose_headers);
  out.max_age = cors.max_age_seconds;
  return out;
}

template <typename Out>
Out show(const ApiRecord& api, const std::string& endpoint_suffix) {
  Out out;
  out.api_endpoint = fmt::format("http://{}.{}", api.id, endpoint_suffix);
  out.api_id = api.id;
  out.api_key_selection_expression = "$request.header.x-api-key";
  if (api.cors) out.cors_configuration = to_wire(*api.cors);
  out.created_date = api.created;
  out.description = unless_empty(api.description);
  out.disable_execute_api_endpoint = api.endpoint_disabled;
  out.ip_address_type = api.ip_address_type;
  out.name = api.name;
  out.protocol_type = "HTTP";
  out.route_selection_expression = api.route_selection_expression;
  out.tags = api.tags;
  out.version = unless_empty(api.version);
  return out;
}

// What CreateApi and UpdateApi share.
template <typename Request>
Result<void> refuse_unserved(const Request& request) {
  if (request.api_key_selection_expression.value_or("$request.header.x-api-key") != "$request.header.x-api-key") {
    return not_served("ApiKeySelectionExpression");
  }
  if (request.disable_schema_validation.value_or(false)) return not_served("DisableSchemaValidation");
  if (is_set(request.credentials_arn)) return not_served("CredentialsArn");
  return {};
}

template <typename Request>
void change(const Request& request, ApiRecord& api) {
  if (request.cors_configuration) api.cors = to_domain(*request.cors_configuration);
  if (request.description) api.description = *request.description;
  if (request.disable_execute_api_endpoint) api.endpoint_disabled = *request.disable_execute_api_endpoint;
  if (request.ip_address_type) api.ip_address_type = *request.ip_address_type;
  if (request.route_selection_expression) api.route_selection_expression = *request.route_selection_expression;
  if (request.version) api.version = *request.version;
}

}  // namespace

void ApiGatewayV2Service::add_apis() {
  service_.on<v2::CreateApi>(
      [this](auto call, auto request) { return create_api(std::move(call), std::move(request)); });
  service_.on<v2::GetApi>([this](auto call, auto request) { return get_api(std::move(call), std::move(request)); });
  service_.on<v2::GetApis>([this](auto call, auto request) { return get_apis(std::move(call), std::move(request)); });
  service_.on<v2::UpdateApi>(
      [this](auto call, auto request) { return update_api(std::move(call), std::move(request)); });
  service_.on<v2::DeleteApi>(
      [this](auto call, auto request) { return delete_api(std::move(call), std::move(request)); });
  service_.on<v2::DeleteCorsConfiguration>(
      [this](auto call, auto request) { return delete_cors(std::move(call), std::move(request)); });
}

ApiGatewayV2Service::Reply<v2::CreateApiResponse> ApiGatewayV2Service::create_api(wire::Call call,
                                                                                  v2::CreateApiRequest request) {
  if (request.protocol_type != "HTTP") co_return not_served("ProtocolType " + request.protocol_type);
  GUST_CO_CHECK(refuse_unserved(request));
  if (request.route_key && !request.target)
    co_return fail(Code::kInvalid, "RouteKey needs a Target, the ARN of a function", "target");
  ApiRecord api;
  api.account = call.context.principal.account;
  api.region = call.context.region;
  api.name = request.name;
  if (request.tags) api.tags = *request.tags;
  change(request, api);
  std::optional<gateway::QuickCreate> quick;
  if (request.target) quick = gateway::QuickCreate{request.route_key, request.target};
  GUST_CO_TRY(auto made, co_await apis_.create_api(std::move(api), std::move(quick)));
  co_return show<v2::CreateApiResponse>(made, endpoint_suffix_);
}

ApiGatewayV2Service::Reply<v2::GetApiResponse> ApiGatewayV2Service::get_api(wire::Call call,
                                                                            v2::GetApiRequest request) {
  GUST_CO_TRY(auto api, co_await apis_.get_api(call.context.principal.account, request.api_id));
  co_return show<v2::GetApiResponse>(api, endpoint_suffix_);
}

ApiGatewayV2Service::Reply<v2::GetApisResponse> ApiGatewayV2Service::get_apis(wire::Call call,
                                                                              v2::GetApisRequest request) {
  GUST_CO_TRY(auto apis, co_await apis_.list_apis(call.context.principal.account));
  v2::GetApisResponse out;
  GUST_CO_TRY(out.next_token, cut_page(apis, request.max_results, request.next_token));
  out.items.emplace();
  for (const auto& api : apis) out.items->push_back(show<v2::Api>(api, endpoint_suffix_));
  co_return out;
}

ApiGatewayV2Service::Reply<v2::UpdateApiResponse> ApiGatewayV2Service::update_api(wire::Call call,
                                                                                  v2::UpdateApiRequest request) {
  GUST_CO_CHECK(refuse_unserved(request));
  gateway::Change<ApiRecord> apply = [&](ApiRecord& api) -> Result<void> {
    if (request.name) api.name = *request.name;
    change(request, api);
    return {};
  };
  gateway::QuickCreate quick{request.route_key, request.target};
  GUST_CO_TRY(auto api, co_await apis_.update_api(call.context.principal.account, request.api_id, apply, quick));
  co_return show<v2::UpdateApiResponse>(api, endpoint_suffix_);
}

ApiGatewayV2Service::Reply<v2::Empty> ApiGatewayV2Service::delete_api(wire::Call call, v2::DeleteApiRequest request) {
  GUST_CO_CHECK(co_await apis_.delete_api(call.context.principal.account, request.api_id));
  co_return v2::Empty();
}

ApiGatewayV2Service::Reply<v2::Empty> ApiGatewayV2Service::delete_cors(wire::Call call,
                                                                       v2::DeleteCorsConfigurationRequest request) {
  gateway::Change<ApiRecord> apply = [](ApiRecord& api) -> Result<void> {
    api.cors.reset();
    return {};
  };
  gateway::QuickCreate none;
  GUST_CO_CHECK(co_await apis_.update_api(call.context.principal.account, request.api_id, apply, none));
  co_return v2::Empty();
}

}  // namespace gust::api
