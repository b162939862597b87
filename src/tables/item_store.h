// ItemStore: the items of tables on kv, with their indexes and stream records, which change in the same transaction.
// No HTTP, no JSON, no expressions: what an expression says comes as a function. Errors name their thing in
// Error::source: "condition", "key", "empty key", "index key", "item size", "index", "conflict", "token", "canceled",
// "index capacity NAME";
// "table": kNotFound when it is gone, kConflict when its indexes are others by now (tables/shape.h): read the table and
// try again. Loop thread only.
#pragma once

#include "async/blocking_pool.h"
#include "async/task.h"
#include "env/clock.h"
#include "kv/frontier.h"
#include "kv/store.h"
#include "tables/stored_item.h"
#include "tables/streams/stream.h"
#include "tables/table.h"
#include "tables/units.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::tables {

// Of the item that is there, or an empty one. They run on a pool thread, maybe more than once.
using Condition = std::function<Result<bool>(const Item& there)>;
using Change = std::function<Result<Item>(const Item& there)>;
using Filter = std::function<Result<bool>(const Item& item)>;

// What an operation read or wrote, for ConsumedCapacity: in the table itself, and in each index.
struct Usage {
  double table = 0;
  std::map<std::string, double> indexes = {};
};

// What a write found and left. Nothing: there was none, there is none.
struct Written {
  std::optional<Item> before, after;
  Usage usage;
  bool replayed = false;  // of a token that was used before: nothing was written, and `usage` is of reads
};

// kPrecondition with source "condition" when the condition is false; the item that was there is then in `found`.
struct Write {
  enum class Kind { kPut, kDelete, kUpdate, kCheck };
  enum class Absent { kCreate, kLeave };
  Kind kind = Kind::kPut;
  Table table;
  Item key;            // only the key's attributes
  Item item = {};      // of kPut, whole
  Change change = {};  // of kUpdate; gets an item with at least the key, answers the whole item
  Absent absent = Absent::kCreate;  // of kUpdate, where there is no item
  Condition condition = {};
  Cause cause = Cause::kRequest;  // for the stream
  std::vector<Exceeded> exhausted = {};  // a write that changes one of these indexes is kThrottled
};

// What items a page of an index has: as the index projects them, or whole, read from the table.
enum class Attributes { kProjected, kAll };

struct PageQuery {
  Table table;
  std::string index = {};  // empty: the table itself
  // Of a query: all items of this hash value, with a range value as `range` says. Without: a scan.
  struct RangeIs {
    enum class Kind { kAny, kEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kBetween, kBeginsWith };
    Kind kind = Kind::kAny;
    Value low = {}, high = {};  // one value: in `low`
  };
  std::optional<Value> hash = {};
  RangeIs range = {};
  bool backward = false;
  std::optional<std::size_t> limit = {};  // items looked at
  std::optional<Item> start = {};         // ExclusiveStartKey: after this one
  std::uint32_t segment = 0, segments = 1;
  Consistency consistency = Consistency::kEventual;
  Filter filter = {};
  Attributes attributes = Attributes::kProjected;
  enum class Form { kItems, kStored };
  Form form = Form::kItems;
  kv::Caching caching = kv::Caching::kKeep;
};

struct Page {
  std::vector<Item> items;
  std::vector<StoredItem> stored;  // instead of `items`, when the query wants them so
  std::size_t scanned = 0;  // before the filter
  std::optional<Item> last;  // LastEvaluatedKey
  Usage usage;
};

class ItemStore {
 public:
  // Reads pages on `threads` of its own. `store` and `clock` outlive it.
  ItemStore(kv::Store& store, env::Clock& clock, std::size_t threads = 4);

  async::Task<std::optional<Item>> get(Table table, Item key);
  async::Task<std::optional<StoredItem>> get_stored(Table table, Item key);
  // `found` gets what the condition was false for. Of a put the key is taken from the item.
  async::Task<Written> write(Write write, std::shared_ptr<std::optional<Item>> found = nullptr);
  // Of a query or scan, up to 1 MB; costs what it reads.
  async::Task<Page> page(PageQuery query);

