#include "api/dynamodb/throttling.h"

#include "api/dynamodb/shared.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

constexpr std::string_view kIndexCapacity = "index capacity ";

}  // namespace

wire::Fault throttled(const tables::Table& table, const tables::Exceeded& exceeded) {
  const bool on_demand = exceeded.limit == tables::Exceeded::Limit::kOnDemand;
  const auto of_index = exceeded.index.empty() ? "" : "/index/" + exceeded.index;
  wire::Value::Map reason{
      {"reason", fmt::format("{}{}{}", exceeded.index.empty() ? "Table" : "Index",
                             exceeded.units == tables::Units::kRead ? "Read" : "Write",
                             on_demand ? "MaxOnDemandThroughputExceeded" : "ProvisionedThroughputExceeded")},
      {"resource", table_arn(table) + of_index}};
  wire::Value::List reasons;
  reasons.emplace_back(std::move(reason));
  wire::WireError error{on_demand ? "ThrottlingException" : "ProvisionedThroughputExceededException",
                        std::string(words(exceeded)), 400, {}};
  error.members.emplace(on_demand ? "throttlingReasons" : "ThrottlingReasons", std::move(reasons));
  return wire::Fault(std::move(error));
}

std::optional<tables::Exceeded> exceeded_index(const Error& error, const tables::Table& table) {
  if (error.code != Code::kThrottled || !error.source.starts_with(kIndexCapacity)) return std::nullopt;
  using Limit = tables::Exceeded::Limit;
  const bool provisioned = table.billing == tables::BillingMode::kProvisioned;
  return tables::Exceeded{tables::Units::kWrite, provisioned ? Limit::kProvisioned : Limit::kOnDemand,
                          error.source.substr(kIndexCapacity.size())};
}

}  // namespace gust::api
