// What TransactWriteItems and ExecuteTransaction share: their token, and how they tell that nothing was written. Any
// thread.
#pragma once

#include "api/dynamodb/body.h"
#include "tables/item_store.h"
#include "wire/fault.h"
#include "wire/service.h"

#include <optional>
#include <string_view>
#include <vector>

namespace gust::api {

// The ClientRequestToken of a request whose writes are in `member`.
std::optional<tables::ItemStore::Once> once_of(const wire::Call& call, const Object& body, std::string_view member);
// Whether ItemStore::transact() gave its reasons.
bool is_canceled(const Error& error);
// TransactionCanceledException; tells each item that a reason still has.
wire::Fault canceled(const std::vector<tables::ItemStore::Reason>& reasons);

// Why single parts of a transaction cannot be done, found before any of it is.
class Turned {
 public:
  explicit Turned(std::size_t count) : all_(count) {}
  void add(std::size_t at, tables::ItemStore::Reason reason) {
    all_[at] = std::move(reason);
    any_ = true;
  }
  void add(std::size_t at, const tables::Exceeded& exceeded) {
    add(at, tables::ItemStore::Reason{std::string(reason_code(exceeded)), std::string(words(exceeded))});
  }
  bool any() const { return any_; }
  const std::vector<tables::ItemStore::Reason>& all() const { return all_; }

 private:
  std::vector<tables::ItemStore::Reason> all_;
  bool any_ = false;
};

}  // namespace gust::api
