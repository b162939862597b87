// Records of the event store: an invocation's event, and what became of it (docs/formats/kept_events.md). Any thread.
#pragma once

#include "base/result.h"
#include "functions/function.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gust::functions {

struct KeptEvent {
  std::string id;        // the invocation's request id, the same for every attempt
  FunctionRef function;  // as it was called
  WallTime at{};
  Arrival arrival = Arrival::kRequest;
  std::string trace_id, client_context;
  std::string replay_of;    // the request id of the invocation whose event it is again
  std::uint64_t bytes = 0;  // of the payload, which is not there when it was too large
  std::string payload;
};

// kAnswered and kFailed: the function's code did. kRefused: it never ran. Of queued events also: they wait for another
// attempt; they had their last.
enum class Fate : std::uint8_t { kAnswered, kFailed, kRefused, kRetrying, kGivenUp };

struct KeptOutcome {
  std::string id;
  WallTime at{};
  Fate fate = Fate::kAnswered;
  std::uint64_t duration_us = 0;  // as the caller saw it
  std::string version;            // that ran; empty: none did
  std::string error;              // its type, or why it was refused
};

// Appends a record whose checksum is left open; `payload` may be the event's or empty.
void append_record(std::string& out, const KeptEvent& event, std::string_view payload);
void append_record(std::string& out, const KeptOutcome& outcome);
// Fills in the checksums of all records in `bytes`.
void seal_records(std::string& bytes);

// One record as it lies in a segment. The view lives as long as the segment's bytes.
struct RecordView {
  enum class Kind : std::uint8_t { kEvent = 'E', kOutcome = 'O' };
  Kind kind{};
  std::string_view body;  // behind the kind
  std::uint32_t crc = 0;
  bool sound() const;  // whether the checksum fits
};

// Takes the next record off `bytes`; false at the end, or where a crash or damage ended what can be read.
bool next_record(std::string_view& bytes, RecordView& out);

// What is needed to choose an event, read without copying.
struct EventHead {
  std::int64_t at_ms = 0;
  std::string_view id, account, name;
};
bool read_head(const RecordView& record, EventHead& out);
// kCorrupt.
Result<KeptEvent> read_event(const RecordView& record);
Result<KeptOutcome> read_outcome(const RecordView& record);

}  // namespace gust::functions
