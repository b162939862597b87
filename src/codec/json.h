// JSON by Boost.JSON, with limits and errors of ours. Any thread.
#pragma once

#include "base/result.h"

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <string>
#include <string_view>

namespace gust::codec {

namespace json = boost::json;

// Strict RFC 8259, nesting up to `max_depth`. kInvalid names the offset and what is wrong.
Result<json::value> parse_json(std::string_view text, std::size_t max_depth = 64, json::storage_ptr storage = {});
std::string to_json(const json::value& value);
std::string to_json(const json::object& value);
std::string to_json(const json::array& value);

// Memory for documents that end before it: taken from one piece, and freed with it.
class JsonArena {
 public:
  json::storage_ptr storage() { return &resource_; }

 private:
  std::array<unsigned char, 4096> room_;
  json::monotonic_resource resource_{room_.data(), room_.size()};
};

}  // namespace gust::codec
