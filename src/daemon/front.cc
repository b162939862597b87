#include "daemon/front.h"

#include "api/s3/service.h"
#include "auth/authorization.h"
#include "auth/streaming.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/xml.h"
#include "daemon/json_front.h"
#include "daemon/pages.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <chrono>

namespace gust::daemon {
namespace {

using api::ServiceKind;

constexpr std::size_t kMostUnknown = 16 << 20;

// An authentication failure by its source, as each kind of protocol says it.
struct AuthCode {
  std::string_view source;
  const char* s3;
  const char* json;
  const char* query;
  int status;
};
constexpr AuthCode kAuthCodes[] = {
    {"authorization", "AuthorizationHeaderMalformed", "IncompleteSignatureException", "IncompleteSignature", 400},
    {"authorization-query", "AuthorizationQueryParametersError", "IncompleteSignatureException", "IncompleteSignature",
     400},
    {"two-mechanisms", "InvalidArgument", "IncompleteSignatureException", "IncompleteSignature", 400},
    {"authorization-type", "InvalidArgument", "IncompleteSignatureException", "IncompleteSignature", 400},
    {"uri", "InvalidURI", "IncompleteSignatureException", "IncompleteSignature", 400},
    {"algorithm", "InvalidRequest", "IncompleteSignatureException", "IncompleteSignature", 400},
    {"access-key", "InvalidAccessKeyId", "UnrecognizedClientException", "InvalidClientTokenId", 403},
    {"token", "InvalidToken", "UnrecognizedClientException", "InvalidClientTokenId", 403},
    {"token-expired", "ExpiredToken", "ExpiredTokenException", "ExpiredToken", 403},
    {"signature", "SignatureDoesNotMatch", "InvalidSignatureException", "SignatureDoesNotMatch", 403},
    {"clock-skew", "RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch", 403},
    {"expired", "AccessDenied", "InvalidSignatureException", "SignatureDoesNotMatch", 403},
    {"unsigned-header", "AccessDenied", "InvalidSignatureException", "SignatureDoesNotMatch", 403},
    {"content-sha256", "InvalidArgument", "InvalidSignatureException", "SignatureDoesNotMatch", 400},
    {"decoded-length", "MissingContentLength", "InvalidSignatureException", "SignatureDoesNotMatch", 411},
    {"body", "EntityTooLarge", "RequestTooLargeException", "RequestEntityTooLarge", 413},
};

wire::WireError auth_error(const Error& error, wire::Protocol protocol) {
  for (const auto& known : kAuthCodes) {
    if (known.source != error.source) continue;
    const bool xml = protocol == wire::Protocol::kRestXml;
    int status = known.status;
    if (xml && (known.source == "token" || known.source == "token-expired")) status = 400;
    const char* code = xml ? known.s3 : protocol == wire::Protocol::kQuery ? known.query : known.json;
    auto message = error.message;
    if (known.source == "expired") message = "Request has expired. " + message;
    return {code, std::move(message), status, {}};
  }
  return {"InternalError", "the signature could not be checked", 500, {}};
}

wire::WireError anonymous_error(wire::Protocol protocol) {
  if (protocol == wire::Protocol::kRestXml) return {"AccessDenied", "Access Denied", 403, {}};
  if (protocol == wire::Protocol::kQuery)
    return {"MissingAuthenticationToken", "Request is missing Authentication Token", 403, {}};
  return {"MissingAuthenticationTokenException", "Missing Authentication Token", 403, {}};
}

wire::WireError refusal(const Error& error, wire::Protocol protocol, const http::Request& request,
                        std::string_view service) {
  if (protocol != wire::Protocol::kJson) return auth_error(error, protocol);
  const auto now = std::chrono::floor<WallTime::duration>(std::chrono::system_clock::now());
  return json_auth_error(error, request, service, now);
}

// As the protocol that the client speaks says that there is no such operation.
http::Response not_served(const http::Request& request, const std::string& service) {
  const auto message = fmt::format(
      "Gust does not serve '{}' yet; it serves s3, lambda, dynamodb, logs, cloudwatch, apigateway, "
      "application-autoscaling, xray and sts",
      service);
  http::Response response;
  response.status = 400;
  if (request.headers.get_or("content-type", "").starts_with("application/x-www-form-urlencoded")) {
    response.headers.add("Content-Type", "text/xml");
    response.body = fmt::format(
        "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>{}</Message></Error>"
        "</ErrorResponse>",
        codec::xml_escape(message));
    return response;
  }
  response.headers.add("Content-Type",
                       request.headers.get("x-amz-target") ? "application/x-amz-json-1.0" : "application/json");
  response.headers.add("x-amzn-ErrorType", "UnknownOperationException");
  response.body = codec::to_json(boost::json::object{{"__type", "UnknownOperationException"}, {"message", message}});
  return response;
}

// Version 2 of signatures, whose scope has no date, knows no region.
void take_region(RequestContext& context, const std::optional<auth::Scope>& scope) {
  if (!scope || scope->date.empty()) return;
  context.region = scope->region;
  context.signed_region = scope->region;
}

// A page that is open asks again and again; only what somebody does is traced.
bool is_look(const http::Request& request) {
  if (request.method == "GET" || request.method == "HEAD") return true;
  const auto target = request.headers.get_or("x-amz-target", "");
  return target.find(".List") != std::string_view::npos || target.find(".Describe") != std::string_view::npos;
}

}  // namespace

http::Response admin_error(int status, const std::string& message) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = codec::to_json(boost::json::object{{"error", message}});
  return response;
}

