// Search: the events of a group that are in a window, of certain streams, and match a pattern, in the order of time.
// Blocks that cannot have any are passed by. It works on what it is given and blocks; any thread.
#pragma once

#include "logs/block.h"
#include "logs/filter_pattern.h"
#include "logs/group_folder.h"

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::logs {

// What there is to look through: all of it stays as it is, though files may go.
struct Corpus {
  std::vector<SharedBlock> blocks;
  std::vector<SharedBatch> tail;
  std::map<std::string, std::uint64_t, std::less<>> below_block;  // events of a stream in lower blocks are gone
};

enum class Direction { kForward, kBackward };

struct SearchQuery {
  static constexpr Position kFirst{std::numeric_limits<std::int64_t>::min(), 0};
  static constexpr Position kLast{std::numeric_limits<std::int64_t>::max(), 0};

  Position low = kFirst, high = kLast;  // from `low` on, before `high`
  Direction direction = Direction::kForward;
  std::function<bool(std::string_view stream)> stream;  // none: every one
  std::shared_ptr<const FilterPattern> pattern;         // null: every message
  std::string request_id;                               // empty: of any
  std::size_t limit = 10'000;
  std::size_t max_bytes = 1 << 20;  // of messages
  SteadyTime deadline = SteadyTime::max();
};

struct SearchResult {
  std::vector<Event> events;  // as the direction has it
  // Where to go on: the new `low` of a forward search, the new `high` of a backward one. None: there is no more.
  std::optional<Position> next;
  std::size_t blocks_read = 0, blocks_passed = 0;
  std::uint64_t bytes_read = 0;  // of payloads, decompressed
};

SearchResult search(const Corpus& corpus, const SearchQuery& query);

// Every event that is meant, in no order, handed over block by block; `take` may be called by two threads at once, and
// answers false to stop. Bounds and direction's limits of the query are not looked at.
struct ScanStatistics {
  std::uint64_t events = 0, bytes = 0;  // that were looked at
};
ScanStatistics scan(const Corpus& corpus, const SearchQuery& query, const std::function<bool(Event)>& take);

}  // namespace gust::logs
