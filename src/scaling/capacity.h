// What scaling asks of whoever owns the resources; the daemon gives it. Loop thread only.
#pragma once

#include "async/task.h"
#include "scaling/types.h"

#include <optional>

namespace gust::scaling {

class Capacity {
 public:
  virtual ~Capacity() = default;
  // What is wanted of the resource now; 0 when nobody has set it. kNotFound when there is no such resource.
  virtual async::Task<std::uint32_t> get(Resource resource) = 0;
  // The same twice is the same as once. Errors that is_retryable() are tried again.
  virtual async::Task<void> set(Resource resource, std::uint32_t number) = 0;
};

class Utilisation {
 public:
  virtual ~Utilisation() = default;
  // The share that is in use at the moment, 0 to 1; nothing when there is nothing to use.
  virtual async::Task<std::optional<double>> now(Resource resource) = 0;
};

}  // namespace gust::scaling
