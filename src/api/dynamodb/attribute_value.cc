#include "api/dynamodb/attribute_value.h"

#include "codec/base64.h"
#include "wire/scalar.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <cstring>
#include <utility>

namespace gust::api {
namespace {

namespace json = boost::json;
using tables::Value;

std::unexpected<Error> misread(std::string message) {
  return fail(Code::kInvalid, std::move(message), "serialization");
}
std::unexpected<Error> refused(std::string message) { return fail(Code::kInvalid, std::move(message), "request"); }
std::unexpected<Error> bad(std::string_view message) {
  return refused(fmt::format("One or more parameter values were invalid: {}", message));
}

constexpr std::string_view kList = "List", kMap = "Map", kBlob = "Blob";

// What the service reads a kind into, as its errors tell.
std::string class_of(std::string_view kind) {
  if (kind == kBlob) return "class java.nio.ByteBuffer";
  if (kind == kMap) return "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>";
  return fmt::format("class java.lang.{}", kind);
}

// What stands where something of the kind `wanted` should.
std::unexpected<Error> misplaced(const json::value& found, std::string_view wanted) {
  const bool collection = found.is_object() || found.is_array();
  if (!collection && (wanted == kList || wanted == kMap)) return misread("Unexpected field type");
  if (!collection && wanted == kBlob) return misread("only base-64-encoded strings are convertible to bytes");
  switch (found.kind()) {
    case json::kind::object: return misread("Start of structure or map found where not expected");
    case json::kind::array: return misread(fmt::format("Unrecognized collection type {}", class_of(wanted)));
    case json::kind::string: return misread(fmt::format("STRING_VALUE cannot be converted to {}", wanted));
    case json::kind::bool_:
      return misread(fmt::format("{}_VALUE cannot be converted to {}", found.get_bool() ? "TRUE" : "FALSE", wanted));
    case json::kind::double_: return misread(fmt::format("DECIMAL_VALUE cannot be converted to {}", wanted));
    default: return misread(fmt::format("NUMBER_VALUE cannot be converted to {}", wanted));
  }
}

Result<std::string_view> text_from(const json::value& from) {
  if (!from.is_string()) return misplaced(from, "String");
  return std::string_view(from.get_string());
}

Result<bool> truth_from(const json::value& from) {
  if (from.is_bool()) return from.get_bool();
  if (!from.is_string()) return misplaced(from, "Boolean");
  if (const auto truth = wire::truth_of(from.get_string())) return *truth;
  return misread("Unexpected token received from parser");
}

Result<tables::Number> number_from(const json::value& from) {
  GUST_TRY(const auto text, text_from(from));
  return tables::Number::parse(text);
}

Result<tables::Binary> binary_from(const json::value& from) {
  if (!from.is_string()) return misplaced(from, kBlob);
  const std::string_view text = from.get_string();
  if (text.size() % 4 != 0) {
    return misread(fmt::format("Base64 encoded length is expected a multiple of 4 bytes but found: {}", text.size()));
  }
  auto bytes = codec::from_base64(text);
  if (bytes && codec::to_base64(*bytes) == text) return tables::Binary{*std::move(bytes)};
  const auto odd = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
  if (odd != std::string_view::npos) return misread(fmt::format("Invalid Base64 character: '{}'", text[odd]));
  return misread("Invalid last non-pad Base64 character dectected");
}

template <typename T, typename F>
Result<std::vector<T>> elements_from(const json::value& from, F read) {
  if (!from.is_array()) return misplaced(from, kList);
  std::vector<T> out;
  out.reserve(from.get_array().size());
  for (const auto& one : from.get_array()) {
    if (one.is_null())
      return bad("An string set may not have a null string as a member");
    GUST_TRY(T element, read(one));
    out.push_back(std::move(element));
  }
  return out;
}

template <typename Set, typename T>
Set set_of(std::vector<T> elements) {
  return Set(std::make_move_iterator(elements.begin()), std::make_move_iterator(elements.end()));
}

Result<Value> string_set(const json::value& from) {
  GUST_TRY(auto elements, elements_from<std::string>(from, [](const json::value& one) -> Result<std::string> {
    GUST_TRY(const auto text, text_from(one));
    return std::string(text);
  }));
  if (elements.empty()) return bad("An string set  may not be empty");
  const auto given = elements;
  auto out = set_of<tables::StringSet>(std::move(elements));
  if (out.size() != given.size())
    return bad(fmt::format("Input collection [{}] contains duplicates.", fmt::join(given, ", ")));
  return Value{std::move(out)};
}

Result<Value> number_set(const json::value& from) {
  GUST_TRY(auto elements, elements_from<tables::Number>(from, number_from));
  if (elements.empty()) return bad("An number set  may not be empty");
  const auto given = elements.size();
  auto out = set_of<tables::NumberSet>(std::move(elements));
  if (out.size() != given) return refused("Input collection contains duplicates");
  return Value{std::move(out)};
}

Result<Value> binary_set(const json::value& from) {
  GUST_TRY(auto elements, elements_from<tables::Binary>(from, binary_from));
  if (elements.empty()) return bad("Binary sets should not be empty");
  const auto given = elements.size();
  auto out = set_of<tables::BinarySet>(std::move(elements));
  if (out.size() != given) {
    std::vector<std::string_view> texts;
    for (const auto& one : from.get_array()) texts.push_back(std::string_view(one.get_string()));
    return bad(fmt::format("Input collection [{}]of type BS contains duplicates.", fmt::join(texts, ", ")));
  }
  return Value{std::move(out)};
}

Result<Value> read(const json::value& from, std::size_t depth);

Result<tables::Item> read_map(const json::value& from, std::size_t depth) {
  if (!from.is_object()) return misplaced(from, kMap);
  tables::Item out;
  for (const auto& [name, value] : from.get_object()) {
    GUST_TRY(auto read_value, read(value, depth));
    out.insert_or_assign(std::string(name), std::move(read_value));
  }
  return out;
}

Result<Value> read_list(const json::value& from, std::size_t depth) {
  if (!from.is_array()) return misplaced(from, kList);
  tables::List out;
  out.reserve(from.get_array().size());
  for (const auto& one : from.get_array()) {
    GUST_TRY(auto value, read(one, depth));
    out.push_back(std::move(value));
  }
  return Value{std::move(out)};
}

Result<Value> read_typed(std::string_view type, const json::value& from, std::size_t depth) {
  if (type == "S") {
    GUST_TRY(const auto text, text_from(from));
    return Value{std::string(text)};
  }
  if (type == "N") {
    GUST_TRY(auto number, number_from(from));
    return Value{std::move(number)};
  }
  if (type == "B") {
    GUST_TRY(auto binary, binary_from(from));
    return Value{std::move(binary)};
  }
  if (type == "BOOL") {
    GUST_TRY(const bool truth, truth_from(from));
    return Value{truth};
  }
  if (type == "NULL") {
    GUST_TRY(const bool truth, truth_from(from));
    if (!truth) return bad("Null attribute value types must have the value of true");
    return Value{tables::Null{}};
  }
  if (type == "SS") return string_set(from);
  if (type == "NS") return number_set(from);
  if (type == "BS") return binary_set(from);
  if (depth >= tables::kMaxDepth) return refused("Nesting Levels have exceeded supported limits");
  if (type == "L") return read_list(from, depth + 1);
  GUST_TRY(auto map, read_map(from, depth + 1));
  return Value{std::move(map)};
}

bool is_type(std::string_view name) {
  constexpr std::string_view kTypes[] = {"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"};
  for (const auto type : kTypes) {
    if (name == type) return true;
  }
  return false;
}

Result<Value> read(const json::value& from, std::size_t depth) {
  constexpr auto kOne = "must contain exactly one of the supported datatypes";
  const auto empty = [&] { return refused(fmt::format("Supplied AttributeValue is empty, {}", kOne)); };
  if (from.is_null()) return empty();
  if (from.is_array()) {
    return misread("Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue");
  }
  if (!from.is_object()) return misread("Unexpected value type in payload");
  const json::key_value_pair* found = nullptr;
  bool several = false;
  for (const auto& member : from.get_object()) {
    if (member.value().is_null() || !is_type(member.key())) continue;
    if (found != nullptr) several = true;
    if (several) GUST_CHECK(read_typed(found->key(), found->value(), depth));
    found = &member;
  }
  if (several) {  // what is wrong with one of them is told first
    GUST_CHECK(read_typed(found->key(), found->value(), depth));
    return refused(fmt::format("Supplied AttributeValue has more than one datatypes set, {}", kOne));
  }
  if (found == nullptr) return empty();
  return read_typed(found->key(), found->value(), depth);
}

void append_base64(std::string& out, std::string_view bytes) {
  out += '"';
  out += codec::to_base64(bytes);
  out += '"';
}

// Whether a string of JSON has these eight bytes as they are; may be wrong about some that it has.
bool are_plain(const char* bytes) {
  constexpr std::uint64_t kOnes = ~std::uint64_t{0} / 0xff, kHigh = kOnes * 0x80;
  std::uint64_t eight = 0;
  std::memcpy(&eight, bytes, 8);
  const auto quotes = eight ^ kOnes * '"', slashes = eight ^ kOnes * '\\';
  const auto found = ((eight - kOnes * 0x20) & ~eight) | ((quotes - kOnes) & ~quotes) | ((slashes - kOnes) & ~slashes);
  return (found & kHigh) == 0;
}

// [a,b]
template <typename C, typename F>
void append_elements(std::string& out, const C& elements, F append) {
  out += '[';
  bool first = true;
  for (const auto& one : elements) {
    if (!std::exchange(first, false)) out += ',';
    append(one);
  }
  out += ']';
}

struct Writer {
  std::string& out;

