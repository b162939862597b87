#include "codec/json.h"

#include <boost/json/parse_options.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gust::codec {
namespace {

// Boost.JSON reads 1e999 as infinity, which JSON cannot say again. As deep as the parser's limit.
bool is_finite(const json::value& value) {
  if (const auto* number = value.if_double()) return std::isfinite(*number);
  if (const auto* array = value.if_array()) return std::ranges::all_of(*array, is_finite);
  if (const auto* object = value.if_object()) {
    return std::ranges::all_of(*object, [](const auto& member) { return is_finite(member.value()); });
  }
  return true;
}

}  // namespace

Result<json::value> parse_json(std::string_view text, std::size_t max_depth, json::storage_ptr storage) {
  json::parse_options options;
  options.max_depth = max_depth;
  unsigned char room[1024];
  json::stream_parser parser({}, options, room);
  parser.reset(std::move(storage));
  json::error_code error;
  const auto used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (!error) parser.finish(error);
  if (error) return fail(Code::kInvalid, fmt::format("not JSON: {} at byte {}", error.message(), used), "json");
  auto value = parser.release();
  if (!is_finite(value)) return fail(Code::kInvalid, "not JSON that fits: a number is too large for a double", "json");
  return value;
}

std::string to_json(const json::value& value) { return json::serialize(value); }
std::string to_json(const json::object& value) { return json::serialize(value); }
std::string to_json(const json::array& value) { return json::serialize(value); }

}  // namespace gust::codec
