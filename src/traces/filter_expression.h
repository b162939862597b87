// Filter expressions of X-Ray's GetTraceSummaries (the developer guide, "Using filter expressions"), as far as Gust
// knows them. Any thread.
#pragma once

#include "base/result.h"
#include "traces/query.h"

#include <string_view>

namespace gust::traces {

// Adds what the expression asks for to the query. Terms joined by AND: fault, error and throttle, alone or compared
// with true or false; service("name"); duration and responsetime over a number of seconds. kInvalid at any other.
Result<void> read_filter(std::string_view text, Query& query);

}  // namespace gust::traces
