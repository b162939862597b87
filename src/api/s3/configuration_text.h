// A bucket's configurations between their structs and the JSON text that the object store keeps. Any thread.
#pragma once

#include "codec/json.h"
#include "wire/json_body.h"

#include <string>

namespace gust::api {

// JSON has no times: {"$time": milliseconds since 1970}. No configuration has a member of that name.
inline constexpr const char* kTime = "$time";

inline wire::Value with_times_marked(wire::Value value) {
  if (const auto* time = value.as<WallTime>()) return wire::Value::Map{{kTime, wire::Value(to_epoch_ms(*time))}};
  if (auto* list = value.as<wire::Value::List>()) {
    for (auto& item : *list) item = with_times_marked(std::move(item));
  } else if (auto* map = value.as<wire::Value::Map>()) {
    for (auto& [name, item] : *map) item = with_times_marked(std::move(item));
  }
  return value;
}

inline wire::Value with_times_read(wire::Value value) {
  if (auto* list = value.as<wire::Value::List>()) {
    for (auto& item : *list) item = with_times_read(std::move(item));
  } else if (auto* map = value.as<wire::Value::Map>()) {
    const auto* marked = value.find(kTime);
    const auto* ms = marked != nullptr ? marked->as<std::int64_t>() : nullptr;
    if (ms != nullptr) return from_epoch_ms(*ms);
    for (auto& [name, item] : *map) item = with_times_read(std::move(item));
  }
  return value;
}

template <typename T>
std::string to_text(const T& configuration) {
  return codec::to_json(wire::document_to_json(with_times_marked(to_value(configuration))));
}

template <typename T>
T from_text(const std::string& text) {
  T out;
  const auto document = codec::parse_json(text);
  if (document) from_value(with_times_read(wire::document_from_json(*document)), out);
  return out;
}

}  // namespace gust::api
