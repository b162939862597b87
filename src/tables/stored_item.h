// StoredItem: an item as its row has it, read from there without a map being made of it. Immutable; any thread.
#pragma once

#include "base/assert.h"
#include "base/result.h"
#include "tables/row_cursor.h"
#include "tables/value.h"

#include <string>

namespace gust::tables {

class StoredItem {
 public:
  // kCorrupt when the row is none of an item.
  static Result<StoredItem> of(std::string row);

  Item decode() const;
  std::size_t size() const { return size_; }  // as size_of(Item)

  // Tells `visitor` all of it, in the order of the names: begin(Type::kMap, attributes), then for each name(text) and
  // its value, end(Type::kMap). A value is one of text(view), number(Number), binary(view), boolean(bool), null(), or
  // begin(type, elements), the elements (a map's with their names), end(type).
  template <typename Visitor>
  void visit(Visitor& visitor) const {
    rows::Cursor row(row_);
    GUST_ASSERT(row.version() && rows::visit_map(row, visitor, 0) && row.at_end());
  }

 private:
  StoredItem() = default;

  std::string row_;
  std::size_t size_ = 0;
};

}  // namespace gust::tables