async::Task<http::Response> Front::handle(RequestContext context, http::Request request) {
  const auto scope = auth::scope_of(request);
  take_region(context, scope);
  auto to = api::find_destination(request, scope ? scope->service : "");
  if (wants_console(request, to)) co_return redirect("/_gust/");
  const bool confined = shares_origin(request, to) && wants_page(request);
  auto response = co_await trace(std::move(context), std::move(request), std::move(to));
  if (confined) confine(response);
  co_return response;
}

async::Task<http::Response> Front::handle_inside(RequestContext context, http::Request request) {
  const auto scope = auth::scope_of(request);
  take_region(context, scope);
  auto to = api::find_destination(request, scope ? scope->service : "");
  if (to.service == ServiceKind::kAdmin || to.service == ServiceKind::kMetrics || to.service == ServiceKind::kConsole)
    co_return admin_error(403, "the administration is not reachable from a function");
  co_return co_await trace(std::move(context), std::move(request), std::move(to));
}

boost::asio::awaitable<http::Response> Front::trace(RequestContext context, http::Request request,
                                                    api::Destination to) {
  auto span = spans_.begin(context, request, to);
  const bool knows_w3c = request.headers.contains("traceparent");
  auto response = co_await dispatch(context, std::move(request), std::move(to));
  FrontSpans::end(std::move(span), context, response);
  if (knows_w3c) response.headers.set("traceparent", context.trace.traceparent());
  co_return response;
}

boost::asio::awaitable<http::Response> Front::dispatch(RequestContext context, http::Request request,
                                                       api::Destination to) {
  GUST_DEBUG("{} {} {}{}", context.request_id, request.method, request.host(), request.target);
  if (to.service == ServiceKind::kAdmin)
    co_return co_await serve_admin(std::move(context), std::move(request), std::move(to));
  if (to.service == ServiceKind::kMetrics)
    co_return co_await serve_metrics(std::move(context), std::move(request), std::move(to));
  if (const auto open = open_.find(to.service); open != open_.end()) {
    auto noted = note(context, request, to);
    auto response = co_await open->second(std::move(context), std::move(request), std::move(to));
    tell(noted, {}, response);
    co_return response;
  }
  if (to.service == ServiceKind::kNotServed) {
    GUST_WARN("{}: a request for '{}', which is not served", context.request_id, to.name);
    co_return not_served(request, to.name);
  }
  if (to.service == ServiceKind::kS3 && request.method == "OPTIONS") {
    auto answer = co_await s3_.preflight(context, std::move(request), std::move(to.path));
    if (answer) co_return *std::move(answer);
    co_return admin_error(500, "the preflight failed");
  }
  if (!signed_.contains(to.service)) co_return admin_error(404, "nothing is served here");
  if (signed_.at(to.service).service->model().body_crc32)
    co_return co_await serve_tables(std::move(context), std::move(request), std::move(to));
  co_return co_await serve_signed(std::move(context), std::move(request), std::move(to));
}

