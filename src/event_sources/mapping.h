// Mapping: which function gets the records of which stream, and how: what CreateEventSourceMapping takes. Any thread.
#pragma once

#include "base/ids.h"
#include "base/time.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gust::event_sources {

// Where a mapping without a place of its own begins to read.
enum class StartAt { kOldest, kLatest };

struct Settings {
  std::uint32_t batch_size = 100;
  std::uint32_t window_s = 0;  // how long records are gathered for a batch that is not full
  std::uint32_t lanes = 1;     // batches of a shard at once; the records of one key are in one of them
  std::int32_t max_retries = -1;  // after the first attempt; -1: for as long as the source has the records
  std::int32_t max_age_s = -1;    // -1: the same
  bool bisects = false;           // a batch that failed is split in two
  bool reports_failures = false;  // the function's answer says which records failed
  std::vector<std::string> filters = {};  // patterns; of several one must match
  std::string on_failure = {};            // ARN of the bucket for what is given up; empty: none
  std::vector<std::string> metrics = {};  // kept and told
  bool operator==(const Settings&) const = default;
};

struct Mapping {
  AccountId account;
  std::string id;      // a UUID
  std::string region;  // of the function
  std::string source_arn, function_arn;
  StartAt start = StartAt::kOldest;
  bool enabled = true;
  Settings settings;
  std::map<std::string, std::string> tags = {};
  WallTime modified_at = {};

  std::string arn() const { return "arn:aws:lambda:" + region + ":" + account.str() + ":event-source-mapping:" + id; }
};

// How far a shard was done, and how its last batch ended.
struct Checkpoint {
  std::string position;  // of the source; empty: before the oldest record
  std::string result;    // empty: there was no batch yet
  bool operator==(const Checkpoint&) const = default;
};

// LastProcessingResult.
inline constexpr std::string_view kNothingYet = "No records processed", kOk = "OK",
                                  kCallFailed = "PROBLEM: Function call failed",
                                  kSourceFailed = "PROBLEM: The stream cannot be read";

}  // namespace gust::event_sources
