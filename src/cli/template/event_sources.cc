// Event source mappings of functions: events of SAM's Type DynamoDB, and the plain ones of CloudFormation.
#include "cli/template/evaluator.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::cli {
namespace {

// What goes to the wire under its own name.
const std::vector<std::string_view> kSettings = {"StartingPosition",
                                                 "StartingPositionTimestamp",
                                                 "BatchSize",
                                                 "MaximumBatchingWindowInSeconds",
                                                 "ParallelizationFactor",
                                                 "BisectBatchOnFunctionError",
                                                 "MaximumRetryAttempts",
                                                 "MaximumRecordAgeInSeconds",
                                                 "FunctionResponseTypes",
                                                 "FilterCriteria",
                                                 "DestinationConfig",
                                                 "Enabled",
                                                 "TumblingWindowInSeconds",
                                                 "MetricsConfig"};

std::vector<std::string_view> with(std::vector<std::string_view> names, std::initializer_list<std::string_view> more) {
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

}  // namespace

Result<void> Evaluator::add_event_source(FunctionSpec& function, const std::string& what, const Node& source,
                                         const Node& properties) {
  if (!source.is_scalar())
    return resolver_->error(properties.line, fmt::format("{} needs the ARN of a stream", what));
  const auto same = [&](const auto& there) { return there.source_arn == source.text; };
  if (std::ranges::any_of(function.event_sources, same))
    return resolver_->error(source.line, fmt::format("{} has a stream that another of its function has", what));
  EventSourceSpec out{source.text, Node::map(properties.line)};
  for (const auto name : kSettings) {
    const auto& value = properties[name];
    if (!value.absent() && value.kind != Node::Kind::kNull) out.settings.set(std::string(name), value);
  }
  if (!out.settings["StartingPosition"].is_scalar())
    return resolver_->error(properties.line, fmt::format("{} needs a StartingPosition", what));
  if (auto* destinations = out.settings.find("DestinationConfig")) {
    for (auto& [name, destination] : destinations->fields)
      std::erase_if(destination.fields, [](const auto& f) { return f.first == "Type"; });
  }
  function.event_sources.push_back(std::move(out));
  return {};
}

Result<void> Evaluator::stream_event(const std::string& function_id, const std::string& name, const Node& properties) {
  GUST_CHECK(only(function_id, properties, with(kSettings, {"Stream"}), {}));
  GUST_TRY(const auto value, resolver_->resolve(properties));
  auto* function = find_function(function_id);
  return add_event_source(*function, fmt::format("the event {} of {}", name, function_id), value["Stream"], value);
}

Result<void> Evaluator::event_source(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(only(logical_id, *raw, with(kSettings, {"FunctionName", "EventSourceArn"}), {"Tags"}));
  GUST_TRY(const auto value, resolver_->resolve(*raw));
  const auto& name = value["FunctionName"].text;
  const auto it = std::ranges::find_if(out_.functions, [&](const auto& f) {
    return f.name == name || function_arn(f.name) == name || (!f.alias.empty() && target_arn(f) == name);
  });
  if (it == out_.functions.end()) {
    return resolver_->error(
        node.line, fmt::format("{} is for the function '{}', which is not of this template", logical_id, name));
  }
  return add_event_source(*it, logical_id, value["EventSourceArn"], value);
}

}  // namespace gust::cli
