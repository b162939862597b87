// A table as DescribeTable and its kin say it. Any thread.
#pragma once

#include "api/dynamodb/shared.h"
#include "tables/sweeper.h"

namespace gust::api {

// `status` is what the operation says of the table; `counts` may be empty.
dynamodb::TableDescription describe(const tables::Table& table, tables::Status status,
                                    const tables::Sweeper::Counts& counts, WallTime now);

// How often the units were lowered on the day (UTC) of `now`.
std::uint32_t decreases_today(const tables::Throughput& units, WallTime now);

}  // namespace gust::api
