#include "tables/rows.h"

#include "base/assert.h"
#include "codec/digest.h"
#include "kv/key.h"
#include "tables/row_cursor.h"

namespace gust::tables::rows {
namespace {

void put_count(std::string& out, std::size_t count) {
  for (; count >= 0x80; count >>= 7) out += static_cast<char>(0x80 | (count & 0x7F));
  out += static_cast<char>(count);
}

void put_bytes(std::string& out, std::string_view bytes) {
  put_count(out, bytes.size());
  out += bytes;
}

void put_item(std::string& out, const Item& item);

struct Encoder {
  std::string& out;

  void operator()(const std::string& text) { tagged(kString, text); }
  void operator()(const Number& number) { tagged(kNumber, number.sortable()); }
  void operator()(const Binary& binary) { tagged(kBinary, binary.bytes); }
  void operator()(bool value) { out += value ? kTrue : kFalse; }
  void operator()(Null) { out += kNull; }
  void operator()(const Item& map) {
    out += kMap;
    put_item(out, map);
  }
  void operator()(const List& list) {
    out += kList;
    put_count(out, list.size());
    for (const auto& value : list) std::visit(*this, value.is);
  }
  void operator()(const StringSet& set) { elements(kStrings, set, [](const auto& s) -> const auto& { return s; }); }
  void operator()(const NumberSet& set) { elements(kNumbers, set, [](const auto& n) { return n.sortable(); }); }
  void operator()(const BinarySet& set) { elements(kBinaries, set, [](const auto& b) { return b.bytes; }); }

 private:
  void tagged(Tag tag, std::string_view bytes) {
    out += tag;
    put_bytes(out, bytes);
  }
  template <typename Set, typename BytesOf>
  void elements(Tag tag, const Set& set, BytesOf bytes_of) {
    out += tag;
    put_count(out, set.size());
    for (const auto& element : set) put_bytes(out, bytes_of(element));
  }
};

void put_item(std::string& out, const Item& item) {
  put_count(out, item.size());
  for (const auto& [name, value] : item) {
    put_bytes(out, name);
    std::visit(Encoder{out}, value.is);
  }
}

class Decoder : public Cursor {
 public:
  using Cursor::Cursor;

  bool item(Item& out, std::size_t depth = 0) {
    std::size_t size = 0;
    if (depth > kDeepest || !count(size)) return false;
    for (; size > 0; --size) {
      std::string_view name;
      if (!bytes(name)) return false;
      const auto it = out.emplace_hint(out.end(), std::string(name), Value{});
      if (!value(it->second, depth + 1)) return false;
    }
    return true;
  }

