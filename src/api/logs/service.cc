#include "api/logs/service.h"

#include "wire/validate.h"

namespace gust::api {
namespace {

wire::WireError map_error(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
      if (error.source == "query") return {"MalformedQueryException", error.message, 400, {}};
      return {"InvalidParameterException", error.message, 400, {}};
    case Code::kNotFound: return {"ResourceNotFoundException", error.message, 400, {}};
    case Code::kAlreadyExists: return {"ResourceAlreadyExistsException", error.message, 400, {}};
    case Code::kPrecondition:
    case Code::kUnsupported: return {"InvalidOperationException", error.message, 400, {}};
    case Code::kTooLarge:
      if (error.source == "tags") return {"TooManyTagsException", error.message, 400, {}};
      if (error.source == "limit") return {"LimitExceededException", error.message, 400, {}};
      return {"InvalidParameterException", error.message, 400, {}};
    case Code::kConflict:
      return {"OperationAbortedException", "Multiple concurrent requests to update the same resource were in conflict",
              400,
              {}};
    case Code::kThrottled: return {"ThrottlingException", error.message, 400, {}};
    case Code::kDenied: return {"AccessDeniedException", error.message, 400, {}};
    case Code::kNoSpace:
      return {"ServiceUnavailableException", "The disk is full: make room, then try again.", 503, {}};
    default: return {"ServiceUnavailableException", "the request failed inside; its id is in the log", 500, {}};
  }
}

wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.max_body_bytes = 8 << 20;  // 1 MiB of messages, which JSON may write longer
  out.map_error = map_error;
  out.map_violations = [](const std::vector<wire::Violation>& violations) -> wire::WireError {
    return {"InvalidParameterException", wire::validation_message(violations), 400, {}};
  };
  out.unknown = {"UnknownOperationException", "", 400, {}};
  return out;
}

}  // namespace

LogsService::LogsService(Parts parts)
    : groups_(parts.groups),
      events_(parts.events),
      queries_(parts.queries),
      subscriptions_(parts.subscriptions),
      clock_(parts.clock),
      stopping_(std::move(parts.stopping)),
      service_(logs::model(), settings()) {
  add_groups();
  add_streams();
  add_events();
  add_queries();
  add_subscriptions();
  add_live_tail();
  add_tags();
}

}  // namespace gust::api
