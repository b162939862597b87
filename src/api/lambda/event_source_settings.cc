#include "api/lambda/event_source_settings.h"

#include "events/pattern.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

constexpr std::size_t kMaxFilters = 10;  // the service's limit, where it was raised

wire::Reply<void> check_filters(const lambda::FilterCriteria& criteria) {
  if (!criteria.filters) return {};
  if (criteria.filters->size() > kMaxFilters) {
    return invalid_parameter(fmt::format("Exceeded maximum number of filters. Maximum allowed: {}, given: {}",
                                         kMaxFilters, criteria.filters->size()));
  }
  for (const auto& filter : *criteria.filters) {
    if (!events::Pattern::parse(filter.pattern.value_or("")))
      return invalid_parameter("Invalid filter pattern definition.");
  }
  return {};
}

wire::Reply<void> check_destinations(const lambda::DestinationConfig& destinations) {
  if (destinations.on_success)
    return invalid_parameter("Unsupported DestinationConfig parameter for given event source mapping type.");
  const auto arn = destinations.on_failure ? destinations.on_failure->destination.value_or("") : "";
  if (arn.empty()) return {};
  const auto parsed = Arn::parse(arn);
  if (parsed && parsed->service == "s3" && !parsed->resource.empty()) return {};
  return invalid_parameter(fmt::format(
      "The provided destination config DestinationConfig(onFailure=OnFailure(destination={})) is invalid: buckets are "
      "the destinations of event source mappings that are served yet",
      arn));
}

}  // namespace

wire::Reply<void> check_settings(const EventSourceSettings& given) {
  if (given.max_age_s && *given.max_age_s != -1 && *given.max_age_s < 60) {
    return invalid_parameter(
        "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)");
  }
  if (given.tumbling_s.value_or(0) != 0) return lambda_not_served("TumblingWindowInSeconds");
  if (given.filters) GUST_CHECK(check_filters(*given.filters));
  if (given.destinations) return check_destinations(*given.destinations);
  return {};
}

void apply_settings(const EventSourceSettings& given, event_sources::Settings& settings) {
  if (given.batch_size) settings.batch_size = static_cast<std::uint32_t>(*given.batch_size);
  if (given.window_s) settings.window_s = static_cast<std::uint32_t>(*given.window_s);
  if (given.lanes) settings.lanes = static_cast<std::uint32_t>(*given.lanes);
  if (given.max_age_s) settings.max_age_s = *given.max_age_s;
  if (given.max_retries) settings.max_retries = *given.max_retries;
  if (given.bisects) settings.bisects = *given.bisects;
  if (given.response_types) settings.reports_failures = !given.response_types->empty();
  if (given.metrics) settings.metrics = given.metrics->metrics.value_or(std::vector<std::string>());
  if (given.filters) {
    settings.filters.clear();
    for (const auto& filter : given.filters->filters.value_or(std::vector<lambda::Filter>()))
      settings.filters.push_back(filter.pattern.value_or(""));
  }
  if (given.destinations) {
    const auto& on_failure = given.destinations->on_failure;
    settings.on_failure = on_failure ? on_failure->destination.value_or("") : "";
  }
}

}  // namespace gust::api
