// PageReader: one page of a query or scan, from one view of the store. Blocking: for a pool thread.
#pragma once

#include "tables/item_store.h"

namespace gust::tables {

// Whether the query can be run at all; kInvalid with the service's words.
Result<void> check(const PageQuery& query);

class PageReader {
 public:
  // `query` was checked, and outlives it.
  PageReader(kv::Reader& reader, const PageQuery& query);

  Result<Page> run();

 private:
  Result<kv::Range> asked() const;
  Result<void> begin_behind(kv::Range& range, const Item& start) const;
  // True when the page is full.
  Result<bool> take(std::string row);
  Result<StoredItem> whole(const Item& projected);
  Item last_key(const Item& item) const;

  kv::Reader& reader_;
  const PageQuery& query_;
  const Index* index_;
  const KeySchema& schema_;
  Page page_;
  const std::size_t limit_;
  std::size_t bytes_ = 0;
  double fetched_ = 0;
};

}  // namespace gust::tables
