// The members that a structure has, of many that it could have. Any thread.
#pragma once

#include "wire/model.h"
#include "wire/value.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace gust::wire {

// In the order of the model; nulls are left out. Asking the value for each member that there could be takes longer.
inline std::vector<std::pair<const Ref*, const Value*>> present_members(const Shape& shape, const Value& value) {
  std::vector<std::pair<const Ref*, const Value*>> out;
  const auto* map = value.as<Value::Map>();
  if (map == nullptr) return out;
  out.reserve(map->size());
  for (const auto& [name, item] : *map) {
    if (item.is_null()) continue;
    const auto member = std::ranges::find(shape.members, name, &Ref::name);
    if (member != shape.members.end()) out.emplace_back(&*member, &item);
  }
  std::ranges::sort(out, std::less<>(), &std::pair<const Ref*, const Value*>::first);
  return out;
}

}  // namespace gust::wire
