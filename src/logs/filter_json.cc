// Filter patterns of JSON: { ($.a = "x" || $.b[0] > 5) && $.c IS NULL }.
#include "logs/filter_pattern.h"

#include "codec/json.h"
#include "logs/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>
#include <vector>

namespace gust::logs {
namespace {

constexpr int kMaxDepth = 32, kMaxRegexes = 2;

// The values at a path: $.a.b[0], with [*] for all elements.
struct Selector {
  static constexpr std::size_t kAll = static_cast<std::size_t>(-1);
  std::vector<std::variant<std::string, std::size_t>> steps;

  // As filters know it; empty where it means several.
  std::string path() const {
    std::string out = "$";
    for (const auto& step : steps) {
      if (const auto* name = std::get_if<std::string>(&step)) {
        out += "." + *name;
      } else if (std::get<std::size_t>(step) == kAll) {
        return "";
      } else {
        out += fmt::format("[{}]", std::get<std::size_t>(step));
      }
    }
    return out;
  }
  // Whether `holds` is true of one of the values.
  template <typename Holds>
  bool any(const codec::json::value& value, const Holds& holds, std::size_t from = 0) const {
    if (from == steps.size()) return holds(value);
    if (const auto* name = std::get_if<std::string>(&steps[from])) {
      const auto* const object = value.if_object();
      const auto* const member = object == nullptr ? nullptr : object->if_contains(*name);
      return member != nullptr && any(*member, holds, from + 1);
    }
    const auto* const array = value.if_array();
    if (array == nullptr) return false;
    const auto index = std::get<std::size_t>(steps[from]);
    if (index != kAll) return index < array->size() && any((*array)[index], holds, from + 1);
    return std::ranges::any_of(*array, [&](const auto& element) { return any(element, holds, from + 1); });
  }
};

struct Node {
  enum class Kind { kAnd, kOr, kCompare, kNull, kTrue, kFalse, kAbsent } kind = Kind::kAnd;
  std::vector<Node> parts;
  Selector selector;
  Comparison comparison;
};

bool compares(const Comparison& comparison, const codec::json::value& value) {
  if (const auto* text = value.if_string()) return comparison.holds_for_string(std::string_view(*text));
  if (value.is_number()) return comparison.holds_for_number(value.to_number<double>(), codec::to_json(value));
  if (value.is_bool()) return comparison.holds_for_text(value.get_bool() ? "true" : "false");
  return false;
}

bool holds(const Node& node, const codec::json::value& document) {
  const auto of_part = [&](const Node& part) { return holds(part, document); };
  const auto is = [&](const auto& test) { return node.selector.any(document, test); };
  switch (node.kind) {
    case Node::Kind::kAnd: return std::ranges::all_of(node.parts, of_part);
    case Node::Kind::kOr: return std::ranges::any_of(node.parts, of_part);
    case Node::Kind::kNull: return is([](const auto& value) { return value.is_null(); });
    case Node::Kind::kTrue: return is([](const auto& value) { return value.is_bool() && value.get_bool(); });
    case Node::Kind::kFalse: return is([](const auto& value) { return value.is_bool() && !value.get_bool(); });
    case Node::Kind::kAbsent: return !is([](const auto&) { return true; });
    case Node::Kind::kCompare: break;
  }
  return is([&](const auto& value) { return compares(node.comparison, value); });
}

Needs needs_of(const Node& node) {
  if (node.kind == Node::Kind::kCompare) {
    const auto path = node.selector.path();
    return path.empty() ? Needs() : node.comparison.needs_of_field(path);
  }
  if (node.kind != Node::Kind::kAnd && node.kind != Node::Kind::kOr) return {};
  std::vector<Needs> parts;
  for (const auto& part : node.parts) parts.push_back(needs_of(part));
  return node.kind == Node::Kind::kAnd ? need_all(std::move(parts)) : need_any(std::move(parts));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text) {}

