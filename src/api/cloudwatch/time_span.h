// The span of time that values are asked for, as the service rounds it. Any thread.
#pragma once

#include "api/cloudwatch/shared.h"

namespace gust::api {

struct TimeSpan {
  std::int64_t from_s = 0, to_s = 0;  // pieces begin at from_s
};

// Down to a whole minute; of more than 15 days ago to 5 minutes, of more than 63 days ago to an hour; of periods of
// less than a minute to a multiple of them. Source: StartTime of GetMetricStatistics. kInvalid when it is empty.
Result<TimeSpan> time_span(WallTime start, WallTime end, std::int64_t period_s, WallTime now);
// 1, 5, 10, 20, 30 or a multiple of 60 seconds. kInvalid.
Result<void> check_period(std::int64_t period_s, std::string_view parameter);

}  // namespace gust::api
