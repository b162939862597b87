#include "events/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

namespace gust::events {

// An object of a pattern, with its fields; or a field's conditions.
struct Pattern::Node {
  std::map<std::string, Node, std::less<>> fields = {};
  std::vector<std::vector<Node>> either = {};  // of each "$or" one must match
  std::vector<PatternLeaf> leaves = {};
};

namespace {

namespace json = codec::json;
using Node = Pattern::Node;

constexpr std::size_t kMaxDepth = 64;
constexpr std::string_view kOr = "$or";

std::unexpected<Error> wrong(std::string message) { return fail(Code::kInvalid, std::move(message), "pattern"); }

Result<Node> parse_object(const json::object& object);

// Two objects or more; else "$or" is a field of that name.
bool is_either(const json::value& value) {
  const auto* list = value.if_array();
  return list != nullptr && list->size() > 1 && std::ranges::all_of(*list, [](const auto& v) { return v.is_object(); });
}

Result<Node> parse_field(const std::string& name, const json::value& value) {
  if (const auto* object = value.if_object()) return parse_object(*object);
  const auto* list = value.if_array();
  if (list == nullptr) return wrong(fmt::format("\"{}\" must be an object or an array", name));
  if (list->empty()) return wrong("Empty arrays are not allowed");
  Node out;
  for (const auto& element : *list) {
    GUST_TRY(auto leaf, parse_leaf(element));
    out.leaves.push_back(std::move(leaf));
  }
  return out;
}

Result<Node> parse_object(const json::object& object) {
  if (object.empty()) return wrong("Empty objects are not allowed");
  Node out;
  for (const auto& field : object) {
    const std::string name(field.key());
    if (name == kOr && is_either(field.value())) {
      auto& choices = out.either.emplace_back();
      for (const auto& choice : field.value().get_array()) {
        GUST_TRY(auto node, parse_object(choice.get_object()));
        choices.push_back(std::move(node));
      }
      continue;
    }
    GUST_TRY(auto node, parse_field(name, field.value()));
    out.fields.insert_or_assign(name, std::move(node));
  }
  return out;
}

// Of an array, whatever its depth, the elements that are neither arrays nor objects; of a value itself.
bool any_leaf_matches(const std::vector<PatternLeaf>& leaves, const json::value& value, std::size_t& seen) {
  if (const auto* list = value.if_array()) {
    // Not any_of: `seen` is to count all.
    bool found = false;
    for (const auto& element : *list) found = any_leaf_matches(leaves, element, seen) || found;
    return found;
  }
  if (value.is_object()) return false;
  ++seen;
  return std::ranges::any_of(leaves, [&](const auto& leaf) { return leaf.matches(value); });
}

bool leaves_match(const std::vector<PatternLeaf>& leaves, const json::value* value) {
  std::size_t seen = 0;  // an object, or a list of objects only, is no value
  if (value != nullptr && any_leaf_matches(leaves, *value, seen)) return true;
  const auto absent = [](const auto& leaf) { return leaf.kind == PatternLeaf::Kind::kAbsent; };
  return seen == 0 && std::ranges::any_of(leaves, absent);
}

bool node_matches(const Node& node, const json::value* value);

bool object_matches(const Node& node, const json::object* object) {
  for (const auto& [name, field] : node.fields) {
    if (!node_matches(field, object == nullptr ? nullptr : object->if_contains(name))) return false;
  }
  return std::ranges::all_of(node.either, [&](const auto& choices) {
    return std::ranges::any_of(choices, [&](const auto& choice) { return object_matches(choice, object); });
  });
}

bool node_matches(const Node& node, const json::value* value) {
  if (!node.leaves.empty()) return leaves_match(node.leaves, value);
  if (value != nullptr && value->is_array() && !value->get_array().empty()) {
    return std::ranges::any_of(value->get_array(), [&](const auto& element) { return node_matches(node, &element); });
  }
  return object_matches(node, value == nullptr ? nullptr : value->if_object());
}

}  // namespace

Result<Pattern> Pattern::parse(std::string_view text) {
  const auto document = codec::parse_json(text, kMaxDepth);
  if (!document) return wrong(document.error().message);
  if (!document->is_object()) return wrong("Filter is not an object");
  GUST_TRY(auto root, parse_object(document->get_object()));
  return Pattern(std::make_shared<const Node>(std::move(root)));
}

bool Pattern::matches(const json::value& event) const { return node_matches(*root_, &event); }

}  // namespace gust::events
