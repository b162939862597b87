// OTLP: spans as OpenTelemetry sends them over HTTP, read and written (opentelemetry-proto, trace/v1:
// ExportTraceServiceRequest). Any thread.
#pragma once

#include "base/result.h"
#include "telemetry/span.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::traces {

using telemetry::Span;

enum class OtlpForm { kProtobuf, kJson };

// kInvalid where the bytes are not of this form. Spans without ids are left out. What is theirs: service (the
// resource's service.name), name, times, status, attributes; the kind is kCustom.
Result<std::vector<Span>> read_otlp(std::string_view bytes, OtlpForm form);
// As protobuf; every span's service is a resource of its own.
std::string write_otlp(const std::vector<Span>& spans);

}  // namespace gust::traces
