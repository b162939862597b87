// Node: one value of a template with the line it stands on. Short intrinsics (!Ref x) are already in their long form
// ({"Ref": "x"}). Not resolved yet: see resolver.h. Any thread.
#pragma once

#include "base/result.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gust::cli {

struct Field;

struct Node {
  enum class Kind { kAbsent, kNull, kText, kNumber, kBool, kList, kMap };

  Kind kind = Kind::kAbsent;
  std::string text;  // of kText, kNumber and kBool, as it was written
  std::vector<Node> items;
  std::vector<Field> fields;
  int line = 0;  // from 1

  static Node of(std::string text, int line);
  static Node map(int line);

  bool absent() const { return kind == Kind::kAbsent; }
  bool is_scalar() const { return kind == Kind::kText || kind == Kind::kNumber || kind == Kind::kBool; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  // Null when there is no such field.
  const Node* find(std::string_view name) const;
  Node* find(std::string_view name);
  // The field, or an absent node.
  const Node& operator[](std::string_view name) const;
  void set(std::string name, Node value);
};

struct Field {
  std::string first;
  Node second;
};

inline Node Node::of(std::string text, int line) { return {Kind::kText, std::move(text), {}, {}, line}; }
inline Node Node::map(int line) { return {Kind::kMap, {}, {}, {}, line}; }

template <typename List, typename T, typename Projection = std::identity>
bool contains(const List& list, const T& value, Projection projection = {}) {
  return std::ranges::find(list, value, projection) != std::ranges::end(list);
}

// Canonical JSON: fields sorted by name, no blanks; equal nodes give equal text.
std::string to_canonical_json(const Node& node);

// Reads YAML or JSON. kInvalid "template", as "<name>:LINE: what is wrong".
Result<Node> parse_template(std::string_view text, const std::string& name);

}  // namespace gust::cli
