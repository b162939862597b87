// Tracing: the settings of the trace store, from the environment. Any thread.
#pragma once

#include "daemon/trace_export.h"
#include "functions/invoker.h"
#include "traces/segments.h"

#include <optional>

namespace gust::daemon {

// GUST_TRACES=off: nothing. GUST_TRACES_MAX_MB and GUST_TRACES_MAX_HOURS bound what is kept. What makes no sense is
// told in the log, and not used.
std::optional<traces::StoreSettings> trace_settings();
// GUST_TRACES_EXPORT and GUST_TRACES_EXPORT_HEADERS, as of parse_collector(): the collector that spans are sent to as
// well; none.
std::optional<Collector> trace_collector();
// One datagram for the X-Ray daemon of a function: a line {"format": "json", "version": 1}, then a segment document.
void take_segment(telemetry::Tracer& tracer, const Caller& caller, std::string_view datagram);

}  // namespace gust::daemon
