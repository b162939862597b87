// XRayService: the API of X-Ray over traces::Store: segments in, traces and the graph of services out. Loop thread
// only.
#pragma once

#include "api/xray.gen.h"
#include "traces/store.h"
#include "wire/service.h"

namespace gust::api {

template <typename T>
using XRayReply = boost::asio::awaitable<wire::Reply<T>>;

class XRayService {
 public:
  // It outlives this.
  explicit XRayService(traces::Store& store);

  wire::Service& wire() { return service_; }

 private:
  XRayReply<xray::PutTraceSegmentsResult> put_segments(wire::Call call, xray::PutTraceSegmentsRequest request);
  XRayReply<xray::GetTraceSummariesResult> summaries(wire::Call call, xray::GetTraceSummariesRequest request);
  XRayReply<xray::BatchGetTracesResult> traces(wire::Call call, xray::BatchGetTracesRequest request);
  XRayReply<xray::GetServiceGraphResult> service_graph(wire::Call call, xray::GetServiceGraphRequest request);
  XRayReply<xray::GetTraceGraphResult> trace_graph(wire::Call call, xray::GetTraceGraphRequest request);

  traces::Store& store_;
  wire::Service service_;
};

}  // namespace gust::api
