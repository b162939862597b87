// json_front: what the services of the JSON protocol answer before one of their operations is looked at: to other
// methods and bodies, to browsers that ask first, and to requests that are not signed as they should be. The words are
// those of the services' common framework. Pure functions; any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "http/message.h"
#include "wire/protocol.h"
#include "wire/service.h"

#include <optional>
#include <string>
#include <string_view>

namespace gust::daemon {

// Of a request to DynamoDB that is none of its operations: OPTIONS, GET (health), another method or another kind of
// body. Nothing: go on. The answer has no request id yet.
std::optional<http::Response> answer_plainly(const http::Request& request, std::string_view region);
// Whether the target names an operation of the model.
bool names_operation(const wire::Model& model, const http::Request& request);

// What is wrong with a request without a usable signature; "MissingAuthenticationTokenException" when it has none.
// `error`: why the signature was refused, with the source that auth/ gives it; `service` that should be its scope.
wire::WireError unsigned_error(const http::Request& request);
wire::WireError json_auth_error(const Error& error, const http::Request& request, std::string_view service,
                                WallTime now);

}  // namespace gust::daemon
