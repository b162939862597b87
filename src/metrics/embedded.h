// The embedded metric format: metric data that stands in the JSON of a log event. Source: "Specification: Embedded
// metric format" of the CloudWatch guide. Any thread.
#pragma once

#include "metrics/metric.h"

#include <string_view>
#include <vector>

namespace gust::metrics {

// Whether a log event can hold any: cheap, for every line that is logged.
bool may_embed(std::string_view message);

// The samples of one event; `logged_at` where it names no time. Nothing of an event that has none. kInvalid says what
// is against the format; then nothing of it is taken.
Result<std::vector<Sample>> read_embedded(const AccountId& account, std::string_view message, WallTime logged_at);

}  // namespace gust::metrics
