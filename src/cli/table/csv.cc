#include "cli/table/csv.h"

#include "codec/json.h"

#include <fmt/format.h>

namespace gust::cli {
namespace {

namespace json = boost::json;

json::value text_value(std::string_view text) { return {{"S", json::string(text)}}; }

// Whether a reader would take the text for something else.
bool is_ambiguous(std::string_view text) {
  return text.empty() || text == "true" || text == "false" || text == "null" || is_number(text) ||
         std::string_view("\"[{").contains(text.front());
}

}  // namespace

bool CsvReader::get_line(std::string& out) {
  if (!std::getline(in_, out)) return false;
  if (++lines_ == 1 && out.starts_with("\xEF\xBB\xBF")) out.erase(0, 3);
  return true;
}

Result<std::optional<std::vector<std::string>>> CsvReader::next() {
  std::string line;
  do {
    if (!get_line(line)) return std::nullopt;
    first_line_ = lines_;
  } while (line.empty() || line == "\r");
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0;; ++i) {
    if (i >= line.size()) {
      if (!quoted) break;
      std::string more;
      if (!get_line(more)) return fail(Code::kInvalid, "a quoted cell does not end");
      line += '\n' + more;
    }
    auto& cell = cells.back();
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      cell += line[++i];
    } else if (c == '"' && (quoted || cell.empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else if (c != '\r' || quoted || i + 1 < line.size()) {
      cell += c;
    }
  }
  return cells;
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

Result<json::value> value_of_cell(std::string_view cell, std::string_view type, Form form) {
  if (form == Form::kTyped) return codec::parse_json(cell, 128);
  if (!type.empty()) return key_value(type, cell);
  if (!is_ambiguous(cell)) return text_value(cell);
  auto value = value_from(cell);
  // Text that only begins like JSON.
  if (!value) return text_value(cell);
  return value;
}

std::string cell_of_value(const json::value& typed, std::string_view type, Form form) {
  if (form == Form::kTyped) return codec::to_json(typed);
  const auto& object = typed.get_object();
  const auto* text = object.if_contains("S");
  if (text == nullptr) text = type.empty() ? nullptr : object.if_contains(json::string_view(type.data(), type.size()));
  if (text == nullptr || !text->is_string()) {
    // Bytes look like text, and are.
    auto out = value_text(typed);
    if (!object.contains("B")) return out;
    return out.substr(1, out.size() - 2);
  }
  if (type.empty() && is_ambiguous(text->get_string())) return codec::to_json(*text);
  return std::string(text->get_string());
}

}  // namespace gust::cli
