// Segment documents, as X-Ray's SDKs send them and its API gives them back (the developer guide, "X-Ray segment
// documents"), into spans and back. Any thread.
#pragma once

#include "base/result.h"
#include "telemetry/span.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::traces {

// The segment, or subsegment sent by itself, and all below it; nothing of one that is still in progress. kInvalid, with
// the service's code as source: ParseError, MissingTraceId, InvalidId...
Result<std::vector<telemetry::Span>> read_segment(std::string_view document);
std::string write_segment(const telemetry::Span& span);

inline constexpr std::size_t kMostSegmentBytes = 64 << 10;

}  // namespace gust::traces
