#include "tables/expressions/placeholders.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace gust::tables {
namespace {

constexpr std::size_t kMaxKeyBytes = 255;

// `mark`, and then letters, digits and underscores.
bool is_placeholder(std::string_view key, char mark) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return key.size() > 1 && key.size() <= kMaxKeyBytes && key.front() == mark &&
         std::ranges::all_of(key.substr(1), allowed);
}

template <typename Map>
Result<void> check_keys(const Map& map, std::string_view parameter, char mark) {
  if (map.empty()) return refused(fmt::format("{} must not be empty", parameter));
  for (const auto& [key, _] : map)
    if (!is_placeholder(key, mark))
      return refused(fmt::format("{} contains invalid key: Syntax error; key: \"{}\"", parameter, key));
  return {};
}

}  // namespace

std::string_view name_of(ExpressionKind kind) {
  constexpr std::string_view kNames[] = {"ConditionExpression",  "FilterExpression",       "UpdateExpression",
                                         "ProjectionExpression", "KeyConditionExpression", "Statement"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::unexpected<Error> refused(std::string message) { return fail(Code::kInvalid, std::move(message), "expression"); }

Result<Placeholders> Placeholders::of(std::optional<Names> names, std::optional<Values> values) {
  Placeholders out;
  if (names) {
    GUST_CHECK(check_keys(*names, "ExpressionAttributeNames", '#'));
    out.names_ = std::move(*names);
    for (const auto& [key, _] : out.names_) out.unused_names_.insert(key);
  }
  if (values) {
    GUST_CHECK(check_keys(*values, "ExpressionAttributeValues", ':'));
    out.values_ = std::move(*values);
    for (const auto& [key, _] : out.values_) out.unused_values_.insert(key);
  }
  return out;
}

const std::string* Placeholders::name(std::string_view key) {
  const auto found = names_.find(key);
  if (found == names_.end()) return nullptr;
  unused_names_.erase(found->first);
  return &found->second;
}

const Value* Placeholders::value(std::string_view key) {
  const auto found = values_.find(key);
  if (found == values_.end()) return nullptr;
  unused_values_.erase(found->first);
  return &found->second;
}

Result<void> Placeholders::check_all_used() const {
  const auto unused = [](std::string_view parameter, const auto& keys) {
    return refused(fmt::format("Value provided in {} unused in expressions: keys: {{{}}}", parameter,
                               fmt::join(keys, ", ")));
  };
  if (!unused_names_.empty()) return unused("ExpressionAttributeNames", unused_names_);
  if (!unused_values_.empty()) return unused("ExpressionAttributeValues", unused_values_);
  return {};
}

}  // namespace gust::tables
