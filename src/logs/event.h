// What a log is made of: groups, streams and events. Any thread.
#pragma once

#include "base/ids.h"
#include "base/time.h"

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gust::logs {

struct GroupKey {
  AccountId account;
  std::string name;  // 1-512 of [.-_/#A-Za-z0-9]
  auto operator<=>(const GroupKey&) const = default;
};

struct Event {
  std::int64_t at_ms = 0;        // as its writer says
  std::int64_t ingested_ms = 0;  // when it came
  std::uint64_t sequence = 0;    // of the group, in the order in which its events came
  std::string stream;
  std::string request_id;  // of the invocation that wrote it, or empty
  std::string message;
};

// Where an event is in the order of reading: by time, then as they came.
struct Position {
  std::int64_t at_ms = 0;
  std::uint64_t sequence = 0;
  auto operator<=>(const Position&) const = default;
};
inline Position position_of(const Event& event) { return {event.at_ms, event.sequence}; }

// Events that were written at once, in the order in which they came.
using Batch = std::vector<Event>;
using SharedBatch = std::shared_ptr<const Batch>;

// What an event counts beside its message, in limits and sizes. Source: PutLogEvents of the CloudWatch Logs API.
inline constexpr std::size_t kEventOverhead = 26;

}  // namespace gust::logs
