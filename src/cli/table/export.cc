#include "cli/table/csv.h"
#include "cli/table/progress.h"
#include "cli/table/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

namespace gust::cli {
namespace {

namespace json = boost::json;

// A file that is removed unless it is kept by its last name.
class Part {
 public:
  explicit Part(std::string path) : path_(std::move(path)), out_(path_, std::ios::binary | std::ios::trunc) {}
  ~Part() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }
  Part(const Part&) = delete;

  void line(const std::string& text) { out_ << text << '\n'; }
  Result<void> flushed() {
    out_.flush();
    if (out_) return {};
    return fail(Code::kUnavailable,
                fmt::format("{} cannot be written: is the folder there, may it be written, is there room?", path_),
                "file");
  }
  Result<void> keep(const std::string& as) {
    GUST_CHECK(flushed());
    out_.close();
    std::error_code error;
    std::filesystem::rename(path_, as, error);
    if (error) return fail(Code::kUnavailable, fmt::format("{} cannot be written: {}", as, error.message()), "file");
    path_.clear();
    return {};
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::ofstream out_;
};

// The columns are known only when all items are: they wait as typed lines.
Result<void> make_csv(const TableInfo& table, const std::set<std::string>& attributes, const std::string& rows,
                      Part& out, Form form) {
  auto columns = table.key_names();
  for (const auto& name : attributes) {
    if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
  }
  const auto type_of = [&](const std::string& name) -> std::string {
    const auto found = std::ranges::find(table.key, name, &TableKey::name);
    return found == table.key.end() ? "" : found->type;
  };
  std::string line;
  for (const auto& name : columns) line += (line.empty() ? "" : ",") + csv_cell(name);
  out.line(line);
  std::ifstream in(rows, std::ios::binary);
  for (std::string text; std::getline(in, text);) {
    GUST_TRY(const auto item, item_from(text, Form::kTyped));
    line.clear();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) line += ',';
      if (const auto* value = item.if_contains(columns[i]))
        line += csv_cell(cell_of_value(*value, type_of(columns[i]), form));
    }
    out.line(line);
  }
  return {};
}

}  // namespace

Result<FileFormat> format_of(const std::string& file) {
  for (const auto* end : {".jsonl", ".ndjson", ".json"}) {
    if (file.ends_with(end)) return FileFormat::kLines;
  }
  if (file.ends_with(".csv")) return FileFormat::kCsv;
  return fail(Code::kInvalid, fmt::format("'{}': the name must end in .jsonl (a JSON object a line) or .csv", file),
              "usage");
}

Result<std::uint64_t> export_items(Terminal& terminal, TableClient& client, const TableInfo& table,
                                   TableQuery selection, const std::string& file, Form form) {
  ItemProgress progress(terminal, "exported");
  const auto first = table.key_names();
  if (file == "-") {
    const auto print = [&](const json::object& item) -> Result<bool> {
      terminal.line(item_text(item, first, form));
      progress.add(1);
      return true;
    };
    GUST_CHECK(client.select(std::move(selection), table.name, print));
    return progress.count();
  }
  GUST_TRY(const auto format, format_of(file));
  const bool csv = format == FileFormat::kCsv;
  Part rows(file + (csv ? ".gust-rows" : ".gust-part"));
  GUST_CHECK(rows.flushed());
  std::set<std::string> attributes;
  const auto write = [&](const json::object& item) -> Result<bool> {
    rows.line(item_text(item, first, csv ? Form::kTyped : form));
    if (csv) {
      for (const auto& member : item) attributes.emplace(member.key());
    }
    progress.add(1);
    return true;
  };
  GUST_CHECK(client.select(std::move(selection), table.name, write));
  if (!csv) {
    GUST_CHECK(rows.keep(file));
    return progress.count();
  }
  GUST_CHECK(rows.flushed());
  Part out(file + ".gust-part");
  GUST_CHECK(make_csv(table, attributes, rows.path(), out, form));
  GUST_CHECK(out.keep(file));
  return progress.count();
}

}  // namespace gust::cli
