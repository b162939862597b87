#include "gateway/gateway.h"

#include "base/log.h"
#include "codec/url.h"
#include "gateway/cors.h"
#include "gateway/event.h"
#include "gateway/function_uri.h"
#include "gateway/reply.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::gateway {
namespace {

struct StagePath {
  const ServedStage* stage = nullptr;
  std::string route_path;  // without the stage's name
  std::string full_path;   // as events tell it
};

// A named stage when the first segment is one, else $default.
StagePath find_stage(const ServedApi& served, std::string path) {
  if (!path.starts_with('/')) path.insert(0, "/");
  const auto slash = path.find('/', 1);
  const auto name = codec::percent_decode(std::string_view(path).substr(1, slash == path.npos ? path.npos : slash - 1));
  if (name && *name != kDefaultStage) {
    if (auto named = served.stages.find(*name); named != served.stages.end()) {
      return {&named->second, slash == path.npos ? "/" : path.substr(slash), path};
    }
  }
  const auto otherwise = served.stages.find(std::string(kDefaultStage));
  return {otherwise == served.stages.end() ? nullptr : &otherwise->second, path, path};
}

std::string without_port(std::string host) {
  const auto colon = host.rfind(':');
  if (colon != host.npos && host.find(']', colon) == host.npos) host.resize(colon);
  return host;
}

// The execute-api ARN that a function's policy is asked about: the route's own path, or $default.
std::string source_arn(const ApiRecord& api, const StageRecord& stage, const RouteKey& key, std::string_view method) {
  const auto tail = key.is_default ? std::string(kDefaultRouteKey) : fmt::format("{}{}", method, key.path);
  return fmt::format("arn:aws:execute-api:{}:{}:{}/{}/{}", api.region, api.account, api.id, stage.id, tail);
}

http::Response of_error(const Error& error) {
  switch (error.code) {
    case Code::kNotFound: return own_response(404, "Not Found");
    case Code::kInvalid: return own_response(400, "Bad Request");
    case Code::kTooLarge: return own_response(413, "Request Too Long");
    default: return own_response(500, "Internal Server Error");
  }
}

http::Response of_failed_invocation(const Error& error) {
  switch (error.code) {
    case Code::kTimeout:
    case Code::kUnavailable: return own_response(503, "Service Unavailable");
    case Code::kTooLarge: return own_response(413, "Request Too Long");
    default: return own_response(500, "Internal Server Error");
  }
}

Result<std::string> make_event(const IntegrationRecord& integration, const EventInput& input) {
  return integration.payload_format_version == "1.0" ? event_v1(input) : event_v2(input);
}

}  // namespace

Gateway::Gateway(Apis& apis, Integration& integration, const env::Clock& clock, telemetry::Tracer& tracer)
    : apis_(apis), integration_(integration), clock_(clock), tracer_(tracer) {}

double Gateway::milliseconds_since(SteadyTime began) const {
  return std::chrono::duration<double, std::milli>(clock_.steady() - began).count();
}

boost::asio::awaitable<http::Response> Gateway::handle(RequestContext context, http::Request request,
                                                       std::string api_id, std::string path, std::string domain_name) {
  const bool is_head = request.method == "HEAD";
  const auto request_id = context.request_id.str();
  const auto began = clock_.steady();
  const std::string origin(request.headers.get_or("origin", ""));
  http::Response response;
  Answered told{.api_id = api_id, .bytes = request.content_length.value_or(0)};
  auto served = co_await apis_.served(api_id);
  if (!served || (*served)->api.endpoint_disabled) {
    response = served ? own_response(404, "Not Found") : of_error(served.error());
  } else {
    auto api = *served;
    if (api->api.cors && is_preflight(request)) {
      response = answer_preflight(*api->api.cors, request);
    } else {
      auto answered = co_await answer(std::move(context), request, api, std::move(path),
                                      std::move(domain_name), told);
      response = answered ? std::move(*answered) : of_error(answered.error());
      if (api->api.cors) apply_cors(*api->api.cors, origin, response);
    }
  }
  response.headers.set("apigw-requestid", request_id);
  if (served && on_answered_) {
    told.account = (*served)->api.account;
    told.status = response.status;
    told.latency_ms = milliseconds_since(began);
    told.bytes += response.body.size();
    on_answered_(told);
  }
  if (is_head) {
    response.content_length = response.body.size();
    response.body.clear();
  }
  co_return response;
}

