// authorize: may this principal do this to that? Every operation of api/ asks here before it acts. Any thread.
#pragma once

#include "base/context.h"
#include "base/result.h"

#include <string_view>

namespace gust::auth {

// What is acted on, and whose it is.
struct Resource {
  std::string_view arn;
  const AccountId& owner;
};

// The owner's account may do everything, every other nothing, until policies are served. `action` is "s3:GetObject".
// kDenied "anonymous" when nobody signed, kDenied "policy" otherwise.
Result<void> authorize(const RequestContext& context, std::string_view action, const Resource& resource);

}  // namespace gust::auth
