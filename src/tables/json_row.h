// Rows that are JSON: reading one, where what is missing or of another kind is damage. Any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "codec/json.h"

#include <exception>
#include <string>
#include <string_view>

namespace gust::tables {

// `read` takes the object and may throw what Boost.JSON throws; `what` says in an error what the row should be.
template <typename F>
auto read_json_row(std::string_view bytes, std::string_view what, F read)
    -> Result<decltype(read(boost::json::object()))> {
  const auto document = codec::parse_json(bytes);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, std::string(what) + " is not JSON");
  try {
    return read(document->get_object());
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string(what) + " lacks something: " + e.what());
  }
}

// Members of such a row, within `read`.
inline std::string text_of(const boost::json::object& from, const char* name) {
  return std::string(from.at(name).as_string());
}
inline WallTime time_of(const boost::json::object& from, const char* name) {
  return from_epoch_ms(from.at(name).to_number<std::int64_t>());
}

}  // namespace gust::tables
