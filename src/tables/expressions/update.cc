#include "tables/expressions/update.h"

#include "tables/expressions/update_action.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace gust::tables {
namespace {

using Kind = UpdateAction::Kind;
using Rules = UpdateAction::Rules;

std::unexpected<Error> wrong_operand() {
  return refused("An operand in the update expression has an incorrect data type");
}

std::unexpected<Error> mismatch(Rules rules) {
  return rules == Rules::kLegacy ? refused("Type mismatch for attribute to update") : wrong_operand();
}

Result<Value> value_of(const UpdateValue& value, const Item& there);

Result<Value> sum_of(const UpdateValue& value, const Item& there) {
  GUST_TRY(const auto left, value_of(value.of[0], there));
  GUST_TRY(const auto right, value_of(value.of[1], there));
  const auto *first = left.as<Number>(), *second = right.as<Number>();
  if (!first || !second) return wrong_operand();
  GUST_TRY(auto sum, value.kind == UpdateValue::Kind::kPlus ? first->plus(*second) : first->minus(*second));
  return Value{std::move(sum)};
}

Result<Value> appended(const UpdateValue& value, const Item& there) {
  GUST_TRY(auto left, value_of(value.of[0], there));
  GUST_TRY(auto right, value_of(value.of[1], there));
  auto *first = left.as<List>(), *second = right.as<List>();
  if (!first || !second) return wrong_operand();
  std::ranges::move(*second, std::back_inserter(*first));
  return left;
}

Result<Value> value_of(const UpdateValue& value, const Item& there) {
  switch (value.kind) {
    case UpdateValue::Kind::kValue:
      return value.value;
    case UpdateValue::Kind::kPath:
      if (const auto* found = value.path.find(there)) return *found;
      return refused("The provided expression refers to an attribute that does not exist in the item");
    case UpdateValue::Kind::kIfNotExists:
      if (const auto* found = value.of[0].path.find(there)) return *found;
      return value_of(value.of[1], there);
    case UpdateValue::Kind::kListAppend:
      return appended(value, there);
    case UpdateValue::Kind::kPlus:
    case UpdateValue::Kind::kMinus:
      break;
  }
  return sum_of(value, there);
}

template <typename Set>
bool put_in(Value& into, const Value& elements) {
  auto* set = into.as<Set>();
  if (set) set->insert(elements.as<Set>()->begin(), elements.as<Set>()->end());
  return set != nullptr;
}

Result<Value> added(const UpdateAction& action, const Value& there) {
  const auto& operand = action.value.value;
  if (there.type() != operand.type()) return mismatch(action.rules);
  if (const auto* number = there.as<Number>()) {
    GUST_TRY(auto sum, number->plus(*operand.as<Number>()));
    return Value{std::move(sum)};
  }
  auto out = there;
  if (put_in<StringSet>(out, operand) || put_in<NumberSet>(out, operand) || put_in<BinarySet>(out, operand)) return out;
  auto* list = out.as<List>();
  if (!list || action.rules != Rules::kLegacy) return mismatch(action.rules);
  std::ranges::copy(*operand.as<List>(), std::back_inserter(*list));
  return out;
}

template <typename Set>
bool take_away(Value& from, const Value& elements) {
  auto* set = from.as<Set>();
  if (!set) return false;
  for (const auto& element : *elements.as<Set>()) set->erase(element);
  return set->empty();
}

// Nothing: the set is empty then.
Result<std::optional<Value>> reduced(const UpdateAction& action, const Value& there) {
  const auto& operand = action.value.value;
  if (there.type() != operand.type()) return mismatch(action.rules);
  auto out = there;
  const bool empty = take_away<StringSet>(out, operand) || take_away<NumberSet>(out, operand) ||
                     take_away<BinarySet>(out, operand);
  if (empty) return std::nullopt;
  return out;
}

// What is at the action's path then; nothing: it is removed.
Result<std::optional<Value>> outcome(const UpdateAction& action, const Item& there) {
  if (action.kind == Kind::kRemove) return std::nullopt;
  if (action.kind == Kind::kSet) {
    GUST_TRY(auto value, value_of(action.value, there));
    return value;
  }
  const auto* found = action.path.find(there);
  if (action.kind == Kind::kDelete) {
    if (!found) return std::nullopt;
    return reduced(action, *found);
  }
  if (!found) return action.value.value;
  GUST_TRY(auto sum, added(action, *found));
  return sum;
}

std::size_t depth_of(const Value& value) {
  std::size_t below = 0;
  if (const auto* map = value.as<Item>())
    for (const auto& [_, child] : *map) below = std::max(below, depth_of(child));
  if (const auto* list = value.as<List>())
    for (const auto& child : *list) below = std::max(below, depth_of(child));
  return below + 1;
}

// Whether something can be put at the path: what is above it is there, a map for a name and a list for an index.
bool is_open(const Item& there, const DocumentPath& path) {
  if (path.steps.size() == 1) return true;
  DocumentPath above = path;
  above.steps.pop_back();
  const auto* found = above.find(there);
  if (!found) return false;
  return found->type() == (std::holds_alternative<std::string>(path.steps.back()) ? Type::kMap : Type::kList);
}

// What is above the path, which is_open().
Value& above(Item& item, const DocumentPath& path) {
  auto* at = &item.find(path.top())->second;
  for (const auto& step : std::span(path.steps).subspan(1, path.steps.size() - 2)) {
    if (const auto* name = std::get_if<std::string>(&step))
      at = &at->as<Item>()->find(*name)->second;
    else
      at = &(*at->as<List>())[std::get<std::size_t>(step)];
  }
  return *at;
}

void put(Item& item, const DocumentPath& path, Value value) {
  if (path.steps.size() == 1) {
    item.insert_or_assign(path.top(), std::move(value));
    return;
  }
  auto& parent = above(item, path);
  if (const auto* name = std::get_if<std::string>(&path.steps.back())) {
    parent.as<Item>()->insert_or_assign(*name, std::move(value));
    return;
  }
  auto& list = *parent.as<List>();
  const auto index = std::get<std::size_t>(path.steps.back());
  if (index < list.size())
    list[index] = std::move(value);
  else
    list.push_back(std::move(value));
}

void erase(Item& item, const DocumentPath& path) {
  if (path.steps.size() == 1) {
    item.erase(path.top());
    return;
  }
  auto& parent = above(item, path);
  if (const auto* name = std::get_if<std::string>(&path.steps.back())) {
    parent.as<Item>()->erase(*name);
    return;
  }
  auto& list = *parent.as<List>();
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(std::get<std::size_t>(path.steps.back())));
}

}  // namespace

