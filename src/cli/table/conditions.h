// What the command line says of keys: "id=a", "at=3..5", "name=Ann*", as a key or as conditions of a statement. Any
// thread.
#pragma once

#include "cli/table/client.h"

#include <boost/json/array.hpp>

namespace gust::cli {

// The typed key of one item: each attribute of the key as NAME=VALUE, or all as one JSON object. kInvalid "usage".
Result<boost::json::object> key_from(const TableInfo& table, const std::vector<std::string>& words);

struct QueryWords {
  std::vector<std::string> conditions;
  std::string index, filter;
  enum class Order { kForward, kBackward } order = Order::kForward;
};
// NAME=VALUE of the hash attribute; of the range attribute also <, <=, >, >=, A..B, PREFIX*, and == for a value that
// looks like one of these. kInvalid "usage".
Result<TableQuery> query_of(const TableInfo& table, const QueryWords& words);
// All of the table or index; `filter` is a condition of PartiQL, or empty.
TableQuery scan_of(const TableInfo& table, const std::string& index, const std::string& filter);

}  // namespace gust::cli
