#include "daemon/tracing.h"

#include "base/log.h"
#include "daemon/environment.h"
#include "traces/segment_documents.h"

#include <cstdlib>
#include <string_view>

namespace gust::daemon {

std::optional<traces::StoreSettings> trace_settings() {
  if (const char* given = std::getenv("GUST_TRACES"); given != nullptr) {
    if (std::string_view(given) == "off") return std::nullopt;
    if (std::string_view(given) != "on") GUST_WARN("GUST_TRACES '{}': expected on or off; it is not used", given);
  }
  traces::StoreSettings out;
  if (const auto megabytes = number_of("GUST_TRACES_MAX_MB", 1, 1'000'000)) out.most_bytes = *megabytes << 20;
  if (const auto hours = number_of("GUST_TRACES_MAX_HOURS", 1, 24 * 366)) out.most_age = std::chrono::hours(*hours);
  return out;
}

std::optional<Collector> trace_collector() {
  const char* const given = std::getenv("GUST_TRACES_EXPORT");
  if (given == nullptr || *given == '\0') return std::nullopt;
  const char* const headers = std::getenv("GUST_TRACES_EXPORT_HEADERS");
  auto collector = parse_collector(given, headers == nullptr ? "" : headers);
  if (collector) return *std::move(collector);
  GUST_WARN("GUST_TRACES_EXPORT: {}; it is not used", collector.error().message);
  return std::nullopt;
}

void take_segment(telemetry::Tracer& tracer, const Caller& caller, std::string_view datagram) {
  const auto end = datagram.find('\n');
  if (end == std::string_view::npos || datagram.substr(0, end).find("json") == std::string_view::npos) return;
  const auto spans = traces::read_segment(datagram.substr(end + 1));
  if (!spans) {
    GUST_INFO("traces: a segment of function {}: {}", caller.function, spans.error().message);
    return;
  }
  for (auto span : *spans) {
    span.account = caller.account.str();
    span.resource = caller.function;
    tracer.record(span);
  }
}

}  // namespace gust::daemon
