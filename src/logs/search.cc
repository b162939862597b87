#include "logs/search.h"

#include "logs/block_search.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

namespace gust::logs {
namespace {

constexpr std::size_t kMostAtOnce = 256;  // blocks between two looks at what was found
constexpr unsigned kThreads = 2;

// Calls `work` for each number below `count`, on two threads where there is more to do than one has fast.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (auto i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  if (count >= 4) {
    for (unsigned i = 1; i < kThreads; ++i) others.emplace_back(run);
  }
  run();
}

class OrderedSearch {
 public:
  OrderedSearch(const Corpus& corpus, const SearchQuery& query)
      : corpus_(corpus),
        query_(query),
        forward_(query.direction == Direction::kForward),
        needs_(query.pattern ? query.pattern->needs() : Needs()),
        literal_(query.pattern ? query.pattern->literal() : std::string_view()) {}

  SearchResult run() {
    add_tail();
    choose_blocks();
    std::size_t at_once = 2;
    for (std::size_t at = 0;;) {
      if (emit(at)) break;
      if (at == blocks_.size()) break;
      if (std::chrono::steady_clock::now() >= query_.deadline) {
        out_.next = edge(at);
        break;
      }
      const auto count = std::min(at_once, blocks_.size() - at);
      read(at, count);
      at += count;
      at_once = std::min(at_once * 2, kMostAtOnce);
    }
    return std::move(out_);
  }

 private:
  bool before(Position a, Position b) const { return forward_ ? a < b : b < a; }

  void add_tail() {
    for (const auto& batch : corpus_.tail) {
      for (const auto& event : *batch) {
        if (is_meant(event, corpus_, query_)) found_.push_back(event);
      }
    }
  }

  void choose_blocks() {
    for (const auto& block : corpus_.blocks) {
      if (may_have(*block, corpus_, query_)) blocks_.push_back(block.get());
    }
    if (forward_) {
      std::ranges::sort(blocks_, {}, [](const Block* block) { return block->header.first_ms; });
    } else {
      std::ranges::sort(blocks_, std::ranges::greater(), [](const Block* block) { return block->header.last_ms; });
    }
  }

  // No block from `at` on has an event before this.
  Position edge(std::size_t at) const {
    if (at == blocks_.size()) return forward_ ? SearchQuery::kLast : SearchQuery::kFirst;
    if (forward_) return std::max(query_.low, Position{blocks_[at]->header.first_ms, 0});
    return std::min(query_.high, Position{blocks_[at]->header.last_ms + 1, 0});
  }

  void read(std::size_t at, std::size_t count) {
    std::mutex mutex;
    in_parallel(count, [&](std::size_t i) {
      const auto& block = *blocks_[at + i];
      if (!filter_allows(block, needs_)) {
        const std::scoped_lock lock(mutex);
        ++out_.blocks_passed;
        return;
      }
      std::deque<Event> some;
      const auto bytes = each_match(block, corpus_, query_, literal_, [&](Event event) {
        some.push_back(std::move(event));  // one more than may be given says that there is more
        if (some.size() <= query_.limit) return true;
        if (forward_) return false;
        if (some.size() == query_.limit + 1) return true;
        some.pop_front();
        return true;
      });
      const std::scoped_lock lock(mutex);
      ++out_.blocks_read;
      out_.bytes_read += bytes;
      std::ranges::move(some, std::back_inserter(found_));
    });
  }

  // Gives what no block from `at` on comes before. True: that is enough.
  bool emit(std::size_t at) {
    const auto bound = edge(at);
    const auto is_first = [this](const Event& a, const Event& b) { return before(position_of(a), position_of(b)); };
    std::ranges::sort(found_, is_first);
    std::size_t given = 0;
    const auto is_sure = [&](Position p) { return at == blocks_.size() || (forward_ ? p < bound : p >= bound); };
    for (; given < found_.size() && is_sure(position_of(found_[given])); ++given) {
      auto& event = found_[given];
      const bool full = out_.events.size() >= query_.limit ||
                        (bytes_ + event.message.size() > query_.max_bytes && !out_.events.empty());
      if (full) return stop_behind_last();
      bytes_ += event.message.size();
      out_.events.push_back(std::move(event));
    }
    found_.erase(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(given));
    if (out_.events.size() < query_.limit || (at == blocks_.size() && found_.empty())) return false;
    return stop_behind_last();
  }

  bool stop_behind_last() {
    const auto last = position_of(out_.events.back());
    out_.next = forward_ ? Position{last.at_ms, last.sequence + 1} : last;
    return true;
  }

  const Corpus& corpus_;
  const SearchQuery& query_;
  const bool forward_;
  const Needs needs_;
  const std::string_view literal_;
  std::vector<const Block*> blocks_;
  std::vector<Event> found_;  // and not yet given
  std::size_t bytes_ = 0;
  SearchResult out_;
};

}  // namespace

SearchResult search(const Corpus& corpus, const SearchQuery& query) { return OrderedSearch(corpus, query).run(); }

ScanStatistics scan(const Corpus& corpus, const SearchQuery& query, const std::function<bool(Event)>& take) {
  ScanStatistics out;
  std::atomic<bool> stopped = false;
  const auto hand_over = [&](Event event) {
    if (!stopped && !take(std::move(event))) stopped = true;
    return !stopped;
  };
  for (const auto& batch : corpus.tail) {
    for (const auto& event : *batch) {
      ++out.events;
      out.bytes += event.message.size();
      if (!stopped && is_meant(event, corpus, query)) hand_over(event);
    }
  }
  const auto needs = query.pattern ? query.pattern->needs() : Needs();
  const auto literal = query.pattern ? query.pattern->literal() : std::string_view();
  std::vector<const Block*> blocks;
  for (const auto& block : corpus.blocks) {
    if (may_have(*block, corpus, query)) blocks.push_back(block.get());
  }
  std::mutex mutex;
  in_parallel(blocks.size(), [&](std::size_t i) {
    if (stopped || std::chrono::steady_clock::now() >= query.deadline || !filter_allows(*blocks[i], needs)) return;
    const auto bytes = each_match(*blocks[i], corpus, query, literal, hand_over);
    const std::scoped_lock lock(mutex);
    out.events += blocks[i]->header.events;
    out.bytes += bytes;
  });
  return out;
}

}  // namespace gust::logs
