// Blocks: some hundred spans as they are on the disk, one after another in a segment (docs/formats/traces.md). Any
// thread, but of one BlockWriter one at a time.
#pragma once

#include "base/result.h"
#include "telemetry/span.h"

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gust::traces {

using telemetry::Span;

// What a block says of the spans in it.
struct BlockHead {
  static constexpr std::size_t kBytes = 48;
  static constexpr std::uint32_t kFailed = 1;  // a flag: some ended as errors or faults

  std::uint32_t filter_bytes = 0, payload_bytes = 0, spans = 0, flags = 0;
  std::int64_t first_start_us = 0, last_end_us = 0, longest_us = 0;
  std::uint32_t crc = 0;

  std::size_t whole_bytes() const { return kBytes + filter_bytes + payload_bytes; }
};

// kCorrupt when the bytes are not a head. The lengths are bounded by kMostBytes.
Result<BlockHead> read_head(std::string_view bytes);
inline constexpr std::uint32_t kMostBytes = 16 << 20;
// Whether filter and payload are what was written; `head` are the head's bytes.
bool is_sound(std::string_view head, std::string_view filter, std::string_view payload);

// A Bloom filter over the traces, resources and services of a block: no false "no".
using Key = std::uint64_t;
Key key_of(const TraceId& trace);
Key key_of_resource(std::string_view resource);
Key key_of_service(std::string_view service);
bool may_contain(std::string_view filter, Key key);

// An attribute with what else a span of others' came with, as JSON of its own (segment_documents.h): it may be as long
// as a whole document, and is no attribute for anybody to see.
inline constexpr std::string_view kKept = "gust.document";
inline constexpr std::size_t kMostKept = 64 << 10;
// An attribute of a span that has begun and not ended: another with its id is to come.
inline constexpr std::string_view kInProgress = "gust.in_progress";
inline bool is_reserved(std::string_view attribute) { return attribute == kKept || attribute == kInProgress; }

class BlockWriter {
 public:
  void add(const Span& span);
  bool empty() const { return spans_ == 0; }
  std::size_t bytes() const { return payload_.size(); }
  std::uint32_t spans() const { return spans_; }
  // The whole block: head, filter, payload. The writer is empty afterwards.
  std::string finish();

 private:
  enum Keyed : std::uint8_t { kNoKey = 0, kService = 1, kResource = 2 };
  struct Known {
    std::uint32_t index = 0;
    std::uint8_t keyed = kNoKey;  // as what it is in the filter
  };
  // What a field had in the span before of the same kind: mostly it has it again.
  struct Last {
    std::string_view text;  // of texts_
    const Known* known = nullptr;
  };
  enum Field : std::uint8_t { kAccountOf, kServiceOf, kNameOf, kResourceOf, kAttributesOf };
  static constexpr std::size_t kRemembered = 2;  // attributes
  static constexpr std::size_t kFields = kAttributesOf + 2 * kRemembered;
  void put_whole(std::string_view text);
  void put_once(std::string_view text);
  void put_repeated(std::string_view text, Last& last, Keyed keyed = kNoKey);
  void put_trace(const TraceId& trace);

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::string payload_;
  std::unordered_map<std::string, Known, Hash, std::equal_to<>> texts_;
  std::array<std::array<Last, kFields>, telemetry::kSpanKinds> last_{};
  std::vector<TraceId> recent_;  // traces, the last at the back
  std::vector<Key> keys_;
  std::uint32_t spans_ = 0, flags_ = 0;
  std::int64_t last_us_ = 0, first_start_us_ = 0, last_end_us_ = 0, longest_us_ = 0;
};

// Calls `take` with each span in order; it answers false to stop. kCorrupt where the bytes make no sense; the spans
// before were given.
Result<void> read_spans(std::string_view payload, const std::function<bool(Span)>& take);

}  // namespace gust::traces
