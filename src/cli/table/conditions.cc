#include "cli/table/conditions.h"

#include "cli/table/values.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::cli {
namespace {

namespace json = boost::json;

std::unexpected<Error> usage(std::string message) { return fail(Code::kInvalid, std::move(message), "usage"); }

// A name as PartiQL quotes it.
std::string name_text(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string key_words(const std::vector<TableKey>& key) {
  std::string out;
  for (const auto& one : key) out += (out.empty() ? "" : " ") + one.name + "=VALUE";
  return out;
}

struct Word {
  std::string name, compares, value;
};

// Of an attribute of the key, the longest of whose names begins the word: names may have any characters.
Result<Word> split(std::string_view word, const std::vector<TableKey>& key) {
  constexpr std::string_view kCompares[] = {"==", "<=", ">=", "=", "<", ">"};
  Word out;
  for (const auto& one : key) {
    if (!word.starts_with(one.name) || (!out.name.empty() && one.name.size() < out.name.size())) continue;
    const auto rest = word.substr(one.name.size());
    const auto found = std::ranges::find_if(kCompares, [&](std::string_view sign) { return rest.starts_with(sign); });
    if (found != std::end(kCompares)) out = {one.name, std::string(*found), std::string(rest.substr(found->size()))};
  }
  if (!out.name.empty()) return out;
  return usage(fmt::format("'{}': expected a condition of the key, as in: {}; other conditions go in --filter", word,
                           key_words(key)));
}

class Where {
 public:
  Where(const std::vector<TableKey>& key, TableQuery& out) : key_(key), out_(out) {}

  Result<void> add(std::string_view text) {
    GUST_TRY(const auto word, split(text, key_));
    const auto& name = word.name;
    const bool hash = name == key_.front().name;
    const auto& type = hash ? key_.front().type : key_.back().type;
    if (std::ranges::find(seen_, name) != seen_.end()) return usage(fmt::format("{} is given twice", name));
    seen_.push_back(name);
    if (hash && word.compares != "=" && word.compares != "==")
      return usage(fmt::format("'{}': of the first attribute of the key, {}, only = can be asked", text, name));
    const auto dots = word.value.find("..");
    if (!hash && word.compares == "=" && dots != std::string::npos) {
      GUST_CHECK(value(type, word.value.substr(0, dots)));
      GUST_CHECK(value(type, word.value.substr(dots + 2)));
      return condition(name_text(name) + " BETWEEN ? AND ?");
    }
    if (!hash && word.compares == "=" && type != "N" && word.value.ends_with('*')) {
      GUST_CHECK(value(type, word.value.substr(0, word.value.size() - 1)));
      return condition(fmt::format("begins_with({}, ?)", name_text(name)));
    }
    GUST_CHECK(value(type, word.value));
    return condition(fmt::format("{} {} ?", name_text(name), word.compares == "==" ? "=" : word.compares));
  }

  bool has_hash() const { return std::ranges::find(seen_, key_.front().name) != seen_.end(); }
  std::string text() const { return text_; }

 private:
  Result<void> value(std::string_view type, std::string_view text) {
    auto typed = key_value(type, text);
    if (!typed) return usage(typed.error().message);
    out_.parameters.push_back(*std::move(typed));
    return {};
  }
  Result<void> condition(std::string text) {
    text_ += (text_.empty() ? "" : " AND ") + text;
    return {};
  }

  const std::vector<TableKey>& key_;
  TableQuery& out_;
  std::vector<std::string> seen_;
  std::string text_;
};

std::string from_text(const TableInfo& table, const std::string& index) {
  auto out = "SELECT * FROM " + name_text(table.name);
  if (!index.empty()) out += "." + name_text(index);
  return out;
}

// A global index has no consistent reads.
TableQuery::Reads reads_of(const std::string& index) {
  return index.empty() ? TableQuery::Reads::kConsistent : TableQuery::Reads::kEventual;
}

}  // namespace

Result<json::object> key_from(const TableInfo& table, const std::vector<std::string>& words) {
  if (words.size() == 1 && words.front().starts_with('{')) {
    auto key = item_from(words.front(), Form::kPlain);
    if (!key) return usage(key.error().message);
    return key;
  }
  json::object out;
  for (const auto& word : words) {
    GUST_TRY(const auto part, split(word, table.key));
    if (part.compares != "=" && part.compares != "==")
      return usage(fmt::format("'{}': the key of one item is {}", word, key_words(table.key)));
    const auto type = std::ranges::find(table.key, part.name, &TableKey::name)->type;
    auto value = key_value(type, part.value);
    if (!value) return usage(fmt::format("{}: {}", part.name, value.error().message));
    out[part.name] = *std::move(value);
  }
  if (out.size() != table.key.size())
    return usage(fmt::format("the key of an item of '{}' is {}", table.name, key_words(table.key)));
  return out;
}

Result<TableQuery> query_of(const TableInfo& table, const QueryWords& words) {
  GUST_TRY(const auto key, table.key_of(words.index));
  TableQuery out{.statement = {}, .reads = reads_of(words.index)};
  Where where(key, out);
  for (const auto& condition : words.conditions) GUST_CHECK(where.add(condition));
  if (!where.has_hash()) {
    return usage(fmt::format("a query needs {}=VALUE; to look through the whole table: gust table scan {}",
                             key.front().name, table.name));
  }
  out.statement = from_text(table, words.index) + " WHERE " + where.text();
  if (!words.filter.empty()) out.statement += " AND (" + words.filter + ")";
  if (words.order == QueryWords::Order::kBackward) out.statement += " ORDER BY " + name_text(key.back().name) + " DESC";
  return out;
}

TableQuery scan_of(const TableInfo& table, const std::string& index, const std::string& filter) {
  TableQuery out{.statement = from_text(table, index), .reads = reads_of(index)};
  if (!filter.empty()) out.statement += " WHERE " + filter;
  return out;
}

}  // namespace gust::cli
