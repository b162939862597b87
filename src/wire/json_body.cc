#include "wire/json_body.h"

#include "wire/scalar.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <cmath>

namespace gust::wire {
namespace {

namespace json = boost::json;

// Where a value stands: a member of a structure, or of a list or map.
enum class Placed { kMember, kInside };

// The words that the services have for it, which tell what was found and what should be there, but not where.
std::unexpected<Error> wrong(const Ref& ref, std::string message) {
  return fail(Code::kInvalid, std::move(message), ref.wire_name());
}

// A class of Java, as the services name what a shape is read into.
std::string java_class(const Shape& shape) {
  switch (shape.kind) {
    case Kind::kList: return fmt::format("java.util.List<{}>", java_class(*shape.member.shape));
    case Kind::kMap: return fmt::format("java.util.Map<java.lang.String, {}>", java_class(*shape.value.shape));
    case Kind::kStructure:
    case Kind::kDocument: return shape.location_name.empty() ? shape.name : shape.location_name;
    case Kind::kBlob: return "java.nio.ByteBuffer";
    case Kind::kBoolean: return "java.lang.Boolean";
    case Kind::kInteger: return "java.lang.Integer";
    case Kind::kLong: return "java.lang.Long";
    case Kind::kFloat: return "java.lang.Double";
    case Kind::kTimestamp: return "java.util.Date";
    case Kind::kString: return "java.lang.String";
  }
  return shape.name;
}

std::string_view token_name(const json::value& value) {
  if (value.is_bool()) return value.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
  if (value.is_string()) return "STRING_VALUE";
  return value.is_double() ? "DECIMAL_VALUE" : "NUMBER_VALUE";
}

bool is_collection(const Shape& shape) { return shape.kind == Kind::kList || shape.kind == Kind::kMap; }

// A plain value, a list or a structure that stands where `ref` says something else. Source: what DynamoDB answers,
// as the tests of dynalite have recorded it.
std::unexpected<Error> misplaced(const Ref& ref, const json::value& found, Placed placed) {
  constexpr std::string_view kParameterized = "sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl";
  const auto& shape = *ref.shape;
  if (found.is_object()) return wrong(ref, "Start of structure or map found where not expected");
  if (found.is_array()) {
    const bool generic = is_collection(shape);
    return wrong(ref, fmt::format("Unrecognized collection type {}{}", generic ? "" : "class ", java_class(shape)));
  }
  if (is_collection(shape) && placed == Placed::kInside) {
    return wrong(ref, fmt::format("class {0} cannot be cast to class java.lang.Class ({0} and java.lang.Class are in "
                                  "module java.base of loader 'bootstrap')",
                                  kParameterized));
  }
  if (is_collection(shape) || shape.kind == Kind::kStructure) {
    return wrong(ref, placed == Placed::kInside && shape.kind == Kind::kStructure ? "Unexpected value type in payload"
                                                                                  : "Unexpected field type");
  }
  if (shape.kind == Kind::kBlob) return wrong(ref, "only base-64-encoded strings are convertible to bytes");
  const auto name = java_class(shape);
  return wrong(ref, fmt::format("{} cannot be converted to {}", token_name(found),
                                std::string_view(name).substr(name.rfind('.') + 1)));
}

Result<Value> read(const Ref& ref, const json::value& from, Placed placed);

Result<Value> boolean_from(const Ref& ref, const json::value& from) {
  if (from.is_bool()) return Value(from.get_bool());
  // Operations read documents themselves, and take a boolean for granted: no text is one.
  if (from.is_string()) return wrong(ref, "Unexpected token received from parser");
  return misplaced(ref, from, Placed::kMember);
}

Result<Value> structure_from(const Ref& ref, const json::value& from, Placed placed) {
  if (ref.shape->opaque) return Value(Value::Map());
  if (!from.is_object()) return misplaced(ref, from, placed);
  Value::Map out;
  for (const auto& member : ref.shape->members) {
    if (member.location != Location::kBody) continue;
    const auto* value = from.get_object().if_contains(member.wire_name());
    if (value == nullptr || value->is_null()) continue;
    GUST_TRY(auto parsed, read(member, *value, Placed::kMember));
    out.emplace(member.name, std::move(parsed));
  }
  return Value(std::move(out));
}

Result<Value> list_from(const Ref& ref, const json::value& from, Placed placed) {
  if (!from.is_array()) return misplaced(ref, from, placed);
  Value::List out;
  for (const auto& item : from.get_array()) {
    if (item.is_null()) continue;
    GUST_TRY(auto parsed, read(ref.shape->member, item, Placed::kInside));
    out.push_back(std::move(parsed));
  }
  return Value(std::move(out));
}

Result<Value> map_from(const Ref& ref, const json::value& from, Placed placed) {
  if (!from.is_object()) return misplaced(ref, from, placed);
  Value::Map out;
  for (const auto& [key, item] : from.get_object()) {
    if (item.is_null()) continue;
    GUST_TRY(auto parsed, read(ref.shape->value, item, Placed::kInside));
    out.emplace(std::string(key), std::move(parsed));
  }
  return Value(std::move(out));
}

Result<Value> number_from(const Ref& ref, const json::value& from) {
  if (ref.shape->kind == Kind::kFloat) {
    if (from.is_number()) return Value(from.to_number<double>());
    if (from.is_string()) return parse_scalar(ref, from.get_string(), TimeFormat::kEpoch);
    return misplaced(ref, from, Placed::kMember);
  }
  if (from.is_int64()) return parse_scalar(ref, std::to_string(from.get_int64()), TimeFormat::kEpoch);
  if (from.is_double() && from.get_double() == std::floor(from.get_double()) && std::abs(from.get_double()) < 9e15) {
    return parse_scalar(ref, std::to_string(static_cast<std::int64_t>(from.get_double())), TimeFormat::kEpoch);
  }
  return misplaced(ref, from, Placed::kMember);
}

Result<Value> time_from(const Ref& ref, const json::value& from) {
  if (from.is_number()) {
    const auto seconds = from.to_number<double>();
    if (!(std::abs(seconds) < 1e12)) return wrong(ref, "the time is out of range");
    return Value(from_epoch_ms(std::llround(seconds * 1000)));
  }
  if (!from.is_string()) return misplaced(ref, from, Placed::kMember);
  const std::string_view text = from.get_string();
  for (const auto format : {time_format_of(ref, TimeFormat::kIso8601), TimeFormat::kIso8601, TimeFormat::kHttpDate}) {
    if (const auto time = parse_time(text, format)) return Value(*time);
  }
  return wrong(ref, fmt::format("'{}' is not a time", text.substr(0, 100)));
}

json::value structure_to(const Ref& ref, const Value& value) {
  json::object out;
  for (const auto& member : ref.shape->members) {
    if (member.location != Location::kBody) continue;
    if (const auto* item = value.find(member.name); item != nullptr && !item->is_null())
      out[member.wire_name()] = to_json(member, *item);
  }
  return out;
}

}  // namespace

Value document_from_json(const json::value& from) {
  switch (from.kind()) {
    case json::kind::bool_:
      return from.get_bool();
    case json::kind::int64:
      return from.get_int64();
    case json::kind::uint64:
      return static_cast<double>(from.get_uint64());
    case json::kind::double_:
      return from.get_double();
    case json::kind::string:
      return std::string(from.get_string());
    case json::kind::array: {
      Value::List out;
      for (const auto& item : from.get_array()) out.push_back(document_from_json(item));
      return out;
    }
    case json::kind::object: {
      Value::Map out;
      for (const auto& [key, item] : from.get_object()) out.emplace(std::string(key), document_from_json(item));
      return out;
    }
    default:
      return {};
  }
}

json::value document_to_json(const Value& value) {
  if (const auto* b = value.as<bool>()) return *b;
  if (const auto* n = value.as<std::int64_t>()) return *n;
  if (const auto* d = value.as<double>()) return *d;
  if (const auto* s = value.as<std::string>()) return json::string(*s);
  if (const auto* list = value.as<Value::List>()) {
    json::array out;
    for (const auto& item : *list) out.push_back(document_to_json(item));
    return out;
  }
  if (const auto* map = value.as<Value::Map>()) {
    json::object out;
    for (const auto& [key, item] : *map) out[key] = document_to_json(item);
    return out;
  }
  return nullptr;
}

namespace {

Result<Value> read(const Ref& ref, const json::value& from, Placed placed) {
  switch (ref.shape->kind) {
    case Kind::kStructure:
      return structure_from(ref, from, placed);
    case Kind::kList:
      return list_from(ref, from, placed);
    case Kind::kMap:
      return map_from(ref, from, placed);
    case Kind::kDocument:
      return document_from_json(from);
    case Kind::kBoolean:
      return boolean_from(ref, from);
    case Kind::kInteger:
    case Kind::kLong:
    case Kind::kFloat:
      return number_from(ref, from);
    case Kind::kTimestamp:
      return time_from(ref, from);
    case Kind::kBlob:
      return from.is_string() ? parse_scalar(ref, from.get_string(), TimeFormat::kEpoch)
                              : misplaced(ref, from, placed);
    case Kind::kString:
      return from.is_string() ? Result<Value>(std::string(from.get_string())) : misplaced(ref, from, placed);
  }
  return misplaced(ref, from, placed);
}

}  // namespace

Result<Value> from_json(const Ref& ref, const json::value& from) { return read(ref, from, Placed::kMember); }

json::value to_json(const Ref& ref, const Value& value) {
  switch (ref.shape->kind) {
    case Kind::kStructure:
      return structure_to(ref, value);
    case Kind::kDocument:
      return document_to_json(value);
    case Kind::kList: {
      json::array out;
      if (const auto* list = value.as<Value::List>()) {
        for (const auto& item : *list) out.push_back(to_json(ref.shape->member, item));
      }
      return out;
    }
    case Kind::kMap: {
      json::object out;
      if (const auto* map = value.as<Value::Map>()) {
        for (const auto& [key, item] : *map) out[key] = to_json(ref.shape->value, item);
      }
      return out;
    }
    case Kind::kTimestamp: {
      const auto* time = value.as<WallTime>();
      if (time == nullptr) return nullptr;
      const auto format = time_format_of(ref, TimeFormat::kEpoch);
      if (format != TimeFormat::kEpoch) return json::string(time_text(*time, format));
      if (to_epoch_ms(*time) % 1000 == 0) return to_epoch_ms(*time) / 1000;
      return static_cast<double>(to_epoch_ms(*time)) / 1000;
    }
    case Kind::kBlob:
      return json::string(scalar_text(ref, value, TimeFormat::kEpoch));
    case Kind::kFloat: {
      const auto* number = value.as<double>();
      if (number != nullptr && !std::isfinite(*number)) return json::string(number_text(*number));
      return document_to_json(value);
    }
    default:
      return document_to_json(value);
  }
}

}  // namespace gust::wire
