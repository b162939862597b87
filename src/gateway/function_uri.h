// The function that an integration's URI means. Pure; any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace gust::gateway {

// The function's ARN from itself or from arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations.
// kInvalid for anything else.
Result<std::string> function_of_uri(std::string_view uri);

}  // namespace gust::gateway
