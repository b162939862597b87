// The events that a function gets from an HTTP API: payload formats 2.0 and 1.0. Pure; any thread.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
#pragma once

#include "base/context.h"
#include "gateway/types.h"
#include "http/message.h"

#include <string>
#include <string_view>

namespace gust::gateway {

// What an event is made from. `body` is whole.
struct EventInput {
  const RequestContext& context;
  const http::Request& request;
  const std::string& body;
  const ApiRecord& api;
  const StageRecord& stage;
  const RouteRecord& route;
  const Strings& parameters;  // of the path, decoded
  std::string path;           // still encoded, with the stage's name in front unless it is $default
  std::string domain_name;    // without a port
  WallTime now;
  const Principal* signer = nullptr;  // of a request to a function URL with AWS_IAM
};

// kInvalid when the path or the query has a bad escape.
Result<std::string> event_v2(const EventInput& input);
Result<std::string> event_v1(const EventInput& input);

// Whether a body of this content type and these bytes goes into the event as base64.
bool is_binary(std::string_view content_type, std::string_view body);

// Well-formed UTF-8 (RFC 3629): no surrogates, nothing overlong.
bool is_utf8(std::string_view text);

}  // namespace gust::gateway