  // All or nothing. `reasons` gets one entry a write when it fails with source "canceled" or "conflict".
  struct Reason {
    std::string code = "None";  // "ConditionalCheckFailed", "ValidationError", "TransactionConflict"
    std::string message = {};
    std::optional<Item> found = {};
  };
  // A ClientRequestToken: for ten minutes a transaction with it again does nothing and succeeds, with writes that are
  // replayed; with another digest (of the request) it is kInvalid, source "token".
  struct Once {
    AccountId account;
    std::string token;
    std::string digest;
  };
  async::Task<std::vector<Written>> transact(std::vector<Write> writes, std::shared_ptr<std::vector<Reason>> reasons,
                                             std::optional<Once> once = {});
  struct Wanted {
    Table table;
    Item key;
  };
  // No item may be wanted twice: kInvalid. Keys that are not of their table are passed over: they are refused anyway.
  static Result<void> check_apart(const std::vector<Wanted>& wanted);
  // All as of one moment.
  async::Task<std::vector<std::optional<Item>>> get_all(std::vector<Wanted> wanted);

  // What follows changes of a table's declaration that told the shape (tables/shape.h). Each is safe to repeat.
  // Removes every row of a table that was deleted but the records of its streams, which are read for a day more.
  // kUnavailable "copied" while its rows are being copied.
  async::Task<void> drop(Table table);
  // Removes the rows of an index that the table no longer has, or has with kDeleting.
  async::Task<void> drop_index(Table table, std::string index);
  // Fills an index of the table from its items, while writes with the index go on. Items without the index's key, or
  // with what cannot be its key, are left out. kNotFound "table" when the table or the index is gone meanwhile.
  async::Task<void> backfill(Table table, std::string index);

  // How many items, and bytes of them, are in the table (by the name "") and in each index. Reads all of them.
  struct Count {
    std::uint64_t items = 0, bytes = 0;
    bool operator==(const Count&) const = default;
  };
  async::Task<std::map<std::string, Count>> count(Table table);
  async::Task<Count> count_rows(std::string prefix);  // of items, wherever they are kept

  // Erases a table's history up to a number, or all rows below a prefix.
  async::Task<void> trim_history(std::string table_id, std::uint64_t sequence);
  async::Task<void> erase_rows(std::string prefix);
  std::shared_ptr<Sequences> sequences() const { return sequences_; }

  // Records of a stream, in order: those after the number `after` (0: the oldest) and not older than 24 hours, up to
  // `limit` of them and about 1 MB. `next`: the number to go on after, also when there are none.
  struct Records {
    std::vector<StreamRecord> records;
    std::uint64_t next = 0;
  };
  async::Task<Records> records(StreamName stream, std::uint64_t after, std::size_t limit);
  // The number that all records from now on come after.
  async::Task<std::uint64_t> newest(StreamName stream);
  // Erases records older than 24 hours.
  async::Task<void> trim(StreamName stream);
  async::Task<void> drop_stream(StreamName stream);  // erases all records
  // Called, on any thread, when there may be records that were not there before; set before the first write.
  void on_records(Sequences::Listener listener) { sequences_->on_settled(std::move(listener)); }

 private:
  Result<void> run_all(kv::Transaction& tx, Sequences::Ticket& ticket, const std::vector<Write>& writes,
                       std::vector<Written>& written, std::vector<Reason>& reasons);
  async::Task<void> erase_rows(kv::Range range);
  enum class Pace { kFull, kGentle };  // kGentle: a tenth of the time
  async::Task<Count> count_rows(std::shared_ptr<kv::Reader> reader, std::string prefix, Pace pace);
  async::Task<void> fill(Table table, Index index, std::vector<std::string> keys);
  async::Task<void> learn(StreamName stream);

  kv::Store& store_;
  env::Clock& clock_;
  std::shared_ptr<Sequences> sequences_ = std::make_shared<Sequences>();
  std::shared_ptr<kv::Frontier> token_times_;  // where tokens that are over begin
  async::BlockingPool readers_;
};

}  // namespace gust::tables