async::Task<Principal> Front::authenticate(RequestContext context, http::Request& request, std::string scope) {
  const auto began = std::chrono::steady_clock::now();
  auto who = co_await authenticator_.authenticate(context, request, scope);
  spans_.authorized(context, scope, began, who);
  co_return who;
}

// Before the request is given away.
std::optional<Front::Noted> Front::note(const RequestContext& context, const http::Request& request,
                                        const api::Destination& to) const {
  using enum ServiceKind;
  const bool counts = to.service == kS3 || to.service == kDynamoDb || to.service == kHttpApi || to.service == kSite;
  if (!served_ || !counts) return std::nullopt;
  Served out;
  out.service = to.service;
  out.name = to.name;
  out.method = request.method;
  if (to.service == kS3) {
    out.path = to.path;
    out.query = request.query;
  }
  out.from = request.peer == "sandbox" ? Served::From::kFunction : Served::From::kOutside;
  out.bytes_in = request.content_length.value_or(0);
  return Noted{std::move(out), std::chrono::steady_clock::now(), context.note};
}

void Front::tell(std::optional<Noted>& noted, const AccountId& account, const http::Response& response) const {
  if (!noted) return;
  auto& served = noted->served;
  served.account = account;
  served.status = response.status;
  if (served.method != "HEAD") served.bytes_out = response.content_length.value_or(response.body.size());
  const std::chrono::duration<double, std::milli> latency = std::chrono::steady_clock::now() - noted->began;
  served.latency_ms = latency.count();
  if (noted->note) {
    served.operation = noted->note->operation;
    served.resource = noted->note->resource;
  }
  if (response.status >= 400) served.error = error_code_of(response);
  served_(served);
}

boost::asio::awaitable<http::Response> Front::serve_signed(RequestContext context, http::Request request,
                                                           api::Destination to) {
  const auto& target = signed_.at(to.service);
  auto& service = target.service->speaking(request);
  const auto protocol = service.model().protocol;
  const bool is_s3 = to.service == ServiceKind::kS3;
  const std::string origin(is_s3 ? request.headers.get_or("origin", "") : "");
  const auto method = request.method;
  const std::string cors_method(request.headers.get_or("access-control-request-method", method));  // as the service
  auto noted = note(context, request, to);
  http::Response response;
  if (is_s3 && api::S3Service::is_form(request, to.path)) {
    response = co_await s3_.post_form(context, std::move(request), to.path, authenticator_);
  } else if (const auto who = co_await authenticate(context, request, target.scope); !who) {
    response = service.refuse(context, refusal(who.error(), protocol, request, target.scope));
  } else if (who->anonymous() && !is_s3) {  // S3 asks its policies and lists
    const bool json = protocol == wire::Protocol::kJson;
    response = service.refuse(context, json ? unsigned_error(request) : anonymous_error(protocol));
  } else {
    context.principal = *who;
    auto answered = co_await service.handle(context, std::move(request), to.path);
    response = answered ? *std::move(answered) : admin_error(500, answered.error().message);
  }
  if (method == "HEAD" && !response.stream) response.body.clear();
  if (!origin.empty()) {
    const auto added = co_await s3_.add_cors(to.path, cors_method, origin, response);
    if (!added && added.error().code != Code::kNotFound) GUST_WARN("s3: CORS headers: {}", added.error().message);
  }
  tell(noted, context.principal.account, response);
  co_return response;
}

