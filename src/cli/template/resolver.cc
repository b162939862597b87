#include "cli/template/resolver.h"

#include "codec/base64.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace gust::cli {
namespace {

constexpr int kMaxDepth = 64;

bool is_intrinsic(const Node& node) {
  if (!node.is_map() || node.fields.size() != 1) return false;
  const auto& name = node.fields.front().first;
  return name == "Ref" || name.starts_with("Fn::");
}

}  // namespace

Resolver::Resolver(const Node& root, std::string file, std::map<std::string, Node> parameters, Lookup lookup)
    : root_(root), file_(std::move(file)), parameters_(std::move(parameters)), lookup_(std::move(lookup)) {}

std::unexpected<Error> Resolver::error(int line, std::string_view message, Code code) const {
  return fail(code, fmt::format("{}:{}: {}", file_, line, message), "template");
}

Result<Node> Resolver::resolve(const Node& node) {
  if (++depth_ > kMaxDepth)
    return error(node.line, "the values refer to each other in a circle or are nested too deep");
  struct Leave {
    int& depth;
    ~Leave() { --depth; }
  } leave{depth_};
  if (is_intrinsic(node)) return call(node.fields.front().first, node.fields.front().second);
  Node out{node.kind, node.text, {}, {}, node.line};
  for (const auto& item : node.items) {
    GUST_TRY(auto child, resolve(item));
    if (!child.absent()) out.items.push_back(std::move(child));
  }
  for (const auto& [name, value] : node.fields) {
    GUST_TRY(auto child, resolve(value));
    if (!child.absent()) out.fields.emplace_back(name, std::move(child));
  }
  return out;
}

Result<std::string> Resolver::text(const Node& node, std::string_view what) {
  GUST_TRY(auto value, resolve(node));
  if (value.is_scalar()) return std::move(value.text);
  return error(node.line, fmt::format("{} must be text", what));
}

Result<Node> Resolver::call(const std::string& function, const Node& argument) {
  if (function == "Ref") return ref(argument);
  if (function == "Fn::GetAtt") return get_att(argument);
  if (function == "Fn::Sub") return sub(argument);
  if (function == "Fn::Join") return join(argument);
  if (function == "Fn::Select") return select(argument);
  if (function == "Fn::Split") return split(argument);
  if (function == "Fn::FindInMap") return find_in_map(argument);
  if (function == "Fn::If") return choose(argument);
  if (function == "Fn::Base64") {
    GUST_TRY(const auto plain, text(argument, "the argument of Fn::Base64"));
    return Node::of(codec::to_base64(plain), argument.line);
  }
  return error(
      argument.line,
      fmt::format("{} is not served here; served are Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select, Fn::Split, "
                  "Fn::FindInMap, Fn::If, Fn::Base64 and, in conditions, Fn::Equals, Fn::And, Fn::Or, Fn::Not",
                  function),
      Code::kUnsupported);
}

Result<Node> Resolver::ref(const Node& argument) {
  if (!argument.is_scalar()) return error(argument.line, "Ref takes the name of a parameter or a resource");
  if (argument.text == "AWS::NoValue") return Node{};
  if (const auto it = parameters_.find(argument.text); it != parameters_.end()) {
    auto value = it->second;
    value.line = argument.line;
    return value;
  }
  GUST_TRY(auto value, attribute(argument.text, "", argument.line));
  return Node::of(std::move(value), argument.line);
}

Result<Node> Resolver::get_att(const Node& argument) {
  std::string logical, name;
  if (argument.is_list() && argument.items.size() == 2 && argument.items[0].is_scalar()) {
    logical = argument.items[0].text;
    GUST_TRY(name, text(argument.items[1], "the attribute of Fn::GetAtt"));
  } else if (argument.is_scalar() && argument.text.contains('.')) {
    const auto dot = argument.text.find('.');
    logical = argument.text.substr(0, dot);
    name = argument.text.substr(dot + 1);
  } else {
    return error(argument.line, "Fn::GetAtt takes a resource and an attribute, as in !GetAtt MyFunction.Arn");
  }
  GUST_TRY(auto value, attribute(logical, name, argument.line));
  return Node::of(std::move(value), argument.line);
}

Result<std::string> Resolver::attribute(const std::string& logical_id, const std::string& attribute, int line) {
  auto value = lookup_(logical_id, attribute);
  if (value) return value;
  if (value.error().code == Code::kNotFound) {
    return error(line, fmt::format("'{}' is neither a parameter nor a resource of this template", logical_id));
  }
  // An error from deeper has its own place already.
  if (value.error().source == "template") return value;
  return error(line, value.error().message);
}

Result<std::string> Resolver::variable(const std::string& name, const Node& locals, int line) {
  if (const auto* local = locals.find(name)) return text(*local, fmt::format("the variable {} of Fn::Sub", name));
  if (const auto it = parameters_.find(name); it != parameters_.end()) {
    if (it->second.is_list()) return error(line, fmt::format("'{}' is a list; use Fn::Join for it", name));
    return it->second.text;
  }
  const auto dot = name.find('.');
  return attribute(name.substr(0, dot), dot == std::string::npos ? "" : name.substr(dot + 1), line);
}

