// TraceExport: sends every span on to an OpenTelemetry collector, over HTTP or HTTPS. What the collector does
// not take in time is dropped and counted; nothing waits for it. record() may be called on any thread, the rest on the
// loop's.
#pragma once

#include "async/task_group.h"
#include "http/client.h"
#include "telemetry/span.h"

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace gust::daemon {

struct Collector {
  http::Origin origin;
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;  // of every request, as keys of the collector
};
// `url`: http[s]://HOST[:PORT][/PATH], without a path /v1/traces, without a port 4318 of http. `headers`:
// NAME=VALUE,..., percent-encoded, as of OTEL_EXPORTER_OTLP_HEADERS. kInvalid.
Result<Collector> parse_collector(std::string_view url, std::string_view headers);

class TraceExport final : public telemetry::Tracer {
 public:
  // Hands all on to `next`, which outlives it.
  TraceExport(async::Executor executor, telemetry::Tracer& next, Collector collector);

  void record(const telemetry::Span& span) override;
  void start() { tasks_.spawn(run()); }
  // Sends what there is, once.
  async::Task<void> stop();
  std::uint64_t lost();

 private:
  async::Task<void> run();
  std::vector<telemetry::Span> take();
  async::Task<void> send(std::vector<telemetry::Span> spans);

  telemetry::Tracer& next_;
  Collector collector_;
  std::unique_ptr<http::Client> client_;
  std::mutex mutex_;
  std::deque<telemetry::Span> waiting_;
  std::uint64_t lost_ = 0;
  async::TaskGroup tasks_;
};

}  // namespace gust::daemon
