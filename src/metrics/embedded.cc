#include "metrics/embedded.h"

#include "codec/json.h"
#include "metrics/limits.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::metrics {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxMetrics = 100, kMaxValues = 100;
constexpr std::size_t kMaxSamples = 10'000;  // of all sets of dimensions together

std::unexpected<Error> against(std::string what) { return fail(Code::kInvalid, std::move(what), "embedded"); }

Result<std::string> text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return against(fmt::format("'{}' is no text", name));
  std::string out(value->get_string());
  if (out.empty() || out.size() > kMaxName) return against(fmt::format("'{}' has no 1 to {} bytes", name, kMaxName));
  return out;
}

Result<const json::array*> list_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return against(fmt::format("'{}' is no list", name));
  return &value->get_array();
}

// The names of a set give the dimensions whose values are members of the event.
Result<Dimensions> dimensions_of(const json::object& event, const json::value& set) {
  if (!set.is_array()) return against("a set of dimensions is no list");
  if (set.get_array().size() > kMaxDimensions) return against(fmt::format("more than {} dimensions", kMaxDimensions));
  Dimensions out;
  for (const auto& name : set.get_array()) {
    if (!name.is_string()) return against("a dimension's name is no text");
    const auto* value = event.if_contains(name.get_string());
    if (value == nullptr || !value->is_string())
      return against(fmt::format("the dimension '{}' is no text", std::string_view(name.get_string())));
    const std::string_view text = value->get_string();
    if (name.get_string().empty() || name.get_string().size() > kMaxDimensionName || text.empty() ||
        text.size() > kMaxDimensionValue)
      return against("a dimension is empty or too long");
    out.emplace(name.get_string(), text);
  }
  return out;
}

Result<Summary> values_of(const json::object& event, const std::string& name) {
  const auto* found = event.if_contains(name);
  if (found == nullptr) return Summary{};  // the metric has no value this time
  Summary out;
  const auto add = [&](const json::value& value) {
    if (!value.is_number()) return false;
    const auto number = value.to_number<double>();
    if (!is_value(number)) return false;
    out.add(number);
    return true;
  };
  if (!found->is_array()) {
    if (!add(*found)) return against(fmt::format("'{}' is no number", name));
    return out;
  }
  if (found->get_array().size() > kMaxValues)
    return against(fmt::format("'{}' has more than {} values", name, kMaxValues));
  for (const auto& value : found->get_array()) {
    if (!add(value)) return against(fmt::format("a value of '{}' is no number", name));
  }
  return out;
}

// A metric as a directive defines it, without its dimensions.
Result<Sample> read_metric(const json::object& event, const json::value& definition) {
  if (!definition.is_object()) return against("a metric's definition is no object");
  const auto& o = definition.get_object();
  Sample out;
  GUST_TRY(out.metric.name, text_of(o, "Name"));
  if (const auto* unit = o.if_contains("Unit"); unit != nullptr) {
    const auto known = unit->is_string() ? parse_unit(unit->get_string()) : std::nullopt;
    if (!known) return against(fmt::format("the unit of '{}' is none of the service's", out.metric.name));
    out.unit = *known;
  }
  if (const auto* resolution = o.if_contains("StorageResolution"); resolution != nullptr) {
    if (!resolution->is_int64() || (resolution->get_int64() != 1 && resolution->get_int64() != 60))
      return against(fmt::format("the resolution of '{}' is neither 1 nor 60", out.metric.name));
    if (resolution->get_int64() == 1) out.resolution = Resolution::kSecond;
  }
  GUST_TRY(out.summary, values_of(event, out.metric.name));
  return out;
}

Result<void> read_directive(const json::object& event, const json::value& directive, const Sample& common,
                            std::vector<Sample>& out) {
  if (!directive.is_object()) return against("a directive is no object");
  const auto& o = directive.get_object();
  GUST_TRY(const auto name_space, text_of(o, "Namespace"));
  if (name_space.starts_with(':')) return against("the namespace begins with a colon");
  GUST_TRY(const auto* metrics, list_of(o, "Metrics"));
  if (metrics->size() > kMaxMetrics) return against(fmt::format("more than {} metrics", kMaxMetrics));
  std::vector<Dimensions> sets;
  if (const auto* given = o.if_contains("Dimensions"); given == nullptr) {
    sets.emplace_back();
  } else {
    if (!given->is_array()) return against("'Dimensions' is no list");
    for (const auto& set : given->get_array()) {
      GUST_TRY(auto dimensions, dimensions_of(event, set));
      sets.push_back(std::move(dimensions));
      if (sets.size() > kMaxSamples) return against("too many sets of dimensions");
    }
    if (sets.empty()) sets.emplace_back();
  }
  for (const auto& definition : *metrics) {
    GUST_TRY(auto sample, read_metric(event, definition));
    if (sample.summary.count == 0) continue;
    sample.metric.account = common.metric.account;
    sample.metric.name_space = name_space;
    sample.at = common.at;
    for (const auto& dimensions : sets) {
      if (out.size() == kMaxSamples) return against(fmt::format("more than {} values", kMaxSamples));
      out.push_back(sample);
      out.back().metric.dimensions = dimensions;
    }
  }
  return {};
}

}  // namespace

bool may_embed(std::string_view message) {
  return message.starts_with('{') && message.find("\"CloudWatchMetrics\"") != std::string_view::npos;
}

Result<std::vector<Sample>> read_embedded(const AccountId& account, std::string_view message, WallTime logged_at) {
  if (!may_embed(message)) return std::vector<Sample>();
  while (message.ends_with('\n') || message.ends_with('\r')) message.remove_suffix(1);
  GUST_TRY(const auto document, codec::parse_json(message));
  if (!document.is_object()) return std::vector<Sample>();
  const auto& event = document.get_object();
  const auto* head = event.if_contains("_aws");
  if (head == nullptr || !head->is_object()) return std::vector<Sample>();
  const auto& metadata = head->get_object();
  Sample common;
  common.metric.account = account;
  common.at = logged_at;
  if (const auto* time = metadata.if_contains("Timestamp"); time != nullptr) {
    if (!time->is_int64()) return against("'Timestamp' is no number of milliseconds");
    common.at = from_epoch_ms(time->get_int64());
  }
  if (!is_time(common.at, logged_at)) return against("the time is more than two weeks ago or two hours ahead");
  GUST_TRY(const auto* directives, list_of(metadata, "CloudWatchMetrics"));
  std::vector<Sample> out;
  for (const auto& directive : *directives) GUST_CHECK(read_directive(event, directive, common, out));
  return out;
}

}  // namespace gust::metrics
