// Statement: a PartiQL statement, understood: SELECT, INSERT, UPDATE, DELETE, or EXISTS() of a transaction; its
// parameters are in their places. A value. Any thread. Source: "PartiQL - a SQL-compatible query language for Amazon
// DynamoDB", DynamoDB developer guide.
#pragma once

#include "base/result.h"
#include "tables/expressions/condition.h"
#include "tables/expressions/keys.h"
#include "tables/expressions/path.h"
#include "tables/expressions/update.h"
#include "tables/table.h"
#include "tables/value.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gust::tables {

class Where {
 public:
  Where(ConditionExpression condition, std::vector<KeyConditionExpression::One> of_keys, std::set<std::string> pinned)
      : condition_(std::move(condition)), of_keys_(std::move(of_keys)), pinned_(std::move(pinned)) {}

  // All of it, key conditions too: true for what the statement is about.
  const ConditionExpression& condition() const { return condition_; }
  // What a query may ask of the key; nothing when only a scan finds the items.
  std::optional<KeyCondition> keys(const KeySchema& key) const;
  // Whether the attribute must equal a value, or one of some.
  bool pins(const std::string& attribute) const { return pinned_.contains(attribute); }
  // The key of the one item that it is about. kInvalid "expression" without an equality of each attribute of the key.
  Result<Item> key(const KeySchema& key) const;

 private:
  ConditionExpression condition_;
  std::vector<KeyConditionExpression::One> of_keys_;
  std::set<std::string> pinned_;
};

struct Statement {
  enum class Kind { kSelect, kInsert, kUpdate, kDelete, kExists };
  enum class Returning { kNothing, kAllOld, kAllNew, kModifiedOld, kModifiedNew };
  // An attribute of the answer: a.b is answered as "b", and l[0] as "l[0]".
  struct Wanted {
    DocumentPath path;
    std::string name;
  };
  struct Order {
    enum class Direction { kAscending, kDescending };
    std::string attribute;
    Direction direction = Direction::kAscending;
  };

  Kind kind = Kind::kSelect;
  std::string table;
  std::string index = {};               // of kSelect and kExists; empty: none
  std::vector<Wanted> wanted = {};      // of kSelect and kExists; empty: all
  std::optional<Where> where = {};      // of all but kInsert; there of kUpdate, kDelete and kExists
  std::vector<Order> order = {};        // of kSelect
  Item item = {};                       // of kInsert
  std::optional<UpdateExpression> update = {};  // of kUpdate
  Returning returning = Returning::kNothing;    // of kUpdate and kDelete
};

// `parameters` are for the question marks, all of them. kInvalid "expression" with the service's words.
Result<Statement> parse_statement(std::string_view text, const std::vector<Value>& parameters);

}  // namespace gust::tables
