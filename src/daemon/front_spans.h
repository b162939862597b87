// FrontSpans: the span of each request that comes in, and the trace that it is of. Loop thread only.
#pragma once

#include "api/endpoint.h"
#include "http/message.h"
#include "telemetry/span.h"

#include <memory>
#include <string_view>

namespace gust::daemon {

// The code that an answer gives for its failure.
std::string error_code_of(const http::Response& response);

class FrontSpans {
 public:
  explicit FrontSpans(telemetry::Tracer& tracer) : tracer_(tracer) {}

  // Puts the request into its trace: that of its headers (traceparent, X-Amzn-Trace-Id), that of the invocation that it
  // comes from, or a new one. Its span is the context's current one from now on. Null: it is none that is traced.
  std::shared_ptr<telemetry::OpenSpan> begin(RequestContext& context, const http::Request& request,
                                             const api::Destination& to) const;
  // Says how it went, and gives the trace out; the span ends when the response is sent.
  static void end(std::shared_ptr<telemetry::OpenSpan> span, const RequestContext& context, http::Response& response);
  // A signature that took long to check.
  void authorized(const RequestContext& context, std::string_view service, SteadyTime began,
                  const Result<Principal>& who) const;

 private:
  void record_handshake(const RequestContext& context, const http::Request& request) const;

  telemetry::Tracer& tracer_;
};

}  // namespace gust::daemon
