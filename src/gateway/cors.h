// Cross-origin rules of an HTTP API, applied. Pure; any thread.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
#pragma once

#include "gateway/types.h"
#include "http/message.h"

namespace gust::gateway {

// An OPTIONS request with Origin and Access-Control-Request-Method.
bool is_preflight(const http::Request& request);
// 204; with the access-control headers only when the origin is allowed.
http::Response answer_preflight(const Cors& cors, const http::Request& request);
// Drops the integration's own access-control headers, then adds those of `cors` when the origin is allowed.
void apply_cors(const Cors& cors, std::string_view origin, http::Response& response);

}  // namespace gust::gateway