  Result<Node> parse() {
    in_.take("{");
    GUST_TRY(auto out, either(0));
    if (!in_.take("}")) return in_.error("}");
    in_.skip_spaces();
    if (!in_.done()) return in_.error("the end");
    if (regexes_ > kMaxRegexes) {
      return fail(Code::kInvalid,
                  fmt::format("Invalid filter pattern: at most {} regular expressions are allowed", kMaxRegexes),
                  "pattern");
    }
    return out;
  }

 private:
  Result<Node> either(int depth) { return several(Node::Kind::kOr, "||", depth); }

  Result<Node> several(Node::Kind kind, std::string_view between, int depth) {
    Node out;
    out.kind = kind;
    do {
      auto part = kind == Node::Kind::kOr ? several(Node::Kind::kAnd, "&&", depth) : one(depth);
      if (!part) return part;
      out.parts.push_back(*std::move(part));
    } while (in_.take(between));
    if (out.parts.size() == 1) return Node(std::move(out.parts.front()));
    return out;
  }

  Result<Node> one(int depth) {
    if (in_.take("(")) {
      if (depth >= kMaxDepth) return in_.error("fewer parentheses");
      GUST_TRY(auto out, either(depth + 1));
      if (!in_.take(")")) return in_.error(")");
      return out;
    }
    Node out;
    GUST_TRY(out.selector, selector());
    if (in_.take("NOT EXISTS")) return with(std::move(out), Node::Kind::kAbsent);
    if (in_.take("IS NULL")) return with(std::move(out), Node::Kind::kNull);
    if (in_.take("IS TRUE")) return with(std::move(out), Node::Kind::kTrue);
    if (in_.take("IS FALSE")) return with(std::move(out), Node::Kind::kFalse);
    const auto op = take_operator(in_);
    if (!op) return in_.error("an operator: = != < <= > >= IS or NOT EXISTS");
    GUST_TRY(out.comparison, Comparison::parse(in_, *op, " \t\r\n)}&|"));
    regexes_ += out.comparison.is_regex() ? 1 : 0;
    return with(std::move(out), Node::Kind::kCompare);
  }

  static Node with(Node node, Node::Kind kind) {
    node.kind = kind;
    return node;
  }

  Result<Selector> selector() {
    Selector out;
    if (!in_.take("$")) return in_.error("a selector, as $.field");
    while (in_.front() == '.' || in_.front() == '[') {
      if (in_.front() == '.') {
        in_.take(".");
        if (in_.front() == '[') continue;
        const auto name = in_.until(" \t\r\n.[=!<>)}&|");
        if (name.empty()) return in_.error("the name of a field");
        out.steps.emplace_back(std::string(name));
      } else {
        GUST_TRY(auto step, index());
        out.steps.push_back(std::move(step));
      }
    }
    if (out.steps.empty()) return in_.error("a field, as $.field");
    return out;
  }

  Result<std::variant<std::string, std::size_t>> index() {
    in_.take("[");
    std::variant<std::string, std::size_t> out;
    if (in_.front() == '"') {
      GUST_TRY(out, in_.quoted());
    } else if (in_.front() == '\'') {
      GUST_TRY(out, in_.between('\''));
    } else {
      const auto text = in_.until("]");
      const auto number = as_number(text);
      if (text != "*" && (!number || *number < 0 || *number > 1e6)) return in_.error("the number of an element, or *");
      out = text == "*" ? Selector::kAll : static_cast<std::size_t>(*number);
    }
    if (!in_.take("]")) return in_.error("]");
    return out;
  }

  PatternCursor in_;
  int regexes_ = 0;
};

class JsonPattern final : public FilterPattern {
 public:
  explicit JsonPattern(Node root) : root_(std::move(root)) {}
  bool matches(std::string_view message) const override {
    const auto begin = message.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos || message[begin] != '{') return false;
    codec::JsonArena arena;
    const auto document = codec::parse_json(message, 64, arena.storage());
    return document && holds(root_, *document);
  }
  Needs needs() const override { return needs_of(root_); }

 private:
  Node root_;
};

}  // namespace

Result<std::shared_ptr<const FilterPattern>> parse_json_pattern(std::string_view text) {
  GUST_TRY(auto root, Parser(text).parse());
  return std::make_shared<const JsonPattern>(std::move(root));
}

}  // namespace gust::logs
