// A table as DescribeTable and its kin say it. Any thread.
#pragma once

#include "api/dynamodb/shared.h"

namespace gust::api {

// `status` is what the operation says of the table.
dynamodb::TableDescription describe(const tables::Table& table, tables::Status status);

}  // namespace gust::api
