// RequestContext: who asks, until when, and under which ids. First parameter from the router down; never thread-local.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "base/trace.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gust {

// Who signed the request. Anonymous when `account` is empty.
struct Principal {
  AccountId account;
  std::string access_key_id;
  std::string arn;           // arn:aws:iam::ACCOUNT:root, or arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
  std::string canonical_id;  // 64 hex digits, the S3 owner id

  bool anonymous() const { return account.empty(); }
};

// What a request turned out to be; filled in on the way, for its span.
struct RequestNote {
  std::string_view operation;  // PutItem; of a model, which outlives it
  std::string resource;        // the bucket, table, function or API
  AccountId account;           // whose it is, where nobody signed
};

// The function whose sandbox a request comes from.
struct Caller {
  AccountId account;
  std::string function;
  TraceContext trace;  // of the invocation that runs; empty: none, or several
};

struct RequestContext {
  RequestId request_id;
  TraceContext trace;                 // goes on through asynchronous hops, as text in their rows
  std::shared_ptr<RequestNote> note;  // null: nobody wants to know
  std::shared_ptr<const Caller> caller;  // null: from outside
  SteadyTime deadline = SteadyTime::max();
  Principal principal;
  std::string region{kDefaultRegion};        // that the request is signed for
  std::optional<std::string> signed_region;  // none: anonymous, or of a signature that names no region
};

}  // namespace gust
