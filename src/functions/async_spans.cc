// What is seen of an event's way: its wait in the queue, its attempts, the pauses between them, its end.
#include "functions/async_invoker.h"
#include "functions/invocation_spans.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::functions {

using telemetry::Span;
using telemetry::SpanKind;
using telemetry::SpanStatus;

static Span span_of(const RequestContext& context, const AsyncEvent& event, SpanKind kind, std::int64_t start_us) {
  auto out = telemetry::make_span(context, kind, start_us);
  out.account = event.function.key.account.str();
  out.service = "lambda";
  out.resource = event.function.key.name.str();
  out.request_id = event.id;
  return out;
}

Span AsyncInvoker::begin_attempt(RequestContext& context, const queue::Lease& lease, const AsyncEvent& event) {
  const auto attempts = std::max<std::uint32_t>(1, lease.message.attempts);
  if (attempts == 1) {
    auto wait = span_of(context, event, SpanKind::kQueue, to_epoch_ms(lease.message.enqueued_at) * 1000);
    wait.name = "wait in the queue";
    tracer_.record(wait);
  }
  auto out = span_of(context, event, SpanKind::kDelivery, telemetry::now_us());
  out.name = fmt::format("attempt {}", attempts);
  context.trace.span = out.id;
  return out;
}

void AsyncInvoker::end_attempt(Span span, const Result<InvokeResult>& result) {
  span.duration_us = std::max<std::int64_t>(0, telemetry::now_us() - span.start_us);
  if (!result) {
    span.status = result.error().code == Code::kThrottled ? SpanStatus::kThrottle : SpanStatus::kFault;
    span.error = result.error().message;
  } else if (!result->function_error.empty()) {
    span.status = SpanStatus::kFault;
    span.error = error_text(*result);
  }
  tracer_.record(span);
}

// Beside the attempts: below what set them off. Told when it begins, so that it is seen while it lasts.
void AsyncInvoker::tell_retry(const Outcome& outcome, Millis delay, const std::string& reason) {
  auto context = outcome.context;
  context.trace.span = parse_xray(outcome.event.trace_id).span;
  auto span = span_of(context, outcome.event, SpanKind::kRetry, telemetry::now_us());
  span.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(delay).count();
  span.name = fmt::format("again in {:.1f} s", static_cast<double>(delay.count()) / 1000);
  span.error = reason;
  tracer_.record(span);
}

void AsyncInvoker::tell_dead(const Outcome& outcome, const std::string& reason, const std::string& destination) {
  auto context = outcome.context;
  context.trace.span = parse_xray(outcome.event.trace_id).span;
  if (context.trace.id.empty()) return;
  auto span = span_of(context, outcome.event, SpanKind::kDeadLetter, telemetry::now_us());
  span.name = destination.empty() ? "dead letter" : "to " + destination;
  span.status = SpanStatus::kFault;
  span.error = reason;
  if (!outcome.condition.empty()) span.attributes.emplace_back("condition", outcome.condition);
  tracer_.record(span);
}

}  // namespace gust::functions
