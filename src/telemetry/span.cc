#include "telemetry/span.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>

namespace gust::telemetry {
namespace {

constexpr std::array<std::string_view, kSpanKinds> kKinds = {
    "request", "route",  "authorize", "queue", "start",       "init",  "handler",
    "call",    "outbox", "delivery",  "retry", "dead_letter", "custom", "tls"};
constexpr std::array<std::string_view, 4> kStatuses = {"ok", "error", "fault", "throttle"};

class NoTracer final : public Tracer {
 public:
  void record(const Span&) override {}
};

// Ids need not be secret: only different.
std::uint64_t next_random() {
  thread_local std::mt19937_64 engine = [] {
    std::random_device device;
    std::seed_seq seeds{device(), device(), device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seeds);
  }();
  return engine();
}

}  // namespace

std::string_view kind_name(SpanKind kind) { return kKinds[static_cast<std::size_t>(kind) % kSpanKinds]; }
std::string_view status_name(SpanStatus status) { return kStatuses[static_cast<std::size_t>(status) % 4]; }

Tracer& no_tracer() {
  static NoTracer tracer;
  return tracer;
}

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t to_epoch_us(SteadyTime at) {
  const auto ago = std::chrono::steady_clock::now() - at;
  return now_us() - std::chrono::duration_cast<std::chrono::microseconds>(ago).count();
}

TraceId new_trace_id() {
  const auto seconds = static_cast<std::uint64_t>(now_us() / 1'000'000);
  return {seconds << 32 | (next_random() & 0xffffffff), next_random()};
}

SpanId new_span_id() {
  for (;;) {
    if (const auto id = next_random(); id != 0) return id;
  }
}

Span make_span(const RequestContext& context, SpanKind kind, std::int64_t start_us) {
  Span out;
  out.trace = context.trace.id;
  out.id = new_span_id();
  out.parent = context.trace.span;
  out.kind = kind;
  out.start_us = start_us;
  out.duration_us = std::max<std::int64_t>(0, now_us() - start_us);
  out.account = context.principal.account.str();
  return out;
}

SpanStatus status_of(int http_status) {
  if (http_status >= 500) return SpanStatus::kFault;
  if (http_status == 429) return SpanStatus::kThrottle;
  return http_status >= 400 ? SpanStatus::kError : SpanStatus::kOk;
}

std::string_view shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

void OpenSpan::end() {
  auto* const tracer = std::exchange(tracer_, nullptr);
  if (tracer == nullptr) return;
  span.duration_us = std::max<std::int64_t>(0, now_us() - span.start_us);
  if (!note.resource.empty()) span.resource = std::move(note.resource);
  if (span.name.empty() && !note.operation.empty()) {
    span.name = note.operation;
    if (!span.resource.empty()) span.name += " " + span.resource;
  }
  if (span.account.empty()) span.account = note.account.str();
  if (!note.operation.empty()) span.attributes.emplace_back("operation", note.operation);
  tracer->record(span);
}

}  // namespace gust::telemetry
