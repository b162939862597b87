#include "cli/deploy/tables.h"

#include "cli/deploy/values.h"
#include "codec/json.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr auto kGlobal = "GlobalSecondaryIndexes", kLocal = "LocalSecondaryIndexes", kStream = "StreamSpecification";

bool is_number(std::string_view name) { return name.ends_with("Units") || name.ends_with("UnitsPerSecond"); }
bool is_flag(std::string_view name) { return name.ends_with("Enabled"); }

// As plain(), with numbers and truths as such.
Result<json::value> typed(const Node& node, std::string_view name) {
  if (node.is_scalar() && is_number(name)) {
    GUST_TRY(const auto number, integer(node, name));
    return json::value(number);
  }
  if (node.is_scalar() && is_flag(name)) return json::value(node.text == "true" || node.text == "True");
  if (node.is_list()) {
    json::array out;
    for (const auto& item : node.items) {
      GUST_TRY(auto one, typed(item, ""));
      out.push_back(std::move(one));
    }
    return json::value(std::move(out));
  }
  if (!node.is_map()) return plain(node);
  json::object out;
  for (const auto& [field, value] : node.fields) {
    GUST_TRY(out[field], typed(value, field));
  }
  return json::value(std::move(out));
}

const json::value* find(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

json::object part(const json::value& from, std::initializer_list<std::string_view> names) {
  json::object out;
  for (const auto name : names) {
    if (const auto* value = find(from.get_object(), name)) out[name] = *value;
  }
  return out;
}

bool on_demand(const TableState& state) {
  const auto* mode = find(state.settings, "BillingMode");
  return mode != nullptr && mode->is_string() && mode->get_string() == "PAY_PER_REQUEST";
}

json::array indexes_of(const TableState& state, std::string_view kind) {
  const auto* list = find(state.settings, kind);
  return list == nullptr || !list->is_array() ? json::array() : list->get_array();
}

const json::object* named(const json::array& indexes, const json::value& name) {
  const auto at = std::ranges::find_if(indexes, [&](const json::value& one) { return one.at("IndexName") == name; });
  return at == indexes.end() ? nullptr : &at->get_object();
}

// What a key is: names, kinds and types of its attributes.
std::string key_text(const TableState& state, const json::object& of) {
  std::string out;
  const auto* schema = find(of, "KeySchema");
  const auto* definitions = find(state.settings, "AttributeDefinitions");
  if (schema == nullptr || definitions == nullptr) return out;
  for (const auto& element : schema->get_array()) {
    out += codec::to_json(part(element, {"AttributeName", "KeyType"}));
    for (const auto& one : definitions->get_array()) {
      if (one.at("AttributeName") == element.at("AttributeName"))
        out += codec::to_json(part(one, {"AttributeType"}));
    }
  }
  return out;
}

// The definition of an index that stays as long as it does.
std::string index_text(const TableState& state, const json::object& index) {
  std::vector<std::string> included;
  const auto& projection = index.at("Projection").get_object();
  if (const auto* names = find(projection, "NonKeyAttributes")) {
    for (const auto& name : names->get_array()) included.push_back(codec::to_json(name));
  }
  std::ranges::sort(included);
  std::string out = key_text(state, index) + codec::to_json(projection.at("ProjectionType"));
  for (const auto& name : included) out += name;
  return out;
}

json::array local_texts(const TableState& state) {
  std::vector<std::string> texts;
  for (const auto& index : indexes_of(state, kLocal)) {
    texts.push_back(codec::to_json(index.at("IndexName")) + index_text(state, index.get_object()));
  }
  std::ranges::sort(texts);
  json::array out;
  for (auto& text : texts) out.emplace_back(text);
  return out;
}

std::string stream_view(const TableState& state) {
  const auto* stream = find(state.settings, kStream);
  const auto* view = stream == nullptr ? nullptr : find(stream->get_object(), "StreamViewType");
  return view == nullptr ? "" : std::string(view->get_string());
}

// Billing and what goes with it, of the table and of its indexes that stay.
void change_capacity(const TableState& was, const TableState& wanted, json::object& update) {
  const bool switches = on_demand(was) != on_demand(wanted);
  if (switches) update["BillingMode"] = on_demand(wanted) ? "PAY_PER_REQUEST" : "PROVISIONED";
  for (const auto* name : {"ProvisionedThroughput", "OnDemandThroughput", "DeletionProtectionEnabled", "TableClass"}) {
    const auto* to = find(wanted.settings, name);
    const auto* from = find(was.settings, name);
    if (to != nullptr && (from == nullptr || *from != *to)) update[name] = *to;
    if (to == nullptr && from != nullptr && is_flag(name) && *from != json::value(false)) update[name] = false;
    if (to == nullptr && from != nullptr && name == std::string_view("TableClass")) update[name] = "STANDARD";
  }
  json::array indexes;
  const auto before = indexes_of(was, kGlobal);
  for (const auto& index : indexes_of(wanted, kGlobal)) {
    const auto* from = named(before, index.at("IndexName"));
    const auto to = part(index, {"ProvisionedThroughput", "OnDemandThroughput"});
    if (from == nullptr || to.empty() || part(*from, {"ProvisionedThroughput", "OnDemandThroughput"}) == to) continue;
    auto one = to;
    one["IndexName"] = index.at("IndexName");
    indexes.push_back(json::object{{"Update", std::move(one)}});
  }
  if (!indexes.empty()) update["GlobalSecondaryIndexUpdates"] = std::move(indexes);
}

json::object stream_update(std::string_view view) {
  json::object stream{{"StreamEnabled", !view.empty()}};
  if (!view.empty()) stream["StreamViewType"] = view;
  return {{kStream, std::move(stream)}};
}

Result<std::optional<TableState::Recovery>> recovery_of(const Node& specification) {
  const auto& enabled = specification["PointInTimeRecoveryEnabled"].text;
  if (enabled != "true" && enabled != "True") return std::nullopt;
  TableState::Recovery out;
  const auto& days = specification["RecoveryPeriodInDays"];
  if (days.absent()) return out;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(days.text.data(), days.text.data() + days.text.size(), number);
  if (error != std::errc() || end != days.text.data() + days.text.size()) {
    return fail(Code::kInvalid, fmt::format("RecoveryPeriodInDays is '{}', which is no number of days", days.text),
                "template");
  }
  out.days = number;
  return out;
}

}  // namespace

