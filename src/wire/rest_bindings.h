// The members of a structure that travel outside the body: labels, query, headers, status. Any thread.
#pragma once

#include "base/result.h"
#include "codec/url.h"
#include "http/message.h"
#include "wire/model.h"
#include "wire/value.h"

#include <map>
#include <string>

namespace gust::wire {

using Labels = std::map<std::string, std::string, std::less<>>;  // still percent-encoded

// Adds what labels, query and headers say to `out`.
Result<void> read_bindings(const Shape& shape, const Labels& labels, const codec::QueryPairs& query,
                           const http::Headers& headers, Value::Map& out);
// The header part of it alone, for responses.
Result<void> read_headers(const Shape& shape, const http::Headers& headers, Value::Map& out);
// Writes the header and status members of a response.
void write_headers(const Shape& shape, const Value& value, http::Headers& headers, int& status);

}  // namespace gust::wire
