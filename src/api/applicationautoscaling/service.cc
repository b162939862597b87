#include "api/applicationautoscaling/service.h"

namespace gust::api {
namespace {

wire::WireError map_error(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
    case Code::kUnsupported:
      return {error.source == "token" ? "InvalidNextTokenException" : "ValidationException", error.message, 400, {}};
    case Code::kNotFound:
      return {error.source == "arn" ? "ResourceNotFoundException" : "ObjectNotFoundException", error.message, 400, {}};
    case Code::kTooLarge:
      return {error.source == "tags" ? "TooManyTagsException" : "LimitExceededException", error.message, 400, {}};
    case Code::kConflict:
      return {"ConcurrentUpdateException", "Another request changes the same target; try again", 500, {}};
    case Code::kDenied: return {"AccessDeniedException", error.message, 400, {}};
    case Code::kNoSpace: return {"InternalServiceException", "The disk is full: make room, then try again.", 500, {}};
    default: return {"InternalServiceException", "the request failed inside; its id is in the log", 500, {}};
  }
}

wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.max_body_bytes = 1 << 20;
  out.map_error = map_error;
  out.unknown = {"UnknownOperationException", "", 400, {}};
  return out;
}

}  // namespace

ApplicationAutoScalingService::ApplicationAutoScalingService(scaling::Registry& registry, scaling::Scaler& scaler)
    : registry_(registry), scaler_(scaler), service_(autoscaling::model(), settings()) {
  add_targets();
  add_actions();
  add_policies();
}

}  // namespace gust::api
