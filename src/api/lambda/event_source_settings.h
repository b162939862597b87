// What CreateEventSourceMapping and UpdateEventSourceMapping may set: what is checked, refused and applied. Any thread.
#pragma once

#include "api/lambda/shared.h"
#include "event_sources/mapping.h"

#include <optional>
#include <string>
#include <vector>

namespace gust::api {

// The same members in both requests.
struct EventSourceSettings {
  std::optional<std::int32_t> batch_size, window_s, lanes, max_age_s, max_retries, tumbling_s;
  std::optional<bool> bisects;
  std::optional<lambda::FilterCriteria> filters;
  std::optional<lambda::DestinationConfig> destinations;
  std::optional<std::vector<std::string>> response_types;
  std::optional<lambda::EventSourceMappingMetricsConfig> metrics;
};

// InvalidParameterValueException; the destination's bucket is not looked for.
wire::Reply<void> check_settings(const EventSourceSettings& given);
void apply_settings(const EventSourceSettings& given, event_sources::Settings& settings);

// Refuses what is of other sources than streams of tables, or not served.
template <typename Request>
wire::Reply<EventSourceSettings> settings_of(const Request& request) {
  const auto other = [](std::string_view member) {
    return invalid_parameter(fmt::format("Unsupported {} parameter for given event source mapping type.", member));
  };
  if (request.scaling_config) return other("ScalingConfig");
  if (request.source_access_configurations && !request.source_access_configurations->empty())
    return other("SourceAccessConfigurations");
  if (request.amazon_managed_kafka_event_source_config) return other("AmazonManagedKafkaEventSourceConfig");
  if (request.self_managed_kafka_event_source_config) return other("SelfManagedKafkaEventSourceConfig");
  if (request.document_db_event_source_config) return other("DocumentDBEventSourceConfig");
  if (request.provisioned_poller_config) return other("ProvisionedPollerConfig");
  if (request.logging_config) return other("LoggingConfig");
  if (request.kms_key_arn && !request.kms_key_arn->empty()) return lambda_not_served("KMSKeyArn");
  EventSourceSettings out{request.batch_size,
                          request.maximum_batching_window_in_seconds,
                          request.parallelization_factor,
                          request.maximum_record_age_in_seconds,
                          request.maximum_retry_attempts,
                          request.tumbling_window_in_seconds,
                          request.bisect_batch_on_function_error,
                          request.filter_criteria,
                          request.destination_config,
                          request.function_response_types,
                          request.metrics_config};
  GUST_CHECK(check_settings(out));
  return out;
}

}  // namespace gust::api
