// For tests: what one item of a table is to those who write and read it, and how operations on it are answered: a plain
// model for linearizability.h. Any thread.
#pragma once

#include "tables/history/linearizability.h"

#include <fmt/ranges.h>

namespace gust::tables::history {

struct ItemState {
  std::int64_t value = 0;           // what was put or set last
  std::int64_t count = 0;           // what was added up since the item was put
  std::vector<std::int64_t> list = {};  // what was appended since
  auto operator<=>(const ItemState&) const = default;
};

struct ItemModel {
  using State = std::optional<ItemState>;

  enum class Kind { kGet, kCheck, kPut, kDelete, kSet, kAdd, kAppend };
  enum class If { kAlways, kThere, kAbsent, kValueIs };
  struct Call {
    Kind kind = Kind::kGet;
    std::int64_t argument = 0;  // of kPut and kSet the value, of kAdd how much, of kAppend the element
    If condition = If::kAlways;
    std::int64_t expected = 0;  // of kValueIs
  };
  // Whether the condition held, and of the item before and after what the client was told.
  struct Answer {
    bool held = true;
    std::optional<State> before = {}, after = {};
  };

  static bool holds(const State& state, const Call& call) {
    switch (call.condition) {
      case If::kAlways: return true;
      case If::kThere: return state.has_value();
      case If::kAbsent: return !state;
      case If::kValueIs: return state && state->value == call.expected;
    }
    return false;
  }

  static State after(State state, const Call& call) {
    switch (call.kind) {
      case Kind::kGet:
      case Kind::kCheck: return state;
      case Kind::kPut: return ItemState{call.argument};
      case Kind::kDelete: return std::nullopt;
      default: break;
    }
    if (!state) state.emplace();
    if (call.kind == Kind::kSet) state->value = call.argument;
    if (call.kind == Kind::kAdd) state->count += call.argument;
    if (call.kind == Kind::kAppend) state->list.push_back(call.argument);
    return state;
  }

  static bool step(State& state, const Call& call, const Answer* answer) {
    const bool held = holds(state, call);
    auto next = held ? after(state, call) : state;
    if (answer != nullptr) {
      if (answer->held != held) return false;
      if (answer->before && *answer->before != state) return false;
      if (answer->after && *answer->after != next) return false;
    }
    state = std::move(next);
    return true;
  }

  static std::string text(const State& state) {
    return state ? fmt::format("({}, {}, [{}])", state->value, state->count, fmt::join(state->list, " ")) : "nothing";
  }
  static std::string text(const Call& call, const Answer* answer) {
    static constexpr const char* kNames[] = {"get", "check", "put", "delete", "set", "add", "append"};
    auto out = fmt::format("{} {}", kNames[static_cast<int>(call.kind)], call.argument);
    if (call.condition == If::kThere) out += " if there";
    if (call.condition == If::kAbsent) out += " if absent";
    if (call.condition == If::kValueIs) out += fmt::format(" if {}", call.expected);
    if (answer == nullptr) return out + ": not known";
    out += answer->held ? ": done" : ": refused";
    if (answer->before) out += ", before " + text(*answer->before);
    if (answer->after) out += ", after " + text(*answer->after);
    return out;
  }
};

using ItemEvent = Event<ItemModel>;

}  // namespace gust::tables::history