UpdateExpression::UpdateExpression(std::vector<UpdateAction> actions)
    : actions_(std::make_shared<const std::vector<UpdateAction>>(std::move(actions))) {}

Result<Item> UpdateExpression::apply(const Item& there) const {
  std::vector<std::pair<const DocumentPath*, Value>> values;
  std::vector<const DocumentPath*> removed;
  for (const auto& action : *actions_) {
    GUST_TRY(auto value, outcome(action, there));
    if (!is_open(there, action.path))
      return refused("The document path provided in the update expression is invalid for update");
    if (value && action.path.steps.size() - 1 + depth_of(*value) > kMaxDepth)
      return refused("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
                     "supported limit");
    if (value)
      values.emplace_back(&action.path, std::move(*value));
    else if (action.path.find(there))
      removed.push_back(&action.path);
  }
  // All indexes are those of before: what goes behind the end of a list goes there in their order, and elements are
  // removed last, from behind.
  std::ranges::sort(values, {}, [](const auto& pair) -> const auto& { return pair.first->steps; });
  std::ranges::sort(removed, std::ranges::greater(), [](const auto* path) -> const auto& { return path->steps; });
  auto out = there;
  for (auto& [path, value] : values) put(out, *path, std::move(value));
  for (const auto* path : removed) erase(out, *path);
  return out;
}

bool UpdateExpression::creates() const {
  const auto puts = [](const UpdateAction& action) { return action.kind == Kind::kSet || action.kind == Kind::kAdd; };
  return actions_->empty() || std::ranges::any_of(*actions_, puts);
}

std::set<std::string> UpdateExpression::attributes() const {
  std::set<std::string> out;
  for (const auto& action : *actions_) out.insert(action.path.top());
  return out;
}

Result<void> UpdateExpression::check_key(const KeySchema& key) const {
  for (const auto& action : *actions_)
    if (action.path.top() == key.hash.name || (key.range && action.path.top() == key.range->name))
      return refused(fmt::format("One or more parameter values were invalid: Cannot update attribute {}. This "
                                 "attribute is part of the key",
                                 action.path.top()));
  return {};
}

Item UpdateExpression::changed(const Item& item) const {
  std::vector<DocumentPath> paths;
  for (const auto& action : *actions_) paths.push_back(action.path);
  return project(item, paths);
}

}  // namespace gust::tables
