// Record: what one invocation used (docs/formats/meter.md); Sum: what the invocations of a function used in a day. Any
// thread.
#pragma once

#include "async/task.h"
#include "base/ids.h"
#include "base/time.h"

#include <cstdint>
#include <string>

namespace gust::meter {

struct Record {
  RequestId request_id;
  AccountId account;
  std::string function;
  std::string version;
  WallTime at{};                // of its end
  std::string start;            // how its instance came to be: warm, pooled, launched, provisioned
  std::uint64_t queued_ms = 0;  // of an asynchronous one, from its acceptance to its begin
  std::uint64_t init_us = 0;    // of the first of an instance
  std::uint64_t duration_us = 0;
  std::uint64_t billed_ms = 0;
  std::uint32_t memory_mb = 0, tmp_mb = 0;  // as set
  std::uint64_t peak_bytes = 0;             // of its instance so far
  std::uint64_t cpu_us = 0;  // of its instance since the record before, or a share; with the first, of its init too
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::string error_type;  // empty: it answered
};

struct Sum {
  std::string day;  // 2026-11-23, UTC
  AccountId account;
  std::string function;
  std::uint64_t invocations = 0, errors = 0, starts = 0;  // starts: not warm
  std::uint64_t billed_ms = 0;
  std::uint64_t mb_ms = 0;      // billed time by memory
  std::uint64_t tmp_mb_ms = 0;  // billed time by what of /tmp is above 512 MB
  std::uint64_t duration_us = 0, init_us = 0, cpu_us = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;

  void add(const Record& record);
  bool operator==(const Sum&) const = default;
};

// Where records go.
class Sink {
 public:
  virtual ~Sink() = default;
  // Ends when the record survives the end of this process.
  virtual async::Task<void> append(Record record) = 0;
};

std::string day_of(WallTime time);

// One record as JSON, and back. kCorrupt.
std::string encode(const Record& record);
Result<Record> decode_record(std::string_view json);

}  // namespace gust::meter
