// Random projections, legacy conditions and updates, and conditions of PartiQL, of random items, against plain models.
#include "tables/expressions/projection.h"
#include "tables/expressions/legacy_conditions.h"
#include "tables/expressions/partiql.h"
#include "tables/expressions/random_expressions.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace gust::tables {
namespace {

using namespace expression_model;

// Nothing: there is nothing at any of the paths, each of which begins at `depth`.
std::optional<Value> kept(const Tree& tree, std::size_t depth, const std::vector<std::vector<Step>>& paths) {
  const auto is_end = [&](const std::vector<Step>& path) { return path.size() == depth; };
  if (std::ranges::any_of(paths, is_end)) return value_of(tree);
  const auto below = [&](const Tree& child, auto is_wanted) -> std::optional<Value> {
    std::vector<std::vector<Step>> through;
    std::ranges::copy_if(paths, std::back_inserter(through),
                         [&](const std::vector<Step>& path) { return is_wanted(path[depth]); });
    return through.empty() ? std::nullopt : kept(child, depth + 1, through);
  };
  Item map;
  for (const auto& [name, child] : tree.map) {
    if (auto value = below(child, [&](const Step& step) { return step.name == name; })) map.emplace(name, *value);
  }
  if (!map.empty()) return M(std::move(map));
  List list;
  for (const auto& [index, child] : tree.list) {
    if (auto value = below(child, [&](const Step& step) { return step.name.empty() && step.index == index; }))
      list.push_back(*value);
  }
  return list.empty() ? std::nullopt : std::optional(L(std::move(list)));
}

bool meet(const std::vector<Step>& left, const std::vector<Step>& right) {
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (left[i].name.empty() != right[i].name.empty()) return true;
    if (!(left[i] == right[i])) return false;
  }
  return true;
}

TEST(ExpressionFormsProperty, ProjectionsKeepWhatTheModelSays) {
  std::size_t something = 0;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Dice dice(seed);
    std::vector<std::string> texts;
    std::vector<std::vector<Step>> paths;
    for (auto i = 1 + dice.below(4); i > 0; --i) {
      const auto text = dice.one_of(kPaths);
      const auto steps = steps_of(text);
      if (std::ranges::any_of(paths, [&](const auto& other) { return meet(steps, other); })) continue;
      texts.push_back(text);
      paths.push_back(steps);
    }
    Placeholders none;
    const auto parsed = parse_projection(fmt::format("{}", fmt::join(texts, ", ")), none);
    ASSERT_TRUE(parsed) << seed << ": " << parsed.error().message;
    const auto item = random_item(dice);
    const auto wanted = kept(tree_of(M(item)), 0, paths).value_or(M({}));
    something += wanted == M({}) ? 0 : 1;
    ASSERT_EQ(M(parsed->apply(item)), wanted) << seed << ": " << fmt::format("{}", fmt::join(texts, ", "));
  }
  EXPECT_GT(something, 1000u);
}

TEST(ExpressionFormsProperty, StatementsMeanWhatTheModelSays) {
  int held = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    Dice dice(seed);
    Conditions conditions(dice, Conditions::Form::kStatement);
    const auto condition = conditions.make(3);
    const auto parsed = parse_statement("SELECT * FROM t WHERE " + condition.text, conditions.parameters);
    ASSERT_TRUE(parsed) << seed << ": " << condition.text << ": " << parsed.error().message;
    for (int i = 0; i < 5; ++i) {
      const auto item = random_item(dice);
      const bool wanted = condition.holds(item);
      held += wanted;
      ASSERT_EQ(parsed->where->condition().evaluate(item).value(), wanted) << seed << ": " << condition.text;
    }
  }
  EXPECT_GT(held, 1000);
  EXPECT_LT(held, 4000);
}

bool contains(const Value& there, const Value& given) {
  if (const auto* text = there.as<std::string>()) {
    const auto* part = given.as<std::string>();
    return part != nullptr && text->contains(*part);
  }
  if (const auto* bytes = there.as<Binary>()) {
    const auto* part = given.as<Binary>();
    return part != nullptr && bytes->bytes.contains(part->bytes);
  }
  if (const auto* list = there.as<List>()) return std::ranges::find(*list, given) != list->end();
  if (const auto* set = there.as<StringSet>())
    return given.as<std::string>() != nullptr && set->contains(*given.as<std::string>());
  if (const auto* set = there.as<NumberSet>())
    return given.as<Number>() != nullptr && set->contains(*given.as<Number>());
  return false;
}

// A legacy condition of an attribute, and whether it holds.
struct Legacy {
  LegacyCondition condition;
  std::function<bool(const std::optional<Value>&)> holds;
};

