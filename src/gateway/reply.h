// What a function answered, as an HTTP response: payload formats 2.0 and 1.0. Pure; any thread.
#pragma once

#include "base/result.h"
#include "http/message.h"

#include <string>
#include <string_view>

namespace gust::gateway {

// kInvalid when the payload is not a response of that format; the client gets a 500 then.
Result<http::Response> response_v2(std::string_view payload);
Result<http::Response> response_v1(std::string_view payload);

// What a streamed response begins with: {"statusCode", "headers", "cookies"}, all of them optional.
Result<http::Response> response_head(std::string_view head);

// {"message": ...} as the service says it itself.
http::Response own_response(int status, std::string_view message);

}  // namespace gust::gateway