 private:
  bool value(Value& out, std::size_t depth) {
    char tag = 0;
    if (depth > kDeepest || !byte(tag)) return false;
    switch (tag) {
      case kString: return element(out.is.emplace<std::string>());
      case kNumber: return element(out.is.emplace<Number>());
      case kBinary: return element(out.is.emplace<Binary>());
      case kFalse: out.is = false; return true;
      case kTrue: out.is = true; return true;
      case kNull: out.is = Null{}; return true;
      case kMap: return item(out.is.emplace<Item>(), depth);
      case kList: return list(out.is.emplace<List>(), depth);
      case kStrings: return elements(out.is.emplace<StringSet>());
      case kNumbers: return elements(out.is.emplace<NumberSet>());
      case kBinaries: return elements(out.is.emplace<BinarySet>());
      default: return false;
    }
  }
  bool element(std::string& out) {
    std::string_view text;
    if (!bytes(text)) return false;
    out = text;
    return true;
  }
  bool element(Binary& out) { return element(out.bytes); }
  bool element(Number& out) { return number(out); }
  bool list(List& out, std::size_t depth) {
    std::size_t size = 0;
    if (!count(size)) return false;
    out.resize(size);
    for (auto& one : out) {
      if (!value(one, depth + 1)) return false;
    }
    return true;
  }
  template <typename T>
  bool elements(std::set<T>& out) {
    std::size_t size = 0;
    if (!count(size)) return false;
    for (; size > 0; --size) {
      T one;
      if (!element(one)) return false;
      out.insert(out.end(), std::move(one));
    }
    return true;
  }
};

constexpr char kOldImage = 1, kNewImage = 2;

const Value& need(const Item& item, const std::string& name) {
  const auto it = item.find(name);
  GUST_ASSERT(it != item.end());
  return it->second;
}

void append_key(std::string& key, const KeySchema& schema, const Item& item) {
  append_value(key, need(item, schema.hash.name));
  if (schema.range) append_value(key, need(item, schema.range->name));
}

// Where the hash of a hash value begins to be of the segment.
std::string border(const std::string& prefix, std::uint64_t segment, std::uint64_t segments) {
  const auto hash = segment * 0x10000 / segments;
  return prefix + static_cast<char>(hash >> 8) + static_cast<char>(hash);
}

}  // namespace

std::string encode(const Item& item) {
  std::string row(1, kVersion);
  put_item(row, item);
  return row;
}

Result<Item> decode_item(std::string_view row) {
  Decoder decoder(row);
  Item item;
  if (!decoder.version() || !decoder.item(item) || !decoder.at_end())
    return fail(Code::kCorrupt, "a row of a table is not an item");
  return item;
}

std::string encode(const StreamRecord& record) {
  std::string row(1, kVersion);
  row += static_cast<char>(record.event);
  row += static_cast<char>(record.cause);
  row += static_cast<char>(record.view);
  kv::append_number(row, static_cast<std::uint64_t>(to_epoch_ms(record.at)));
  row += static_cast<char>((record.before ? kOldImage : 0) | (record.after ? kNewImage : 0));
  put_item(row, record.keys);
  if (record.before) put_item(row, *record.before);
  if (record.after) put_item(row, *record.after);
  return row;
}

Result<StreamRecord> decode_record(const kv::Entry& row) {
  Decoder decoder(row.value);
  StreamRecord record;
  char event = 0, cause = 0, view = 0, images = 0;
  std::uint64_t at = 0;
  bool whole = row.key.size() > 8 && decoder.version() && decoder.byte(event) && decoder.byte(cause) &&
               decoder.byte(view) && decoder.integer(at) && decoder.byte(images) && decoder.item(record.keys);
  if (whole && (images & kOldImage) != 0) whole = decoder.item(record.before.emplace());
  if (whole && (images & kNewImage) != 0) whole = decoder.item(record.after.emplace());
  whole = whole && decoder.at_end() && event >= 0 && event <= static_cast<char>(EventName::kRemove) && cause >= 0 &&
          cause <= static_cast<char>(Cause::kExpiry) && view >= 0 &&
          view <= static_cast<char>(StreamView::kNewAndOldImages);
  if (!whole) return fail(Code::kCorrupt, "a row of a stream is not a record");
  record.event = static_cast<EventName>(event);
  record.cause = static_cast<Cause>(cause);
  record.view = static_cast<StreamView>(view);
  record.at = from_epoch_ms(static_cast<std::int64_t>(at));
  auto last = std::string_view(row.key).substr(row.key.size() - 8);
  kv::take_number(last, record.sequence);
  return record;
}

std::string items_prefix(const std::string& table_id) { return "t/i/" + table_id + "/"; }
std::string indexes_prefix(const std::string& table_id) { return "t/x/" + table_id + "/"; }
std::string index_prefix(const std::string& table_id, std::string_view index) {
  return indexes_prefix(table_id).append(index).append("/");
}

std::string item_key(const Table& table, const Item& item) {
  auto key = collection_prefix(items_prefix(table.id), need(item, table.key.hash.name));
  if (table.key.range) append_value(key, need(item, table.key.range->name));
  return key;
}

std::string index_key(const Table& table, const Index& index, const Item& item) {
  auto key = collection_prefix(index_prefix(table.id, index.name), need(item, index.key.hash.name));
  if (index.key.range) append_value(key, need(item, index.key.range->name));
  append_key(key, table.key, item);
  return key;
}

std::string collection_prefix(std::string prefix, const Value& hash) {
  std::string value;
  append_value(value, hash);
  prefix += codec::digest(codec::DigestKind::kXxh3, value).substr(0, 2);
  return prefix += value;
}

void append_value(std::string& key, const Value& value) {
  if (const auto* text = value.as<std::string>()) return kv::append_text(key, *text);
  if (const auto* binary = value.as<Binary>()) return kv::append_text(key, binary->bytes);
  const auto* number = value.as<Number>();
  GUST_ASSERT(number != nullptr);
  key += number->sortable();
}

void append_beginning(std::string& key, const Value& value) {
  GUST_ASSERT(value.type() == Type::kString || value.type() == Type::kBinary);
  append_value(key, value);
  key.resize(key.size() - 2);  // without what ends a text
}

kv::Range segment(const std::string& prefix, std::uint32_t segment, std::uint32_t segments) {
  auto range = kv::Range::prefix(prefix);
  range.begin = border(prefix, segment, segments);
  if (segment + 1 < segments) range.end = border(prefix, std::uint64_t{segment} + 1, segments);
  return range;
}

std::string stream_prefix(const StreamName& stream) { return "t/s/" + stream.table_id + "/" + stream.label + "/"; }

std::string record_key(const StreamName& stream, std::uint64_t sequence) {
  auto key = stream_prefix(stream);
  kv::append_number(key, sequence);
  return key;
}

std::string shape_key(const std::string& table_id) { return "t/g/" + table_id; }

std::string token_key(const AccountId& account, std::string_view token) {
  return ("t/k/" + account.str() + "/").append(token);
}

std::string token_time_key(WallTime at, const std::string& token_key) {
  std::string key(kTokenTimes);
  kv::append_number(key, static_cast<std::uint64_t>(to_epoch_ms(at)));
  return key + token_key;
}

}  // namespace gust::tables::rows
