#include "tables/page_reader.h"

#include "kv/key.h"
#include "tables/keys.h"
#include "tables/pieces.h"
#include "tables/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gust::tables {
namespace {

using Kind = PageQuery::RangeIs::Kind;

constexpr std::size_t kPageBytes = 1 << 20;

std::unexpected<Error> wrong_type() {
  return fail(Code::kInvalid,
              "One or more parameter values were invalid: Condition parameter type does not match schema type", "key");
}

std::unexpected<Error> wrong_start(std::string_view why) {
  return fail(Code::kInvalid, fmt::format("The provided starting key {}", why), "key");
}

// The rows of one hash value whose range value is as asked for.
kv::Range range_of(const std::string& collection, const PageQuery::RangeIs& is) {
  auto low = collection, high = collection;
  auto out = kv::Range::prefix(collection);
  if (is.kind == Kind::kAny) return out;
  if (is.kind == Kind::kBeginsWith) {
    rows::append_beginning(low, is.low);
    return kv::Range::prefix(low);
  }
  rows::append_value(low, is.low);
  switch (is.kind) {
    case Kind::kEqual: return kv::Range::prefix(low);
    case Kind::kLess: out.end = low; break;
    case Kind::kLessEqual: out.end = kv::after_prefix(low); break;
    case Kind::kGreater: out.begin = kv::after_prefix(low); break;
    case Kind::kGreaterEqual: out.begin = low; break;
    case Kind::kBetween:
      rows::append_value(high, is.high);
      out.begin = low;
      out.end = kv::after_prefix(high);
      break;
    default: break;
  }
  return out;
}

Result<void> check_range(const PageQuery::RangeIs& is, const KeySchema& schema) {
  if (is.kind == Kind::kAny) return {};
  if (!schema.range || is.low.type() != schema.range->type) return wrong_type();
  if (is.kind == Kind::kBetween && is.high.type() != schema.range->type) return wrong_type();
  if (is.kind == Kind::kBeginsWith && is.low.type() == Type::kNumber) return wrong_type();
  if (is.kind == Kind::kEqual) return check_key_value(*schema.range, KeyPart::kRange, is.low);
  return {};
}

bool has(const Item& item, const KeyAttribute& attribute) {
  const auto it = item.find(attribute.name);
  return it != item.end() && it->second.type() == attribute.type;
}

bool has(const Item& item, const KeySchema& schema) {
  return has(item, schema.hash) && (!schema.range || has(item, *schema.range));
}

std::set<std::string> names(const Table& table, const Index* index) {
  std::set<std::string> out{table.key.hash.name};
  if (table.key.range) out.insert(table.key.range->name);
  if (index == nullptr) return out;
  out.insert(index->key.hash.name);
  if (index->key.range) out.insert(index->key.range->name);
  return out;
}

}  // namespace

Result<void> check(const PageQuery& query) {
  const auto* index = query.index.empty() ? nullptr : find_index(query.table, query.index);
  if (!query.index.empty() && index == nullptr) {
    return fail(Code::kInvalid, fmt::format("The table does not have the specified index: {}", query.index), "index");
  }
  if (index != nullptr && index->status == Status::kCreating) {
    return fail(Code::kInvalid,
                fmt::format("Cannot read from backfilling global secondary index: {}", query.index), "index");
  }
  const auto& schema = index == nullptr ? query.table.key : index->key;
  if (query.segments == 0 || query.segment >= query.segments)
    return fail(Code::kInvalid, fmt::format("there is no segment {} of {}", query.segment, query.segments), "segment");
  if (!query.hash) return {};
  if (query.hash->type() != schema.hash.type) return wrong_type();
  GUST_CHECK(check_key_value(schema.hash, KeyPart::kHash, *query.hash));
  return check_range(query.range, schema);
}

PageReader::PageReader(kv::Reader& reader, const PageQuery& query)
    : reader_(reader),
      query_(query),
      index_(query.index.empty() ? nullptr : find_index(query.table, query.index)),
      schema_(index_ == nullptr ? query.table.key : index_->key),
      limit_(std::max<std::size_t>(query.limit.value_or(SIZE_MAX), 1)) {}

