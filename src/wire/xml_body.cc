#include "wire/xml_body.h"

#include "codec/xml.h"
#include "wire/scalar.h"

#include <fmt/format.h>

namespace gust::wire {
namespace {

using codec::xml_local_name;

std::string_view or_else(const std::string& name, std::string_view otherwise) {
  return name.empty() ? otherwise : std::string_view(name);
}

bool is_flat(const Ref& ref) { return ref.flattened || ref.shape->flattened; }

Result<void> add_entry(const Ref& ref, const pugi::xml_node& entry, Value::Map& out) {
  const auto key_name = or_else(ref.shape->key.location_name, "key");
  const auto value_name = or_else(ref.shape->value.location_name, "value");
  std::string key;
  Value value;
  for (const auto& child : entry.children()) {
    if (xml_local_name(child) == key_name) key = child.text().get();
    if (xml_local_name(child) == value_name) {
      GUST_TRY(value, from_xml(ref.shape->value, child));
    }
  }
  out.insert_or_assign(std::move(key), std::move(value));
  return {};
}

Result<void> add_flat(const Ref& member, const pugi::xml_node& node, Value::Map& out) {
  auto& slot = out[member.name];
  if (member.shape->kind == Kind::kList) {
    if (slot.is_null()) slot = Value::List();
    GUST_TRY(auto item, from_xml(member.shape->member, node));
    slot.as<Value::List>()->push_back(std::move(item));
    return {};
  }
  if (slot.is_null()) slot = Value::Map();
  return add_entry(member, node, *slot.as<Value::Map>());
}

const Ref* member_for(const Shape& shape, std::string_view name) {
  for (const auto& member : shape.members) {
    if (member.location != Location::kBody || member.xml_attribute) continue;
    if (member.wire_name() == name) return &member;
  }
  return nullptr;
}

std::string_view without_prefix(std::string_view name) {
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string namespace_attribute(const std::string& uri, const std::string& prefix) {
  if (uri.empty()) return "";
  return fmt::format(" xmlns{}{}=\"{}\"", prefix.empty() ? "" : ":", prefix, codec::xml_escape(uri));
}

void append_entry(std::string& out, const Ref& ref, std::string_view name, const std::string& key, const Value& value) {
  fmt::format_to(std::back_inserter(out), "<{}>", name);
  append_xml(out, ref.shape->key, or_else(ref.shape->key.location_name, "key"), Value(key));
  append_xml(out, ref.shape->value, or_else(ref.shape->value.location_name, "value"), value);
  fmt::format_to(std::back_inserter(out), "</{}>", name);
}

}  // namespace

Result<Value> structure_from_xml(const Shape& shape, const pugi::xml_node& node) {
  Value::Map out;
  for (const auto& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    const auto* member = member_for(shape, xml_local_name(child));
    if (member == nullptr) continue;
    if (is_flat(*member)) {
      GUST_CHECK(add_flat(*member, child, out));
    } else {
      GUST_TRY(auto value, from_xml(*member, child));
      out.insert_or_assign(member->name, std::move(value));
    }
  }
  for (const auto& member : shape.members) {
    if (!member.xml_attribute) continue;
    for (const auto& attribute : node.attributes()) {
      if (attribute.name() == member.wire_name() ||
          without_prefix(attribute.name()) == without_prefix(member.wire_name())) {
        GUST_TRY(auto value, parse_scalar(member, attribute.value(), TimeFormat::kIso8601));
        out.insert_or_assign(member.name, std::move(value));
      }
    }
  }
  return Value(std::move(out));
}

Result<Value> from_xml(const Ref& ref, const pugi::xml_node& node) {
  switch (ref.shape->kind) {
    case Kind::kStructure:
      return structure_from_xml(*ref.shape, node);
    case Kind::kList: {
      Value::List out;
      const auto name = or_else(ref.shape->member.location_name, "member");
      for (const auto& child : node.children()) {
        if (xml_local_name(child) != name) continue;
        GUST_TRY(auto item, from_xml(ref.shape->member, child));
        out.push_back(std::move(item));
      }
      return Value(std::move(out));
    }
    case Kind::kMap: {
      Value::Map out;
      for (const auto& child : node.children()) {
        if (xml_local_name(child) == "entry") GUST_CHECK(add_entry(ref, child, out));
      }
      return Value(std::move(out));
    }
    default:
      return parse_scalar(ref, node.text().get(), TimeFormat::kIso8601);
  }
}

std::string xml_attributes(const Ref& ref, const Value& value) {
  std::string out = ref.xml_namespace.empty() ? namespace_attribute(ref.shape->xml_namespace, ref.shape->xml_prefix)
                                              : namespace_attribute(ref.xml_namespace, ref.xml_prefix);
  if (ref.shape->kind != Kind::kStructure) return out;
  for (const auto& member : ref.shape->members) {
    const auto* item = member.xml_attribute ? value.find(member.name) : nullptr;
    if (item == nullptr || item->is_null()) continue;
    fmt::format_to(std::back_inserter(out), " {}=\"{}\"", member.wire_name(),
                   codec::xml_escape(scalar_text(member, *item, TimeFormat::kIso8601)));
  }
  return out;
}

void append_members(std::string& out, const Shape& shape, const Value& value) {
  for (const auto& member : shape.members) {
    if (member.location != Location::kBody || member.xml_attribute) continue;
    const auto* item = value.find(member.name);
    if (item != nullptr && !item->is_null()) append_xml(out, member, member.wire_name(), *item);
  }
}

void append_xml(std::string& out, const Ref& ref, std::string_view name, const Value& value) {
  const auto* list = value.as<Value::List>();
  const auto* map = ref.shape->kind == Kind::kMap ? value.as<Value::Map>() : nullptr;
  if (is_flat(ref) && list != nullptr) {
    for (const auto& item : *list) append_xml(out, ref.shape->member, name, item);
    return;
  }
  if (is_flat(ref) && map != nullptr) {
    for (const auto& [key, item] : *map) append_entry(out, ref, name, key, item);
    return;
  }
  out.append("<").append(name).append(xml_attributes(ref, value)).append(">");
  if (list != nullptr) {
    const auto item_name = or_else(ref.shape->member.location_name, "member");
    for (const auto& item : *list) append_xml(out, ref.shape->member, item_name, item);
  } else if (map != nullptr) {
    for (const auto& [key, item] : *map) append_entry(out, ref, "entry", key, item);
  } else if (ref.shape->kind == Kind::kStructure) {
    append_members(out, *ref.shape, value);
  } else {
    out += codec::xml_escape(scalar_text(ref, value, TimeFormat::kIso8601));
  }
  out.append("</").append(name).append(">");
}

}  // namespace gust::wire
