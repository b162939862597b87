#include "codec/json.h"

#include <boost/json/parse_options.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <fmt/format.h>

namespace gust::codec {

Result<json::value> parse_json(std::string_view text, std::size_t max_depth) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::stream_parser parser({}, options);
  json::error_code error;
  const auto used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (!error) parser.finish(error);
  if (error) return fail(Code::kInvalid, fmt::format("not JSON: {} at byte {}", error.message(), used), "json");
  return parser.release();
}

std::string to_json(const json::value& value) { return json::serialize(value); }

}  // namespace gust::codec
