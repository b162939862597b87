#include "cli/template/node.h"

#include "codec/json.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>

namespace gust::cli {
namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 20;
constexpr int kMaxNodes = 100'000;
constexpr int kMaxDepth = 64;

std::unexpected<Error> wrong(const std::string& name, int line, std::string_view message) {
  return fail(Code::kInvalid, fmt::format("{}:{}: {}", name, line, message), "template");
}

constexpr std::array<std::string_view, 16> kFunctions = {
    "Sub", "GetAtt", "Join",      "Select", "Split",       "If",     "Equals", "And",
    "Or",  "Not",    "FindInMap", "Base64", "ImportValue", "GetAZs", "Cidr",   "Transform"};

// "!Sub" -> "Fn::Sub"; empty when it is not an intrinsic.
std::string long_form(std::string_view tag) {
  if (tag == "!Ref" || tag == "!Condition") return std::string(tag.substr(1));
  if (!tag.starts_with('!')) return {};
  const auto name = tag.substr(1);
  return std::ranges::find(kFunctions, name) == kFunctions.end() ? std::string() : fmt::format("Fn::{}", name);
}

Node::Kind scalar_kind(std::string_view text) {
  if (text == "true" || text == "false" || text == "True" || text == "False") return Node::Kind::kBool;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Node::Kind::kNull;
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  const bool number = !digits.empty() && digits.find_first_not_of("0123456789.") == std::string_view::npos &&
                      std::ranges::count(digits, '.') <= 1 && digits != "." && !digits.starts_with('.');
  return number ? Node::Kind::kNumber : Node::Kind::kText;
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  Result<Node> read(const YAML::Node& in, int depth) {
    const int line = in.Mark().line + 1;
    if (++count_ > kMaxNodes) return wrong(name_, line, fmt::format("the template has more than {} values", kMaxNodes));
    if (depth > kMaxDepth)
      return wrong(name_, line, fmt::format("the template is nested deeper than {} levels", kMaxDepth));
    GUST_TRY(auto plain, read_plain(in, depth, line));
    const auto tag = in.Tag();
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org")) return plain;
    const auto function = long_form(tag);
    if (function.empty()) return wrong(name_, line, fmt::format("the tag {} is not one that templates know", tag));
    if (plain.kind != Node::Kind::kList && plain.kind != Node::Kind::kMap) plain.kind = Node::Kind::kText;
    if (function == "Fn::GetAtt" && plain.is_scalar()) plain = split_attribute(plain);
    auto out = Node::map(line);
    out.set(function, std::move(plain));
    return out;
  }

 private:
  Result<Node> read_plain(const YAML::Node& in, int depth, int line) {
    Node out;
    out.line = line;
    if (in.IsScalar()) {
      out.text = in.Scalar();
      out.kind = in.Tag() == "?" || in.Tag().empty() ? scalar_kind(out.text) : Node::Kind::kText;
    } else if (in.IsSequence()) {
      out.kind = Node::Kind::kList;
      for (const auto& item : in) {
        GUST_TRY(auto child, read(item, depth + 1));
        out.items.push_back(std::move(child));
      }
    } else if (in.IsMap()) {
      out.kind = Node::Kind::kMap;
      for (const auto& field : in) {
        if (!field.first.IsScalar()) return wrong(name_, line, "a field's name must be text");
        const auto& key = field.first.Scalar();
        if (out.find(key) != nullptr) {
          return wrong(name_, field.first.Mark().line + 1, fmt::format("'{}' is given twice here; remove one", key));
        }
        GUST_TRY(auto child, read(field.second, depth + 1));
        if (child.line <= 0 || child.kind == Node::Kind::kNull) child.line = field.first.Mark().line + 1;
        out.fields.emplace_back(key, std::move(child));
      }
    } else {
      out.kind = Node::Kind::kNull;
    }
    return out;
  }

  static Node split_attribute(const Node& plain) {
    Node list{Node::Kind::kList, {}, {}, {}, plain.line};
    const auto dot = plain.text.find('.');
    list.items.push_back(Node::of(plain.text.substr(0, dot), plain.line));
    if (dot != std::string::npos) list.items.push_back(Node::of(plain.text.substr(dot + 1), plain.line));
    return list;
  }

  const std::string& name_;
  int count_ = 0;
};

Node from_json(const codec::json::value& value) {
  Node out;
  out.line = 1;
  if (const auto* object = value.if_object()) {
    out.kind = Node::Kind::kMap;
    for (const auto& [key, child] : *object) out.fields.emplace_back(std::string(key), from_json(child));
  } else if (const auto* array = value.if_array()) {
    out.kind = Node::Kind::kList;
    for (const auto& child : *array) out.items.push_back(from_json(child));
  } else if (value.is_null()) {
    out.kind = Node::Kind::kNull;
  } else if (const auto* text = value.if_string()) {
    out.kind = Node::Kind::kText;
    out.text = std::string(*text);
  } else {
    out.kind = value.is_bool() ? Node::Kind::kBool : Node::Kind::kNumber;
    out.text = codec::to_json(value);
  }
  return out;
}

codec::json::value to_json_value(const Node& node) {
  if (node.is_map()) {
    codec::json::object out;
    auto sorted = node.fields;
    std::ranges::sort(sorted, {}, &Field::first);
    for (const auto& [name, child] : sorted) {
      if (!child.absent()) out[name] = to_json_value(child);
    }
    return out;
  }
  if (node.is_list()) {
    codec::json::array out;
    for (const auto& child : node.items) out.push_back(to_json_value(child));
    return out;
  }
  if (node.is_scalar()) return codec::json::value(node.text);
  return nullptr;
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  const auto it = std::ranges::find(fields, name, &Field::first);
  return it == fields.end() ? nullptr : &it->second;
}

Node* Node::find(std::string_view name) { return const_cast<Node*>(std::as_const(*this).find(name)); }

const Node& Node::operator[](std::string_view name) const {
  static const Node kNone;
  const auto* found = find(name);
  return found == nullptr ? kNone : *found;
}

void Node::set(std::string name, Node value) {
  if (auto* existing = find(name)) {
    *existing = std::move(value);
  } else {
    fields.emplace_back(std::move(name), std::move(value));
  }
}

std::string to_canonical_json(const Node& node) { return codec::to_json(to_json_value(node)); }

Result<Node> parse_template(std::string_view text, const std::string& name) {
  if (text.size() > kMaxText) return wrong(name, 1, fmt::format("the template is larger than {} bytes", kMaxText));
  Result<Node> out = fail(Code::kInternal, "");
  try {
    const auto root = YAML::Load(std::string(text));
    out = Reader(name).read(root, 0);
  } catch (const YAML::Exception& e) {
    // Tabs are fine in JSON and not in YAML.
    const auto first = text.find_first_not_of(" \t\r\n");
    const auto json =
        first != std::string_view::npos && text[first] == '{' ? codec::parse_json(text) : fail(Code::kInvalid, "");
    if (!json) return wrong(name, e.mark.line + 1, fmt::format("this is neither YAML nor JSON: {}", e.msg));
    out = from_json(*json);
  }
  if (out && !out->is_map()) return wrong(name, 1, "a template is a map with at least the section Resources");
  return out;
}

}  // namespace gust::cli