Result<kv::Range> PageReader::asked() const {
  const auto& id = query_.table.id;
  const auto prefix = index_ == nullptr ? rows::items_prefix(id) : rows::index_prefix(id, index_->name);
  auto range = query_.hash ? range_of(rows::collection_prefix(prefix, *query_.hash), query_.range)
                           : rows::segment(prefix, query_.segment, query_.segments);
  range.caching = query_.caching;
  range.order = query_.backward ? kv::Order::kBackward : kv::Order::kForward;
  if (query_.start) GUST_CHECK(begin_behind(range, *query_.start));
  return range;
}

Result<void> PageReader::begin_behind(kv::Range& range, const Item& start) const {
  const auto wanted = names(query_.table, index_);
  if (start.size() != wanted.size() || !has(start, query_.table.key) || !has(start, schema_)) {
    return wrong_start(query_.hash ? "is invalid"
                                   : "is invalid: The provided key element does not match the schema");
  }
  const auto key = index_ == nullptr ? rows::item_key(query_.table, start)
                                     : rows::index_key(query_.table, *index_, start);
  if (key < range.begin || (!range.end.empty() && key >= range.end)) {
    if (!query_.hash) {
      return wrong_start(fmt::format("is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct "
                                     "Segment. TotalSegments: {} Segment: {}",
                                     query_.segments, query_.segment));
    }
    return wrong_start(start.find(schema_.hash.name)->second == *query_.hash
                           ? "does not match the range key predicate"
                           : "is outside query boundaries based on provided conditions");
  }
  if (query_.backward) {
    range.end = key;
  } else {
    range.begin = key + '\0';
  }
  return {};
}

Result<Page> PageReader::run() {
  GUST_TRY(auto range, asked());
  Pieces pieces;
  bool more = range.end.empty() || range.begin < range.end;
  while (more) {
    range.limit = std::min(pieces.next(kPageBytes - bytes_), limit_ - page_.scanned);
    GUST_TRY(auto found, reader_.scan(range));
    pieces.took(found);
    more = found.size() == range.limit;
    for (auto& row : found) {
      GUST_TRY(const bool full, take(std::move(row.value)));
      more = more && !full;
      if (full) break;
    }
    if (!more) break;
    if (query_.backward) {
      range.end = found.back().key;
    } else {
      range.begin = found.back().key + '\0';
    }
  }
  const auto units = read_units(bytes_, query_.consistency);
  page_.usage.table = index_ == nullptr ? units : fetched_;
  if (index_ != nullptr) page_.usage.indexes[index_->name] = units;
  return std::move(page_);
}

Result<bool> PageReader::take(std::string row) {
  GUST_TRY(auto stored, StoredItem::of(std::move(row)));
  bytes_ += stored.size();
  ++page_.scanned;
  const bool full = bytes_ >= kPageBytes || page_.scanned == limit_;
  if (full) page_.last = last_key(stored.decode());
  if (index_ != nullptr && index_->projected != Projected::kAll && query_.attributes == Attributes::kAll) {
    GUST_TRY(stored, whole(stored.decode()));
  }
  if (query_.form == PageQuery::Form::kStored && !query_.filter) {
    page_.stored.push_back(std::move(stored));
    return full;
  }
  auto item = stored.decode();
  const auto passes = query_.filter ? query_.filter(item) : Result<bool>(true);
  if (!passes) return std::unexpected(passes.error());
  if (!*passes) return full;
  if (query_.form == PageQuery::Form::kStored) {
    page_.stored.push_back(std::move(stored));
  } else {
    page_.items.push_back(std::move(item));
  }
  return full;
}

Result<StoredItem> PageReader::whole(const Item& projected) {
  GUST_TRY(auto row, reader_.get(rows::item_key(query_.table, projected)));
  if (!row) return fail(Code::kCorrupt, fmt::format("the index {} has a row of no item", index_->name));
  GUST_TRY(auto stored, StoredItem::of(*std::move(row)));
  fetched_ += read_units(stored.size(), query_.consistency);
  return stored;
}

Item PageReader::last_key(const Item& item) const {
  auto key = key_of(query_.table.key, item);
  if (index_ != nullptr) key.merge(key_of(index_->key, item));
  return key;
}

}  // namespace gust::tables
