// Value: an attribute's value; Item: attributes by name. Any thread. Source: AttributeValue of the DynamoDB API.
#pragma once

#include "tables/number.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gust::tables {

struct Value;
using Item = std::map<std::string, Value, std::less<>>;
using List = std::vector<Value>;

// Bytes, apart from text in the variant.
struct Binary {
  std::string bytes;
  auto operator<=>(const Binary&) const = default;
};
struct Null {
  auto operator<=>(const Null&) const = default;
};

// Sets are never empty, but while an expression works on one.
using StringSet = std::set<std::string>;
using NumberSet = std::set<Number>;
using BinarySet = std::set<Binary>;

enum class Type { kString, kNumber, kBinary, kBool, kNull, kMap, kList, kStringSet, kNumberSet, kBinarySet };

struct Value {
  // In the order of Type.
  std::variant<std::string, Number, Binary, bool, Null, Item, List, StringSet, NumberSet, BinarySet> is;

  Type type() const { return static_cast<Type>(is.index()); }
  // nullptr when it is of another type.
  template <typename T>
  const T* as() const {
    return std::get_if<T>(&is);
  }
  template <typename T>
  T* as() {
    return std::get_if<T>(&is);
  }
  bool operator==(const Value& other) const;
};

// "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS".
std::string_view name_of(Type type);

// Bytes as the service counts them ("DynamoDB item sizes and formats"): of a value, of an item with its names.
std::size_t size_of(const Value& value);
std::size_t size_of(const Item& item);

inline constexpr std::size_t kMaxItemBytes = 400 << 10;
inline constexpr std::size_t kMaxDepth = 32;

}  // namespace gust::tables
