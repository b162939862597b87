#include "event_sources/progress.h"

#include "base/assert.h"

namespace gust::event_sources {

std::uint64_t Progress::add(std::string position, WallTime at) {
  entries_.push_back({std::move(position), at});
  return first_ + entries_.size() - 1;
}

void Progress::done(std::uint64_t number) {
  GUST_ASSERT(number >= first_ && number - first_ < entries_.size());
  entries_[number - first_].done = true;
  advance();
}

void Progress::skip(std::string position) {
  if (entries_.empty()) {
    reached_ = std::move(position);
  } else {
    // With the record before it: a place of its own would take memory for each record that nobody wants.
    entries_.back().position = std::move(position);
  }
}

std::optional<WallTime> Progress::oldest() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.front().at;
}

void Progress::advance() {
  while (!entries_.empty() && entries_.front().done) {
    reached_ = std::move(entries_.front().position);
    entries_.pop_front();
    ++first_;
  }
}

}  // namespace gust::event_sources
