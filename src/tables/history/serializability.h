// For tests: whether transactions over lists were as if they had run one after another, each at a moment between its
// call and its answer (strict serializability). Elements are appended once, so that a read of a list tells the order of
// all that wrote it; from the orders follow edges between transactions, and a cycle of edges is what cannot be. This is
// what Elle does (Kingsbury and Alvaro, "Elle: inferring isolation anomalies from experimental observations", 2020).
// Any thread.
#pragma once

#include "tables/history/linearizability.h"

#include <fmt/ranges.h>

#include <set>

namespace gust::tables::history {

using Elements = std::vector<std::int64_t>;

// Lists by key. What it read is whole lists, as they were before it; it appends at most one element a key.
struct Transaction {
  enum class Outcome { kDone, kFailed, kUnknown };  // kUnknown: it happened by `returned`, or never does
  std::map<std::string, Elements> reads = {};
  std::map<std::string, std::int64_t> appends = {};
  Outcome outcome = Outcome::kDone;
  Moment called = 0, returned = kNever;
  int client = 0;
};

class Serialization {
 public:
  explicit Serialization(std::vector<Transaction> transactions) : all_(std::move(transactions)) {}

  // Nothing when an order explains everything.
  std::optional<std::string> violation() {
    if (auto wrong = check_lists()) return wrong;
    add_dependencies();
    add_real_time();
    return find_cycle();
  }

 private:
  enum class Why { kWroteBefore, kReadFrom, kReadBefore, kReturnedBefore };
  struct Edge {
    std::size_t to;
    Why why;
    const std::string* key = nullptr;
  };
  struct Chain {
    Elements longest;                           // that was read
    std::map<std::int64_t, std::size_t> writers;  // by element
    std::vector<std::size_t> readers;
  };

  std::optional<std::string> check_lists() {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      for (const auto& [key, element] : all_[i].appends) {
        if (!chains_[key].writers.emplace(element, i).second)
          return fmt::format("{}: {} is appended twice", key, element);
      }
      if (all_[i].outcome != Transaction::Outcome::kDone) continue;
      for (const auto& [key, list] : all_[i].reads) {
        auto& chain = chains_[key];
        chain.readers.push_back(i);
        const bool is_longer = list.size() > chain.longest.size();
        const auto& shorter = is_longer ? chain.longest : list;
        const auto& longer = is_longer ? list : chain.longest;
        if (!std::equal(shorter.begin(), shorter.end(), longer.begin())) {
          return fmt::format("{}: [{}] and [{}] are of no one order", key, fmt::join(shorter, " "),
                             fmt::join(longer, " "));
        }
        if (is_longer) chain.longest = list;
      }
    }
    happened_.resize(all_.size());
    for (std::size_t i = 0; i < all_.size(); ++i) happened_[i] = all_[i].outcome == Transaction::Outcome::kDone;
    for (const auto& [key, chain] : chains_) {
      if (auto wrong = check_elements(key, chain)) return wrong;
    }
    return std::nullopt;
  }

  std::optional<std::string> check_elements(const std::string& key, const Chain& chain) {
    std::set<std::int64_t> seen;
    for (const auto element : chain.longest) {
      if (!seen.insert(element).second) return fmt::format("{}: {} is there twice", key, element);
      const auto writer = chain.writers.find(element);
      if (writer == chain.writers.end()) return fmt::format("{}: nobody appended {}", key, element);
      if (all_[writer->second].outcome == Transaction::Outcome::kFailed)
        return fmt::format("{}: {} is there, and its transaction failed: {}", key, element, text_of(writer->second));
      happened_[writer->second] = true;
    }
    return std::nullopt;
  }

  void add_dependencies() {
    edges_.resize(all_.size());
    for (const auto& [key, chain] : chains_) {
      const auto writer = [&, &chain = chain](std::size_t at) { return chain.writers.at(chain.longest[at]); };
      std::vector<std::size_t> unseen;  // they come behind all that was read
      const std::set<std::int64_t> seen(chain.longest.begin(), chain.longest.end());
      for (const auto& [element, i] : chain.writers) {
        if (happened_[i] && !seen.contains(element)) unseen.push_back(i);
      }
      for (std::size_t at = 1; at < chain.longest.size(); ++at)
        add(writer(at - 1), {writer(at), Why::kWroteBefore, &key});
      if (!chain.longest.empty()) {
        for (const auto i : unseen) add(writer(chain.longest.size() - 1), {i, Why::kWroteBefore, &key});
      }
      for (const auto reader : chain.readers) {
        const auto size = all_[reader].reads.at(key).size();
        if (size > 0) add(writer(size - 1), {reader, Why::kReadFrom, &key});
        if (size < chain.longest.size()) {
          add(reader, {writer(size), Why::kReadBefore, &key});
        } else {
          for (const auto i : unseen) add(reader, {i, Why::kReadBefore, &key});
        }
      }
    }
  }

