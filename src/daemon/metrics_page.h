// MetricsPage: /_gust/metrics: what the modules counted, and how things stand now, as Prometheus reads it. Loop thread
// only.
#pragma once

#include "blobs/files/scrubber.h"
#include "event_sources/pollers.h"
#include "functions/async_invoker.h"
#include "functions/invoker.h"
#include "http/message.h"
#include "telemetry/metrics.h"
#include "traces/store.h"

namespace gust::daemon {

class MetricsPage {
 public:
  MetricsPage(const telemetry::Metrics& metrics, const functions::Invoker& invoker, functions::AsyncInvoker& events,
              const event_sources::Pollers& pollers, const blobs::Scrubber& scrubber, const traces::Store* traces)
      : metrics_(metrics),
        invoker_(invoker),
        events_(events),
        pollers_(pollers),
        scrubber_(scrubber),
        traces_(traces) {}

  async::Task<http::Response> get();

 private:
  const telemetry::Metrics& metrics_;
  const functions::Invoker& invoker_;
  functions::AsyncInvoker& events_;
  const event_sources::Pollers& pollers_;
  const blobs::Scrubber& scrubber_;
  const traces::Store* traces_;  // null: off
};

}  // namespace gust::daemon
