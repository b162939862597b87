// Event source mappings of functions, as one of what a deploy sets.
#include "cli/deploy/deploy.h"
#include "cli/deploy/values.h"

#include "codec/url.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kPath = "/2015-03-31/event-source-mappings";
constexpr std::array<std::string_view, 7> kNumbers = {
    "BatchSize",           "MaximumBatchingWindowInSeconds", "ParallelizationFactor",    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds", "TumblingWindowInSeconds",  "StartingPositionTimestamp"};

std::string named(const std::string& function, const std::string& alias) {
  return alias.empty() ? function : function + ":" + alias;
}

// What an update sets back where a template says nothing.
json::object standard() {
  return {{"BatchSize", 100},
          {"MaximumBatchingWindowInSeconds", 0},
          {"ParallelizationFactor", 1},
          {"MaximumRetryAttempts", -1},
          {"MaximumRecordAgeInSeconds", -1},
          {"BisectBatchOnFunctionError", false},
          {"Enabled", true},
          {"FunctionResponseTypes", json::array()},
          {"FilterCriteria", json::object()},
          {"MetricsConfig", json::object()},
          {"DestinationConfig", json::object{{"OnFailure", json::object()}}}};
}

}  // namespace

Result<json::object> event_source_value(const EventSourceSpec& source) {
  auto out = standard();
  for (const auto& [name, value] : source.settings.fields) {
    if (contains(kNumbers, name)) {
      GUST_TRY(out[name], integer(value, name));
    } else if (name == "BisectBatchOnFunctionError" || name == "Enabled") {
      out[name] = value.text == "true";
    } else {
      out[name] = plain(value);
    }
  }
  return out;
}

Result<std::optional<json::object>> Services::read_event_source(const std::string& function, const std::string& alias,
                                                                const std::string& source_arn) {
  const auto path = fmt::format("{}?FunctionName={}&EventSourceArn={}", kPath,
                                codec::percent_encode(named(function, alias)), codec::percent_encode(source_arn));
  GUST_TRY(const auto answer, json_call("GET", "lambda", path, nullptr, "look for the event sources of " + function));
  const auto* list = answer.if_contains("EventSourceMappings");
  if (list == nullptr || !list->is_array() || list->get_array().empty()) return std::nullopt;
  const auto& found = list->get_array()[0].as_object();
  auto out = standard();
  for (auto& [name, value] : out) {
    if (const auto* there = found.if_contains(name); there != nullptr && !there->is_null()) value = *there;
  }
  for (const auto* name : {"UUID", "StartingPosition"}) out[name] = found.at(name);
  const auto* state = found.if_contains("State");
  out["Enabled"] = state == nullptr || !state->as_string().starts_with("Disabl");
  return out;
}

Result<void> Services::write_event_source(const std::string& function, const std::string& alias,
                                          const std::string& source_arn, const std::optional<json::object>& value) {
  const auto what = fmt::format("set the event source {} of {}", source_arn, function);
  GUST_TRY(const auto there, read_event_source(function, alias, source_arn));
  const auto path = there ? fmt::format("{}/{}", kPath, std::string_view(there->at("UUID").as_string())) : "";
  if (!value) {
    if (there) GUST_CHECK(json_call("DELETE", "lambda", path, nullptr, what));
    return {};
  }
  auto body = *value;
  body.erase("UUID");
  if (!there) {
    body["FunctionName"] = named(function, alias);
    body["EventSourceArn"] = source_arn;
    GUST_CHECK(json_call("POST", "lambda", std::string(kPath), &body, what));
    return {};
  }
  const auto* start = body.if_contains("StartingPosition");
  if (start != nullptr && *start != there->at("StartingPosition")) {
    // As a new one: where it begins cannot be changed.
    GUST_CHECK(json_call("DELETE", "lambda", path, nullptr, what));
    return write_event_source(function, alias, source_arn, value);
  }
  body.erase("StartingPosition");
  body.erase("StartingPositionTimestamp");
  GUST_CHECK(json_call("PUT", "lambda", path, &body, what));
  return {};
}

Result<void> Deploy::set_event_source(const std::string& function, const std::string& alias,
                                      const std::string& source_arn, const std::optional<json::object>& value) {
  GUST_TRY(auto was, services_.read_event_source(function, alias, source_arn));
  undo_.push_back({fmt::format("restore the event source {} of {}", source_arn, function),
                   [this, function, alias, source_arn, was = std::move(was)] {
                     return services_.write_event_source(function, alias, source_arn, was);
                   }});
  return services_.write_event_source(function, alias, source_arn, value);
}

std::vector<std::string> recorded_sources(const RecordEntry& entry) {
  std::vector<std::string> out;
  for (const auto& [part, digest] : entry.parts) {
    if (part.starts_with(kEventSourcePart)) out.push_back(part.substr(kEventSourcePart.size()));
  }
  return out;
}

// Those of before that are no longer wanted, or were of another alias, go first: a stream's place is its mapping's.
Result<void> Deploy::event_sources(const FunctionSpec& spec) {
  const auto it = before_.entries.find(spec.logical_id);
  if (it != before_.entries.end() && it->second.physical == spec.name) {
    const auto& alias = it->second.alias;
    for (const auto& source : recorded_sources(it->second)) {
      const auto same = [&](const auto& wanted) { return wanted.source_arn == source; };
      if (alias == spec.alias && std::ranges::any_of(spec.event_sources, same)) continue;
      GUST_CHECK(set_event_source(spec.name, alias, source, std::nullopt));
    }
  }
  for (const auto& source : spec.event_sources) {
    GUST_TRY(const auto value, event_source_value(source));
    GUST_CHECK(set_event_source(spec.name, spec.alias, source.source_arn, value));
  }
  return {};
}

}  // namespace gust::cli
