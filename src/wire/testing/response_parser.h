// For tests: reads a response as a client does, so that what the serialiser wrote can be compared with what went in.
#pragma once

#include "base/result.h"
#include "http/message.h"
#include "wire/model.h"
#include "wire/protocol.h"
#include "wire/value.h"

namespace gust::wire::testing {

Result<Value> parse_output(const Model& model, const Operation& operation, const WholeResponse& response);
// The code, the message and the members of `shape` (null for none).
Result<WireError> parse_error(const Model& model, const Shape* shape, const WholeResponse& response);

}  // namespace gust::wire::testing
