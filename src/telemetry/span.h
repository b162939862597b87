// Span: one step of a trace, from when to when and how it ended; and Tracer, which takes those that have ended. Where
// they are kept is src/traces. Any thread.
#pragma once

#include "base/context.h"
#include "base/time.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gust::telemetry {

// As the administration names them (kind_name), and as they are on the disk: new ones at the end.
enum class SpanKind : std::uint8_t {
  kRequest,     // from outside, whole: until the answer is sent
  kRoute,       // of an HTTP API: stage, route, the event made
  kAuthorize,   // a signature and what it asks for, where it took its time
  kQueue,       // an invocation waits: for an instance, or as an accepted event
  kStart,       // an instance's sandbox is made
  kInit,        // its runtime and the function's own init
  kHandler,     // an instance has the invocation
  kCall,        // a function's request to a service of Gust's
  kOutbox,      // from a write to the queue of what it sets off
  kDelivery,    // one attempt to deliver an event
  kRetry,       // the wait before the next
  kDeadLetter,  // the event is given up
  kCustom,      // of a function's own SDK
  kTls,         // the handshake of the connection that a request came by, of its first
};
inline constexpr std::size_t kSpanKinds = 14;

// As X-Ray has them: kError is the caller's fault, kFault the callee's.
enum class SpanStatus : std::uint8_t { kOk, kError, kFault, kThrottle };

std::string_view kind_name(SpanKind kind);
std::string_view status_name(SpanStatus status);

struct Span {
  TraceId trace;
  SpanId id = 0, parent = 0;  // no parent: the trace begins here
  SpanKind kind = SpanKind::kCustom;
  SpanStatus status = SpanStatus::kOk;
  enum class Entry { kNo, kYes } entry = Entry::kNo;  // Gust was entered with it, or began it by itself
  std::int64_t start_us = 0, duration_us = 0;         // since 1970
  std::string account;   // whose it is; empty: nobody's in particular
  std::string service;   // s3, lambda, dynamodb, apigateway, site...
  std::string name;      // "PUT photos/a.jpg"
  std::string resource;  // the bucket, table, function or API
  std::string request_id;
  std::string error;
  std::vector<std::pair<std::string, std::string>> attributes;
};

class Tracer {
 public:
  virtual ~Tracer() = default;
  // Never waits; what is too much is dropped and counted.
  virtual void record(const Span& span) = 0;
};

// Takes nothing.
Tracer& no_tracer();

std::int64_t now_us();
std::int64_t to_epoch_us(SteadyTime at);
TraceId new_trace_id();  // its first four bytes are the time in seconds, as X-Ray wants
SpanId new_span_id();

// A step of `context`'s trace, below its current span, from `start_us` to now.
Span make_span(const RequestContext& context, SpanKind kind, std::int64_t start_us);
SpanStatus status_of(int http_status);
// A view of what fits: cut to `most` bytes at a character's end.
std::string_view shortened(std::string_view text, std::size_t most);

// A span that goes on. It is recorded once: with end(), or when the last of its owners lets go.
class OpenSpan {
 public:
  OpenSpan(Tracer& tracer, Span span) : span(std::move(span)), tracer_(&tracer) {}
  ~OpenSpan() { end(); }
  OpenSpan(const OpenSpan&) = delete;
  void end();

  Span span;
  RequestNote note;  // goes into the span at its end

 private:
  Tracer* tracer_;  // null: it has ended
};

// Ends a span when it goes, whoever else still knows the span.
class SpanEnd {
 public:
  explicit SpanEnd(std::shared_ptr<OpenSpan> span) : span_(std::move(span)) {}
  ~SpanEnd() { span_->end(); }
  SpanEnd(const SpanEnd&) = delete;

 private:
  std::shared_ptr<OpenSpan> span_;
};

}  // namespace gust::telemetry
