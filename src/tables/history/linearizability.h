// For tests: whether what clients were told of one thing can be true: that each operation happened at one moment
// between its call and its answer. The search of Wing and Gong ("Testing and verifying concurrent objects", 1993),
// which remembers what it has tried as Lowe's does ("Testing for linearizability", 2017). Any thread.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace gust::tables::history {

using Moment = std::int64_t;
inline constexpr Moment kNever = std::numeric_limits<Moment>::max();

// An operation as its client saw it. Without an answer it happened by `returned`, or never does. A Model has a State
// (in which nothing happened yet when it is new, and that has an order), a Call, an Answer, and
//   static bool step(State& state, const Call& call, const Answer* answer);  // false: it would be answered otherwise
//   static std::string text(const Call& call, const Answer* answer);
//   static std::string text(const State& state);
template <typename Model>
struct Event {
  typename Model::Call call;
  std::optional<typename Model::Answer> answer = {};
  Moment called = 0, returned = kNever;
  int client = 0;
};

template <typename Model>
class Linearization {
 public:
  explicit Linearization(std::vector<Event<Model>> events) : events_(std::move(events)) {
    std::ranges::sort(events_, {}, &Event<Model>::called);
    done_.assign(events_.size() / 64 + 1, 0);
    state_ = number_of({});
  }

  // Nothing when there is an order that explains everything; else how far the best one goes, and what does not fit.
  std::optional<std::string> violation() {
    for (std::size_t cursor = 0; placed_ < events_.size();) {
      if (const auto choice = next(cursor)) {
        cursor = take(*choice) ? 0 : *choice + 1;
      } else if (order_.empty()) {
        return best_;
      } else {
        cursor = take_back() + 1;
      }
    }
    return std::nullopt;
  }

  std::size_t tried() const { return seen_.size(); }

 private:
  using State = typename Model::State;
  // An event twice its index for that it happened, and one more for that it never did.
  using Choice = std::size_t;
  struct Step {
    Choice choice;
    std::size_t state;  // before it
  };

  bool is_done(std::size_t event) const { return (done_[event / 64] >> (event % 64) & 1) != 0; }
  void flip(std::size_t event) { done_[event / 64] ^= std::uint64_t{1} << (event % 64); }

  // The first choice at `cursor` or behind it that no answer forbids: nothing may come after what is still to happen
  // and was answered before it was called.
  std::optional<Choice> next(Choice cursor) const {
    Moment end = kNever;
    for (std::size_t event = first_; event < events_.size() && events_[event].called <= end; ++event) {
      if (is_done(event)) continue;
      end = std::min(end, events_[event].returned);
      for (Choice choice = 2 * event; choice < 2 * event + (events_[event].answer ? 1 : 2); ++choice) {
        if (choice >= cursor) return choice;
      }
    }
    return std::nullopt;
  }

  bool take(Choice choice) {
    const auto& event = events_[choice / 2];
    auto state = *states_[state_];
    const auto* answer = event.answer ? &*event.answer : nullptr;
    if (choice % 2 == 0 && !Model::step(state, event.call, answer)) {
      note(event);
      return false;
    }
    const auto after = number_of(std::move(state));
    flip(choice / 2);
    if (!seen_.insert(memory(after)).second) {
      flip(choice / 2);
      return false;
    }
    order_.push_back({choice, state_});
    state_ = after;
    ++placed_;
    while (first_ < events_.size() && is_done(first_)) ++first_;
    return true;
  }

  Choice take_back() {
    const auto step = order_.back();
    order_.pop_back();
    flip(step.choice / 2);
    state_ = step.state;
    --placed_;
    first_ = std::min(first_, step.choice / 2);
    return step.choice;
  }

  std::size_t number_of(State state) {
    const auto [there, made] = numbers_.emplace(std::move(state), states_.size());
    if (made) states_.push_back(&there->first);
    return there->second;
  }

  // What is done, behind the beginning of which all is, and what came of it.
  std::string memory(std::size_t state) const {
    std::string out;
    const auto add = [&](std::uint64_t word) { out.append(reinterpret_cast<const char*>(&word), sizeof word); };
    add(state);
    auto from = first_ / 64;
    while (from < done_.size() && done_[from] == ~std::uint64_t{0}) ++from;
    auto to = done_.size();
    while (to > from && done_[to - 1] == 0) --to;
    add(from);
    for (auto word = from; word < to; ++word) add(done_[word]);
    return out;
  }

  std::string text_of(const Event<Model>& event) const {
    return fmt::format("client {} [{}, {}] {}", event.client, event.called,
                       event.returned == kNever ? "never" : std::to_string(event.returned),
                       Model::text(event.call, event.answer ? &*event.answer : nullptr));
  }

  // Keeps the words for where the longest order of all ended.
  void note(const Event<Model>& event) {
    if (placed_ < most_) return;
    if (placed_ > most_ || best_.empty()) {
      most_ = placed_;
      best_ = fmt::format("of {} operations {} fit. The last of them:\n", events_.size(), placed_);
      for (auto i = order_.size() - std::min<std::size_t>(order_.size(), 6); i < order_.size(); ++i) {
        if (order_[i].choice % 2 == 0) best_ += "  " + text_of(events_[order_[i].choice / 2]) + "\n";
      }
      best_ += "then it is " + Model::text(*states_[state_]) + ", and these do not fit:\n";
      told_ = 0;
    }
    if (++told_ <= 12) best_ += "  " + text_of(event) + "\n";
  }

  std::vector<Event<Model>> events_;
  std::vector<std::uint64_t> done_;
  std::size_t first_ = 0, placed_ = 0, state_ = 0;
  std::vector<Step> order_;
  std::map<State, std::size_t> numbers_;
  std::vector<const State*> states_;
  std::unordered_set<std::string> seen_;
  std::size_t most_ = 0, told_ = 0;
  std::string best_ = "no order of the operations fits";
};

template <typename Model>
std::optional<std::string> not_linearizable(std::vector<Event<Model>> events) {
  return Linearization<Model>(std::move(events)).violation();
}

}  // namespace gust::tables::history
