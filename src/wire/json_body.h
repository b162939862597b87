// Values as JSON, by their shapes. Any thread.
#pragma once

#include "base/result.h"
#include "wire/model.h"
#include "wire/value.h"

#include <boost/json/value.hpp>

namespace gust::wire {

// Nulls are left out, members that the shape lacks are ignored. kInvalid names the member and the kind expected.
Result<Value> from_json(const Ref& ref, const boost::json::value& json);
boost::json::value to_json(const Ref& ref, const Value& value);

// Any JSON, for documents.
Value document_from_json(const boost::json::value& json);
boost::json::value document_to_json(const Value& value);

}  // namespace gust::wire
