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

  // On the instance. begin() makes the handler's span the current one of `context`.
  struct Running {
    telemetry::Span span;
    SteadyTime began;
  };
  Running begin(RequestContext& context, const Instance& instance) const;
  void end(Running& running, const Result<InvokeResult>& result) const;

 private:
  void start_of(const RequestContext& context, const Instance& instance, SpanId parent) const;

  telemetry::Tracer* tracer_;
};

// "launched", "pooled", "snapshot" or "provisioned": how the instance came to be.
std::string_view way_of(const Instance& instance);
// What a failure says in one line: the type and the message of a function's error.
std::string error_text(const InvokeResult& result);

}  // namespace gust::functions