Result<Node> Resolver::sub(const Node& argument) {
  const bool pair = argument.is_list() && argument.items.size() == 2 && argument.items[1].is_map();
  const Node& pattern = pair ? argument.items[0] : argument;
  if (!pattern.is_scalar())
    return error(argument.line, "Fn::Sub takes a text, or a list of a text and a map of variables");
  const Node none = Node::map(argument.line);
  std::string out;
  std::string_view rest = pattern.text;
  while (!rest.empty()) {
    const auto at = rest.find("${");
    out += rest.substr(0, at);
    if (at == std::string_view::npos) break;
    const auto end = rest.find('}', at);
    if (end == std::string_view::npos) return error(pattern.line, "a '${' in Fn::Sub has no '}'");
    auto name = rest.substr(at + 2, end - at - 2);
    rest.remove_prefix(end + 1);
    if (name.starts_with('!')) {
      out += fmt::format("${{{}}}", name.substr(1));
      continue;
    }
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    GUST_TRY(const auto value, variable(std::string(name), pair ? argument.items[1] : none, pattern.line));
    out += value;
  }
  return Node::of(std::move(out), argument.line);
}

Result<Node> Resolver::join(const Node& argument) {
  if (!argument.is_list() || argument.items.size() != 2 || !argument.items[0].is_scalar()) {
    return error(argument.line, "Fn::Join takes a delimiter and a list");
  }
  GUST_TRY(const auto list, resolve(argument.items[1]));
  if (!list.is_list()) return error(argument.line, "the second argument of Fn::Join must be a list");
  std::string out;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (!list.items[i].is_scalar()) return error(argument.line, "Fn::Join joins only text");
    if (i > 0) out += argument.items[0].text;
    out += list.items[i].text;
  }
  return Node::of(std::move(out), argument.line);
}

Result<Node> Resolver::select(const Node& argument) {
  if (!argument.is_list() || argument.items.size() != 2)
    return error(argument.line, "Fn::Select takes an index and a list");
  GUST_TRY(const auto index_text, text(argument.items[0], "the index of Fn::Select"));
  GUST_TRY(auto list, resolve(argument.items[1]));
  std::size_t index = 0;
  const auto [end, problem] = std::from_chars(index_text.data(), index_text.data() + index_text.size(), index);
  if (problem != std::errc() || end != index_text.data() + index_text.size() || !list.is_list() ||
      index >= list.items.size()) {
    return error(argument.line,
                 fmt::format("Fn::Select: there is no item {} in a list of {}", index_text, list.items.size()));
  }
  return std::move(list.items[index]);
}

Result<Node> Resolver::split(const Node& argument) {
  if (!argument.is_list() || argument.items.size() != 2 || !argument.items[0].is_scalar() ||
      argument.items[0].text.empty()) {
    return error(argument.line, "Fn::Split takes a delimiter and a text");
  }
  const auto& delimiter = argument.items[0].text;
  GUST_TRY(const auto whole, text(argument.items[1], "the text of Fn::Split"));
  Node out{Node::Kind::kList, {}, {}, {}, argument.line};
  for (std::size_t at = 0;;) {
    const auto end = whole.find(delimiter, at);
    out.items.push_back(Node::of(whole.substr(at, end - at), argument.line));
    if (end == std::string::npos) return out;
    at = end + delimiter.size();
  }
}

Result<Node> Resolver::find_in_map(const Node& argument) {
  if (!argument.is_list() || argument.items.size() != 3) {
    return error(argument.line, "Fn::FindInMap takes a map's name, a first and a second key");
  }
  const Node* at = &root_["Mappings"];
  std::string path;
  for (const auto& item : argument.items) {
    GUST_TRY(const auto key, text(item, "a key of Fn::FindInMap"));
    path += (path.empty() ? "" : ".") + key;
    at = at->find(key);
    if (at == nullptr) return error(argument.line, fmt::format("Mappings has no {}", path));
  }
  return *at;
}

Result<Node> Resolver::choose(const Node& argument) {
  if (!argument.is_list() || argument.items.size() != 3 || !argument.items[0].is_scalar()) {
    return error(argument.line, "Fn::If takes a condition's name and two values");
  }
  GUST_TRY(const auto holds, condition(argument.items[0].text, argument.line));
  return resolve(argument.items[holds ? 1 : 2]);
}

Result<bool> Resolver::condition(const std::string& name, int line) {
  if (const auto it = conditions_.find(name); it != conditions_.end()) return it->second;
  const auto* node = root_["Conditions"].find(name);
  if (node == nullptr) return error(line, fmt::format("Conditions has no '{}'", name));
  if (!running_.insert(name).second)
    return error(node->line, fmt::format("the condition '{}' depends on itself", name));
  GUST_TRY(const auto holds, test(*node));
  running_.erase(name);
  return conditions_[name] = holds;
}

Result<bool> Resolver::test(const Node& node) {
  if (!node.is_map() || node.fields.size() != 1)
    return error(node.line, "a condition is one of Fn::Equals, Fn::And, Fn::Or, Fn::Not, Condition");
  const auto& [function, argument] = node.fields.front();
  if (function == "Condition" && argument.is_scalar()) return condition(argument.text, argument.line);
  if (!argument.is_list()) return error(node.line, fmt::format("{} takes a list", function));
  const auto& items = argument.items;
  if (function == "Fn::Equals" && items.size() == 2) {
    GUST_TRY(const auto a, resolve(items[0]));
    GUST_TRY(const auto b, resolve(items[1]));
    return to_canonical_json(a) == to_canonical_json(b);
  }
  if (function == "Fn::Not" && items.size() == 1) {
    GUST_TRY(const auto holds, test(items[0]));
    return !holds;
  }
  if (function == "Fn::And" || function == "Fn::Or") {
    if (items.size() < 2 || items.size() > 10)
      return error(node.line, fmt::format("{} takes 2 to 10 conditions", function));
    bool all = true, any = false;
    for (const auto& item : items) {
      GUST_TRY(const auto holds, test(item));
      all = all && holds;
      any = any || holds;
    }
    return function == "Fn::And" ? all : any;
  }
  return error(node.line, fmt::format("'{}' is not a condition with the right number of arguments", function));
}

}  // namespace gust::cli