Result<TableState> table_state(const TableSpec& spec) {
  TableState out{.name = spec.name, .tags = spec.tags};
  for (const auto& [name, value] : spec.settings.fields) {
    if (name == "TimeToLiveSpecification") {
      if (value["Enabled"].text == "true" || value["Enabled"].text == "True")
        out.ttl_attribute = value["AttributeName"].text;
      continue;
    }
    if (name == "PointInTimeRecoverySpecification") {
      GUST_TRY(out.recovery, recovery_of(value));
      continue;
    }
    GUST_TRY(out.settings[name], typed(value, name));
  }
  // CloudFormation has no StreamEnabled: a view type says it.
  if (auto* stream = out.settings.if_contains(kStream); stream != nullptr && stream->is_object())
    *stream = stream_update(stream_view(out)).at(kStream);
  return out;
}

TableState table_state(const json::object& described) {
  TableState out;
  const auto text = [&](std::string_view name) {
    const auto* found = find(described, name);
    return found == nullptr ? std::string() : std::string(found->get_string());
  };
  out.name = text("TableName");
  out.arn = text("TableArn");
  out.settings = part(described, {"AttributeDefinitions", "KeySchema", kStream, "DeletionProtectionEnabled",
                                  "OnDemandThroughput"});
  const auto* billing = find(described, "BillingModeSummary");
  out.settings["BillingMode"] = billing == nullptr ? json::value("PROVISIONED") : billing->at("BillingMode");
  if (const auto* table_class = find(described, "TableClassSummary"))
    out.settings["TableClass"] = table_class->at("TableClass");
  if (out.settings.contains(kStream)) out.stream_arn = text("LatestStreamArn");
  const bool provisioned = !on_demand(out);
  if (provisioned)
    out.settings["ProvisionedThroughput"] =
        part(described.at("ProvisionedThroughput"), {"ReadCapacityUnits", "WriteCapacityUnits"});
  for (const auto* kind : {kGlobal, kLocal}) {
    const auto* list = find(described, kind);
    if (list == nullptr) continue;
    json::array indexes;
    for (const auto& one : list->get_array()) {
      auto index = part(one, {"IndexName", "KeySchema", "Projection", "OnDemandThroughput"});
      if (provisioned && kind == std::string_view(kGlobal))
        index["ProvisionedThroughput"] =
            part(one.at("ProvisionedThroughput"), {"ReadCapacityUnits", "WriteCapacityUnits"});
      indexes.push_back(std::move(index));
    }
    out.settings[kind] = std::move(indexes);
  }
  return out;
}

std::string needs_new_table(const TableState& was, const TableState& wanted) {
  if (key_text(was, was.settings) != key_text(wanted, wanted.settings)) return "another KeySchema";
  if (local_texts(was) != local_texts(wanted)) return "other LocalSecondaryIndexes";
  const auto before = indexes_of(was, kGlobal);
  for (const auto& index : indexes_of(wanted, kGlobal)) {
    const auto* from = named(before, index.at("IndexName"));
    if (from != nullptr && index_text(was, *from) != index_text(wanted, index.get_object()))
      return fmt::format("another index of the name {}", std::string_view(index.at("IndexName").get_string()));
  }
  return "";
}

std::vector<json::object> table_updates(const TableState& was, const TableState& wanted) {
  std::vector<json::object> out;
  const auto before = indexes_of(was, kGlobal), after = indexes_of(wanted, kGlobal);
  const auto change_index = [&](const char* action, json::object index) {
    json::object one{{action, std::move(index)}};
    out.push_back({{"GlobalSecondaryIndexUpdates", json::array{std::move(one)}}});
  };
  for (const auto& index : before) {
    if (named(after, index.at("IndexName")) == nullptr) change_index("Delete", part(index, {"IndexName"}));
  }
  json::object capacity;
  change_capacity(was, wanted, capacity);
  if (!capacity.empty()) out.push_back(std::move(capacity));
  const auto had = stream_view(was), wants = stream_view(wanted);
  if (had != wants && !had.empty()) out.push_back(stream_update(""));
  if (had != wants && !wants.empty()) out.push_back(stream_update(wants));
  for (const auto& index : after) {
    if (named(before, index.at("IndexName")) != nullptr) continue;
    change_index("Create", index.get_object());
    out.back()["AttributeDefinitions"] = wanted.settings.at("AttributeDefinitions");
  }
  for (auto& update : out) update["TableName"] = wanted.name;
  return out;
}

}  // namespace gust::cli
