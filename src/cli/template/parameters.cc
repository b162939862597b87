#include "cli/template/parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <regex>

namespace gust::cli {
namespace {

struct Rule {
  const std::string& file;
  const std::string& name;
  const Node& node;

  std::unexpected<Error> broken(std::string_view message) const {
    const auto& text = node["ConstraintDescription"];
    return fail(Code::kInvalid,
                fmt::format("{}:{}: parameter {}: {}{}{}", file, node.line, name, message, text.is_scalar() ? "; " : "",
                            text.text),
                "parameter");
  }
};

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<void> check_number(const Rule& rule, std::string_view value) {
  const auto n = number(value);
  if (!n) return rule.broken(fmt::format("'{}' is not a number", value));
  if (const auto low = number(rule.node["MinValue"].text); low && *n < *low) {
    return rule.broken(fmt::format("{} is less than MinValue {}", value, rule.node["MinValue"].text));
  }
  if (const auto high = number(rule.node["MaxValue"].text); high && *n > *high) {
    return rule.broken(fmt::format("{} is more than MaxValue {}", value, rule.node["MaxValue"].text));
  }
  return {};
}

Result<void> check_text(const Rule& rule, const std::string& value) {
  if (const auto low = number(rule.node["MinLength"].text); low && static_cast<double>(value.size()) < *low) {
    return rule.broken(fmt::format("'{}' is shorter than MinLength {}", value, rule.node["MinLength"].text));
  }
  if (const auto high = number(rule.node["MaxLength"].text); high && static_cast<double>(value.size()) > *high) {
    return rule.broken(fmt::format("the value is longer than MaxLength {}", rule.node["MaxLength"].text));
  }
  const auto& pattern = rule.node["AllowedPattern"];
  if (!pattern.is_scalar()) return {};
  if (value.size() > 4096) return rule.broken("the value is longer than 4096 characters");
  try {
    if (std::regex_match(value, std::regex(pattern.text))) return {};
  } catch (const std::regex_error&) {
    return rule.broken(fmt::format("AllowedPattern '{}' is not a regular expression", pattern.text));
  }
  return rule.broken(fmt::format("'{}' does not match AllowedPattern {}", value, pattern.text));
}

Result<void> check(const Rule& rule, std::string_view type, const std::string& value) {
  if (type == "Number" || type == "List<Number>") GUST_CHECK(check_number(rule, value));
  else GUST_CHECK(check_text(rule, value));
  const auto& allowed = rule.node["AllowedValues"];
  if (!allowed.is_list() || contains(allowed.items, value, &Node::text)) return {};
  std::vector<std::string> texts;
  for (const auto& item : allowed.items) texts.push_back(item.text);
  return rule.broken(fmt::format("'{}' is not one of {}", value, fmt::join(texts, ", ")));
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto piece = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), piece.size() + 1));
    while (piece.starts_with(' ')) piece.remove_prefix(1);
    while (piece.ends_with(' ')) piece.remove_suffix(1);
    out.emplace_back(piece);
  }
  return out;
}

Result<Node> value_of(const Rule& rule, const std::string& text) {
  const auto& type_node = rule.node["Type"];
  if (!type_node.is_scalar()) return rule.broken("it has no Type");
  const auto& type = type_node.text;
  if (type == "CommaDelimitedList" || type.starts_with("List<")) {
    Node list{Node::Kind::kList, {}, {}, {}, rule.node.line};
    for (auto& piece : split_list(text)) {
      GUST_CHECK(check(rule, type, piece));
      list.items.push_back(Node::of(std::move(piece), rule.node.line));
    }
    return list;
  }
  if (type.starts_with("AWS::SSM::")) {
    return rule.broken(fmt::format("the type {} is not served; use String and give the value with --parameter {}=...",
                                   type, rule.name));
  }
  if (type != "String" && type != "Number" && !type.starts_with("AWS::")) {
    return rule.broken(
        fmt::format("the type '{}' is not known: String, Number, CommaDelimitedList and List<Number> are", type));
  }
  GUST_CHECK(check(rule, type, text));
  return Node::of(text, rule.node.line);
}

}  // namespace

Result<std::map<std::string, Node>> parameter_values(const Node& root, const std::string& file,
                                                     const std::map<std::string, std::string>& given) {
  std::map<std::string, Node> out;
  const auto& section = root["Parameters"];
  for (const auto& [name, text] : given) {
    if (section.find(name) != nullptr) continue;
    std::vector<std::string> names;
    for (const auto& field : section.fields) names.push_back(field.first);
    return fail(Code::kInvalid,
                fmt::format("{} has no parameter '{}'; it has: {}", file, name,
                            names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))),
                "parameter");
  }
  for (const auto& [name, node] : section.fields) {
    const Rule rule{file, name, node};
    const auto it = given.find(name);
    const auto& standard = node["Default"];
    if (it == given.end() && !standard.is_scalar() && standard.kind != Node::Kind::kNull) {
      return rule.broken(fmt::format("it has no Default; give it with --parameter {}=VALUE", name));
    }
    GUST_TRY(auto value, value_of(rule, it != given.end() ? it->second : standard.text));
    out.emplace(name, std::move(value));
  }
  return out;
}

}  // namespace gust::cli
