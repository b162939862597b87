#include "cli/table/values.h"

#include "codec/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace gust::cli {
namespace {

namespace json = boost::json;
using json::error_code;
using json::string_view;

constexpr std::size_t kMaxDepth = 64;

// Hears of plain JSON, and makes typed values of it; a number keeps its text.
class Typing {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  json::value take() { return std::move(result_); }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return begin(json::object()); }
  bool on_object_end(std::size_t, error_code&) { return end("M"); }
  bool on_array_begin(error_code&) { return begin(json::array()); }
  bool on_array_end(std::size_t, error_code&) { return end("L"); }
  bool on_key_part(string_view part, std::size_t, error_code&) { return part_of(part); }
  bool on_key(string_view part, std::size_t, error_code&) {
    levels_.back().key = whole(part);
    return true;
  }
  bool on_string_part(string_view part, std::size_t, error_code&) { return part_of(part); }
  bool on_string(string_view part, std::size_t, error_code&) { return add({{"S", whole(part)}}); }
  bool on_number_part(string_view part, error_code&) { return part_of(part); }
  bool on_int64(std::int64_t, string_view part, error_code&) { return add({{"N", whole(part)}}); }
  bool on_uint64(std::uint64_t, string_view part, error_code&) { return add({{"N", whole(part)}}); }
  bool on_double(double, string_view part, error_code&) { return add({{"N", whole(part)}}); }
  bool on_bool(bool value, error_code&) { return add({{"BOOL", value}}); }
  bool on_null(error_code&) { return add({{"NULL", true}}); }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

 private:
  struct Level {
    json::value members;  // an object or an array
    std::string key;
  };

  bool begin(json::value members) {
    levels_.push_back({std::move(members), {}});
    return true;
  }
  bool end(const char* type) {
    auto members = std::move(levels_.back().members);
    levels_.pop_back();
    json::object typed;
    typed.emplace(type, std::move(members));
    return add(std::move(typed));
  }
  bool add(json::object value) {
    if (levels_.empty())
      result_ = std::move(value);
    else if (auto* object = levels_.back().members.if_object())
      (*object)[levels_.back().key] = std::move(value);
    else
      levels_.back().members.get_array().push_back(std::move(value));
    return true;
  }
  bool part_of(string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }
  std::string whole(string_view rest) {
    part_of(rest);
    return std::exchange(text_, {});
  }

  std::vector<Level> levels_;
  std::string text_;
  json::value result_;
};

std::string quoted(string_view text) { return codec::to_json(json::value(json::string(text))); }

void append_list(std::string& out, const json::array& values, std::string_view type) {
  out += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    if (type == "L")
      out += value_text(values[i]);
    else
      out += type == "NS" ? std::string(values[i].get_string()) : quoted(values[i].get_string());
  }
  out += ']';
}

}  // namespace

Result<json::value> value_from(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<Typing> parser(options);
  error_code error;
  auto read = parser.write_some(false, text.data(), text.size(), error);
  if (!error && text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) error = json::error::extra_data;
  if (error) {
    return fail(Code::kInvalid, fmt::format("this is no JSON ({} at offset {}): {}", error.message(), read,
                                            text.size() > 60 ? fmt::format("{}...", text.substr(0, 60)) : text));
  }
  return parser.handler().take();
}

Result<json::object> item_from(std::string_view text, Form form) {
  const auto no_item = [] {
    return fail(Code::kInvalid, R"(an item is a JSON object, as in {"id": "a", "n": 1})");
  };
  if (form == Form::kPlain) {
    GUST_TRY(auto typed, value_from(text));
    auto* members = typed.get_object().if_contains("M");
    if (members == nullptr) return no_item();
    return std::move(members->get_object());
  }
  GUST_TRY(auto typed, codec::parse_json(text, kMaxDepth * 2));
  auto* object = typed.if_object();
  if (object == nullptr) return no_item();
  // {"Item": {...}}, as the service's own exports have it.
  auto* wrapped = object->size() == 1 ? object->if_contains("Item") : nullptr;
  const bool is_value = wrapped != nullptr && wrapped->is_object() && wrapped->get_object().size() == 1 &&
                        !wrapped->get_object().begin()->value().is_object();
  if (wrapped != nullptr && wrapped->is_object() && !is_value) return std::move(wrapped->get_object());
  return std::move(*object);
}

std::string value_text(const json::value& typed) {
  const auto* object = typed.if_object();
  if (object == nullptr || object->empty()) return codec::to_json(typed);
  const auto& [type, value] = *object->begin();
  if (type == "N" && value.is_string()) return std::string(value.get_string());
  if (type == "NULL") return "null";
  if (type == "M" && value.is_object()) return item_text(value.get_object(), {}, Form::kPlain);
  std::string out;
  if (value.is_array())
    append_list(out, value.get_array(), std::string_view(type));
  else
    out = codec::to_json(value);
  return out;
}

std::string item_text(const json::object& item, const std::vector<std::string>& first, Form form) {
  std::string out = "{";
  const auto add = [&](string_view name, const json::value& value) {
    if (out.size() > 1) out += ',';
    out += quoted(name) + ':' + (form == Form::kPlain ? value_text(value) : codec::to_json(value));
  };
  for (const auto& name : first) {
    if (const auto* value = item.if_contains(name)) add(name, *value);
  }
  for (const auto& [name, value] : item) {
    if (std::ranges::find(first, std::string_view(name)) == first.end()) add(name, value);
  }
  return out + '}';
}

Result<json::value> key_value(std::string_view type, std::string_view text) {
  if (type == "N" && !is_number(text))
    return fail(Code::kInvalid, fmt::format("'{}' is no number, as the table wants it there", text));
  json::object out;
  out.emplace(string_view(type.data(), type.size()), json::string(string_view(text.data(), text.size())));
  return out;
}

bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const auto from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - from;
  };
  const auto whole = at;
  if (digits() == 0 || (text[whole] == '0' && at > whole + 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace gust::cli
