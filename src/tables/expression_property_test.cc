// Random conditions and updates of random items, against a plain model of each: conditions as functions, items as trees
// whose lists have numbers for their elements until all is done.
#include "tables/expression_condition.h"
#include "tables/expression_update.h"
#include "tables/values_for_tests.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace gust::tables {
namespace {

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(engine_); }
  template <typename T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  std::mt19937 engine_;
};

const std::vector<std::string> kPaths = {"a",     "b",      "c",      "a.x",     "a.y",     "b[0]",
                                         "b[1]",  "b[2]",   "b[5]",   "a.x.y",   "a.x[1]",  "b[1].x",
                                         "c[0]",  "c.x",    "a[1]",   "b[1][0]", "b[1][1]", "b[1][7]"};

// Deeper than 1, mostly a map or a list.
Value random_value(Dice& dice, int depth) {
  switch (depth > 1 && dice.below(4) ? 6 + dice.below(3) : dice.below(depth > 0 ? 9 : 6)) {
    case 0:
      return S(dice.one_of<std::string>({"", "a", "ab", "b"}));
    case 1:
    case 2:
      return N(dice.one_of<std::string>({"-1", "0", "1", "2", "2.5"}));
    case 3:
      return SS(dice.one_of<StringSet>({{"a"}, {"a", "b"}, {"c"}}));
    case 4:
      return NS({dice.one_of<std::string>({"1", "2"}), "3"});
    case 5:
      return dice.below(2) ? Bool(dice.below(2)) : B("a");
    case 6: {
      Item map;
      for (const std::string name : {"x", "y", "z"})
        if (dice.below(2)) map.emplace(name, random_value(dice, depth - 1));
      return M(std::move(map));
    }
    default: {
      List list;
      for (auto i = dice.below(4); i > 0; --i) list.push_back(random_value(dice, depth - 1));
      return L(std::move(list));
    }
  }
}

Item random_item(Dice& dice) {
  Item out;
  for (const std::string name : {"a", "b", "c"})
    if (dice.below(5)) out.emplace(name, random_value(dice, 3));
  return out;
}

struct Step {
  std::string name;
  std::size_t index = 0;
  bool operator==(const Step&) const = default;
};

std::vector<Step> steps_of(std::string_view path) {
  std::vector<Step> out = {{std::string(1, path[0])}};
  for (std::size_t i = 1; i < path.size(); i += path[i] == '.' ? 2 : 3) {
    if (path[i] == '.')
      out.push_back({std::string(1, path[i + 1])});
    else
      out.push_back({"", static_cast<std::size_t>(path[i + 1] - '0')});
  }
  return out;
}

// A value whose maps and lists are open; an element keeps its number when others go.
struct Tree {
  Value value;  // neither a map nor a list; or an empty one
  std::map<std::string, Tree> map = {};
  std::map<std::size_t, Tree> list = {};
};

Tree tree_of(const Value& value) {
  Tree out{value};
  if (const auto* map = value.as<Item>()) {
    out.value = M({});
    for (const auto& [name, child] : *map) out.map.emplace(name, tree_of(child));
  } else if (const auto* list = value.as<List>()) {
    out.value = L({});
    for (std::size_t i = 0; i < list->size(); ++i) out.list.emplace(i, tree_of((*list)[i]));
  }
  return out;
}

Value value_of(const Tree& tree) {
  auto out = tree.value;
  for (const auto& [name, child] : tree.map) out.as<Item>()->emplace(name, value_of(child));
  for (const auto& [_, child] : tree.list) out.as<List>()->push_back(value_of(child));
  return out;
}

Tree* child_of(Tree& tree, const Step& step) {
  if (!step.name.empty()) return tree.map.contains(step.name) ? &tree.map.at(step.name) : nullptr;
  return tree.list.contains(step.index) ? &tree.list.at(step.index) : nullptr;
}

