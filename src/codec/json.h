// JSON by Boost.JSON, with limits and errors of ours. Any thread.
#pragma once

#include "base/result.h"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace gust::codec {

namespace json = boost::json;

// Strict RFC 8259, nesting up to `max_depth`. kInvalid names the offset and what is wrong.
Result<json::value> parse_json(std::string_view text, std::size_t max_depth = 64);
std::string to_json(const json::value& value);

}  // namespace gust::codec