  // What had returned before another was called came before it: through nodes for the returns, in their order, so that
  // there are few edges.
  void add_real_time() {
    std::vector<std::size_t> by_call, by_return;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (!happened_[i]) continue;
      by_call.push_back(i);
      if (all_[i].returned != kNever) by_return.push_back(i);
    }
    std::ranges::sort(by_call, {}, [&](std::size_t i) { return all_[i].called; });
    std::ranges::sort(by_return, {}, [&](std::size_t i) { return all_[i].returned; });
    edges_.resize(all_.size() + by_return.size());
    std::size_t passed = 0;
    for (const auto i : by_call) {
      for (; passed < by_return.size() && all_[by_return[passed]].returned < all_[i].called; ++passed) {
        const auto node = all_.size() + passed;
        add(by_return[passed], {node, Why::kReturnedBefore});
        if (passed > 0) add(node - 1, {node, Why::kReturnedBefore});
      }
      if (passed > 0) add(all_.size() + passed - 1, {i, Why::kReturnedBefore});
    }
  }

  void add(std::size_t from, Edge edge) {
    if (from != edge.to) edges_[from].push_back(edge);
  }

  // What is on cycles: all that is left when what nothing comes before, or after, has been taken away again and again.
  std::vector<bool> on_cycles() const {
    std::vector<std::vector<std::size_t>> back(edges_.size());
    for (std::size_t from = 0; from < edges_.size(); ++from) {
      for (const auto& edge : edges_[from]) back[edge.to].push_back(from);
    }
    std::vector<bool> left(edges_.size(), true);
    const auto take_away = [&](auto degree_of, auto each_after) {
      std::vector<std::size_t> degree(edges_.size()), ready;
      for (std::size_t i = 0; i < edges_.size(); ++i) {
        degree[i] = degree_of(i);
        if (degree[i] == 0) ready.push_back(i);
      }
      while (!ready.empty()) {
        const auto i = ready.back();
        ready.pop_back();
        left[i] = false;
        each_after(i, [&](std::size_t after) {
          if (--degree[after] == 0) ready.push_back(after);
        });
      }
    };
    take_away([&](std::size_t i) { return back[i].size(); },
              [&](std::size_t i, auto f) { for (const auto& edge : edges_[i]) f(edge.to); });
    take_away([&](std::size_t i) { return edges_[i].size(); },
              [&](std::size_t i, auto f) { for (const auto from : back[i]) f(from); });
    return left;
  }

  // The shortest of the cycles through some of what is on one.
  std::optional<std::string> find_cycle() const {
    constexpr std::size_t kTried = 200;
    const auto left = on_cycles();
    std::optional<std::vector<Edge>> shortest;
    for (std::size_t i = 0, tried = 0; i < all_.size() && tried < kTried; ++i) {
      if (!left[i]) continue;
      ++tried;
      auto cycle = cycle_through(i, left);
      if (cycle && (!shortest || cycle->size() < shortest->size())) shortest = std::move(cycle);
    }
    if (!shortest) return std::nullopt;
    return cycle_text(*shortest);
  }

  // By breadth first; its edges, the last of which leads to `start`.
  std::optional<std::vector<Edge>> cycle_through(std::size_t start, const std::vector<bool>& left) const {
    std::map<std::size_t, std::pair<std::size_t, Edge>> from;
    std::vector<std::size_t> queue{start};
    for (std::size_t at = 0; at < queue.size(); ++at) {
      for (const auto& edge : edges_[queue[at]]) {
        if (!left[edge.to] || !from.try_emplace(edge.to, queue[at], edge).second) continue;
        if (edge.to != start) {
          queue.push_back(edge.to);
          continue;
        }
        std::vector<Edge> cycle;
        auto node = start;
        do {
          cycle.push_back(from.at(node).second);
          node = from.at(node).first;
        } while (node != start);
        std::ranges::reverse(cycle);
        return cycle;
      }
    }
    return std::nullopt;
  }

  std::string cycle_text(const std::vector<Edge>& cycle) const {
    std::string out = "a cycle:\n";
    for (const auto& edge : cycle) {
      static constexpr const char* kWhys[] = {"wrote before", "was read by", "did not see", "had returned before"};
      if (edge.to >= all_.size()) continue;
      const auto* why = kWhys[static_cast<int>(edge.why)];
      out += fmt::format("    which {}{}\n", why, edge.key == nullptr ? "" : fmt::format(" ({})", *edge.key));
      out += "  " + text_of(edge.to) + "\n";
    }
    return out + "    and so on";
  }

  std::string text_of(std::size_t i) const {
    const auto& one = all_[i];
    auto out = fmt::format("client {} [{}, {}]", one.client, one.called,
                           one.returned == kNever ? "never" : std::to_string(one.returned));
    for (const auto& [key, list] : one.reads) out += fmt::format(" read {}=[{}]", key, fmt::join(list, " "));
    for (const auto& [key, element] : one.appends) out += fmt::format(" append {}+{}", key, element);
    return out;
  }

  std::vector<Transaction> all_;
  std::map<std::string, Chain> chains_;
  std::vector<bool> happened_;
  std::vector<std::vector<Edge>> edges_;  // of all_, and behind them of the returns
};

inline std::optional<std::string> not_serializable(std::vector<Transaction> transactions) {
  return Serialization(std::move(transactions)).violation();
}

}  // namespace gust::tables::history