Legacy random_legacy(Dice& dice) {
  const auto ordered = [&] {
    auto out = random_value(dice, 0);
    while (!is_ordered(out, out)) out = random_value(dice, 0);
    return out;
  };
  const auto given = ordered();
  using There = std::optional<Value>;
  switch (dice.below(9)) {
    case 0: return {{"NULL"}, [](const There& there) { return !there; }};
    case 1: return {{"NOT_NULL"}, [](const There& there) { return there.has_value(); }};
    case 2: {
      const auto any = random_value(dice, 1);
      return {{"EQ", {any}}, [any](const There& there) { return there && *there == any; }};
    }
    case 3: {
      const auto any = random_value(dice, 1);
      return {{"NE", {any}}, [any](const There& there) { return !there || !(*there == any); }};
    }
    case 4: {
      const auto name = dice.one_of<std::string>({"LT", "LE", "GT", "GE"});
      return {{name, {given}}, [=](const There& there) {
                if (!there || !is_ordered(*there, given)) return false;
                if (name == "LT") return less(*there, given);
                if (name == "GT") return less(given, *there);
                return name == "LE" ? !less(given, *there) : !less(*there, given);
              }};
    }
    case 5: return {{"CONTAINS", {given}}, [given](const There& there) { return there && contains(*there, given); }};
    case 6:
      return {{"NOT_CONTAINS", {given}}, [given](const There& there) { return there && !contains(*there, given); }};
    case 7: {
      const auto low = N(std::to_string(dice.below(3))), high = N(std::to_string(2 + dice.below(3)));
      return {{"BETWEEN", {low, high}}, [=](const There& there) {
                return there && there->as<Number>() != nullptr && !less(*there, low) && !less(high, *there);
              }};
    }
    default: {
      const auto one = N("1"), two = N(dice.one_of<std::string>({"0", "2"}));
      return {{"IN", {one, two}}, [=](const There& there) { return there && (*there == one || *there == two); }};
    }
  }
}

TEST(ExpressionFormsProperty, LegacyConditionsMeanWhatTheModelSays) {
  int held = 0;
  for (unsigned seed = 0; seed < 2000; ++seed) {
    Dice dice(seed);
    LegacyConditions conditions;
    ExpectedValues expected;
    std::vector<std::pair<std::string, Legacy>> all;
    for (const std::string name : {"a", "b", "c"}) {
      if (dice.below(2) == 0) continue;
      all.emplace_back(name, random_legacy(dice));
      conditions[name] = all.back().second.condition;
      expected[name] = {.comparison = conditions[name].comparison, .values = conditions[name].values};
    }
    const bool any = dice.below(2) == 0;
    const auto joined = any ? ConditionalOperator::kOr : ConditionalOperator::kAnd;
    const auto filter = filter_of(conditions, joined), condition = condition_of(expected, joined);
    ASSERT_TRUE(filter && condition) << seed;
    for (int i = 0; i < 5; ++i) {
      const auto item = random_item(dice);
      const auto holds = [&](const auto& one) { return one.second.holds(find(item, one.first)); };
      const bool wanted = all.empty() || (any ? std::ranges::any_of(all, holds) : std::ranges::all_of(all, holds));
      held += wanted;
      ASSERT_EQ(filter->evaluate(item).value(), wanted) << seed;
      ASSERT_EQ(condition->evaluate(item).value(), wanted) << seed;
    }
  }
  EXPECT_GT(held, 2000);
  EXPECT_LT(held, 8000);
}

// False: it is refused. `there` loses the attribute when nothing is left of it.
bool apply_legacy(Item& there, const std::string& name, const AttributeUpdate& update) {
  if (!update.value) {
    there.erase(name);
    return true;
  }
  const auto& given = *update.value;
  if (update.action == "PUT") {
    there[name] = given;
    return true;
  }
  const bool adds = update.action == "ADD";
  if (!there.contains(name)) {
    if (adds) there[name] = given;
    return true;
  }
  auto& value = there[name];
  if (value.type() != given.type()) return false;
  if (value.as<Number>() != nullptr) value = {value.as<Number>()->plus(*given.as<Number>()).value()};
  if (auto* list = value.as<List>()) list->insert(list->end(), given.as<List>()->begin(), given.as<List>()->end());
  if (auto* set = value.as<StringSet>()) {
    for (const auto& element : *given.as<StringSet>()) {
      if (adds) {
        set->insert(element);
      } else {
        set->erase(element);
      }
    }
    if (set->empty()) there.erase(name);
  }
  return true;
}

TEST(ExpressionFormsProperty, LegacyUpdatesDoWhatTheModelSays) {
  int applied = 0, refused = 0;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Dice dice(seed);
    AttributeUpdates updates;
    for (const std::string name : {"a", "b", "c", "d"}) {
      switch (dice.below(6)) {
        case 0: updates[name] = {"PUT", random_value(dice, 2)}; break;
        case 1: updates[name] = {"DELETE"}; break;
        case 2: updates[name] = {"DELETE", SS(dice.one_of<StringSet>({{"a"}, {"a", "b"}}))}; break;
        case 3: updates[name] = {"ADD", dice.below(2) ? N("2") : SS({"b"})}; break;
        case 4: updates[name] = {"ADD", L({S("x")})}; break;
        default: break;
      }
    }
    const auto update = update_of(updates);
    ASSERT_TRUE(update) << seed << ": " << update.error().message;
    const auto item = random_item(dice);
    auto wanted = item;
    const bool fits = std::ranges::all_of(
        updates, [&](const auto& one) { return apply_legacy(wanted, one.first, one.second); });
    const auto got = update->apply(item);
    ASSERT_EQ(got.has_value(), fits) << seed << ": " << (got ? "applied" : got.error().message);
    ++(fits ? applied : refused);
    if (fits) ASSERT_EQ(*got, wanted) << seed;
  }
  EXPECT_GT(applied, 400);
  EXPECT_GT(refused, 400);
}

}  // namespace
}  // namespace gust::tables
