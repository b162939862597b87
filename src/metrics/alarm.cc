#include "metrics/alarm.h"

#include "codec/json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace gust::metrics {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 3> kStates = {"INSUFFICIENT_DATA", "OK", "ALARM"};
constexpr std::array<std::string_view, 4> kComparisons = {
    "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"};
constexpr std::array<std::string_view, 4> kMissing = {"missing", "ignore", "breaching", "notBreaching"};
constexpr std::array<std::string_view, 3> kKinds = {"ConfigurationUpdate", "StateUpdate", "Action"};

template <typename E, std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, E value) {
  return names[static_cast<std::size_t>(value)];
}

template <typename E, std::size_t N>
std::optional<E> find_in(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<E>(found - names.begin());
}

json::array texts(const std::vector<std::string>& from) {
  json::array out;
  for (const auto& text : from) out.emplace_back(text);
  return out;
}

json::object pairs(const Dimensions& from) {
  json::object out;
  for (const auto& [name, value] : from) out[name] = value;
  return out;
}

// Reads a row; whatever is not there is an exception, which decoding turns into kCorrupt.
struct Row {
  const json::object& o;

  std::string word(const char* name) const { return std::string(o.at(name).as_string()); }
  std::int64_t number(const char* name) const { return o.at(name).as_int64(); }
  WallTime time(const char* name) const { return from_epoch_ms(number(name)); }
  std::optional<std::string> maybe(const char* name) const {
    return o.contains(name) ? std::optional(word(name)) : std::nullopt;
  }
  std::vector<std::string> words(const char* name) const {
    std::vector<std::string> out;
    for (const auto& text : o.at(name).as_array()) out.emplace_back(text.as_string());
    return out;
  }
  Dimensions map(const char* name) const {
    Dimensions out;
    for (const auto& [key, value] : o.at(name).as_object()) out.emplace(key, std::string(value.as_string()));
    return out;
  }
};

template <typename T>
T need(std::optional<T> found) {
  if (!found) throw std::invalid_argument("a name that means nothing");
  return *std::move(found);
}

Alarm read_alarm(const Row& row) {
  Alarm out;
  out.name = row.word("name");
  out.region = row.word("region");
  out.description = row.maybe("description");
  out.actions = row.o.at("actions").as_bool() ? Alarm::Actions::kEnabled : Alarm::Actions::kDisabled;
  out.on_ok = row.words("on_ok");
  out.on_alarm = row.words("on_alarm");
  out.on_insufficient_data = row.words("on_insufficient_data");
  out.metric = {AccountId(row.word("account")), row.word("namespace"), row.word("metric"), row.map("dimensions")};
  if (const auto unit = row.maybe("unit")) out.unit = need(parse_unit(*unit));
  auto statistic = parse_statistic(row.word("statistic"));
  if (!statistic) throw std::invalid_argument("the statistic");
  out.statistic = *std::move(statistic);
  out.period_s = static_cast<std::int32_t>(row.number("period_s"));
  out.evaluation_periods = static_cast<std::int32_t>(row.number("evaluation_periods"));
  if (row.o.contains("datapoints_to_alarm"))
    out.datapoints_to_alarm = static_cast<std::int32_t>(row.number("datapoints_to_alarm"));
  out.threshold = row.o.at("threshold").to_number<double>();
  out.comparison = need(parse_comparison(row.word("comparison")));
  if (const auto missing = row.maybe("missing")) out.missing = need(parse_missing(*missing));
  out.tags = row.map("tags");
  out.state = need(parse_state(row.word("state")));
  out.reason = row.word("reason");
  out.reason_data = row.word("reason_data");
  out.configured_at = row.time("configured_ms");
  out.updated_at = row.time("updated_ms");
  out.changed_at = row.time("changed_ms");
  return out;
}

}  // namespace

