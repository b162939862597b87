#include "wire/json_body.h"

#include "wire/scalar.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <cmath>

namespace gust::wire {
namespace {

namespace json = boost::json;

std::unexpected<Error> wrong(const Ref& ref, std::string_view expected) {
  return fail(Code::kInvalid,
              fmt::format("'{}' must be {}", ref.wire_name().empty() ? "the body" : ref.wire_name(), expected),
              ref.wire_name());
}

Result<Value> structure_from(const Ref& ref, const json::value& from) {
  if (ref.shape->opaque) return Value(Value::Map());
  if (!from.is_object()) return wrong(ref, "an object");
  Value::Map out;
  for (const auto& member : ref.shape->members) {
    if (member.location != Location::kBody) continue;
    const auto* value = from.get_object().if_contains(member.wire_name());
    if (value == nullptr || value->is_null()) continue;
    GUST_TRY(auto parsed, from_json(member, *value));
    out.emplace(member.name, std::move(parsed));
  }
  return Value(std::move(out));
}

Result<Value> list_from(const Ref& ref, const json::value& from) {
  if (!from.is_array()) return wrong(ref, "a list");
  Value::List out;
  for (const auto& item : from.get_array()) {
    if (item.is_null()) continue;
    GUST_TRY(auto parsed, from_json(ref.shape->member, item));
    out.push_back(std::move(parsed));
  }
  return Value(std::move(out));
}

Result<Value> map_from(const Ref& ref, const json::value& from) {
  if (!from.is_object()) return wrong(ref, "an object");
  Value::Map out;
  for (const auto& [key, item] : from.get_object()) {
    if (item.is_null()) continue;
    GUST_TRY(auto parsed, from_json(ref.shape->value, item));
    out.emplace(std::string(key), std::move(parsed));
  }
  return Value(std::move(out));
}

Result<Value> number_from(const Ref& ref, const json::value& from) {
  if (ref.shape->kind == Kind::kFloat) {
    if (from.is_number()) return Value(from.to_number<double>());
    if (from.is_string()) return parse_scalar(ref, from.get_string(), TimeFormat::kEpoch);
    return wrong(ref, "a number");
  }
  if (from.is_int64()) return parse_scalar(ref, std::to_string(from.get_int64()), TimeFormat::kEpoch);
  if (from.is_double() && from.get_double() == std::floor(from.get_double()) && std::abs(from.get_double()) < 9e15) {
    return parse_scalar(ref, std::to_string(static_cast<std::int64_t>(from.get_double())), TimeFormat::kEpoch);
  }
  return wrong(ref, "an integer");
}

Result<Value> time_from(const Ref& ref, const json::value& from) {
  if (from.is_number()) {
    const auto seconds = from.to_number<double>();
    if (!(std::abs(seconds) < 1e12)) return wrong(ref, "a time");
    return Value(from_epoch_ms(std::llround(seconds * 1000)));
  }
  if (!from.is_string()) return wrong(ref, "a time");
  const std::string_view text = from.get_string();
  for (const auto format : {time_format_of(ref, TimeFormat::kIso8601), TimeFormat::kIso8601, TimeFormat::kHttpDate}) {
    if (const auto time = parse_time(text, format)) return Value(*time);
  }
  return wrong(ref, "a time");
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

Result<Value> from_json(const Ref& ref, const json::value& from) {
  switch (ref.shape->kind) {
    case Kind::kStructure:
      return structure_from(ref, from);
    case Kind::kList:
      return list_from(ref, from);
    case Kind::kMap:
      return map_from(ref, from);
    case Kind::kDocument:
      return document_from_json(from);
    case Kind::kBoolean:
      return from.is_bool() ? Result<Value>(from.get_bool()) : wrong(ref, "true or false");
    case Kind::kInteger:
    case Kind::kLong:
    case Kind::kFloat:
      return number_from(ref, from);
    case Kind::kTimestamp:
      return time_from(ref, from);
    case Kind::kBlob:
      return from.is_string() ? parse_scalar(ref, from.get_string(), TimeFormat::kEpoch)
                              : wrong(ref, "base64 in a string");
    case Kind::kString:
      return from.is_string() ? Result<Value>(std::string(from.get_string())) : wrong(ref, "a string");
  }
  return wrong(ref, "something else");
}

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