// DynamoDB looks at a request in an order of its own before it looks at the signature.
boost::asio::awaitable<http::Response> Front::serve_tables(RequestContext context, http::Request request,
                                                           api::Destination to) {
  constexpr std::string_view kJson = "application/x-amz-json-1.0";
  auto& service = *signed_.at(to.service).service;
  const bool from_page = request.headers.contains("origin");
  const bool plain_json = !request.headers.get_or("content-type", "").starts_with(kJson);
  http::Response response;
  if (auto plain = answer_plainly(request, context.region)) {
    response = *std::move(plain);
    response.headers.set("x-amzn-RequestId", context.request_id.str());
  } else if (names_operation(service.model(), request)) {
    response = co_await serve_signed(std::move(context), std::move(request), std::move(to));
  } else {
    const auto body = co_await async::read_all(*request.body, kMostUnknown);
    const bool malformed = body && !body->empty() && !codec::parse_json(*body, 256);
    wire::WireError error{malformed ? "SerializationException" : "UnknownOperationException", "", 400, {}};
    response = service.refuse(context, std::move(error));
  }
  if (from_page) {
    response.headers.set("Access-Control-Allow-Origin", "*");
    response.headers.set("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date");
  }
  if (plain_json && response.headers.get_or("content-type", "") == kJson)
    response.headers.set("Content-Type", "application/json");
  co_return response;
}

boost::asio::awaitable<http::Response> Front::serve_admin(RequestContext context, http::Request request,
                                                          api::Destination to) {
  const auto who = co_await authenticator_.authenticate(context, request, "gust");
  if (!who) co_return admin_error(403, who.error().message);
  if (who->anonymous()) co_return admin_error(403, "the request is not signed; sign it for the service 'gust'");
  context.principal = *who;
  co_return co_await admin_(std::move(context), std::move(request), std::move(to));
}

boost::asio::awaitable<http::Response> Front::serve_metrics(RequestContext context, http::Request request,
                                                            api::Destination to) {
  if (request.method != "GET")
    co_return admin_error(405, fmt::format("{} /_gust/metrics is not served; GET it", request.method));
  if (!auth::is_loopback(request.peer)) {
    const auto who = co_await authenticator_.authenticate(context, request, "gust");
    if (!who) co_return admin_error(403, who.error().message);
    if (who->account.str() != kDefaultAccount) {
      co_return admin_error(403,
                            "from another machine the metrics are for the root account: sign the request with its "
                            "keys for the service 'gust'");
    }
  }
  co_return co_await metrics_(std::move(context), std::move(request), std::move(to));
}

boost::asio::awaitable<http::Response> Front::serve_known(RequestContext context, http::Request request,
                                                          std::string service) {
  request.headers.set("Host", "localhost");  // no name of a bucket or an API
  const auto to = api::find_destination(request, service);
  const auto target = signed_.find(to.service);
  if (target == signed_.end() || target->second.scope != service)
    co_return admin_error(404, fmt::format("Gust does not serve '{}'", service));
  if (const auto wrapped = auth::wrap_unsigned(request); !wrapped) co_return admin_error(400, wrapped.error().message);
  auto span = is_look(request) ? nullptr : spans_.begin(context, request, to);
  if (span) context.note->account = context.principal.account;
  auto& spoken = target->second.service->speaking(request);
  auto answered = co_await spoken.handle(context, std::move(request), to.path);
  auto response = answered ? *std::move(answered) : admin_error(500, answered.error().message);
  FrontSpans::end(std::move(span), context, response);
  co_return response;
}

boost::asio::awaitable<http::Response> Front::administer(RequestContext context, http::Request request) {
  auto path = request.path;
  if (path == "/_gust/metrics") {
    if (context.principal.account.str() != kDefaultAccount)
      co_return admin_error(403, "the metrics are for the root account");
    api::Destination page{ServiceKind::kMetrics, "", std::move(path)};
    co_return co_await metrics_(std::move(context), std::move(request), std::move(page));
  }
  api::Destination to{ServiceKind::kAdmin, "", std::move(path)};
  co_return co_await admin_(std::move(context), std::move(request), std::move(to));
}

}  // namespace gust::daemon
