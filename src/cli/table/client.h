// TableClient: the operations on tables that the command line needs, over Remote. Blocking; one thread.
#pragma once

#include "cli/remote.h"

#include <boost/json/object.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gust::cli {

struct TableKey {
  std::string name, type;  // "S", "N", "B"
};

struct TableInfo {
  std::string name;
  std::vector<TableKey> key;  // one or two: hash, range
  boost::json::object description;

  std::vector<std::string> key_names() const;
  // The key of an index. kNotFound when there is none.
  Result<std::vector<TableKey>> key_of(const std::string& index) const;
};

// A statement of PartiQL with its parameters, and what a page of it may be.
struct TableQuery {
  std::string statement;
  boost::json::array parameters = {};
  std::uint64_t most = 0;          // items looked at by a page; 0: as many as fit
  enum class Reads { kConsistent, kEventual } reads = Reads::kConsistent;
};

class TableClient {
 public:
  explicit TableClient(Remote& remote) : remote_(remote) {}

  Result<std::vector<std::string>> names();
  Result<TableInfo> describe(const std::string& table);  // kNotFound
  // Nothing (an empty object) when there is no such item.
  Result<boost::json::object> get(const std::string& table, const boost::json::object& key);
  Result<void> put(const std::string& table, const boost::json::object& item);
  // False when there was no such item.
  Result<bool> remove(const std::string& table, const boost::json::object& key);
  Result<void> remove_table(const std::string& table);
  // Page after page until `each`, which gets an item at a time, answers false.
  Result<void> select(TableQuery selection, const std::string& table,
                      const std::function<Result<bool>(const boost::json::object&)>& each);
  // All of them, in one request and as many more as it takes for those that were not processed. kThrottled when some
  // never were.
  Result<void> put_all(const std::string& table, const std::vector<boost::json::object>& items);

 private:
  Result<boost::json::object> call(std::string_view operation, const boost::json::object& body,
                                   const std::string& table, std::string_view what);

  Remote& remote_;
};

}  // namespace gust::cli
