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

}  // namespace gust::api
