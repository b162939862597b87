#include "api/dynamodb/expressions.h"

#include "api/dynamodb/attribute_value.h"
#include "api/dynamodb/shared.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace gust::api {
namespace {

namespace json = boost::json;
using tables::ConditionalOperator;

// In the order in which the service tells them.
constexpr std::string_view kLegacy[] = {"AttributesToGet", "AttributeUpdates",    "QueryFilter",  "ScanFilter",
                                        "Expected",        "ConditionalOperator", "KeyConditions"};
constexpr std::string_view kExpressions[] = {"ProjectionExpression", "FilterExpression", "UpdateExpression",
                                             "ConditionExpression", "KeyConditionExpression"};

template <std::size_t N>
std::vector<std::string_view> given(const Object& body, const std::string_view (&names)[N]) {
  std::vector<std::string_view> out;
  for (const auto name : names) {
    if (member(body, name) != nullptr) out.push_back(name);
  }
  return out;
}

// Which of the expressions that take values an operation has: none of them is there.
std::string without_expressions(Expressions::Of of) {
  switch (of) {
    case Expressions::Of::kUpdate: return "UpdateExpression and ConditionExpression are null";
    case Expressions::Of::kQuery: return "FilterExpression and KeyConditionExpression are null";
    case Expressions::Of::kScan: return "FilterExpression is null";
    default: return "ConditionExpression is null";
  }
}

}  // namespace

Result<void> Expressions::check_styles(const Object& body, Of of) {
  auto legacy = given(body, kLegacy);
  const auto expressions = given(body, kExpressions);
  // The older conditions on keys go with an expression that filters.
  if (member(body, "KeyConditionExpression") == nullptr) std::erase(legacy, "KeyConditions");
  if (!legacy.empty() && !expressions.empty()) {
    return bad_request(fmt::format(
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
        "{{{}}} Expression parameters: {{{}}}",
        fmt::join(legacy, ", "), fmt::join(expressions, ", ")));
  }
  if (expressions.empty() && member(body, "ExpressionAttributeNames") != nullptr)
    return bad_request("ExpressionAttributeNames can only be specified when using expressions");
  const bool takes_values = std::ranges::any_of(expressions, [](auto name) { return name != kExpressions[0]; });
  if (!takes_values && member(body, "ExpressionAttributeValues") != nullptr) {
    return bad_request("ExpressionAttributeValues can only be specified when using expressions: " +
                       without_expressions(of));
  }
  return {};
}

namespace {

Result<std::optional<tables::Placeholders::Names>> names_of(const Object& body) {
  const auto* given = member(body, "ExpressionAttributeNames");
  if (given == nullptr) return std::nullopt;
  tables::Placeholders::Names out;
  for (const auto& [key, name] : given->get_object()) {
    if (name.is_string()) out.emplace(std::string(key), std::string(name.get_string()));
  }
  return out;
}

Result<std::optional<tables::Placeholders::Values>> attribute_values_of(const Object& body) {
  const auto* given = member(body, "ExpressionAttributeValues");
  if (given == nullptr) return std::nullopt;
  tables::Placeholders::Values out;
  for (const auto& [key, json] : given->get_object()) {
    auto value = value_from(json);
    if (!value && value.error().source == "request") {
      return bad_request(fmt::format("ExpressionAttributeValues contains invalid value: {} for key {}",
                                     value.error().message, std::string_view(key)));
    }
    if (!value) return std::unexpected(value.error());
    out.emplace(std::string(key), *std::move(value));
  }
  return out;
}

Result<ConditionalOperator> operator_of(const Object& body, std::size_t conditions) {
  const auto* given = member(body, "ConditionalOperator");
  if (given == nullptr) return ConditionalOperator::kAnd;
  if (conditions == 0) return bad_request("ConditionalOperator cannot be used without Filter or Expected");
  if (conditions == 1)
    return bad_request("ConditionalOperator can only be used when Filter or Expected has two or more elements");
  return given->get_string() == "OR" ? ConditionalOperator::kOr : ConditionalOperator::kAnd;
}

Result<tables::LegacyConditions> conditions_of(const json::value& given) {
  tables::LegacyConditions out;
  for (const auto& [name, json] : given.get_object()) {
    if (!json.is_object()) continue;
    tables::LegacyCondition condition{std::string(text_of(json.get_object(), "ComparisonOperator"))};
    if (const auto* values = member(json.get_object(), "AttributeValueList")) {
      GUST_TRY(condition.values, values_from(*values));
    }
    out.emplace(std::string(name), std::move(condition));
  }
  return out;
}

Result<tables::ExpectedValue> expected_of(const Object& given) {
  using Exists = tables::ExpectedValue::Exists;
  tables::ExpectedValue out;
  if (const auto* comparison = member(given, "ComparisonOperator")) out.comparison = comparison->get_string();
  if (const auto* value = member(given, "Value")) {
    GUST_TRY(out.value, value_from(*value));
  }
  if (const auto* values = member(given, "AttributeValueList")) {
    GUST_TRY(out.values, values_from(*values));
  }
  if (const auto exists = flag_of(given, "Exists")) out.exists = *exists ? Exists::kTrue : Exists::kFalse;
  return out;
}

}  // namespace

