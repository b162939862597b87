// Values as XML, by their shapes: rest-xml bodies and query responses. Any thread.
#pragma once

#include "base/result.h"
#include "wire/model.h"
#include "wire/value.h"

#include <pugixml.hpp>

#include <string>

namespace gust::wire {

// kInvalid names the element that does not fit.
Result<Value> from_xml(const Ref& ref, const pugi::xml_node& node);
// The members of `ref`'s structure that are in the body, from the children and attributes of `node`.
Result<Value> structure_from_xml(const Shape& shape, const pugi::xml_node& node);

// Appends <name>...</name> for a member or item; a flattened list or map gives one element an item.
void append_xml(std::string& out, const Ref& ref, std::string_view name, const Value& value);
// Appends the elements of the structure's body members.
void append_members(std::string& out, const Shape& shape, const Value& value);
// Attributes (namespaces and attribute members) of an element for `ref`.
std::string xml_attributes(const Ref& ref, const Value& value);

}  // namespace gust::wire
