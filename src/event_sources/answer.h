// What a function's answer says of its batch, and the record of a batch that was given up. Any thread. Source: the
// Lambda guide, "Configuring partial batch response with DynamoDB and Lambda" and "Retain discarded records for a
// DynamoDB event source".
#pragma once

#include "event_sources/source.h"

#include <optional>
#include <string>
#include <vector>

namespace gust::event_sources {

// {"Records":[...]}: so many bytes with all of them; the records take their own and a comma each.
inline constexpr std::size_t kEventFrame = 14, kMaxEventBytes = 6 << 20;
std::string to_event(const std::vector<Record>& records);

// The index of the first record that failed: the number of records when none did, 0 for all. `settings` tells whether
// the payload counts at all.
std::size_t first_failed(const std::vector<Record>& records, const Settings& settings, const Target::Answer& answer);

enum class GivenUp { kRetries, kAge };

struct Abandoned {
  GivenUp why = GivenUp::kRetries;
  std::string request_id;
  std::uint32_t attempts = 0;  // invocations there were
  std::optional<Target::Answer> answer;  // of the last of them
  std::string shard;
  std::vector<Record> records;
};

std::string to_failure(const Mapping& mapping, const Abandoned& abandoned, WallTime now);
// aws/lambda/MAPPING/SHARD/2026/01/31/2026-01-31T12.00.00-ID
std::string failure_name(const Mapping& mapping, const Abandoned& abandoned, WallTime now);

}  // namespace gust::event_sources
