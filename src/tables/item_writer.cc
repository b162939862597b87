#include "tables/item_writer.h"

#include "tables/backups/undo_log.h"
#include "tables/indexes.h"
#include "tables/keys.h"
#include "tables/rows.h"
#include "tables/shape.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

Item key_of(const Write& write) {
  return tables::key_of(write.table.key, write.kind == Write::Kind::kPut ? write.item : write.key);
}

Result<Item> updated(const Write& write, const std::optional<Item>& before) {
  const auto& table = write.table;
  const auto& there = before ? *before : write.key;
  GUST_TRY(auto after, write.change ? write.change(there) : Result<Item>(there));
  const auto cannot = [](const std::string& name) {
    return fail(Code::kInvalid,
                fmt::format("One or more parameter values were invalid: Cannot update attribute {}. This attribute is "
                            "part of the key",
                            name),
                "key");
  };
  for (const auto& [name, value] : write.key) {
    const auto it = after.find(name);
    if (it == after.end() || it->second != value) return cannot(name);
  }
  if (size_of(after) > kMaxItemBytes)
    return fail(Code::kInvalid, "Item size to update has exceeded the maximum allowed size", "item size");
  GUST_CHECK(check_index_keys(table, after, &there));
  return after;
}

Result<std::optional<Item>> outcome(const Write& write, const std::optional<Item>& before) {
  switch (write.kind) {
    case Write::Kind::kPut: return write.item;
    case Write::Kind::kDelete: return std::nullopt;
    case Write::Kind::kUpdate: {
      GUST_TRY(auto after, updated(write, before));
      if (!before && write.absent == Write::Absent::kLeave) return std::nullopt;
      return after;
    }
    case Write::Kind::kCheck: return before;
  }
  return fail(Code::kInternal, "a write of no kind");
}

std::size_t size_of_or_none(const std::optional<Item>& item) { return item ? size_of(*item) : 0; }

bool shows_old(StreamView view) { return view == StreamView::kOldImage || view == StreamView::kNewAndOldImages; }
bool shows_new(StreamView view) { return view == StreamView::kNewImage || view == StreamView::kNewAndOldImages; }

}  // namespace

Result<void> check(const Write& write) {
  if (write.kind != Write::Kind::kPut) return check_key(write.table, write.key);
  GUST_CHECK(check_item_key(write.table, write.item));
  GUST_CHECK(check_index_keys(write.table, write.item, nullptr));
  if (size_of(write.item) > kMaxItemBytes) return std::unexpected(too_large());
  return {};
}

Result<Written> ItemWriter::apply(const Write& write, std::optional<Item>& found) {
  GUST_TRY(const auto keeps, check_shape(tx_, write.table));
  const auto key = key_of(write);
  const auto row_key = rows::item_key(write.table, key);
  GUST_TRY(const auto row, tx_.get(row_key));
  Written out;
  if (row) {
    GUST_TRY(out.before, rows::decode_item(*row));
  }
  if (write.condition) {
    GUST_TRY(const bool holds, write.condition(out.before ? *out.before : Item()));
    if (!holds) {
      found = std::move(out.before);
      return fail(Code::kPrecondition, "The conditional request failed", "condition");
    }
  }
  GUST_TRY(out.after, outcome(write, out.before));
  out.usage.table = write_units(std::max(size_of_or_none(out.before), size_of_or_none(out.after)));
  if (out.after == out.before) return out;
  if (keeps == Keeps::kHistory) GUST_CHECK(remember(write.table, row_key, row));
  if (out.after) {
    tx_.put(row_key, rows::encode(*out.after));
  } else {
    tx_.erase(row_key);
  }
  change_indexes(tx_, write.table, out.before, out.after, out.usage.indexes);
  for (const auto& exceeded : write.exhausted) {
    if (out.usage.indexes.contains(exceeded.index))
      return fail(Code::kThrottled, std::string(words(exceeded)), "index capacity " + exceeded.index);
  }
  if (write.table.stream) GUST_CHECK(record(write, key, out));
  return out;
}

Result<void> ItemWriter::record(const Write& write, const Item& key, const Written& written) {
  const auto view = *write.table.stream;
  const StreamName stream{write.table.id, write.table.stream_label};
  StreamRecord record;
  record.event = !written.before ? EventName::kInsert : written.after ? EventName::kModify : EventName::kRemove;
  record.cause = write.cause;
  record.view = view;
  record.at = now_;
  record.keys = key;
  if (shows_old(view)) record.before = written.before;
  if (shows_new(view)) record.after = written.after;
  GUST_TRY(record.sequence, next_sequence(stream));
  tx_.put(rows::record_key(stream, record.sequence), rows::encode(record));
  return {};
}

Result<void> ItemWriter::remember(const Table& table, std::string_view row_key, const std::optional<std::string>& row) {
  GUST_TRY(const auto last, undo_log::learn(tx_, sequences_, table.id));
  if (moment_ <= last) moment_ = sequences_.next(ticket_, undo_log::stream_of(table.id), now_);
  auto item = std::string(row_key.substr(rows::items_prefix(table.id).size()));
  const undo_log::Change change{moment_, std::move(item), row};
  tx_.put(undo_log::key(table.id, moment_, changes_++), undo_log::encode(change));
  return {};
}

Result<std::uint64_t> ItemWriter::next_sequence(const StreamName& stream) {
  if (!sequences_.knows(stream)) {
    auto last = kv::Range::prefix(rows::stream_prefix(stream), 1);
    last.order = kv::Order::kBackward;
    GUST_TRY(const auto found, tx_.scan(last));
    std::uint64_t sequence = 0;
    if (!found.empty()) {
      GUST_TRY(const auto record, rows::decode_record(found[0]));
      sequence = record.sequence;
    }
    sequences_.learn(stream, sequence);
  }
  return sequences_.next(ticket_, stream, now_);
}

}  // namespace gust::tables
