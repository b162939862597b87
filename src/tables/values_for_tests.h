// Short ways to write values, items and placeholders in tests. Not for other code.
#pragma once

#include "tables/expressions/placeholders.h"
#include "tables/value.h"

#include <string>
#include <utility>

namespace gust::tables {

inline Value S(std::string text) { return {std::move(text)}; }
inline Value N(std::string_view text) { return {Number::parse(text).value()}; }
inline Value B(std::string bytes) { return {Binary{std::move(bytes)}}; }
inline Value Bool(bool is) { return {is}; }
inline Value NullValue() { return {Null{}}; }
inline Value L(List list) { return {std::move(list)}; }
inline Value M(Item map) { return {std::move(map)}; }
inline Value SS(StringSet set) { return {std::move(set)}; }
inline Value BS(std::set<std::string> set) {
  BinarySet out;
  for (const auto& bytes : set) out.insert({bytes});
  return {std::move(out)};
}
inline Value NS(std::initializer_list<std::string_view> numbers) {
  NumberSet out;
  for (const auto number : numbers) out.insert(Number::parse(number).value());
  return {std::move(out)};
}

// A value of each type, ":s", ":n", ":b", ":bool", ":null", ":m", ":l", ":ss", ":ns" and ":bs", and what else is given.
inline Placeholders placeholders(Placeholders::Names names = {}, Placeholders::Values values = {}) {
  for (auto& [key, value] : Placeholders::Values{{":s", S("a")},       {":n", N("1")},      {":b", B("a")},
                                                 {":bool", Bool(true)}, {":null", NullValue()}, {":m", M({})},
                                                 {":l", L({})},        {":ss", SS({"a"})},  {":ns", NS({"1"})},
                                                 {":bs", BS({"a"})}})
    values.emplace(key, value);
  if (names.empty()) return Placeholders::of(std::nullopt, std::move(values)).value();
  return Placeholders::of(std::move(names), std::move(values)).value();
}

}  // namespace gust::tables
