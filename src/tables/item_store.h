// ItemStore: the items of tables on kv, with their indexes and stream records, which change in the same transaction.
// No HTTP, no JSON, no expressions: what an expression says comes as a function. Errors name their thing in
// Error::source: "condition", "key", "item size", "conflict", "token", "canceled". Loop thread only.
#pragma once

#include "async/task.h"
#include "env/clock.h"
#include "env/random.h"
#include "kv/store.h"
#include "tables/table.h"

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
};

// kPrecondition with source "condition" when the condition is false; the item that was there is then in `found`.
struct Write {
  enum class Kind { kPut, kDelete, kUpdate, kCheck };
  Kind kind = Kind::kPut;
  Table table;
  Item key;            // only the key's attributes
  Item item = {};      // of kPut, whole
  Change change = {};  // of kUpdate; gets an item with at least the key, answers the whole item
  Condition condition = {};
};

enum class Consistency { kEventual, kStrong };

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
};

struct Page {
  std::vector<Item> items;  // as the index projects them
  std::size_t scanned = 0;
  std::optional<Item> last;  // LastEvaluatedKey
  Usage usage;
};

class ItemStore {
 public:
  ItemStore(kv::Store& store, env::Clock& clock, env::Random& random);

  async::Task<std::optional<Item>> get(Table table, Item key);
  // `found` gets what the condition was false for.
  async::Task<Written> write(Write write, std::shared_ptr<std::optional<Item>> found = nullptr);
  async::Task<Page> page(PageQuery query);
  // All or nothing. `reasons` gets one entry a write when it fails with source "canceled".
  struct Reason {
    std::string code = "None";  // "ConditionalCheckFailed", "ItemCollectionSizeLimitExceeded", "TransactionConflict", ...
    std::string message = {};
    std::optional<Item> found = {};
  };
  async::Task<std::vector<Written>> transact(std::vector<Write> writes, std::shared_ptr<std::vector<Reason>> reasons);
  struct Wanted {
    Table table;
    Item key;
  };
  // All as of one moment.
  async::Task<std::vector<std::optional<Item>>> get_all(std::vector<Wanted> wanted);
  // Removes every row of a table that was deleted; and fills an index from the table's items.
  async::Task<void> drop(Table table);
  async::Task<void> backfill(Table table, std::string index);

 private:
  kv::Store& store_;
  env::Clock& clock_;
  env::Random& random_;
};

}  // namespace gust::tables
