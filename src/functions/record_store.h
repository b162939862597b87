// RecordStore: where records of asynchronous invocations are kept as objects, for destinations that are buckets. Loop
// thread only.
#pragma once

#include "async/task.h"
#include "base/context.h"

#include <string>

namespace gust::functions {

class RecordStore {
 public:
  virtual ~RecordStore() = default;
  // kNotFound; kDenied: of another account.
  virtual async::Task<void> check(AccountId account, std::string bucket) = 0;
  // Durable when it returns. Errors as check().
  virtual async::Task<void> put(RequestContext context, std::string bucket, std::string key, std::string record) = 0;
};

}  // namespace gust::functions
