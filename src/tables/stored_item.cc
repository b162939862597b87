#include "tables/stored_item.h"

#include "tables/rows.h"

namespace gust::tables {
namespace {

// size_of(), from a row.
struct Sizes {
  std::size_t sum = 0, depth = 0;

  void begin(Type type, std::size_t count) {
    if ((type == Type::kMap && depth > 0) || type == Type::kList) sum += 3 + count;
    ++depth;
  }
  void end(Type) { --depth; }
  void name(std::string_view name) { sum += name.size(); }
  void text(std::string_view text) { sum += text.size(); }
  void binary(std::string_view bytes) { sum += bytes.size(); }
  void number(const Number& number) { sum += number.size(); }
  void boolean(bool) { ++sum; }
  void null() { ++sum; }
};

}  // namespace

Result<StoredItem> StoredItem::of(std::string row) {
  rows::Cursor cursor(row);
  Sizes sizes;
  if (!cursor.version() || !rows::visit_map(cursor, sizes, 0) || !cursor.at_end())
    return fail(Code::kCorrupt, "a row of a table is not an item");
  StoredItem out;
  out.row_ = std::move(row);
  out.size_ = sizes.sum;
  return out;
}

Item StoredItem::decode() const {
  auto item = rows::decode_item(row_);
  GUST_ASSERT(item.has_value());
  return *std::move(item);
}

}  // namespace gust::tables
