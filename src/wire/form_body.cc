#include "wire/form_body.h"

#include "codec/utf8.h"
#include "wire/scalar.h"

#include <fmt/format.h>

#include <charconv>
#include <map>

namespace gust::wire {
namespace {

constexpr int kMaxDepth = 32;

// The pairs as a tree of their dotted names.
struct Node {
  std::map<std::string, Node, std::less<>> children;
  std::string text;
  bool has_text = false;

  const Node* child(std::string_view name) const {
    const auto it = children.find(name);
    return it == children.end() ? nullptr : &it->second;
  }
};

Result<Node> make_tree(const codec::QueryPairs& pairs) {
  Node root;
  for (const auto& [name, value] : pairs) {
    if (!codec::is_utf8(name) || !codec::is_utf8(value))
      return fail(Code::kInvalid, "the form has bytes that are not UTF-8", "form");
    Node* node = &root;
    std::string_view rest = name;
    for (int depth = 0;; ++depth) {
      if (depth > kMaxDepth)
        return fail(Code::kInvalid, fmt::format("'{}' is nested too deep", name.substr(0, 60)), "form");
      const auto part = rest.substr(0, rest.find('.'));
      node = &node->children[std::string(part)];
      if (part.size() == rest.size()) break;
      rest.remove_prefix(part.size() + 1);
    }
    node->text = value;
    node->has_text = true;
  }
  return root;
}

// Children named 1, 2, 3, ... in the order of their numbers.
std::vector<const Node*> numbered(const Node& node) {
  std::map<unsigned, const Node*> ordered;
  for (const auto& [name, child] : node.children) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) ordered[number] = &child;
  }
  std::vector<const Node*> out;
  for (const auto& [number, child] : ordered) out.push_back(child);
  return out;
}

std::string_view or_else(const std::string& name, std::string_view otherwise) {
  return name.empty() ? otherwise : std::string_view(name);
}

bool is_flat(const Ref& ref) { return ref.flattened || ref.shape->flattened; }

Result<Value> parse(const Ref& ref, const Node& node);

Result<Value> parse_structure(const Shape& shape, const Node& node) {
  Value::Map out;
  for (const auto& member : shape.members) {
    const auto* child = node.child(member.wire_name());
    // Some services name a flattened list's items instead of the list.
    if (child == nullptr && is_flat(member) && member.shape->kind == Kind::kList)
      child = node.child(member.shape->member.location_name);
    if (child == nullptr) continue;
    GUST_TRY(auto value, parse(member, *child));
    out.emplace(member.name, std::move(value));
  }
  return Value(std::move(out));
}

Result<Value> parse_list(const Ref& ref, const Node& node) {
  Value::List out;
  const auto* items = is_flat(ref) ? &node : node.child(or_else(ref.shape->member.location_name, "member"));
  if (items == nullptr) return Value(std::move(out));
  for (const auto* item : numbered(*items)) {
    GUST_TRY(auto value, parse(ref.shape->member, *item));
    out.push_back(std::move(value));
  }
  return Value(std::move(out));
}

Result<Value> parse_map(const Ref& ref, const Node& node) {
  Value::Map out;
  const auto* entries = is_flat(ref) ? &node : node.child("entry");
  if (entries == nullptr) return Value(std::move(out));
  for (const auto* entry : numbered(*entries)) {
    const auto* key = entry->child(or_else(ref.shape->key.location_name, "key"));
    const auto* item = entry->child(or_else(ref.shape->value.location_name, "value"));
    if (key == nullptr)
      return fail(Code::kInvalid, fmt::format("an entry of '{}' has no key", ref.wire_name()), ref.wire_name());
    Value value;
    if (item != nullptr) {
      GUST_TRY(value, parse(ref.shape->value, *item));
    }
    out.insert_or_assign(key->text, std::move(value));
  }
  return Value(std::move(out));
}

Result<Value> parse(const Ref& ref, const Node& node) {
  switch (ref.shape->kind) {
    case Kind::kStructure:
      return parse_structure(*ref.shape, node);
    case Kind::kList:
      return parse_list(ref, node);
    case Kind::kMap:
      return parse_map(ref, node);
    default:
      return parse_scalar(ref, node.text, TimeFormat::kIso8601);
  }
}

}  // namespace

Result<Value> from_form(const Shape& shape, const codec::QueryPairs& pairs) {
  GUST_TRY(const auto tree, make_tree(pairs));
  return parse_structure(shape, tree);
}

}  // namespace gust::wire
