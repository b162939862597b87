// Requests that are turned away because a table or an index has no capacity left. Any thread.
#pragma once

#include "tables/capacity.h"
#include "wire/fault.h"

#include <optional>
#include <string>

namespace gust::api {

wire::Fault throttled(const tables::Table& table, const tables::Exceeded& exceeded);
// What a write met that changed an index without capacity: `error` is the item store's. Nothing: it is another error.
std::optional<tables::Exceeded> exceeded_index(const Error& error, const tables::Table& table);

}  // namespace gust::api
