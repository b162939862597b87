#include "auth/authorize.h"

#include <fmt/format.h>

namespace gust::auth {

Result<void> authorize(const RequestContext& context, std::string_view action, const Resource& resource) {
  const auto& principal = context.principal;
  if (principal.anonymous()) {
    return fail(Code::kDenied,
                fmt::format("the request is not signed; {} on {} needs a signature", action, resource.arn),
                "anonymous");
  }
  if (principal.account == resource.owner) return {};
  return fail(
      Code::kDenied,
      fmt::format("User: {} is not authorized to perform: {} on resource: {}", principal.arn, action, resource.arn),
      "policy");
}

}  // namespace gust::auth
