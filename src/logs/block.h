// Block: some hundred kilobytes of a group's events, sorted by time, compressed, with what must be known to pass it by
// (docs/formats/logs.md). Any thread.
#pragma once

#include "base/result.h"
#include "logs/event.h"
#include "logs/token_filter.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gust::logs {

// What of a stream is in one block, or in several.
struct StreamShare {
  std::string name;
  std::uint64_t events = 0, bytes = 0;  // bytes with kEventOverhead
  std::int64_t first_ms = 0, last_ms = 0, first_ingested_ms = 0, last_ingested_ms = 0;

  void add(const Event& event);
  void add(const StreamShare& other);
};

struct BlockHeader {
  std::uint64_t number = 0;  // of the group's blocks, from 1
  std::uint64_t first_sequence = 0, last_sequence = 0, events = 0;
  std::int64_t first_ms = 0, last_ms = 0;
  std::uint64_t raw_bytes = 0;  // of the payload before compression
  bool fields_cut = false;      // the filter lacks fields: it says nothing of JSON
  std::vector<StreamShare> streams;

  const StreamShare* find(std::string_view stream) const;
};

struct Block {
  BlockHeader header;
  std::string file;  // its path
  std::uint64_t offset = 0;
  std::uint32_t filter_at = 0, filter_bytes = 0, payload_at = 0, payload_bytes = 0;  // from `offset` on
  std::uint64_t end() const { return offset + payload_at + payload_bytes; }
};

// A block's bytes. The events are of one or several batches, with rising sequences.
std::string encode_block(std::uint64_t number, const std::vector<SharedBatch>& batches);

inline constexpr std::size_t kBlockHead = 28;
// What kBlockHead bytes at the front of a block say; nothing where there is none. kMaxHeader bounds `header_bytes`.
struct BlockSizes {
  std::uint32_t header_bytes = 0, header_crc = 0, filter_bytes = 0, payload_bytes = 0;
};
std::optional<BlockSizes> decode_head(std::string_view head);
// The header from its bytes; kCorrupt.
Result<BlockHeader> decode_header(std::string_view head, std::string_view header);

// The events of a block, from its decompressed payload, made when they are asked for.
class BlockContent {
 public:
  BlockContent() = default;
  BlockContent(const BlockContent&) = delete;
  BlockContent(BlockContent&&) noexcept = default;
  BlockContent& operator=(BlockContent&&) noexcept = default;
  // kCorrupt.
  static Result<BlockContent> open(const BlockHeader& header, std::string_view payload);

  std::size_t size() const { return lengths_.size(); }
  std::string_view messages() const { return messages_; }  // one after another
  Position position(std::size_t i) const { return {at_[i], sequences_[i]}; }
  std::size_t stream(std::size_t i) const { return streams_[i]; }  // of the header's
  std::string_view message(std::size_t i) const { return messages_.substr(offsets_[i], lengths_[i]); }
  std::size_t offset(std::size_t i) const { return offsets_[i]; }  // of its message in messages()
  Event event(const BlockHeader& header, std::size_t i) const;

 private:
  std::vector<char> raw_;  // which stays where it is when this is moved
  std::string_view messages_;
  std::vector<std::int64_t> at_, ingested_;
  std::vector<std::uint64_t> sequences_;
  std::vector<std::uint32_t> streams_, requests_, lengths_, offsets_;
  std::vector<std::string_view> request_ids_;
};

}  // namespace gust::logs
