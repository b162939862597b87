#include "api/apigatewayv2/service.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

wire::WireError map_error(const Error& error) {
  using Member = wire::Value::Map;
  switch (error.code) {
    case Code::kNotFound:
      return {"NotFoundException", error.message, 404, Member{{"ResourceType", wire::Value(error.source)}}};
    case Code::kAlreadyExists:
    case Code::kConflict: return {"ConflictException", error.message, 409, {}};
    case Code::kInvalid:
    case Code::kUnsupported:
    case Code::kTooLarge: return {"BadRequestException", error.message, 400, {}};
    case Code::kThrottled:
      return {"TooManyRequestsException", error.message, 429, Member{{"LimitType", wire::Value(error.source)}}};
    case Code::kDenied: return {"AccessDeniedException", error.message, 403, {}};
    case Code::kNoSpace:
      return {"ServiceUnavailableException", "The disk is full: make room, then try again.", 503, {}};
    case Code::kUnavailable: return {"ServiceUnavailableException", error.message, 503, {}};
    default: return {"InternalServerErrorException", "Internal Server Error", 500, {}};
  }
}

wire::WireError map_violations(const std::vector<wire::Violation>& violations) {
  const auto& first = violations.at(0);
  if (first.constraint == wire::Constraint::kRequired)
    return {"BadRequestException", fmt::format("{} is a required parameter", first.member), 400, {}};
  return {"BadRequestException",
          fmt::format("Invalid value '{}' for {}: {}", first.given, first.member, first.expected),
          400,
          {}};
}

wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.max_body_bytes = 1 << 20;
  out.map_error = map_error;
  out.map_violations = map_violations;
  out.malformed_code = "BadRequestException";
  return out;
}

}  // namespace

ApiGatewayV2Service::ApiGatewayV2Service(gateway::Apis& apis, std::string endpoint_suffix)
    : apis_(apis), endpoint_suffix_(std::move(endpoint_suffix)), service_(v2::model(), settings()) {
  add_apis();
  add_routes();
  add_integrations();
  add_stages();
}

}  // namespace gust::api
