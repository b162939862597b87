// TraceExport: sends every span on to an OpenTelemetry collector, over HTTP. What the collector does not take in time
// is dropped and counted; nothing waits for it. record() may be called on any thread, the rest on the loop's.
#pragma once

#include "async/task_group.h"
#include "http/client.h"
#include "telemetry/span.h"

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gust::daemon {

struct Collector {
  std::string host, path = "/v1/traces";
  std::uint16_t port = 4318;
};
// "http://HOST[:PORT][/PATH]", without a path /v1/traces. kInvalid.
Result<Collector> parse_collector(std::string_view url);

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
