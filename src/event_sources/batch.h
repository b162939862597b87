// Batch: records on their way to a function, with what was tried. Any one thread.
#pragma once

#include "event_sources/answer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gust::event_sources {

struct Batch {
  std::vector<Record> records = {};
  std::vector<std::uint64_t> numbers = {};  // of the records, in Progress
  std::uint32_t failures = 0;               // that count as attempts: splitting costs none
  std::uint32_t pauses = 0;                 // in a row, each longer than the one before
  std::uint32_t invocations = 0;
  std::string request_id = {};                        // of the last of them
  std::optional<Target::Answer> answer = std::nullopt;  // to it
  TraceId trace = {};                                   // of all its attempts

  bool empty() const { return records.empty(); }
  std::size_t size() const { return records.size(); }
};

// Takes the first `count` records off, with the same past.
Batch take_front(Batch& batch, std::size_t count);

// How many records at its front are as old as `most`.
std::size_t count_expired(const Batch& batch, WallTime now, Millis most);

// What is to be done with what is left of a batch whose records before `failed` succeeded, and are no longer in it.
struct Next {
  std::vector<Batch> batches;  // in this order
  enum class When { kAtOnce, kAfterPause, kNever } when = When::kAtOnce;
};
Next after_failure(Batch batch, std::size_t failed, const Settings& settings);

// Between attempts: twice as long each time, up to half a minute.
Millis pause_before(std::uint32_t attempt);

}  // namespace gust::event_sources
