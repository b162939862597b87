#include "tables/value.h"

namespace gust::tables {
namespace {

// Source: "DynamoDB item sizes and formats", DynamoDB developer guide.
struct Sizes {
  std::size_t operator()(const std::string& text) const { return text.size(); }
  std::size_t operator()(const Number& number) const { return number.size(); }
  std::size_t operator()(const Binary& binary) const { return binary.bytes.size(); }
  std::size_t operator()(bool) const { return 1; }
  std::size_t operator()(Null) const { return 1; }
  std::size_t operator()(const Item& map) const { return 3 + map.size() + size_of(map); }
  std::size_t operator()(const List& list) const {
    std::size_t sum = 3 + list.size();
    for (const auto& value : list) sum += size_of(value);
    return sum;
  }
  template <typename T>
  std::size_t operator()(const std::set<T>& set) const {
    std::size_t sum = 0;
    for (const auto& element : set) sum += (*this)(element);
    return sum;
  }
};

}  // namespace

bool Value::operator==(const Value& other) const { return is == other.is; }

std::string_view name_of(Type type) {
  constexpr std::string_view kNames[] = {"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"};
  return kNames[static_cast<std::size_t>(type)];
}

std::size_t size_of(const Value& value) { return std::visit(Sizes{}, value.is); }

std::size_t size_of(const Item& item) {
  std::size_t sum = 0;
  for (const auto& [name, value] : item) sum += name.size() + size_of(value);
  return sum;
}

}  // namespace gust::tables
