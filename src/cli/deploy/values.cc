#include "cli/deploy/values.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <charconv>

namespace gust::cli {

namespace json = boost::json;

Result<std::int64_t> integer(const Node& node, std::string_view what) {
  std::int64_t value = 0;
  const auto& text = node.text;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc() && end == text.data() + text.size()) return value;
  return fail(Code::kInvalid, fmt::format("line {}: {} must be a whole number, not '{}'", node.line, what, text),
              "template");
}

json::value plain(const Node& node) {
  if (node.is_scalar()) return json::value(node.text);
  if (node.is_list()) {
    json::array out;
    for (const auto& item : node.items) out.push_back(plain(item));
    return out;
  }
  json::object out;
  for (const auto& [name, value] : node.fields) out[name] = plain(value);
  return out;
}

}  // namespace gust::cli
