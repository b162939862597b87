// What must hold of the object that is there, or is not, when a write commits. Any thread.
#pragma once

#include "base/result.h"
#include "objects/types.h"

namespace gust::objects {

// kPrecondition, naming the header in Error::source; kNotFound ("key") for If-Match without an object.
Result<void> check(const WriteCondition& condition, const Object* there);

}  // namespace gust::objects
