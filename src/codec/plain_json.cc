#include "codec/plain_json.h"

#include "codec/json.h"

#include <fmt/format.h>

#include <string_view>

namespace gust::codec {
namespace {

void write(const json::value& value, std::string& out);

void write(const json::object& object, std::string& out) {
  out += '{';
  for (const auto& [name, member] : object) {
    if (out.back() != '{') out += ',';
    out += to_json(json::value(name)) + ":";
    write(member, out);
  }
  out += '}';
}

void write(const json::value& value, std::string& out) {
  if (const auto* object = value.if_object()) return write(*object, out);
  if (const auto* number = value.if_double()) {
    out += fmt::format("{}", *number);
    return;
  }
  const auto* array = value.if_array();
  if (array == nullptr) {
    out += to_json(value);
    return;
  }
  out += '[';
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (i > 0) out += ',';
    write((*array)[i], out);
  }
  out += ']';
}

}  // namespace

std::string to_plain_json(const json::value& value) {
  std::string out;
  write(value, out);
  return out;
}

std::string to_plain_json(const json::object& value) {
  std::string out;
  write(value, out);
  return out;
}

}  // namespace gust::codec