std::optional<Value> find(const Item& item, const std::string& path) {
  auto root = tree_of(M(item));
  auto* at = &root;
  for (const auto& step : steps_of(path))
    if (!(at = child_of(*at, step))) return std::nullopt;
  return value_of(*at);
}

// What a condition says, and what it means.
struct Condition {
  std::string text;
  std::function<bool(const Item&)> holds;
};

bool less(const Value& left, const Value& right) {
  if (left.as<Number>() && right.as<Number>()) return *left.as<Number>() < *right.as<Number>();
  if (left.as<std::string>() && right.as<std::string>()) return *left.as<std::string>() < *right.as<std::string>();
  if (left.as<Binary>() && right.as<Binary>()) return left.as<Binary>()->bytes < right.as<Binary>()->bytes;
  return false;
}

bool is_ordered(const Value& left, const Value& right) {
  return left.type() == right.type() && (left.as<Number>() || left.as<std::string>() || left.as<Binary>());
}

class Conditions {
 public:
  explicit Conditions(Dice& dice) : dice_(dice) {}

  Condition make(int depth) {
    const auto kind = dice_.below(depth > 0 ? 8 : 5);
    if (kind == 5) {
      const auto inner = make(depth - 1);
      return {"NOT (" + inner.text + ")", [inner](const Item& item) { return !inner.holds(item); }};
    }
    if (kind > 5) {
      const auto left = make(depth - 1), right = make(depth - 1);
      const bool both = kind == 6;
      return {fmt::format("({}) {} ({})", left.text, both ? "AND" : "or", right.text),
              [=](const Item& item) {
                const bool first = left.holds(item), second = right.holds(item);
                return both ? first && second : first || second;
              }};
    }
    return kind == 4 ? function() : comparison();
  }

  Placeholders::Values values;

 private:
  std::string value(Value given) {
    const auto key = fmt::format(":v{}", values.size());
    values.emplace(key, std::move(given));
    return key;
  }

  Condition comparison() {
    const auto path = dice_.one_of(kPaths);
    const auto op = dice_.one_of<std::string>({"=", "<>", "<", "<=", ">", ">="});
    auto given = random_value(dice_, 1);
    while (op != "=" && op != "<>" && !is_ordered(given, given)) given = random_value(dice_, 0);
    return {fmt::format("{} {} {}", path, op, value(given)), [=](const Item& item) {
              const auto there = find(item, path);
              if (op == "<>") return !there || !(*there == given);
              if (!there) return false;
              if (op == "=") return *there == given;
              if (!is_ordered(*there, given)) return false;
              if (op == "<") return less(*there, given);
              if (op == ">") return less(given, *there);
              return op == "<=" ? !less(given, *there) : !less(*there, given);
            }};
  }

  Condition function() {
    const auto path = dice_.one_of(kPaths);
    switch (dice_.below(4)) {
      case 0:
        return {fmt::format("attribute_exists({})", path),
                [=](const Item& item) { return find(item, path).has_value(); }};
      case 1: {
        const auto type = dice_.one_of<std::string>({"S", "N", "L", "M", "SS", "NS"});
        return {fmt::format("attribute_type({}, {})", path, value(S(type))), [=](const Item& item) {
                  const auto there = find(item, path);
                  return there && name_of(there->type()) == type;
                }};
      }
      case 2: {
        const auto low = N(std::to_string(dice_.below(3))), high = N(std::to_string(2 + dice_.below(3)));
        return {fmt::format("{} BETWEEN {} AND {}", path, value(low), value(high)), [=](const Item& item) {
                  const auto there = find(item, path);
                  return there && there->as<Number>() && !less(*there, low) && !less(high, *there);
                }};
      }
      default: {
        const auto first = random_value(dice_, 0), second = random_value(dice_, 0);
        return {fmt::format("{} IN ({}, {})", path, value(first), value(second)), [=](const Item& item) {
                  const auto there = find(item, path);
                  return there && (*there == first || *there == second);
                }};
      }
    }
  }

  Dice& dice_;
};

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
