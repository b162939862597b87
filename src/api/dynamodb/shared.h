// What the operations of DynamoDB share: which table is meant, and how tables are named. Any thread.
#pragma once

#include "api/dynamodb.gen.h"
#include "tables/table_rows.h"
#include "wire/service.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace gust::api {

template <typename T>
using TableReply = boost::asio::awaitable<wire::Reply<T>>;

// kInvalid "request", which becomes a ValidationException.
std::unexpected<Error> bad_request(std::string message);
// "One or more parameter values were invalid: MESSAGE", kInvalid.
std::unexpected<Error> bad_parameter(std::string_view message);

// The table that a request names, by name or ARN. kInvalid with the service's words; kDenied of another account.
Result<tables::Place> place_of(const wire::Call& call, std::string_view name_or_arn);
// The table that a resource's ARN means. kInvalid when it is none of a table, kNotFound "arn" when it is elsewhere.
Result<tables::Place> place_of_resource(const wire::Call& call, std::string_view arn);
std::string table_arn(const tables::Table& table);

}  // namespace gust::api
