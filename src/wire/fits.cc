#include "wire/fits.h"

#include "wire/validate.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

#include <re2/re2.h>

namespace gust::wire {
namespace {

namespace json = boost::json;

bool within(const Shape& shape, double n) { return (!shape.min || n >= *shape.min) && (!shape.max || n <= *shape.max); }

bool text_fits(const Shape& shape, std::string_view text) {
  if ((shape.min || shape.max) && !within(shape, static_cast<double>(characters(text)))) return false;
  if (!shape.enum_values.empty() && std::ranges::find(shape.enum_values, text) == shape.enum_values.end()) return false;
  return !shape.pattern || RE2::FullMatch(text, *shape.pattern);
}

bool structure_fits(const Shape& shape, const json::value& from) {
  if (shape.opaque) return true;
  if (!from.is_object() || shape.is_union) return false;
  for (const auto& member : shape.members) {
    const bool in_body = member.location == Location::kBody;
    const auto* value = in_body ? from.get_object().if_contains(member.wire_name()) : nullptr;
    if (value == nullptr || value->is_null()) {
      if (member.required && !member.streaming) return false;
    } else if (!fits(member, *value)) {
      return false;
    }
  }
  return true;
}

bool list_fits(const Shape& shape, const json::value& from) {
  if (!from.is_array()) return false;
  std::size_t count = 0;
  for (const auto& item : from.get_array()) {
    if (item.is_null()) continue;
    ++count;
    if (!fits(shape.member, item)) return false;
  }
  return within(shape, static_cast<double>(count));
}

bool map_fits(const Shape& shape, const json::value& from) {
  if (!from.is_object()) return false;
  std::size_t count = 0;
  for (const auto& [key, item] : from.get_object()) {
    if (item.is_null()) continue;
    ++count;
    if (!text_fits(*shape.key.shape, key) || !fits(shape.value, item)) return false;
  }
  return within(shape, static_cast<double>(count));
}

bool number_fits(const Shape& shape, const json::value& from) {
  if (!from.is_int64()) return false;
  const auto n = from.get_int64();
  const bool narrow = n >= std::numeric_limits<std::int32_t>::min() && n <= std::numeric_limits<std::int32_t>::max();
  return (shape.kind == Kind::kLong || narrow) && within(shape, static_cast<double>(n));
}

}  // namespace

bool fits(const Ref& ref, const json::value& from) {
  const auto& shape = *ref.shape;
  switch (shape.kind) {
    case Kind::kStructure: return structure_fits(shape, from);
    case Kind::kList: return list_fits(shape, from);
    case Kind::kMap: return map_fits(shape, from);
    case Kind::kString: return from.is_string() && text_fits(shape, from.get_string());
    case Kind::kBoolean: return from.is_bool();
    case Kind::kInteger:
    case Kind::kLong: return number_fits(shape, from);
    default: return false;
  }
}

}  // namespace gust::wire
