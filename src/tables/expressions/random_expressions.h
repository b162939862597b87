// For tests: random items, conditions of them and what those mean: items as trees whose lists have numbers for their
// elements until all is done.
#pragma once

#include "tables/values_for_tests.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>
#include <random>

namespace gust::tables::expression_model {

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

inline const std::vector<std::string> kPaths = {"a",     "b",      "c",      "a.x",     "a.y",     "b[0]",
                                         "b[1]",  "b[2]",   "b[5]",   "a.x.y",   "a.x[1]",  "b[1].x",
                                         "c[0]",  "c.x",    "a[1]",   "b[1][0]", "b[1][1]", "b[1][7]"};

// Deeper than 1, mostly a map or a list.
inline Value random_value(Dice& dice, int depth) {
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

inline Item random_item(Dice& dice) {
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

inline std::vector<Step> steps_of(std::string_view path) {
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

inline Tree tree_of(const Value& value) {
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

inline Value value_of(const Tree& tree) {
  auto out = tree.value;
  for (const auto& [name, child] : tree.map) out.as<Item>()->emplace(name, value_of(child));
  for (const auto& [_, child] : tree.list) out.as<List>()->push_back(value_of(child));
  return out;
}

inline Tree* child_of(Tree& tree, const Step& step) {
  if (!step.name.empty()) return tree.map.contains(step.name) ? &tree.map.at(step.name) : nullptr;
  return tree.list.contains(step.index) ? &tree.list.at(step.index) : nullptr;
}

inline std::optional<Value> find(const Item& item, const std::string& path) {
  auto root = tree_of(M(item));
  auto* at = &root;
  for (const auto& step : steps_of(path))
    if (!(at = child_of(*at, step))) return std::nullopt;
  return value_of(*at);
}

// What a condition says, and what it means.
struct ModelCondition {
  std::string text;
  std::function<bool(const Item&)> holds;
};

inline bool less(const Value& left, const Value& right) {
  if (left.as<Number>() && right.as<Number>()) return *left.as<Number>() < *right.as<Number>();
  if (left.as<std::string>() && right.as<std::string>()) return *left.as<std::string>() < *right.as<std::string>();
  if (left.as<Binary>() && right.as<Binary>()) return left.as<Binary>()->bytes < right.as<Binary>()->bytes;
  return false;
}

inline bool is_ordered(const Value& left, const Value& right) {
  return left.type() == right.type() && (left.as<Number>() || left.as<std::string>() || left.as<Binary>());
}

// In the form of a ConditionExpression, with values by name; or of PartiQL, with parameters in their order.
class Conditions {
 public:
  enum class Form { kExpression, kStatement };
  explicit Conditions(Dice& dice, Form form = Form::kExpression) : dice_(dice), form_(form) {}

  ModelCondition make(int depth) {
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
  std::vector<Value> parameters;

 private:
  std::string value(Value given) {
    if (form_ == Form::kStatement) {
      parameters.push_back(std::move(given));
      return "?";
    }
    const auto key = fmt::format(":v{}", values.size());
    values.emplace(key, std::move(given));
    return key;
  }

  ModelCondition comparison() {
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

  ModelCondition function() {
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
  const Form form_;
};

}  // namespace gust::tables::expression_model
