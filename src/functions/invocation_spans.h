// InvocationSpans: the steps of an invocation, as spans: its wait for an instance, the start and the init that it
// waited for, and its time on the instance. Loop thread only.
#pragma once

#include "functions/instance.h"
#include "functions/pool.h"
#include "telemetry/span.h"

namespace gust::functions {

class InvocationSpans {
 public:
  // None: nothing is recorded.
  explicit InvocationSpans(telemetry::Tracer* tracer) : tracer_(tracer) {}

  // It has its instance, or one whose init failed.
  void waited(const RequestContext& context, const Waiter& waiter) const;

  // On the instance. begin() makes the handler's span the current one of `context`. What is known at the end is put
  // together then: what was written before has left the processor's cache.
  struct Running {
    TraceId trace;  // empty: nothing is recorded
    SpanId id = 0, parent = 0;
    RequestId request_id;
    std::int64_t start_us = 0;
    SteadyTime began;
    std::string_view start;  // "warm", or way_of()
  };
  Running begin(RequestContext& context, const Instance& instance) const;
  void end(const Instance& instance, Running running, const Result<InvokeResult>& result) const;

 private:
  void start_of(const RequestContext& context, const Instance& instance, SpanId parent) const;

  telemetry::Tracer* tracer_;
};

// "launched", "pooled", "snapshot" or "provisioned": how the instance came to be.
std::string_view way_of(const Instance& instance);
// What a failure says in one line: the type and the message of a function's error.
std::string error_text(const InvokeResult& result);

}  // namespace gust::functions
