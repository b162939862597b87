// What must hold of the object that is there, or is not, when a write commits. Any thread.
#pragma once

#include "base/result.h"
#include "objects/types.h"

#include <string_view>

namespace gust::objects {

// Whether a list as If-Match has it (ETags with or without quotes and W/, or "*") names `etag`.
bool etag_in(std::string_view list, std::string_view etag);

// kPrecondition, naming the header in Error::source; kNotFound ("key") for If-Match without an object.
Result<void> check(const WriteCondition& condition, const Object* there);

}  // namespace gust::objects
