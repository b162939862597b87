#include "cli/table/csv.h"
#include "cli/table/progress.h"
#include "cli/table/transfer.h"

#include "codec/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kBatch = 25, kBatchBytes = 8 << 20;

// The items of a file, one after another.
class Source {
 public:
  virtual ~Source() = default;
  // Nothing at the end; an error is of this line alone.
  virtual std::optional<Result<json::object>> next() = 0;
  virtual std::uint64_t line() const = 0;
};

class LinesSource final : public Source {
 public:
  LinesSource(std::istream& in, Form form) : in_(in), form_(form) {}

  std::optional<Result<json::object>> next() override {
    for (std::string text; std::getline(in_, text);) {
      if (++line_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
      if (text.find_first_not_of(" \t\r") != std::string::npos) return item_from(text, form_);
    }
    return std::nullopt;
  }
  std::uint64_t line() const override { return line_; }

 private:
  std::istream& in_;
  Form form_;
  std::uint64_t line_ = 0;
};

class CsvSource final : public Source {
 public:
  CsvSource(std::istream& in, const TableInfo& table, Form form) : reader_(in), table_(table), form_(form) {}

  // The header. kInvalid without one, or when it names no attribute of the key.
  Result<void> begin() {
    GUST_TRY(auto header, reader_.next());
    if (!header) return fail(Code::kInvalid, "the file is empty: its first line names the attributes");
    columns_ = *std::move(header);
    for (const auto& key : table_.key) {
      if (std::ranges::find(columns_, key.name) == columns_.end()) {
        return fail(Code::kInvalid, fmt::format("the first line names the attributes, and must have the key's: there "
                                                "is no '{}'",
                                                key.name));
      }
    }
    return {};
  }

  std::optional<Result<json::object>> next() override {
    auto cells = reader_.next();
    if (!cells) return std::unexpected(cells.error());
    if (!*cells) return std::nullopt;
    return item(**cells);
  }
  std::uint64_t line() const override { return reader_.line(); }

 private:
  Result<json::object> item(const std::vector<std::string>& cells) const {
    if (cells.size() != columns_.size()) {
      return fail(Code::kInvalid,
                  fmt::format("{} cells, where the first line has {}", cells.size(), columns_.size()));
    }
    json::object out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].empty()) continue;
      const auto key = std::ranges::find(table_.key, columns_[i], &TableKey::name);
      auto value = value_of_cell(cells[i], key == table_.key.end() ? "" : key->type, form_);
      if (!value) return fail(Code::kInvalid, fmt::format("{}: {}", columns_[i], value.error().message));
      out[columns_[i]] = *std::move(value);
    }
    return out;
  }

  CsvReader reader_;
  const TableInfo& table_;
  Form form_;
  std::vector<std::string> columns_;
};

// Puts what it gets in batches, in none of which a key comes twice.
class Batches {
 public:
  Batches(TableClient& client, const TableInfo& table, ItemProgress& progress, Imported& out)
      : client_(client), table_(table), progress_(progress), out_(out) {}

  Result<void> add(std::uint64_t line, json::object item) {
    std::string key;
    for (const auto& one : table_.key) {
      const auto* value = item.if_contains(one.name);
      if (value == nullptr) {
        failed(line, fmt::format("the attribute '{}' of the key is missing", one.name));
        return {};
      }
      key += codec::to_json(*value);
    }
    const auto bytes = codec::to_json(item).size();
    if (items_.size() == kBatch || bytes_ + bytes > kBatchBytes || keys_.contains(key)) GUST_CHECK(flush());
    keys_.insert(std::move(key));
    items_.push_back(std::move(item));
    lines_.push_back(line);
    bytes_ += bytes;
    return {};
  }

  Result<void> flush() {
    if (items_.empty()) return {};
    auto put = client_.put_all(table_.name, items_);
    if (put) {
      took(items_.size());
    } else if (put.error().code == Code::kInvalid || put.error().code == Code::kTooLarge) {
      // One of them is refused, and all with it: which one is seen when they go one by one.
      GUST_CHECK(put_each());
    } else {
      return put;
    }
    items_.clear();
    lines_.clear();
    keys_.clear();
    bytes_ = 0;
    return {};
  }

  void failed(std::uint64_t line, std::string error) { out_.failed.push_back({line, std::move(error)}); }

 private:
  Result<void> put_each() {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      auto put = client_.put(table_.name, items_[i]);
      if (put)
        took(1);
      else if (put.error().code == Code::kInvalid || put.error().code == Code::kTooLarge)
        failed(lines_[i], put.error().message);
      else
        return put;
    }
    return {};
  }
  void took(std::uint64_t items) {
    out_.items += items;
    progress_.add(items);
  }

  TableClient& client_;
  const TableInfo& table_;
  ItemProgress& progress_;
  Imported& out_;
  std::vector<json::object> items_;
  std::vector<std::uint64_t> lines_;
  std::set<std::string> keys_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<Imported> import_items(Terminal& terminal, TableClient& client, const TableInfo& table, const std::string& file,
                              Form form) {
  GUST_TRY(const auto format, format_of(file));
  std::ifstream in(file, std::ios::binary);
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (!in || error) return fail(Code::kNotFound, fmt::format("{} cannot be read: is it there?", file), "file");
  std::unique_ptr<Source> source;
  if (format == FileFormat::kCsv) {
    auto csv = std::make_unique<CsvSource>(in, table, form);
    if (auto begun = csv->begin(); !begun)
      return fail(Code::kInvalid, fmt::format("{}: {}", file, begun.error().message));
    source = std::move(csv);
  } else {
    source = std::make_unique<LinesSource>(in, form);
  }
  Imported out;
  ItemProgress progress(terminal, "imported");
  Batches batches(client, table, progress, out);
  const auto run = [&]() -> Result<void> {
    while (auto item = source->next()) {
      if (const auto at = in.tellg(); at >= 0 && size > 0)
        progress.part(static_cast<double>(at) / static_cast<double>(size));
      if (*item)
        GUST_CHECK(batches.add(source->line(), **std::move(item)));
      else
        batches.failed(source->line(), item->error().message);
    }
    return batches.flush();
  };
  if (auto done = run(); !done) {
    auto stopped = done.error();
    stopped.message = fmt::format("stopped at line {}, {} items are in the table: {}", source->line(), out.items,
                                  stopped.message);
    return std::unexpected(std::move(stopped));
  }
  return out;
}

}  // namespace gust::cli
