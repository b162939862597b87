#include "tables/value.h"

namespace gust::tables {

bool Value::operator==(const Value& other) const { return is == other.is; }

std::string_view name_of(Type type) {
  constexpr std::string_view kNames[] = {"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"};
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace gust::tables
