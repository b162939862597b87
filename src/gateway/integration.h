// Integration: how the gateway reaches a function; implemented where functions are known. Loop thread only.
#pragma once

#include "async/task.h"
#include "base/context.h"

#include <string>

namespace gust::gateway {

enum class Outcome { kAnswered, kFailed };  // kFailed: the function itself failed; the payload tells how

struct IntegrationReply {
  std::string payload;
  Outcome outcome = Outcome::kAnswered;
};

class Integration {
 public:
  virtual ~Integration() = default;
  // Invokes and waits, at most until context.deadline. `source_arn` is what the function's policy is asked about, for
  // the principal apigateway.amazonaws.com: arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH. kDenied without a
  // permission, kTimeout past the deadline, kTooLarge, kThrottled, kNotFound.
  virtual async::Task<IntegrationReply> invoke(RequestContext context, std::string function_arn, std::string payload,
                                               std::string source_arn) = 0;
};

}  // namespace gust::gateway