const std::vector<std::string>& Alarm::actions_of(State of) const {
  return of == State::kOk ? on_ok : of == State::kAlarm ? on_alarm : on_insufficient_data;
}

std::string_view state_name(Alarm::State state) { return name_in(kStates, state); }
std::optional<Alarm::State> parse_state(std::string_view name) { return find_in<Alarm::State>(kStates, name); }
std::string_view comparison_name(Alarm::Comparison comparison) { return name_in(kComparisons, comparison); }
std::optional<Alarm::Comparison> parse_comparison(std::string_view name) {
  return find_in<Alarm::Comparison>(kComparisons, name);
}
std::string_view missing_name(Alarm::Missing missing) { return name_in(kMissing, missing); }
std::optional<Alarm::Missing> parse_missing(std::string_view name) { return find_in<Alarm::Missing>(kMissing, name); }
std::string_view kind_name(HistoryItem::Kind kind) { return name_in(kKinds, kind); }
std::optional<HistoryItem::Kind> parse_history_kind(std::string_view name) {
  return find_in<HistoryItem::Kind>(kKinds, name);
}

std::string alarm_arn(const Alarm& alarm) {
  return fmt::format("arn:aws:cloudwatch:{}:{}:alarm:{}", alarm.region, alarm.account(), alarm.name);
}

std::string encode(const Alarm& alarm) {
  json::object out{{"name", alarm.name},
                   {"account", alarm.account().str()},
                   {"region", alarm.region},
                   {"actions", alarm.actions == Alarm::Actions::kEnabled},
                   {"on_ok", texts(alarm.on_ok)},
                   {"on_alarm", texts(alarm.on_alarm)},
                   {"on_insufficient_data", texts(alarm.on_insufficient_data)},
                   {"namespace", alarm.metric.name_space},
                   {"metric", alarm.metric.name},
                   {"dimensions", pairs(alarm.metric.dimensions)},
                   {"statistic", alarm.statistic.name},
                   {"period_s", alarm.period_s},
                   {"evaluation_periods", alarm.evaluation_periods},
                   {"threshold", alarm.threshold},
                   {"comparison", comparison_name(alarm.comparison)},
                   {"tags", pairs(alarm.tags)},
                   {"state", state_name(alarm.state)},
                   {"reason", alarm.reason},
                   {"reason_data", alarm.reason_data},
                   {"configured_ms", to_epoch_ms(alarm.configured_at)},
                   {"updated_ms", to_epoch_ms(alarm.updated_at)},
                   {"changed_ms", to_epoch_ms(alarm.changed_at)}};
  if (alarm.description) out["description"] = *alarm.description;
  if (alarm.unit) out["unit"] = unit_name(*alarm.unit);
  if (alarm.datapoints_to_alarm) out["datapoints_to_alarm"] = *alarm.datapoints_to_alarm;
  if (alarm.missing) out["missing"] = missing_name(*alarm.missing);
  return codec::to_json(out);
}

Result<Alarm> decode_alarm(std::string_view text) {
  const auto document = codec::parse_json(text);
  try {
    return read_alarm(Row{document.value().as_object()});
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, fmt::format("an alarm's row is not what was written: {}", e.what()), "alarm");
  }
}

std::string encode(const HistoryItem& item) {
  return codec::to_json(json::object{{"alarm", item.alarm},
                                     {"at_ms", to_epoch_ms(item.at)},
                                     {"kind", kind_name(item.kind)},
                                     {"summary", item.summary},
                                     {"data", item.data}});
}

Result<HistoryItem> decode_history(std::string_view text) {
  const auto document = codec::parse_json(text);
  try {
    const Row row{document.value().as_object()};
    return HistoryItem{row.word("alarm"), row.time("at_ms"), need(parse_history_kind(row.word("kind"))),
                       row.word("summary"), row.word("data")};
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, fmt::format("an alarm's history is not what was written: {}", e.what()), "alarm");
  }
}

}  // namespace gust::metrics
