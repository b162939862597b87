// Members of a request's JSON, whose kinds the model has checked. Any thread.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace gust::api {

using Object = boost::json::object;

// nullptr when it is not there, or null.
inline const boost::json::value* member(const Object& body, std::string_view name) {
  const auto* found = body.if_contains(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

inline std::string_view text_of(const Object& body, std::string_view name, std::string_view otherwise = "") {
  const auto* found = member(body, name);
  return found == nullptr ? otherwise : std::string_view(found->get_string());
}

inline std::optional<bool> flag_of(const Object& body, std::string_view name) {
  const auto* found = member(body, name);
  return found == nullptr ? std::nullopt : std::optional(found->get_bool());
}

inline std::optional<std::int64_t> number_of(const Object& body, std::string_view name) {
  const auto* found = member(body, name);
  return found == nullptr ? std::nullopt : std::optional(found->to_number<std::int64_t>());
}

}  // namespace gust::api
