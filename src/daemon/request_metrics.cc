#include "daemon/request_metrics.h"

#include "daemon/samples_of.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gust::daemon {
namespace {

using api::ServiceKind;
using metrics::Dimensions;
using metrics::Summary;

// Names, units and dimensions as the public services document them.
constexpr std::string_view kS3 = "AWS/S3", kDynamoDb = "AWS/DynamoDB", kApiGateway = "AWS/ApiGateway";
constexpr std::array<const char*, 6> kVerbNames = {"GetRequests",  "PutRequests",  "DeleteRequests",
                                                   "HeadRequests", "PostRequests", "ListRequests"};

bool is_client_error(int status) { return status >= 400 && status < 500; }

// The one of `key`, made where there is room for one more; null: there is none.
template <typename Map, typename Key>
auto* find_or_make(Map& all, const Key& key) {
  auto found = all.find(key);
  if (found == all.end()) {
    if (all.size() >= RequestMetrics::kMostThings) return static_cast<typename Map::mapped_type*>(nullptr);
    found = all.emplace(key, typename Map::mapped_type{}).first;
  }
  return &found->second;
}

}  // namespace

void RequestMetrics::Stage::add(const Stage& other) {
  requests += other.requests;
  client_errors += other.client_errors;
  server_errors += other.server_errors;
  latency_ms.merge(other.latency_ms);
  integration_ms.merge(other.integration_ms);
  bytes.merge(other.bytes);
}

void RequestMetrics::served(const Served& request) {
  switch (request.service) {
    case ServiceKind::kS3: return count_objects(request);
    case ServiceKind::kDynamoDb: return count_tables(request);
    default: return;
  }
}

void RequestMetrics::count_objects(const Served& request) {
  const auto name = bucket_of(request);
  if (name.empty()) return;  // of the service, of no bucket
  auto* bucket = find_or_make(buckets_, std::string(name));
  if (bucket == nullptr) return;
  ++bucket->requests;
  if (is_client_error(request.status)) ++bucket->client_errors;
  if (request.status >= 500) ++bucket->server_errors;
  bucket->first_byte_ms.add(request.latency_ms);
  if (request.bytes_in > 0) bucket->uploaded.add(static_cast<double>(request.bytes_in));
  if (request.bytes_out > 0) bucket->downloaded.add(static_cast<double>(request.bytes_out));
  if (is_listing(request)) {
    ++bucket->verbs[kList];
  } else if (is_deletion(request)) {
    ++bucket->verbs[kDelete];
  } else if (request.method == "GET") {
    ++bucket->verbs[kGet];
  } else if (request.method == "PUT") {
    ++bucket->verbs[kPut];
  } else if (request.method == "HEAD") {
    ++bucket->verbs[kHead];
  } else if (request.method == "POST") {
    ++bucket->verbs[kPost];
  }
}

void RequestMetrics::count_tables(const Served& request) {
  if (request.account.empty()) return;
  const bool throttled = request.error == "ProvisionedThroughputExceededException" ||
                         request.error == "ThrottlingException" || request.error == "RequestLimitExceeded";
  const bool condition = request.error == "ConditionalCheckFailedException";
  if (is_client_error(request.status) && !throttled && !condition) {
    ++user_errors_[request.account];
    return;
  }
  if (request.resource.empty() || request.operation.empty()) return;
  if (condition) {
    if (auto* found = find_or_make(tables_, std::pair(request.account, request.resource))) ++found->conditions_failed;
    return;
  }
  auto* operation =
      find_or_make(operations_, std::tuple(request.account, request.resource, std::string(request.operation)));
  if (operation == nullptr) return;
  if (throttled) {
    ++operation->throttled;
  } else if (request.status >= 500) {
    ++operation->server_errors;
  } else {
    operation->latency_ms.add(request.latency_ms);
  }
}

void RequestMetrics::answered(const gateway::Answered& request) {
  auto* stage = find_or_make(stages_, std::tuple(request.account, request.api_id, request.stage));
  if (stage == nullptr) return;
  ++stage->requests;
  if (is_client_error(request.status)) ++stage->client_errors;
  if (request.status >= 500) ++stage->server_errors;
  stage->latency_ms.add(request.latency_ms);
  if (request.integration_ms >= 0) stage->integration_ms.add(request.integration_ms);
  stage->bytes.add(static_cast<double>(request.bytes));
}

void RequestMetrics::taken(const tables::Table& table, tables::Units units, double number) {
  auto* sums = find_or_make(tables_, std::pair(table.account, table.name.str()));
  if (sums != nullptr) (units == tables::Units::kRead ? sums->read : sums->written).add(number);
}