Result<Expressions> Expressions::of(const Object& body) {
  Expressions out(body);
  GUST_TRY(auto names, names_of(body));
  GUST_TRY(auto values, attribute_values_of(body));
  GUST_TRY(out.placeholders_, tables::Placeholders::of(std::move(names), std::move(values)));
  return out;
}

Result<std::optional<tables::ConditionExpression>> Expressions::condition() {
  if (const auto* text = member(*body_, "ConditionExpression"))
    return tables::parse_condition(tables::ExpressionKind::kCondition, text->get_string(), placeholders_);
  const auto* given = member(*body_, "Expected");
  tables::ExpectedValues expected;
  if (given != nullptr) {
    for (const auto& [name, json] : given->get_object()) {
      if (!json.is_object()) continue;
      GUST_TRY(auto one, expected_of(json.get_object()));
      expected.emplace(std::string(name), std::move(one));
    }
  }
  GUST_TRY(const auto joined, operator_of(*body_, expected.size()));
  if (expected.empty()) return std::nullopt;
  return tables::condition_of(expected, joined);
}

Result<std::optional<tables::ConditionExpression>> Expressions::filter(std::string_view legacy) {
  if (const auto* text = member(*body_, "FilterExpression"))
    return tables::parse_condition(tables::ExpressionKind::kFilter, text->get_string(), placeholders_);
  const auto* given = member(*body_, legacy);
  tables::LegacyConditions conditions;
  if (given != nullptr) {
    GUST_TRY(conditions, conditions_of(*given));
  }
  GUST_TRY(const auto joined, operator_of(*body_, conditions.size()));
  if (conditions.empty()) return std::nullopt;
  return tables::filter_of(conditions, joined);
}

Result<std::optional<tables::Projection>> Expressions::projection() {
  if (const auto* text = member(*body_, "ProjectionExpression"))
    return tables::parse_projection(text->get_string(), placeholders_);
  const auto* given = member(*body_, "AttributesToGet");
  if (given == nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& name : given->get_array()) {
    if (name.is_string()) names.emplace_back(name.get_string());
  }
  return tables::projection_of(names);
}

Result<std::optional<tables::UpdateExpression>> Expressions::update() {
  if (const auto* text = member(*body_, "UpdateExpression"))
    return tables::parse_update(text->get_string(), placeholders_);
  const auto* given = member(*body_, "AttributeUpdates");
  if (given == nullptr || given->get_object().empty()) return std::nullopt;
  tables::AttributeUpdates updates;
  for (const auto& [name, json] : given->get_object()) {
    if (!json.is_object()) continue;
    tables::AttributeUpdate update{std::string(text_of(json.get_object(), "Action", "PUT"))};
    if (const auto* value = member(json.get_object(), "Value")) {
      GUST_TRY(update.value, value_from(*value));
    }
    updates.emplace(std::string(name), std::move(update));
  }
  return tables::update_of(updates);
}

Result<std::optional<tables::KeyConditionExpression>> Expressions::key_condition() {
  if (const auto* text = member(*body_, "KeyConditionExpression"))
    return tables::parse_key_condition(text->get_string(), placeholders_);
  const auto* given = member(*body_, "KeyConditions");
  if (given == nullptr) return std::nullopt;
  GUST_TRY(const auto conditions, conditions_of(*given));
  return tables::key_condition_of(conditions);
}

}  // namespace gust::api
