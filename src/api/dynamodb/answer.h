// Answers of the operations on items, written as JSON at once: members, items, consumed capacity. Any thread.
#pragma once

#include "api/dynamodb/attribute_value.h"
#include "api/dynamodb/body.h"
#include "tables/item_store.h"
#include "wire/value.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gust::api {

// One JSON object.
class Answer {
 public:
  // Begins a member, whose value the caller appends.
  std::string& member(std::string_view name);
  // Of Items or StoredItems.
  void item(std::string_view name, const auto& item) { append_json(member(name), item); }
  void number(std::string_view name, std::size_t number) { member(name) += std::to_string(number); }
  template <typename T>
  void items(std::string_view name, const std::vector<T>& items) {
    auto& out = member(name);
    out += '[';
    for (bool first = true; const auto& item : items) {
      if (!std::exchange(first, false)) out += ',';
      append_json(out, item);
    }
    out += ']';
  }
  std::string take() { return std::move(text_) + "}"; }

 private:
  std::string text_ = "{";
};

// What ReturnConsumedCapacity asks for, over all that an operation does, by table.
class Capacity {
 public:
  enum class Kind { kPlain, kRead, kWrite };  // of transactions the units are also called read or write units
  explicit Capacity(const Object& body, Kind kind = Kind::kPlain);

  void add(const tables::Table& table, const tables::Usage& usage);
  // ConsumedCapacity of the one table; nothing unless it is asked for.
  void write_one(Answer& answer) const;
  void write_all(Answer& answer) const;  // a list

 private:
  enum class Shown { kNone, kTotal, kIndexes };
  struct Used {
    double table = 0;
    std::map<std::string, double> local, global;
  };
  void append(std::string& out, const std::string& name, const Used& used) const;

  Shown shown_ = Shown::kNone;
  Kind kind_;
  std::map<std::string, Used> tables_;
};

// ReturnItemCollectionMetrics: SIZE, of writes to tables with local indexes, by table.
class CollectionMetrics {
 public:
  explicit CollectionMetrics(const Object& body);

  bool asked() const { return asked_; }
  // `bytes`: of the collection that the item is of.
  void add(const tables::Table& table, const tables::Item& item, std::uint64_t bytes);
  void write_one(Answer& answer) const;
  void write_all(Answer& answer) const;

 private:
  bool asked_;
  std::map<std::string, std::vector<std::string>> tables_;
};

// An item within an error.
wire::Value document_of(const tables::Item& item);

}  // namespace gust::api