void RequestMetrics::stored(const AccountId& account, const std::string& bucket, std::uint64_t bytes,
                            std::uint64_t objects) {
  if (stored_.size() >= 2 * kMostThings) return;
  Summary size, number;
  size.add(static_cast<double>(bytes));
  number.add(static_cast<double>(objects));
  SamplesOf(stored_, account, kS3, {{"BucketName", bucket}, {"StorageType", "StandardStorage"}})
      .add("BucketSizeBytes", "Bytes", std::move(size));
  SamplesOf(stored_, account, kS3, {{"BucketName", bucket}, {"StorageType", "AllStorageTypes"}})
      .add("NumberOfObjects", "Count", std::move(number));
}

async::Task<RequestMetrics::Samples> RequestMetrics::take() {
  auto out = std::exchange(stored_, {});
  add_tables(out);
  add_apis(out);
  GUST_CO_TRY(auto more, co_await of_buckets(std::exchange(buckets_, {})));
  std::ranges::move(more, std::back_inserter(out));
  co_return out;
}

// As if each bucket had the metrics configuration "EntireBucket", which the public service's console makes.
async::Task<RequestMetrics::Samples> RequestMetrics::of_buckets(std::map<std::string, Bucket> buckets) {
  Samples out;
  for (auto& [name, bucket] : buckets) {
    const auto account = co_await owner_("s3", name);
    if (!account) continue;
    SamplesOf of(out, *account, kS3, {{"BucketName", name}, {"FilterId", "EntireBucket"}});
    of.add_count("AllRequests", bucket.requests, bucket.requests);
    for (std::size_t verb = 0; verb < kVerbs; ++verb)
      of.add_count(kVerbNames[verb], bucket.verbs[verb], bucket.verbs[verb]);
    of.add_count("4xxErrors", bucket.client_errors, bucket.requests);
    of.add_count("5xxErrors", bucket.server_errors, bucket.requests);
    of.add("BytesDownloaded", "Bytes", std::move(bucket.downloaded));
    of.add("BytesUploaded", "Bytes", std::move(bucket.uploaded));
    of.add("FirstByteLatency", "Milliseconds", std::move(bucket.first_byte_ms));
  }
  co_return out;
}

void RequestMetrics::add_apis(Samples& out) {
  std::map<std::tuple<AccountId, std::string, std::string>, Stage> all;
  for (const auto& [key, stage] : std::exchange(stages_, {})) {
    all[{std::get<0>(key), std::get<1>(key), ""}].add(stage);
    if (!std::get<2>(key).empty()) all[key].add(stage);
  }
  for (auto& [key, stage] : all) {
    const auto& [account, api, name] = key;
    Dimensions dimensions{{"ApiId", api}};
    if (!name.empty()) dimensions.emplace("Stage", name);
    SamplesOf of(out, account, kApiGateway, std::move(dimensions));
    of.add_count("Count", stage.requests, stage.requests);
    of.add_count("4xx", stage.client_errors, stage.requests);
    of.add_count("5xx", stage.server_errors, stage.requests);
    of.add("Latency", "Milliseconds", std::move(stage.latency_ms));
    of.add("IntegrationLatency", "Milliseconds", std::move(stage.integration_ms));
    of.add("DataProcessed", "Bytes", std::move(stage.bytes));
  }
}

void RequestMetrics::add_tables(Samples& out) {
  for (auto& [key, operation] : std::exchange(operations_, {})) {
    const auto& [account, table, name] = key;
    SamplesOf of(out, account, kDynamoDb, {{"TableName", table}, {"Operation", name}});
    of.add("SuccessfulRequestLatency", "Milliseconds", std::move(operation.latency_ms));
    of.add_count("ThrottledRequests", operation.throttled, operation.throttled);
    of.add_count("SystemErrors", operation.server_errors, operation.server_errors);
  }
  for (auto& [key, table] : std::exchange(tables_, {})) {
    SamplesOf of(out, key.first, kDynamoDb, {{"TableName", key.second}});
    of.add("ConsumedReadCapacityUnits", "Count", std::move(table.read));
    of.add("ConsumedWriteCapacityUnits", "Count", std::move(table.written));
    of.add_count("ConditionalCheckFailedRequests", table.conditions_failed, table.conditions_failed);
  }
  for (const auto& [account, errors] : std::exchange(user_errors_, {}))
    SamplesOf(out, account, kDynamoDb, {}).add_count("UserErrors", errors, errors);
}

}  // namespace gust::daemon
