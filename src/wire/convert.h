// Values to and from the generated structs. The generated code lists the members; these do the rest. Any thread.
#pragma once

#include "async/bytes.h"
#include "wire/value.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::wire {

// The value was parsed and validated by the same model, so that its kinds fit; a misfit leaves the default.
inline void from_value(const Value& value, bool& out) {
  if (const auto* v = value.as<bool>()) out = *v;
}
inline void from_value(const Value& value, std::int64_t& out) {
  if (const auto* v = value.as<std::int64_t>()) out = *v;
}
inline void from_value(const Value& value, std::int32_t& out) {
  if (const auto* v = value.as<std::int64_t>()) out = static_cast<std::int32_t>(*v);
}
inline void from_value(const Value& value, double& out) {
  if (const auto* v = value.as<double>()) out = *v;
}
inline void from_value(const Value& value, std::string& out) {
  if (const auto* v = value.as<std::string>()) out = *v;
  if (const auto* v = value.as<Blob>()) out = v->bytes;
}
inline void from_value(const Value& value, WallTime& out) {
  if (const auto* v = value.as<WallTime>()) out = *v;
}
inline void from_value(const Value& value, Value& out) { out = value; }
inline void from_value(const Value&, std::unique_ptr<async::ByteSource>&) {}

inline Value to_value(bool v) { return v; }
inline Value to_value(std::int64_t v) { return v; }
inline Value to_value(std::int32_t v) { return std::int64_t{v}; }
inline Value to_value(double v) { return v; }
inline Value to_value(const std::string& v) { return v; }
inline Value to_value(WallTime v) { return v; }
inline Value to_value(const Value& v) { return v; }
inline Value to_value(const std::unique_ptr<async::ByteSource>&) { return {}; }

// Generated structs have from_value and to_value found by argument; the containers, declared before they use another:
template <typename T>
void from_value(const Value& value, std::optional<T>& out);
template <typename T>
void from_value(const Value& value, std::shared_ptr<T>& out);
template <typename T>
void from_value(const Value& value, std::vector<T>& out);
template <typename T>
void from_value(const Value& value, std::map<std::string, T>& out);
template <typename T>
Value to_value(const std::optional<T>& v);
template <typename T>
Value to_value(const std::shared_ptr<T>& v);
template <typename T>
Value to_value(const std::vector<T>& v);
template <typename T>
Value to_value(const std::map<std::string, T>& v);

template <typename T>
void from_value(const Value& value, std::optional<T>& out) {
  if (!value.is_null()) from_value(value, out.emplace());
}
template <typename T>
void from_value(const Value& value, std::shared_ptr<T>& out) {
  if (!value.is_null()) from_value(value, *(out = std::make_shared<T>()));
}
template <typename T>
void from_value(const Value& value, std::vector<T>& out) {
  const auto* list = value.as<Value::List>();
  if (list == nullptr) return;
  for (const auto& item : *list) from_value(item, out.emplace_back());
}
template <typename T>
void from_value(const Value& value, std::map<std::string, T>& out) {
  const auto* map = value.as<Value::Map>();
  if (map == nullptr) return;
  for (const auto& [key, item] : *map) from_value(item, out[key]);
}

template <typename T>
Value to_value(const std::optional<T>& v) {
  return v ? to_value(*v) : Value();
}
template <typename T>
Value to_value(const std::shared_ptr<T>& v) {
  return v ? to_value(*v) : Value();
}
template <typename T>
Value to_value(const std::vector<T>& v) {
  Value::List list;
  for (const auto& item : v) list.push_back(to_value(item));
  return list;
}
template <typename T>
Value to_value(const std::map<std::string, T>& v) {
  Value::Map map;
  for (const auto& [key, item] : v) map.emplace(key, to_value(item));
  return map;
}

// One member of a structure; blobs are bytes on the wire and std::string here.
template <typename T>
void take(const Value& from, std::string_view name, T& out) {
  if (const auto* item = from.find(name)) from_value(*item, out);
}
template <typename T>
void give(Value::Map& to, std::string_view name, const T& member) {
  auto value = to_value(member);
  if (!value.is_null()) to.emplace(std::string(name), std::move(value));
}
inline void give_blob(Value::Map& to, std::string_view name, const std::string& bytes) {
  to.emplace(std::string(name), Blob{bytes});
}
inline void give_blob(Value::Map& to, std::string_view name, const std::optional<std::string>& bytes) {
  if (bytes) to.emplace(std::string(name), Blob{*bytes});
}

}  // namespace gust::wire
