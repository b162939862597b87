// Rows of items, from the front: pieces of a row, and what an item's row says. Any thread.
#pragma once

#include "kv/key.h"
#include "tables/value.h"

#include <cstdint>
#include <string_view>

namespace gust::tables::rows {

inline constexpr char kVersion = 1;
inline constexpr std::size_t kDeepest = 2 * kMaxDepth;  // no item is deeper; what is in a row may be damaged

enum Tag : char { kString = 1, kNumber, kBinary, kFalse, kTrue, kNull, kMap, kList, kStrings, kNumbers, kBinaries };

// Takes from the front; false when what is there is not what should be.
class Cursor {
 public:
  explicit Cursor(std::string_view row) : rest_(row) {}

  bool at_end() const { return rest_.empty(); }
  bool byte(char& out) {
    if (rest_.empty()) return false;
    out = rest_[0];
    rest_.remove_prefix(1);
    return true;
  }
  bool version() {
    char version = 0;
    return byte(version) && version == kVersion;
  }
  bool integer(std::uint64_t& out) { return kv::take_number(rest_, out); }
  // An element takes one byte at least, so that no count is greater than what is left.
  bool count(std::size_t& out) {
    out = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      char c = 0;
      if (!byte(c)) return false;
      out |= (static_cast<unsigned char>(c) & std::size_t{0x7F}) << shift;
      if ((c & 0x80) == 0) return out <= rest_.size();
    }
    return false;
  }
  bool bytes(std::string_view& out) {
    std::size_t size = 0;
    if (!count(size)) return false;
    out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  bool number(Number& out) {
    std::string_view sortable;
    if (!bytes(sortable)) return false;
    auto number = Number::from_sortable(sortable);
    if (number) out = *std::move(number);
    return number.has_value();
  }

 private:
  std::string_view rest_;
};

template <typename Visitor>
bool visit_value(Cursor& row, Visitor& visitor, std::size_t depth);

// Visitors: see StoredItem::visit().
template <typename Visitor>
bool visit_map(Cursor& row, Visitor& visitor, std::size_t depth) {
  std::size_t count = 0;
  if (depth > kDeepest || !row.count(count)) return false;
  visitor.begin(Type::kMap, count);
  for (; count > 0; --count) {
    std::string_view name;
    if (!row.bytes(name)) return false;
    visitor.name(name);
    if (!visit_value(row, visitor, depth + 1)) return false;
  }
  visitor.end(Type::kMap);
  return true;
}

// `one` takes an element and tells it.
template <typename Visitor, typename One>
bool visit_elements(Cursor& row, Visitor& visitor, Type type, One one) {
  std::size_t count = 0;
  if (!row.count(count)) return false;
  visitor.begin(type, count);
  for (; count > 0; --count) {
    if (!one()) return false;
  }
  visitor.end(type);
  return true;
}

template <typename Visitor>
bool visit_value(Cursor& row, Visitor& visitor, std::size_t depth) {
  const auto text = [&] {
    std::string_view bytes;
    const bool taken = row.bytes(bytes);
    if (taken) visitor.text(bytes);
    return taken;
  };
  const auto binary = [&] {
    std::string_view bytes;
    const bool taken = row.bytes(bytes);
    if (taken) visitor.binary(bytes);
    return taken;
  };
  const auto number = [&] {
    Number one;
    const bool taken = row.number(one);
    if (taken) visitor.number(one);
    return taken;
  };
  char tag = 0;
  if (depth > kDeepest || !row.byte(tag)) return false;
  switch (tag) {
    case kString: return text();
    case kNumber: return number();
    case kBinary: return binary();
    case kFalse: visitor.boolean(false); return true;
    case kTrue: visitor.boolean(true); return true;
    case kNull: visitor.null(); return true;
    case kMap: return visit_map(row, visitor, depth);
    case kList:
      return visit_elements(row, visitor, Type::kList, [&] { return visit_value(row, visitor, depth + 1); });
    case kStrings: return visit_elements(row, visitor, Type::kStringSet, text);
    case kNumbers: return visit_elements(row, visitor, Type::kNumberSet, number);
    case kBinaries: return visit_elements(row, visitor, Type::kBinarySet, binary);
    default: return false;
  }
}

}  // namespace gust::tables::rows
