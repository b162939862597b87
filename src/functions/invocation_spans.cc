#include "functions/invocation_spans.h"

#include "codec/json.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gust::functions {
namespace {

using telemetry::Span;
using telemetry::SpanKind;
using telemetry::SpanStatus;

constexpr std::string_view kService = "lambda";
constexpr std::int64_t kAtOnceUs = 200;  // an instance that is there is found within it

std::int64_t in_us(double ms) { return std::max<std::int64_t>(0, static_cast<std::int64_t>(ms * 1000)); }

Span span_of(const RequestContext& context, const Function& function, SpanKind kind, std::int64_t start_us) {
  auto out = telemetry::make_span(context, kind, start_us);
  out.account = function.key.account.str();
  out.service = kService;
  out.resource = function.key.name.str();
  return out;
}

}  // namespace

std::string_view way_of(const Instance& instance) {
  if (instance.initialization_type() == kProvisionedType) return "provisioned";
  if (instance.start_kind() == Instance::Start::kRestored) return "snapshot";
  return instance.start_kind() == Instance::Start::kPooled ? "pooled" : "launched";
}

std::string error_text(const InvokeResult& result) {
  auto out = result.error_type.empty() ? result.function_error : result.error_type;
  const auto document = codec::parse_json(result.payload);
  const auto* message =
      document && document->is_object() ? document->get_object().if_contains("errorMessage") : nullptr;
  if (message != nullptr && message->is_string()) out += ": " + std::string(message->get_string());
  return out;
}

void InvocationSpans::waited(const RequestContext& context, const Waiter& waiter) const {
  if (tracer_ == nullptr || context.trace.id.empty()) return;
  const auto& instance = waiter.failed ? *waiter.failed : *waiter.instance;
  auto wait = span_of(context, instance.function(), SpanKind::kQueue, telemetry::to_epoch_us(waiter.since));
  if (!waiter.failed && wait.duration_us < kAtOnceUs) return;
  wait.name = "wait for an instance";
  tracer_->record(wait);
  // One that started before was meant for others, or for nobody yet.
  const bool awaited = instance.started_at() >= waiter.since - Millis(1);
  if (waiter.failed || (awaited && !instance.has_served())) start_of(context, instance, wait.id);
}

void InvocationSpans::start_of(const RequestContext& context, const Instance& instance, SpanId parent) const {
  const auto began_us = telemetry::to_epoch_us(instance.started_at());
  const auto phases = instance.phases();
  auto start = span_of(context, instance.function(), SpanKind::kStart, began_us);
  start.parent = parent;
  start.name = way_of(instance);
  start.duration_us = in_us(phases.sandbox_ms);
  tracer_->record(start);
  auto init = span_of(context, instance.function(), SpanKind::kInit, began_us + start.duration_us);
  init.parent = parent;
  init.name = instance.start_kind() == Instance::Start::kRestored ? "restore" : "init";
  init.duration_us = in_us(phases.init_ms);
  if (!instance.was_ready()) {
    init.status = SpanStatus::kFault;
    init.error = "the init failed";
  }
  tracer_->record(init);
}

InvocationSpans::Running InvocationSpans::begin(RequestContext& context, const Instance& instance) const {
  Running out{.began = std::chrono::steady_clock::now()};
  if (tracer_ == nullptr || context.trace.id.empty()) return out;
  out.trace = context.trace.id;
  out.id = telemetry::new_span_id();
  out.parent = std::exchange(context.trace.span, out.id);
  out.request_id = context.request_id;
  out.start_us = telemetry::now_us();
  out.start = instance.has_served() ? "warm" : way_of(instance);
  return out;
}

void InvocationSpans::end(const Instance& instance, Running running, const Result<InvokeResult>& result) const {
  if (running.trace.empty()) return;
  if (!result && result.error().source == Instance::kUndelivered) return;
  const auto& function = instance.function();
  Span span;
  span.trace = running.trace;
  span.id = running.id;
  span.parent = running.parent;
  span.kind = SpanKind::kHandler;
  span.account = function.key.account.str();
  span.service = kService;
  span.resource = function.key.name.str();
  span.start_us = running.start_us;
  const auto took = std::chrono::steady_clock::now() - running.began;
  span.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  span.name = span.resource;
  span.request_id = running.request_id.str();
  span.attributes.emplace_back("start", running.start);
  if (function.version != kLatest) span.attributes.emplace_back("version", function.version);
  if (!result) {
    span.status = result.error().code == Code::kThrottled ? SpanStatus::kThrottle : SpanStatus::kFault;
    span.error = result.error().message;
  } else if (!result->function_error.empty()) {
    span.status = SpanStatus::kFault;
    span.error = error_text(*result);
  }
  tracer_->record(span);
}

}  // namespace gust::functions
