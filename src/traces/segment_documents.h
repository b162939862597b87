// Segment documents, as X-Ray's SDKs send them and its API gives them back (the developer guide, "X-Ray segment
// documents"), into spans and back. Any thread.
#pragma once

#include "base/result.h"
#include "telemetry/span.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::traces {

// The segment, or subsegment sent by itself, and all below it. What a span has no place for (annotations, metadata,
// http, user, sql...) is its attribute kKept, and those in progress have kInProgress. kInvalid, with the service's code
// as source: ParseError, MissingTraceId, InvalidId...
Result<std::vector<telemetry::Span>> read_segment(std::string_view document);
// As it was put, where it was: each span by itself.
std::string write_segment(const telemetry::Span& span);
// One that was put by itself, apart from the segment that it is in.
bool is_subsegment(const telemetry::Span& span);
bool is_in_progress(const telemetry::Span& span);

inline constexpr std::size_t kMostSegmentBytes = 64 << 10;

}  // namespace gust::traces