  void operator()(const std::string& text) const { append_text(out, text); }
  void operator()(const tables::Number& number) const {
    out += '"';
    out += number.text();
    out += '"';
  }
  void operator()(const tables::Binary& binary) const { append_base64(out, binary.bytes); }
  void operator()(bool truth) const { out += truth ? "true" : "false"; }
  void operator()(const tables::Null&) const { out += "true"; }
  void operator()(const tables::Item& map) const { append_json(out, map); }
  void operator()(const tables::List& list) const {
    append_elements(out, list, [this](const Value& one) { append_json(out, one); });
  }
  template <typename Set>
  void operator()(const Set& set) const {
    append_elements(out, set, *this);
  }
};

// An item of a row as JSON. What comes next to something takes a comma; what is the first in its brackets does not.
struct RowWriter {
  std::string& out;
  std::size_t depth = 0;
  bool in_set = false;

  void separate() {
    if (out.back() != '{' && out.back() != '[' && out.back() != ':') out += ',';
  }
  void open(std::string_view type) {
    separate();
    if (!in_set) out.append("{\"").append(type).append("\":");
  }
  void close() {
    if (!in_set) out += '}';
  }
  void begin(tables::Type type, std::size_t) {
    if (depth++ > 0) open(tables::name_of(type));
    out += type == tables::Type::kMap ? '{' : '[';
    in_set = type != tables::Type::kMap && type != tables::Type::kList;
  }
  void end(tables::Type type) {
    out += type == tables::Type::kMap ? '}' : ']';
    in_set = false;
    if (--depth > 0) close();
  }
  void name(std::string_view name) {
    separate();
    append_text(out, name);
    out += ':';
  }
  void text(std::string_view text) {
    open("S");
    append_text(out, text);
    close();
  }
  void number(const tables::Number& number) {
    open("N");
    out.append("\"").append(number.text()).append("\"");
    close();
  }
  void binary(std::string_view bytes) {
    open("B");
    append_base64(out, bytes);
    close();
  }
  void boolean(bool truth) {
    open("BOOL");
    out += truth ? "true" : "false";
    close();
  }
  void null() {
    open("NULL");
    out += "true";
    close();
  }
};

}  // namespace

Result<Value> value_from(const json::value& from) { return read(from, 0); }

Result<tables::Item> item_from(const json::value& from) { return read_map(from, 0); }

Result<std::vector<Value>> values_from(const json::value& from) {
  if (!from.is_array()) return misplaced(from, "List");
  std::vector<Value> out;
  for (const auto& one : from.get_array()) {
    GUST_TRY(auto value, read(one, 0));
    out.push_back(std::move(value));
  }
  return out;
}

void append_text(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    while (text.size() - i >= 8 && are_plain(text.data() + i)) i += 8;
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    }
  }
  out.append(text, plain);
  out += '"';
}

void append_json(std::string& out, const Value& value) {
  out += "{\"";
  out += tables::name_of(value.type());
  out += "\":";
  std::visit(Writer{out}, value.is);
  out += '}';
}

void append_json(std::string& out, const tables::StoredItem& item) {
  RowWriter writer{out};
  item.visit(writer);
}

void append_json(std::string& out, const tables::Item& item) {
  out += '{';
  bool first = true;
  for (const auto& [name, value] : item) {
    if (!std::exchange(first, false)) out += ',';
    append_text(out, name);
    out += ':';
    append_json(out, value);
  }
  out += '}';
}

}  // namespace gust::api
