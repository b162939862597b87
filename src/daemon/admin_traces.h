// AdminTraces: /_gust/traces, /_gust/traces/ID, /_gust/traces/stream and /_gust/map of the administration. Loop thread
// only.
#pragma once

#include "functions/log_store.h"
#include "http/message.h"
#include "traces/store.h"

#include <memory>
#include <string>

namespace gust::daemon {

class AdminTraces {
 public:
  AdminTraces(traces::Store& store, functions::LogStore& logs, env::Clock& clock, std::shared_ptr<const bool> stopping)
      : store_(store), logs_(logs), clock_(clock), stopping_(std::move(stopping)) {}

  // `path` is what follows /_gust/: "traces", "traces/1-...", "traces/stream", "map". Errors as the administration's.
  async::Task<http::Response> handle(RequestContext context, http::Request request, std::string path);

 private:
  async::Task<http::Response> list(RequestContext context, http::Request request);
  async::Task<http::Response> show(RequestContext context, http::Request request, std::string id);
  async::Task<http::Response> map(RequestContext context, http::Request request);
  http::Response stream(const RequestContext& context);

  traces::Store& store_;
  functions::LogStore& logs_;
  env::Clock& clock_;
  std::shared_ptr<const bool> stopping_;
};

}  // namespace gust::daemon
