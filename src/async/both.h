// both(): two tasks at the same time, where one has nothing to wait for in the other.
#pragma once

#include "async/task.h"

namespace gust::async {

// Ends when both have; the error of `one`, else that of `other`. A cancellation reaches both.
Task<void> both(Task<void> one, Task<void> other);

}  // namespace gust::async