async::Task<http::Response> Gateway::answer(RequestContext context, http::Request& request,
                                            std::shared_ptr<const ServedApi> served, std::string path,
                                            std::string domain_name, Answered& answered) {
  const auto began_us = telemetry::now_us();
  if (context.note) context.note->account = served->api.account;
  const auto at = find_stage(*served, std::move(path));
  if (!at.stage) co_return fail(Code::kNotFound, fmt::format("API {} has no stage that fits", served->api.id), "stage");
  answered.stage = at.stage->stage.id;
  GUST_CO_TRY(const auto match, choose_route(at.stage->keys, request.method, at.route_path));
  const auto& route = at.stage->routes[match.index];
  if (request.content_length.value_or(0) > kMaxBodyBytes)
    co_return fail(Code::kTooLarge, "the body is over 10 MiB", "body");
  GUST_CO_TRY(const auto body, co_await async::read_all(*request.body, kMaxBodyBytes));

  const auto slash = route.target.find('/');
  const auto integration =
      at.stage->integrations.find(slash == std::string::npos ? std::string() : route.target.substr(slash + 1));
  if (integration == at.stage->integrations.end()) {
    co_return fail(Code::kInternal,
                   fmt::format("route '{}' of API {} has no integration; set its Target", route.key, served->api.id),
                   "route");
  }
  if (domain_name.empty()) domain_name = served->api.id + ".execute-api.localhost";
  const EventInput input{.context = context,
                         .request = request,
                         .body = body,
                         .api = served->api,
                         .stage = at.stage->stage,
                         .route = route,
                         .parameters = match.parameters,
                         .path = at.full_path,
                         .domain_name = without_port(std::move(domain_name)),
                         .now = clock_.now()};
  GUST_CO_TRY(auto event, make_event(integration->second, input));
  auto arn = source_arn(served->api, at.stage->stage, at.stage->keys[match.index], request.method);
  auto invoking = context;
  auto span = telemetry::make_span(context, telemetry::SpanKind::kRoute, began_us);
  span.account = served->api.account.str();
  span.service = "apigateway";
  span.name = route.key;
  span.resource = served->api.id;
  tracer_.record(span);
  co_return co_await invoke(std::move(invoking), integration->second, std::move(event), std::move(arn),
                            answered);
}

async::Task<http::Response> Gateway::invoke(RequestContext context, const IntegrationRecord& integration,
                                            std::string event, std::string source_arn, Answered& answered) {
  GUST_CO_TRY(auto function, function_of_uri(integration.uri));
  context.deadline = std::min(context.deadline, clock_.steady() + Millis(integration.timeout_ms));
  const auto request_id = context.request_id;
  const auto began = clock_.steady();
  auto reply = co_await integration_.invoke(std::move(context), function, std::move(event), std::move(source_arn));
  answered.integration_ms = milliseconds_since(began);
  if (!reply) {
    GUST_WARN("gateway: request_id={} function={}: {} {}", request_id, function, code_name(reply.error().code),
              reply.error().message);
    co_return of_failed_invocation(reply.error());
  }
  if (reply->outcome == Outcome::kFailed) {
    GUST_INFO("gateway: request_id={} function={}: the function failed", request_id, function);
    co_return own_response(500, "Internal Server Error");
  }
  auto response =
      integration.payload_format_version == "1.0" ? response_v1(reply->payload) : response_v2(reply->payload);
  if (!response) {
    GUST_WARN("gateway: request_id={} function={}: {}", request_id, function, response.error().message);
    co_return own_response(500, "Internal Server Error");
  }
  co_return std::move(*response);
}

}  // namespace gust::gateway
