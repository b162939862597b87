// RequestContext: who asks, until when, and under which ids. First parameter from the router down; never thread-local.
#pragma once

#include "base/ids.h"
#include "base/time.h"

#include <optional>
#include <string>

namespace gust {

// Who signed the request. Anonymous when `account` is empty.
struct Principal {
  AccountId account;
  std::string access_key_id;
  std::string arn;           // arn:aws:iam::ACCOUNT:root, or arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
  std::string canonical_id;  // 64 hex digits, the S3 owner id

  bool anonymous() const { return account.empty(); }
};

struct RequestContext {
  RequestId request_id;
  std::string trace_id;  // Root=1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx, goes on through asynchronous hops
  SteadyTime deadline = SteadyTime::max();
  Principal principal;
  std::string region{kDefaultRegion};        // that the request is signed for
  std::optional<std::string> signed_region;  // none: anonymous, or of a signature that names no region
};

}  // namespace gust
