// Event source mappings: functions that get the records of streams.
#include "api/lambda/event_source_settings.h"
#include "api/lambda/service.h"
#include "api/lambda/settings.h"
#include "api/lambda/shared.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::api {
namespace {

using event_sources::Mapping;
using event_sources::Mappings;
using event_sources::Pollers;
using event_sources::StartAt;

constexpr std::size_t kMostListed = 100;  // by one request, whatever it asks for

lambda::EventSourceMappingConfiguration to_answer(const Mapping& mapping, std::string_view state, std::string result) {
  const auto& settings = mapping.settings;
  lambda::EventSourceMappingConfiguration out;
  out.uuid = mapping.id;
  out.starting_position = mapping.start == StartAt::kLatest ? "LATEST" : "TRIM_HORIZON";
  out.batch_size = static_cast<std::int32_t>(settings.batch_size);
  out.maximum_batching_window_in_seconds = static_cast<std::int32_t>(settings.window_s);
  out.parallelization_factor = static_cast<std::int32_t>(settings.lanes);
  out.event_source_arn = mapping.source_arn;
  out.function_arn = mapping.function_arn;
  out.last_modified = mapping.modified_at;
  out.last_processing_result = std::move(result);
  out.state = std::string(state);
  out.state_transition_reason = "User action";
  auto& failure = out.destination_config.emplace().on_failure.emplace();
  if (!settings.on_failure.empty()) failure.destination = settings.on_failure;
  out.maximum_record_age_in_seconds = settings.max_age_s;
  out.bisect_batch_on_function_error = settings.bisects;
  out.maximum_retry_attempts = settings.max_retries;
  out.tumbling_window_in_seconds = 0;
  auto& types = out.function_response_types.emplace();
  if (settings.reports_failures) types.emplace_back("ReportBatchItemFailures");
  if (!settings.filters.empty()) {
    auto& filters = out.filter_criteria.emplace().filters.emplace();
    for (const auto& pattern : settings.filters) filters.emplace_back().pattern = pattern;
  }
  if (!settings.metrics.empty()) out.metrics_config.emplace().metrics = settings.metrics;
  out.event_source_mapping_arn = mapping.arn();
  return out;
}

std::string_view state_of(const Mapping& mapping, const Pollers& pollers) {
  switch (pollers.doing(mapping)) {
    case Pollers::Doing::kUpdating: return "Updating";
    case Pollers::Doing::kDisabling: return "Disabling";
    case Pollers::Doing::kSettled: break;
  }
  return mapping.enabled ? "Enabled" : "Disabled";
}

// What a client must have set for a stream of a table, as the service checks it.
wire::Reply<StartAt> check_source(const lambda::CreateEventSourceMappingRequest& request) {
  if (!request.event_source_arn || request.self_managed_event_source)
    return invalid_parameter("Unrecognized event source.");
  const auto& text = *request.event_source_arn;
  const auto arn = Arn::parse(text);
  if (arn && arn->service == "sqs") {
    return invalid_parameter(
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error "
        "Message: The specified queue does not exist or you do not have access to it.");
  }
  const bool stream = arn && arn->service == "dynamodb" && arn->resource.find("/stream/") != std::string::npos;
  if (!stream && arn && arn->service == "kinesis") return invalid_parameter("Stream not found: " + text);
  if (!stream) return invalid_parameter("Unsupported source arn : " + text);
  if (request.topics) return invalid_parameter("Unsupported Topics parameter for given event source mapping type.");
  if (request.queues) return invalid_parameter("Unsupported Queues parameter for given event source mapping type.");
  if (!request.starting_position) {
    return invalid_parameter(
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not "
        "be null.");
  }
  const auto& position = *request.starting_position;
  if (position == "AT_TIMESTAMP") return invalid_parameter("Unsupported starting position for arn type: " + text);
  if (request.starting_position_timestamp)
    return invalid_parameter("Timestamp only valid with StartingPosition AT_TIMESTAMP");
  return position == "LATEST" ? StartAt::kLatest : StartAt::kOldest;
}

struct NamedFunction {
  functions::FunctionRef ref;
  std::string arn, region;
};

// The function, or what of it, that a request names. It must be there.
LambdaReply<NamedFunction> named(functions::Registry& registry, wire::Call call, std::string name) {
  GUST_CO_TRY(const auto ref, own_version(call, name, std::nullopt));
  const auto function = co_await registry.get_version(ref);
  if (!function && function.error().code == Code::kNotFound) co_return invalid_parameter("Function does not exist");
  if (!function) co_return std::unexpected(wire::Fault(function.error()));
  co_return NamedFunction{ref, ref.arn(function->region), function->region};
}

LambdaReply<void> check_bucket(functions::RecordStore& records, wire::Call call, std::string arn) {
  if (arn.empty()) co_return wire::Reply<void>{};
  GUST_CO_TRY(const auto parsed, Arn::parse(arn));
  const auto found = co_await records.check(call.context.principal.account, parsed.resource);
  if (found) co_return wire::Reply<void>{};
  co_return invalid_parameter(fmt::format(
      "The provided destination config DestinationConfig(onFailure=OnFailure(destination={})) is invalid: {}", arn,
      found.error().message));
}

// As the service says what Mappings found.
wire::Fault said_of(const Error& error, const std::string& source_arn, const std::string& function) {
  if (error.source == "stream" && error.code == Code::kNotFound)
    return invalid_parameter("Stream not found: " + source_arn).error();
  if (error.source == "stream" && error.code == Code::kDenied) {
    return invalid_parameter(fmt::format(
                                 "Cannot access stream {}. Please ensure the role can perform the GetRecords, "
                                 "GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.",
                                 source_arn))
        .error();
  }
  if (error.source != "mapping" || error.code != Code::kAlreadyExists) return wire::Fault(error);
  return wire::Fault(Error{Code::kAlreadyExists,
                           fmt::format("The event source arn (\" {} \") and function (\" {} \") provided mapping "
                                       "already exists. Please update or delete the existing mapping with UUID {}",
                                       source_arn, function, error.message),
                           "mapping"});
}

struct Sources {
  functions::Registry& registry;
  functions::RecordStore& records;
  Mappings& mappings;
  Pollers& pollers;
};

LambdaReply<lambda::EventSourceMappingConfiguration> create(Sources parts, wire::Call call,
                                                            lambda::CreateEventSourceMappingRequest request) {
  Mapping wanted;
  GUST_CO_TRY(wanted.start, check_source(request));
  GUST_CO_TRY(const auto given, settings_of(request));
  apply_settings(given, wanted.settings);
  if (request.tags) {
    GUST_CO_CHECK(check_tags(*request.tags));
    wanted.tags = *request.tags;
  }
  GUST_CO_TRY(const auto function, co_await named(parts.registry, call, request.function_name));
  GUST_CO_CHECK(co_await check_bucket(parts.records, call, wanted.settings.on_failure));
  wanted.account = call.context.principal.account;
  wanted.region = function.region;
  wanted.source_arn = *request.event_source_arn;
  wanted.function_arn = function.arn;
  wanted.enabled = request.enabled.value_or(true);
  const auto made = co_await parts.mappings.create(wanted);
  if (!made) co_return std::unexpected(said_of(made.error(), wanted.source_arn, function.ref.key.name.str()));
  co_return to_answer(*made, "Creating", std::string(event_sources::kNothingYet));
}

LambdaReply<lambda::EventSourceMappingConfiguration> update(Sources parts, wire::Call call,
                                                            lambda::UpdateEventSourceMappingRequest request) {
  GUST_CO_TRY(const auto given, settings_of(request));
  GUST_CO_TRY(const auto before, co_await parts.mappings.find(call.context.principal.account, request.uuid));
  NamedFunction function{{}, before.function_arn, before.region};
  if (request.function_name) {
    GUST_CO_TRY(function, co_await named(parts.registry, call, *request.function_name));
  }
  if (given.destinations && given.destinations->on_failure) {
    auto bucket = given.destinations->on_failure->destination.value_or("");
    GUST_CO_CHECK(co_await check_bucket(parts.records, call, std::move(bucket)));
  }
  Mappings::Change change = [given, function, enabled = request.enabled](Mapping& mapping) -> Result<void> {
    apply_settings(given, mapping.settings);
    mapping.function_arn = function.arn;
    mapping.enabled = enabled.value_or(mapping.enabled);
    return {};
  };
  const auto after = co_await parts.mappings.update(before.account, before.id, std::move(change));
  if (!after) co_return std::unexpected(said_of(after.error(), before.source_arn, function.ref.key.name.str()));
  std::string_view state = "Updating";
  if (after->enabled != before.enabled) state = after->enabled ? "Enabling" : "Disabling";
  GUST_CO_TRY(auto result, co_await parts.pollers.last_result(*after));
  co_return to_answer(*after, state, std::move(result));
}

LambdaReply<lambda::EventSourceMappingConfiguration> get(Sources parts, wire::Call call,
                                                         lambda::GetEventSourceMappingRequest request) {
  GUST_CO_TRY(const auto mapping, co_await parts.mappings.find(call.context.principal.account, request.uuid));
  GUST_CO_TRY(auto result, co_await parts.pollers.last_result(mapping));
  co_return to_answer(mapping, state_of(mapping, parts.pollers), std::move(result));
}

LambdaReply<lambda::EventSourceMappingConfiguration> remove(Sources parts, wire::Call call,
                                                            lambda::DeleteEventSourceMappingRequest request) {
  GUST_CO_TRY(const auto mapping, co_await parts.mappings.find(call.context.principal.account, request.uuid));
  GUST_CO_TRY(auto result, co_await parts.pollers.last_result(mapping));
  GUST_CO_TRY(const auto gone, co_await parts.mappings.remove(mapping.account, mapping.id));
  co_return to_answer(gone, "Deleting", std::move(result));
}

LambdaReply<lambda::ListEventSourceMappingsResponse> list(Sources parts, wire::Call call,
                                                          lambda::ListEventSourceMappingsRequest request) {
  Mappings::Wanted wanted{call.context.principal.account};
  wanted.source_arn = request.event_source_arn.value_or("");
  wanted.after = request.marker.value_or("");
  wanted.limit = std::min<std::size_t>(static_cast<std::size_t>(request.max_items.value_or(100)), kMostListed);
  if (request.function_name) {
    GUST_CO_TRY(const auto ref, own_version(call, *request.function_name, std::nullopt));
    // A function that is gone may have mappings still.
    const auto function = co_await parts.registry.get(ref.key);
    wanted.function_arn = ref.arn(function ? function->region : call.context.region);
  }
  GUST_CO_TRY(const auto found, co_await parts.mappings.list(std::move(wanted)));
  lambda::ListEventSourceMappingsResponse out;
  auto& mappings = out.event_source_mappings.emplace();
  for (const auto& mapping : found.mappings) {
    GUST_CO_TRY(auto result, co_await parts.pollers.last_result(mapping));
    mappings.push_back(to_answer(mapping, state_of(mapping, parts.pollers), std::move(result)));
  }
  if (found.more) out.next_marker = found.mappings.back().id;
  co_return out;
}

}  // namespace

void LambdaService::add_event_source_operations() {
  const Sources parts{registry_, records_, mappings_, pollers_};
  service_.on<lambda::CreateEventSourceMapping>(
      [parts](auto call, auto request) { return create(parts, std::move(call), std::move(request)); });
  service_.on<lambda::UpdateEventSourceMapping>(
      [parts](auto call, auto request) { return update(parts, std::move(call), std::move(request)); });
  service_.on<lambda::GetEventSourceMapping>(
      [parts](auto call, auto request) { return get(parts, std::move(call), std::move(request)); });
  service_.on<lambda::DeleteEventSourceMapping>(
      [parts](auto call, auto request) { return remove(parts, std::move(call), std::move(request)); });
  service_.on<lambda::ListEventSourceMappings>(
      [parts](auto call, auto request) { return list(parts, std::move(call), std::move(request)); });
}

}  // namespace gust::api
