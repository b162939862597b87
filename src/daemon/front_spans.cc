#include "daemon/front_spans.h"

#include "codec/legible.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace gust::daemon {
namespace {

using api::ServiceKind;
using telemetry::Span;
using telemetry::SpanKind;

constexpr std::size_t kLongestHeader = 1000;
constexpr std::size_t kLongestName = 128;
constexpr std::chrono::microseconds kCheap{1000};  // what authorizing may take unseen
constexpr std::chrono::seconds kAtOnce{1};  // a request that waited longer for its connection's handshake did not wait

// As the traces name it; empty: not traced.
std::string_view service_of(ServiceKind kind) {
  switch (kind) {
    case ServiceKind::kS3: return "s3";
    case ServiceKind::kLambda: return "lambda";
    case ServiceKind::kDynamoDb: return "dynamodb";
    case ServiceKind::kDynamoDbStreams: return "dynamodbstreams";
    case ServiceKind::kHttpApi: return "apigateway";
    case ServiceKind::kFunctionUrl: return "lambda-url";
    case ServiceKind::kSite: return "site";
    case ServiceKind::kApiGateway: return "apigatewayv2";
    case ServiceKind::kSts: return "sts";
    case ServiceKind::kScaling: return "autoscaling";
    default: return {};
  }
}

// What clients send, as it can be shown.
std::string plain(std::string_view given) {
  std::string text;
  codec::append_legible(text, given, given.size());
  return text;
}

void set_name(Span& span, std::string_view method, std::string_view path) {
  span.name.reserve(method.size() + 1 + std::min(path.size(), kLongestName));
  codec::append_legible(span.name, method, kLongestName);
  span.name += ' ';
  codec::append_legible_path(span.name, path, kLongestName);
}

// "PUT photos/a.jpg"; of services with operations nothing yet: the operation names it.
void name_request(Span& span, const http::Request& request, const api::Destination& to) {
  const std::string_view path = to.path;
  if (to.service == ServiceKind::kS3) {
    const auto below = path.substr(std::min<std::size_t>(1, path.size()));
    span.resource = plain(below.substr(0, below.find('/')));
    set_name(span, request.method, below.empty() ? path : below);
  } else if (!to.name.empty()) {
    span.resource = plain(to.name);
    set_name(span, request.method, path);
  }
}

// The trace that the request says it is of.
TraceContext trace_of(const RequestContext& context, const http::Request& request) {
  const auto xray = request.headers.get_or("x-amzn-trace-id", "");
  auto out = xray.size() < kLongestHeader ? parse_xray(xray) : TraceContext();
  if (out.empty() && context.caller) out = context.caller->trace;
  const auto parent = request.headers.get("traceparent");
  const auto given = parent ? parse_traceparent(*parent) : std::nullopt;
  // A function's own tracing may not know of the invocation that it is in: then that is what ties the call to it.
  if (given && (!context.caller || out.id.empty() || out.id == given->id)) {
    auto rest = std::move(out.rest);
    out = *given;
    out.rest = std::move(rest);
  }
  return out;
}

}  // namespace

std::string error_code_of(const http::Response& response) {
  if (const auto type = response.headers.get("x-amzn-errortype")) return std::string(*type);
  const std::string_view body = std::string_view(response.body).substr(0, 1000);
  for (const auto& [begin, end] : {std::pair<std::string_view, char>{"<Code>", '<'}, {"\"__type\":\"", '"'}}) {
    auto at = body.find(begin);
    if (at == std::string_view::npos) continue;
    at += begin.size();
    auto code = body.substr(at, body.find(end, at) - at);
    if (const auto hash = code.rfind('#'); hash != std::string_view::npos) code.remove_prefix(hash + 1);
    return plain(code);
  }
  return fmt::format("HTTP {}", response.status);
}

std::shared_ptr<telemetry::OpenSpan> FrontSpans::begin(RequestContext& context, const http::Request& request,
                                                       const api::Destination& to) const {
  context.trace = trace_of(context, request);
  if (context.trace.id.empty()) context.trace.id = telemetry::new_trace_id();
  const auto service = service_of(to.service);
  if (service.empty()) return nullptr;
  auto out = std::make_shared<telemetry::OpenSpan>(tracer_, Span());
  auto& span = out->span;
  span.trace = context.trace.id;
  span.id = telemetry::new_span_id();
  span.parent = context.trace.span;
  const bool is_call = context.caller && span.parent != 0;
  span.kind = is_call ? SpanKind::kCall : SpanKind::kRequest;
  span.entry = is_call ? Span::Entry::kNo : Span::Entry::kYes;
  span.start_us = telemetry::now_us();
  span.status = telemetry::SpanStatus::kFault;  // until there is an answer
  span.error = "no answer";
  span.service = service;
  span.request_id = context.request_id.str();
  name_request(span, request, to);
  context.trace.span = span.id;
  record_handshake(context, request);
  context.note = std::shared_ptr<RequestNote>(out, &out->note);
  return out;
}

// It was over when the request came. Browsers also begin connections that they may need some day.
void FrontSpans::record_handshake(const RequestContext& context, const http::Request& request) const {
  const auto& shaken = request.handshake;
  if (!shaken || std::chrono::steady_clock::now() - shaken->ended > kAtOnce) return;
  auto span = telemetry::make_span(context, SpanKind::kTls, telemetry::to_epoch_us(shaken->began));
  span.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(shaken->ended - shaken->began).count();
  span.service = "tls";
  span.name = std::string(request.tls) + " handshake";
  span.attributes.emplace_back("cipher", shaken->cipher);
  tracer_.record(span);
}

void FrontSpans::end(std::shared_ptr<telemetry::OpenSpan> span, const RequestContext& context,
                     http::Response& response) {
  if (!response.headers.contains("x-amzn-trace-id"))
    response.headers.add("X-Amzn-Trace-Id", "Root=" + xray_id(context.trace.id));
  if (!span) return;
  auto& data = span->span;
  data.status = telemetry::status_of(response.status);
  data.error = data.status == telemetry::SpanStatus::kOk ? "" : error_code_of(response);
  if (response.status != 200) data.attributes.emplace_back("http.status", std::to_string(response.status));
  response.kept = std::make_shared<telemetry::SpanEnd>(std::move(span));
}

void FrontSpans::authorized(const RequestContext& context, std::string_view service, SteadyTime began,
                            const Result<Principal>& who) const {
  if (context.note == nullptr) return;
  if (who && context.note->account.empty()) context.note->account = who->account;
  if (std::chrono::steady_clock::now() - began < kCheap) return;
  auto span = telemetry::make_span(context, SpanKind::kAuthorize, telemetry::to_epoch_us(began));
  span.service = service;
  span.name = "check the signature";
  if (who) {
    span.account = who->account.str();
  } else {
    span.status = telemetry::SpanStatus::kError;
    span.error = who.error().message;
  }
  tracer_.record(span);
}

}  // namespace gust::daemon
