#include "tables/transfers/import_reader.h"

#include "codec/base64.h"
#include "codec/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

// The type that a key gives an attribute; nothing: it is of no key, and text.
std::optional<Type> type_of(const Table& table, const std::string& name) {
  const auto in = [&](const KeySchema& key) -> std::optional<Type> {
    if (key.hash.name == name) return key.hash.type;
    if (key.range && key.range->name == name) return key.range->type;
    return std::nullopt;
  };
  if (const auto type = in(table.key)) return type;
  for (const auto& index : table.indexes) {
    if (const auto type = in(index.key)) return type;
  }
  return std::nullopt;
}

Result<Value> value_of(const std::string& text, Type type) {
  if (type == Type::kNumber) {
    GUST_TRY(auto number, Number::parse(text));
    return Value{std::move(number)};
  }
  if (type == Type::kBinary) {
    GUST_TRY(auto bytes, codec::from_base64(text));
    return Value{Binary{std::move(bytes)}};
  }
  if (!codec::is_utf8(text)) return fail(Code::kInvalid, "Text that is not UTF-8");
  return Value{text};
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

ImportReader::ImportReader(const ImportFormat& format, const Table& table, const LineReading& line)
    : format_(format), table_(table), line_(line) {
  if (!format.header.empty()) header_ = format.header;
}

Result<void> ImportReader::add(std::string_view bytes, std::vector<Record>& out) {
  if (!format_.gzip) {
    split(bytes, out);
    return {};
  }
  plain_.clear();
  const auto done = gunzip_.add(bytes, plain_);
  split(plain_, out);
  return done;
}

Result<void> ImportReader::finish(std::vector<Record>& out) {
  if (format_.gzip) GUST_CHECK(gunzip_.finish());
  if (format_.kind == ImportFormat::Kind::kJson) {
    end_line(out);
  } else if (begun_) {
    end_quotes();
    if (at_ == At::kQuoted) at_ = At::kBroken;
    end_record(out);
  }
  return {};
}

void ImportReader::split(std::string_view text, std::vector<Record>& out) {
  bytes_ += text.size();
  if (format_.kind == ImportFormat::Kind::kCsv) {
    for (const char c : text) take_csv(c, out);
    return;
  }
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    size_ += end;
    if (size_ <= kMaxRecordBytes) text_.append(text.substr(0, end));
    if (end == text.size()) return;
    end_line(out);
    text.remove_prefix(end + 1);
  }
}

void ImportReader::end_line(std::vector<Record>& out) {
  if (size_ > kMaxRecordBytes) {
    out.push_back({index_++, fail(Code::kInvalid, fmt::format("A line of more than {} bytes", kMaxRecordBytes))});
  } else if (!is_blank(text_)) {
    out.push_back({index_++, line_(text_)});
  }
  text_.clear();
  size_ = 0;
}

void ImportReader::keep(char c) {
  if (++size_ <= kMaxRecordBytes) text_ += c;
}

// In a field without quotes around it one is written as two or, as the service's documentation has it, three.
void ImportReader::end_quotes() {
  if (quotes_ == 2 || quotes_ == 3) {
    keep('"');
  } else if (quotes_ > 0) {
    at_ = At::kBroken;
  }
  quotes_ = 0;
}

// A field in quotes may have the delimiter, line ends, and quotes that are doubled.
void ImportReader::take_csv(char c, std::vector<Record>& out) {
  if (at_ == At::kQuoted) {
    if (c == '"') {
      at_ = At::kQuote;
    } else {
      keep(c);
    }
    return;
  }
  if (c == '"' && at_ == At::kPlain) {
    ++quotes_;
    return;
  }
  end_quotes();
  if (c == '\n') {
    if (begun_) end_record(out);
    return;
  }
  if (c == '\r') return;
  begun_ = true;
  if (at_ == At::kBroken) return;
  if (c == format_.delimiter) {
    if (++size_ <= kMaxRecordBytes) fields_.push_back(std::move(text_));
    text_.clear();
    at_ = At::kStart;
  } else if (c == '"' && at_ == At::kStart) {
    at_ = At::kQuoted;
  } else if (c == '"' && at_ == At::kQuote) {
    keep(c);
    at_ = At::kQuoted;
  } else if (at_ == At::kQuote) {
    at_ = At::kBroken;
  } else {
    at_ = At::kPlain;
    keep(c);
  }
}

void ImportReader::end_record(std::vector<Record>& out) {
  fields_.push_back(std::move(text_));
  const auto fields = std::exchange(fields_, {});
  const auto at = std::exchange(at_, At::kStart);
  const auto size = std::exchange(size_, 0);
  text_.clear();
  begun_ = false;
  if (!header_) {
    header_ = fields;
    return;
  }
  if (at == At::kBroken) {
    out.push_back({index_++, fail(Code::kInvalid, "Double quotes that are not escaped")});
  } else if (size > kMaxRecordBytes) {
    out.push_back({index_++, fail(Code::kInvalid, fmt::format("A record of more than {} bytes", kMaxRecordBytes))});
  } else {
    out.push_back({index_++, item_of(fields)});
  }
}

Result<Item> ImportReader::item_of(const std::vector<std::string>& fields) const {
  if (fields.size() != header_->size()) {
    return fail(Code::kInvalid,
                fmt::format("The header has {} columns, the record {}", header_->size(), fields.size()));
  }
  Item out;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& name = (*header_)[i];
    auto value = value_of(fields[i], type_of(table_, name).value_or(Type::kString));
    if (!value) return fail(Code::kInvalid, fmt::format("{}: {}", name, value.error().message));
    if (!out.emplace(name, *std::move(value)).second)
      return fail(Code::kInvalid, fmt::format("The header has the column {} twice", name));
  }
  return out;
}

}  // namespace gust::tables
