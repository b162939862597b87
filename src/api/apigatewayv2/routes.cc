// CreateRoute, GetRoute, GetRoutes, UpdateRoute, DeleteRoute.
#include "api/apigatewayv2/service.h"
#include "api/apigatewayv2/shared.h"

namespace gust::api {
namespace {

using gateway::RouteRecord;

template <typename Out>
Out show(const RouteRecord& route) {
  Out out;
  out.api_gateway_managed = route.managed;
  out.api_key_required = false;
  out.authorization_type = "NONE";
  out.operation_name = unless_empty(route.operation_name);
  out.route_id = route.id;
  out.route_key = route.key;
  out.target = unless_empty(route.target);
  return out;
}

// An authorizer above all: a route that is believed to be guarded must not be open (docs/decisions/0061).
template <typename Request>
Result<void> refuse_unserved(const Request& request) {
  if (request.authorization_type.value_or("NONE") != "NONE")
    return not_served("AuthorizationType " + *request.authorization_type);
  if (is_set(request.authorizer_id)) return not_served("AuthorizerId");
  if (is_set(request.authorization_scopes)) return not_served("AuthorizationScopes");
  if (request.api_key_required.value_or(false)) return not_served("ApiKeyRequired");
  if (is_set(request.model_selection_expression)) return not_served("ModelSelectionExpression");
  if (is_set(request.request_models)) return not_served("RequestModels");
  if (is_set(request.request_parameters)) return not_served("RequestParameters");
  if (is_set(request.route_response_selection_expression)) return not_served("RouteResponseSelectionExpression");
  return {};
}

}  // namespace

void ApiGatewayV2Service::add_routes() {
  service_.on<v2::CreateRoute>(
      [this](auto call, auto request) { return create_route(std::move(call), std::move(request)); });
  service_.on<v2::GetRoute>([this](auto call, auto request) { return get_route(std::move(call), std::move(request)); });
  service_.on<v2::GetRoutes>(
      [this](auto call, auto request) { return get_routes(std::move(call), std::move(request)); });
  service_.on<v2::UpdateRoute>(
      [this](auto call, auto request) { return update_route(std::move(call), std::move(request)); });
  service_.on<v2::DeleteRoute>(
      [this](auto call, auto request) { return delete_route(std::move(call), std::move(request)); });
}

ApiGatewayV2Service::Reply<v2::CreateRouteResult> ApiGatewayV2Service::create_route(wire::Call call,
                                                                                    v2::CreateRouteRequest request) {
  GUST_CO_CHECK(refuse_unserved(request));
  RouteRecord route;
  route.key = request.route_key;
  route.target = request.target.value_or("");
  route.operation_name = request.operation_name.value_or("");
  GUST_CO_TRY(auto made, co_await apis_.create<RouteRecord>(call.context.principal.account, request.api_id, route));
  co_return show<v2::CreateRouteResult>(made);
}

ApiGatewayV2Service::Reply<v2::GetRouteResult> ApiGatewayV2Service::get_route(wire::Call call,
                                                                              v2::GetRouteRequest request) {
  GUST_CO_TRY(auto route,
              co_await apis_.get<RouteRecord>(call.context.principal.account, request.api_id, request.route_id));
  co_return show<v2::GetRouteResult>(route);
}

ApiGatewayV2Service::Reply<v2::GetRoutesResponse> ApiGatewayV2Service::get_routes(wire::Call call,
                                                                                  v2::GetRoutesRequest request) {
  GUST_CO_TRY(auto routes, co_await apis_.list<RouteRecord>(call.context.principal.account, request.api_id));
  v2::GetRoutesResponse out;
  GUST_CO_TRY(out.next_token, cut_page(routes, request.max_results, request.next_token));
  out.items.emplace();
  for (const auto& route : routes) out.items->push_back(show<v2::Route>(route));
  co_return out;
}

ApiGatewayV2Service::Reply<v2::UpdateRouteResult> ApiGatewayV2Service::update_route(wire::Call call,
                                                                                    v2::UpdateRouteRequest request) {
  GUST_CO_CHECK(refuse_unserved(request));
  gateway::Change<RouteRecord> apply = [&](RouteRecord& route) -> Result<void> {
    if (request.route_key) route.key = *request.route_key;
    if (request.target) route.target = *request.target;
    if (request.operation_name) route.operation_name = *request.operation_name;
    return {};
  };
  GUST_CO_TRY(auto route, co_await apis_.update<RouteRecord>(call.context.principal.account, request.api_id,
                                                             request.route_id, apply));
  co_return show<v2::UpdateRouteResult>(route);
}

ApiGatewayV2Service::Reply<v2::Empty> ApiGatewayV2Service::delete_route(wire::Call call,
                                                                        v2::DeleteRouteRequest request) {
  GUST_CO_CHECK(co_await apis_.remove<RouteRecord>(call.context.principal.account, request.api_id, request.route_id));
  co_return v2::Empty();
}

}  // namespace gust::api
