// Values from forms: the requests of the query protocol. Any thread.
#pragma once

#include "base/result.h"
#include "codec/url.h"
#include "wire/model.h"
#include "wire/value.h"

namespace gust::wire {

// The structure that the pairs spell ("A.member.1.B=..."). Unknown names are ignored; kInvalid names the pair.
Result<Value> from_form(const Shape& shape, const codec::QueryPairs& pairs);

}  // namespace gust::wire
