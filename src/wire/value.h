// Value: what a message of a wire protocol says, before it is a typed struct. Any thread.
#pragma once

#include "base/time.h"

#include <concepts>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace gust::wire {

// Bytes, as against text.
struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

struct Value;

template <typename T>
concept Payload =
    []<typename... U>(std::variant<U...>*) {
      return (std::same_as<std::remove_cvref_t<T>, U> || ...);
    }(static_cast<std::variant<bool, std::int64_t, double, std::string, Blob, WallTime, std::vector<Value>,
                               std::map<std::string, Value, std::less<>>>*>(nullptr));

// Structures and maps are both Map; a structure's keys are the member names of its model.
struct Value {
  using List = std::vector<Value>;
  using Map = std::map<std::string, Value, std::less<>>;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Blob, WallTime, List, Map> data;

  Value() = default;
  template <Payload T>
  Value(T&& value) : data(std::forward<T>(value)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(data); }
  template <typename T>
  const T* as() const {
    return std::get_if<T>(&data);
  }
  template <typename T>
  T* as() {
    return std::get_if<T>(&data);
  }
  // The member of a structure or map; null when it has none.
  const Value* find(std::string_view name) const;

  bool operator==(const Value&) const = default;
};

// For error messages: text and numbers as they are, anything else by its kind.
std::string describe(const Value& value);

}  // namespace gust::wire
