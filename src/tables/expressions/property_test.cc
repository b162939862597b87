// Random conditions and updates of random items, against a plain model of each.
#include "tables/expressions/condition.h"
#include "tables/expressions/update.h"
#include "tables/expressions/random_expressions.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace gust::tables {
namespace {

using namespace expression_model;

TEST(ExpressionProperty, ConditionsMeanWhatTheModelSays) {
  int held = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    Dice dice(seed);
    Conditions conditions(dice);
    const auto condition = conditions.make(3);
    auto given = Placeholders::of(std::nullopt, conditions.values.empty()
                                                    ? std::nullopt
                                                    : std::optional(conditions.values))
                     .value();
    const auto parsed = parse_condition(ExpressionKind::kCondition, condition.text, given);
    ASSERT_TRUE(parsed) << seed << ": " << condition.text << ": " << parsed.error().message;
    ASSERT_TRUE(given.check_all_used());
    for (int i = 0; i < 5; ++i) {
      const auto item = random_item(dice);
      const bool wanted = condition.holds(item);
      held += wanted;
      ASSERT_EQ(parsed->evaluate(item).value(), wanted) << seed << ": " << condition.text;
    }
  }
  EXPECT_GT(held, 1000);
  EXPECT_LT(held, 4000);
}

bool meet(const std::vector<Step>& left, const std::vector<Step>& right) {
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (left[i].name.empty() != right[i].name.empty()) return true;
    if (!(left[i] == right[i])) return false;
  }
  return true;
}

// One update: its text by sections, and what it does to a tree; no value is "remove".
struct Updates {
  std::map<std::string, std::vector<std::string>> sections;
  Placeholders::Values values;
  std::vector<std::pair<std::vector<Step>, std::function<std::optional<std::optional<Value>>(const Item&)>>> changes;

  std::string value(Value given) {
    const auto key = fmt::format(":v{}", values.size());
    values.emplace(key, std::move(given));
    return key;
  }
  std::string text() const {
    std::string out;
    for (const auto& [section, actions] : sections) out += fmt::format("{} {} ", section, fmt::join(actions, ", "));
    return out;
  }
};

using Outcome = std::optional<std::optional<Value>>;  // nothing: an error

Value sum(const Value& left, const Value& right) { return {left.as<Number>()->plus(*right.as<Number>()).value()}; }

void add_set(Updates& updates, Dice& dice, const std::string& path) {
  const auto from = dice.one_of(kPaths);
  auto& actions = updates.sections["SET"];
  const auto given = random_value(dice, 1);
  switch (dice.below(5)) {
    case 0:
      actions.push_back(path + " = " + from);
      updates.changes.emplace_back(steps_of(path), [=](const Item& item) {
        const auto there = find(item, from);
        return there ? Outcome(there) : Outcome();
      });
      return;
    case 1:
      actions.push_back(fmt::format("{} = {} + {}", path, from, updates.value(N("2"))));
      updates.changes.emplace_back(steps_of(path), [=](const Item& item) -> Outcome {
        const auto there = find(item, from);
        if (!there || !there->as<Number>()) return std::nullopt;
        return sum(*there, N("2"));
      });
      return;
    case 2:
      actions.push_back(fmt::format("{} = if_not_exists({}, {})", path, from, updates.value(given)));
      updates.changes.emplace_back(steps_of(path),
                                   [=](const Item& item) { return Outcome(find(item, from).value_or(given)); });
      return;
    case 3:
      actions.push_back(fmt::format("{} = list_append({}, {})", path, from, updates.value(L({given}))));
      updates.changes.emplace_back(steps_of(path), [=](const Item& item) -> Outcome {
        auto there = find(item, from);
        if (!there || !there->as<List>()) return std::nullopt;
        there->as<List>()->push_back(given);
        return there;
      });
      return;
    default:
      actions.push_back(fmt::format("{} = {}", path, updates.value(given)));
      updates.changes.emplace_back(steps_of(path), [=](const Item&) { return Outcome(given); });
  }
}

void add_change(Updates& updates, Dice& dice, const std::string& path) {
  const auto kind = dice.below(6);
  if (kind < 3) return add_set(updates, dice, path);
  if (kind == 3) {
    updates.sections["REMOVE"].push_back(path);
    updates.changes.emplace_back(steps_of(path), [](const Item&) { return Outcome(std::optional<Value>()); });
    return;
  }
  const bool adds = kind == 4;
  const auto given = adds && dice.below(2) ? N("3") : SS(dice.one_of<StringSet>({{"a"}, {"a", "b"}, {"b", "c"}}));
  updates.sections[adds ? "ADD" : "DELETE"].push_back(fmt::format("{} {}", path, updates.value(given)));
  updates.changes.emplace_back(steps_of(path), [=](const Item& item) -> Outcome {
    auto there = find(item, path);
    if (!there) return adds ? Outcome(given) : Outcome(std::optional<Value>());
    if (there->type() != given.type()) return std::nullopt;
    if (there->as<Number>()) return sum(*there, given);
    auto& set = *there->as<StringSet>();
    for (const auto& element : *given.as<StringSet>()) {
      if (adds)
        set.insert(element);
      else
        set.erase(element);
    }
    return set.empty() ? Outcome(std::optional<Value>()) : Outcome(there);
  });
}

// Nothing: the update is refused.
std::optional<Item> model(const Updates& updates, const Item& item) {
  auto root = tree_of(M(item));
  for (const auto& [steps, outcome] : updates.changes) {
    auto* at = &root;
    for (std::size_t i = 0; i + 1 < steps.size(); ++i)
      if (!(at = child_of(*at, steps[i]))) return std::nullopt;
    const auto& last = steps.back();
    if (at->value.type() != (last.name.empty() ? Type::kList : Type::kMap)) return std::nullopt;
    const auto value = outcome(item);
    if (!value) return std::nullopt;
    if (*value && !last.name.empty())
      at->map.insert_or_assign(last.name, tree_of(**value));
    else if (*value)
      at->list.insert_or_assign(last.index, tree_of(**value));
    else if (!last.name.empty())
      at->map.erase(last.name);
    else
      at->list.erase(last.index);
  }
  return *value_of(root).as<Item>();
}

TEST(ExpressionProperty, UpdatesDoWhatTheModelSays) {
  int applied = 0, refused = 0;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Dice dice(seed);
    Updates updates;
    std::vector<std::vector<Step>> taken;
    for (auto i = 1 + dice.below(3); i > 0; --i) {
      const auto path = dice.one_of(kPaths);
      const auto steps = steps_of(path);
      if (std::ranges::any_of(taken, [&](const auto& other) { return meet(steps, other); })) continue;
      taken.push_back(steps);
      add_change(updates, dice, path);
    }
    auto given = Placeholders::of(std::nullopt,
                                  updates.values.empty() ? std::nullopt : std::optional(updates.values))
                     .value();
    const auto parsed = parse_update(updates.text(), given);
    ASSERT_TRUE(parsed) << seed << ": " << updates.text() << ": " << parsed.error().message;
    const auto item = random_item(dice);
    const auto wanted = model(updates, item);
    const auto got = parsed->apply(item);
    ASSERT_EQ(got.has_value(), wanted.has_value())
        << seed << ": " << updates.text() << ": " << (got ? "applied" : got.error().message);
    if (!wanted) {
      ++refused;
      continue;
    }
    ++applied;
    ASSERT_EQ(*got, *wanted) << seed << ": " << updates.text();
  }
  EXPECT_GT(applied, 400);
  EXPECT_GT(refused, 400);
}

}  // namespace
}  // namespace gust::tables
