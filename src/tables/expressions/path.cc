#include "tables/expressions/path.h"

#include "tables/expressions/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>

namespace gust::tables {
namespace {

using Paths = std::vector<const DocumentPath*>;

bool same_kind(const PathStep& left, const PathStep& right) { return left.index() == right.index(); }

enum class Relation { kApart, kOverlap, kConflict };

Relation relation(const DocumentPath& left, const DocumentPath& right) {
  const auto length = std::min(left.steps.size(), right.steps.size());
  for (std::size_t i = 0; i < length; ++i) {
    if (!same_kind(left.steps[i], right.steps[i])) return Relation::kConflict;
    if (left.steps[i] != right.steps[i]) return Relation::kApart;
  }
  return Relation::kOverlap;
}

// What is at the paths below their first `level` steps, which lead to `value`; nothing when none is there.
std::optional<Value> project(const Value& value, const Paths& paths, std::size_t level) {
  std::map<PathStep, Paths> below;
  for (const auto* path : paths) {
    if (path->steps.size() == level) return value;
    below[path->steps[level]].push_back(path);
  }
  Item map;
  List list;
  for (const auto& [step, rest] : below) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      const auto* from = value.as<Item>();
      const auto found = from ? from->find(*name) : Item::const_iterator();
      if (!from || found == from->end()) continue;
      if (auto part = project(found->second, rest, level + 1)) map.emplace(*name, std::move(*part));
    } else {
      const auto* from = value.as<List>();
      const auto index = std::get<std::size_t>(step);
      if (!from || index >= from->size()) continue;
      if (auto part = project((*from)[index], rest, level + 1)) list.push_back(std::move(*part));
    }
  }
  if (!map.empty()) return Value{std::move(map)};
  if (!list.empty()) return Value{std::move(list)};
  return std::nullopt;
}

}  // namespace

std::string DocumentPath::text() const {
  std::string out = "[";
  for (const auto& step : steps) {
    if (out.size() > 1) out += ", ";
    const auto* name = std::get_if<std::string>(&step);
    out += name ? *name : fmt::format("[{}]", std::get<std::size_t>(step));
  }
  return out + "]";
}

const Value* DocumentPath::find(const Item& item) const {
  const auto top_value = item.find(top());
  if (top_value == item.end()) return nullptr;
  const auto* at = &top_value->second;
  for (const auto& step : std::span(steps).subspan(1)) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      const auto* map = at->as<Item>();
      if (!map) return nullptr;
      const auto found = map->find(*name);
      if (found == map->end()) return nullptr;
      at = &found->second;
    } else {
      const auto* list = at->as<List>();
      const auto index = std::get<std::size_t>(step);
      if (!list || index >= list->size()) return nullptr;
      at = &(*list)[index];
    }
  }
  return at;
}

Result<void> check_apart(ExpressionKind kind, const std::vector<DocumentPath>& paths) {
  const auto wrong = [&](std::string_view how, const DocumentPath& first, const DocumentPath& second) {
    return invalid(kind, fmt::format("Two document paths {} with each other; must remove or rewrite one of these "
                                     "paths; path one: {}, path two: {}",
                                     how, first.text(), second.text()));
  };
  std::map<std::string_view, Paths> tops;
  std::pair<const DocumentPath*, const DocumentPath*> conflict = {};
  for (const auto& second : paths) {
    auto& before = tops[second.top()];
    for (const auto* first : before) {
      const auto how = relation(*first, second);
      if (how == Relation::kOverlap) return wrong("overlap", *first, second);
      if (how == Relation::kConflict && !conflict.first) conflict = {first, &second};
    }
    before.push_back(&second);
  }
  // An overlap is told before a conflict.
  if (conflict.first) return wrong("conflict", *conflict.first, *conflict.second);
  return {};
}

Item project(const Item& item, const std::vector<DocumentPath>& paths) {
  std::map<std::string, Paths> tops;
  for (const auto& path : paths) tops[path.top()].push_back(&path);
  Item out;
  for (const auto& [name, rest] : tops) {
    const auto found = item.find(name);
    if (found == item.end()) continue;
    if (auto part = project(found->second, rest, 1)) out.emplace(name, std::move(*part));
  }
  return out;
}

}  // namespace gust::tables
