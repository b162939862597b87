// What a restored table is to be: what its source was, and what the request says instead. Any thread. Source:
// RestoreTableFromBackup and RestoreTableToPointInTime of the DynamoDB API.
#pragma once

#include "api/dynamodb/shared.h"

#include <optional>
#include <string>
#include <vector>

namespace gust::api {

struct Overrides {
  std::optional<std::string> billing_mode;
  std::optional<dynamodb::ProvisionedThroughput> throughput;
  std::optional<std::vector<dynamodb::GlobalSecondaryIndex>> global;
  std::optional<std::vector<dynamodb::LocalSecondaryIndex>> local;
};

// kInvalid when the request asks for what Gust does not serve.
template <typename Request>
Result<Overrides> overrides_of(const Request& request) {
  const char* unserved = nullptr;
  if (request.sse_specification_override && request.sse_specification_override->enabled.value_or(false))
    unserved = "SSESpecificationOverride";
  if (request.on_demand_throughput_override) unserved = "OnDemandThroughputOverride";
  if (request.vector_index_override) unserved = "VectorIndexOverride";
  if (unserved != nullptr) return bad_parameter(fmt::format("{} is not served by Gust; leave it out", unserved));
  return Overrides{request.billing_mode_override, request.provisioned_throughput_override,
                   request.global_secondary_index_override, request.local_secondary_index_override};
}

// Keys, indexes and throughput are the source's; tags, streams, time to live, protection and recovery are not carried
// over. kInvalid: an index that the source has not so, or throughput that does not go with the billing mode.
Result<tables::Table> restored(const tables::Place& target, const tables::Table& source, const Overrides& overrides);

}  // namespace gust::api
