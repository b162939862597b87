// Progress: how far a shard is done, when its records are done in any order. Any one thread.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace gust::event_sources {

class Progress {
 public:
  explicit Progress(std::string position) : reached_(std::move(position)) {}

  // In the order of the shard: a record that is to be done, with a number for done().
  std::uint64_t add(std::string position, WallTime at);
  void done(std::uint64_t number);
  // A place with nothing to do before it that was not added.
  void skip(std::string position);

  // All up to this place is done.
  const std::string& reached() const { return reached_; }
  bool idle() const { return entries_.empty(); }
  // When the oldest record came that is not done.
  std::optional<WallTime> oldest() const;

 private:
  struct Entry {
    std::string position;
    WallTime at;
    bool done = false;
  };
  void advance();

  std::deque<Entry> entries_;  // the first is not done
  std::uint64_t first_ = 0;    // its number
  std::string reached_;
};

}  // namespace gust::event_sources
