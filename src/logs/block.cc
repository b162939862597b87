#include "logs/block.h"

#include "codec/crc.h"
#include "logs/bytes.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <map>

namespace gust::logs {
namespace {

constexpr std::uint32_t kMagic = 0x31424c47;  // "GLB1"
constexpr std::uint32_t kMaxHeader = 64 << 20, kMaxRaw = 256 << 20;
constexpr int kLevel = 1;  // of compression: higher ones are slower and hardly smaller here

std::uint32_t crc_of(std::string_view bytes) {
  return codec::crc32c(0, std::as_bytes(std::span(bytes.data(), bytes.size())));
}

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(Code::kCorrupt, fmt::format("a block of a log: {}", what), "block");
}

std::string encode_header(const BlockHeader& h) {
  std::string out;
  append_varint(out, h.number);
  append_varint(out, h.first_sequence);
  append_varint(out, h.last_sequence);
  append_varint(out, h.events);
  append_varint(out, zigzag(h.first_ms));
  append_varint(out, zigzag(h.last_ms));
  append_varint(out, h.raw_bytes);
  append_varint(out, h.fields_cut ? 1 : 0);
  append_varint(out, h.streams.size());
  for (const auto& s : h.streams) {
    append_text(out, s.name);
    append_varint(out, s.events);
    append_varint(out, s.bytes);
    for (const auto ms : {s.first_ms, s.last_ms, s.first_ingested_ms, s.last_ingested_ms})
      append_varint(out, zigzag(ms));
  }
  return out;
}

// Names by the order in which they are first met.
class Dictionary {
 public:
  std::size_t number(std::string_view name) {
    const auto [it, fresh] = numbers_.try_emplace(name, names_.size());
    if (fresh) names_.push_back(name);
    return it->second;
  }
  const std::vector<std::string_view>& names() const { return names_; }

 private:
  std::map<std::string_view, std::size_t> numbers_;
  std::vector<std::string_view> names_;
};

std::vector<const Event*> sorted(const std::vector<SharedBatch>& batches) {
  std::vector<const Event*> out;
  for (const auto& batch : batches) {
    for (const auto& event : *batch) out.push_back(&event);
  }
  std::ranges::sort(out, {}, [](const Event* event) { return position_of(*event); });
  return out;
}

// Columns, then the messages.
std::string encode_payload(const std::vector<const Event*>& events, BlockHeader& header) {
  Dictionary streams, requests;
  std::string columns[6], messages;
  std::int64_t before = header.first_ms;
  for (const auto* e : events) {
    append_varint(columns[0], static_cast<std::uint64_t>(e->at_ms - before));
    before = e->at_ms;
    append_varint(columns[1], e->sequence - header.first_sequence);
    append_varint(columns[2], zigzag(e->ingested_ms - e->at_ms));
    const auto stream = streams.number(e->stream);
    append_varint(columns[3], stream);
    append_varint(columns[4], requests.number(e->request_id));
    append_varint(columns[5], e->message.size());
    messages += e->message;
    if (stream == header.streams.size()) header.streams.emplace_back().name = e->stream;
    header.streams[stream].add(*e);
  }
  std::string out;
  append_varint(out, requests.names().size());
  for (const auto name : requests.names()) append_text(out, name);
  for (const auto& column : columns) append_text(out, column);
  return out + messages;
}

}  // namespace

void StreamShare::add(const Event& event) {
  if (events++ == 0) {
    first_ms = last_ms = event.at_ms;
    first_ingested_ms = last_ingested_ms = event.ingested_ms;
  }
  bytes += event.message.size() + kEventOverhead;
  first_ms = std::min(first_ms, event.at_ms);
  last_ms = std::max(last_ms, event.at_ms);
  first_ingested_ms = std::min(first_ingested_ms, event.ingested_ms);
  last_ingested_ms = std::max(last_ingested_ms, event.ingested_ms);
}

void StreamShare::add(const StreamShare& other) {
  if (other.events == 0) return;
  if (events == 0) {
    auto own = std::move(name);
    *this = other;
    if (!own.empty()) name = std::move(own);
    return;
  }
  events += other.events;
  bytes += other.bytes;
  first_ms = std::min(first_ms, other.first_ms);
  last_ms = std::max(last_ms, other.last_ms);
  first_ingested_ms = std::min(first_ingested_ms, other.first_ingested_ms);
  last_ingested_ms = std::max(last_ingested_ms, other.last_ingested_ms);
}

const StreamShare* BlockHeader::find(std::string_view stream) const {
  const auto found = std::ranges::find(streams, stream, &StreamShare::name);
  return found == streams.end() ? nullptr : &*found;
}

std::string encode_block(std::uint64_t number, const std::vector<SharedBatch>& batches) {
  const auto events = sorted(batches);
  BlockHeader header;
  header.number = number;
  header.events = events.size();
  FilterBuilder filter;
  if (!events.empty()) {
    header.first_ms = events.front()->at_ms;
    header.last_ms = events.back()->at_ms;
    header.first_sequence = batches.front()->front().sequence;
    header.last_sequence = batches.back()->back().sequence;
  }
  for (const auto* event : events) filter.add(event->message);
  header.fields_cut = filter.fields_cut();
  const auto raw = encode_payload(events, header);
  header.raw_bytes = raw.size();
  std::string payload(ZSTD_compressBound(raw.size()), '\0');
  payload.resize(ZSTD_compress(payload.data(), payload.size(), raw.data(), raw.size(), kLevel));
  const auto head = encode_header(header), bits = filter.take();
  std::string out;
  append_fixed32(out, kMagic);
  append_fixed32(out, static_cast<std::uint32_t>(head.size()));
  append_fixed32(out, crc_of(head));
  append_fixed32(out, static_cast<std::uint32_t>(bits.size()));
  append_fixed32(out, static_cast<std::uint32_t>(payload.size()));
  append_fixed32(out, crc_of(payload));
  append_fixed32(out, crc_of(out));
  return out + head + bits + payload;
}

std::optional<BlockSizes> decode_head(std::string_view head) {
  if (head.size() < kBlockHead || fixed32(head.data()) != kMagic) return std::nullopt;
  if (fixed32(head.data() + 24) != crc_of(head.substr(0, 24))) return std::nullopt;
  const BlockSizes out{fixed32(head.data() + 4), fixed32(head.data() + 8), fixed32(head.data() + 12),
                       fixed32(head.data() + 16)};
  const bool sane = out.header_bytes <= kMaxHeader && out.payload_bytes <= kMaxRaw &&
                    out.filter_bytes % kFilterPiece == 0 && out.filter_bytes <= kMaxHeader;
  return sane ? std::optional(out) : std::nullopt;
}

Result<BlockHeader> decode_header(std::string_view head, std::string_view bytes) {
  const auto sizes = decode_head(head);
  if (!sizes || bytes.size() != sizes->header_bytes || crc_of(bytes) != sizes->header_crc)
    return corrupt("its header is not what was written");
  ByteReader in(bytes);
  BlockHeader out;
  out.number = in.varint();
  out.first_sequence = in.varint();
  out.last_sequence = in.varint();
  out.events = in.varint();
  out.first_ms = unzigzag(in.varint());
  out.last_ms = unzigzag(in.varint());
  out.raw_bytes = in.varint();
  out.fields_cut = in.varint() != 0;
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    auto& s = out.streams.emplace_back();
    s.name = in.text();
    s.events = in.varint();
    s.bytes = in.varint();
    for (auto* const ms : {&s.first_ms, &s.last_ms, &s.first_ingested_ms, &s.last_ingested_ms})
      *ms = unzigzag(in.varint());
  }
  const bool whole = in.ok() && in.left().empty() && out.raw_bytes <= kMaxRaw;
  if (!whole) return corrupt("its header does not end where it says");
  return out;
}

static bool take_column(ByteReader& in, std::size_t count, const auto& take) {
  ByteReader column(in.text());
  for (std::size_t i = 0; i < count; ++i) take(column.varint());
  return column.ok() && column.left().empty();
}

Result<BlockContent> BlockContent::open(const BlockHeader& header, std::string_view payload) {
  BlockContent out;
  out.raw_.resize(header.raw_bytes);
  const auto size = ZSTD_decompress(out.raw_.data(), out.raw_.size(), payload.data(), payload.size());
  if (ZSTD_isError(size) != 0 || size != out.raw_.size()) return corrupt("its payload is not what was written");
  const auto count = static_cast<std::size_t>(header.events);
  if (count > out.raw_.size()) return corrupt("it has fewer events than it says");
  ByteReader in({out.raw_.data(), out.raw_.size()});
  const auto requests = in.varint();
  for (std::uint64_t i = 0; i < requests && in.ok(); ++i) out.request_ids_.push_back(in.text());
  std::int64_t at = header.first_ms;
  std::uint64_t end = 0;
  bool sound = in.ok();
  const auto number = [](std::uint64_t n, std::size_t below, bool& fits) {
    fits = fits && n < below;
    return static_cast<std::uint32_t>(n);
  };
  sound &= take_column(in, count, [&](std::uint64_t n) {
    at = static_cast<std::int64_t>(static_cast<std::uint64_t>(at) + n);
    out.at_.push_back(at);
  });
  sound &= take_column(in, count, [&](std::uint64_t n) { out.sequences_.push_back(header.first_sequence + n); });
  sound &= take_column(in, count, [&](std::uint64_t n) { out.ingested_.push_back(unzigzag(n)); });
  sound &= take_column(in, count,
                       [&](std::uint64_t n) { out.streams_.push_back(number(n, header.streams.size(), sound)); });
  sound &= take_column(in, count,
                       [&](std::uint64_t n) { out.requests_.push_back(number(n, out.request_ids_.size(), sound)); });
  sound &= take_column(in, count, [&](std::uint64_t n) {
    out.offsets_.push_back(static_cast<std::uint32_t>(end));
    out.lengths_.push_back(number(n, out.raw_.size() + 1, sound));
    end += out.lengths_.back();
  });
  out.messages_ = in.left();
  if (!sound || !in.ok() || end != out.messages_.size()) return corrupt("its events do not end where it says");
  return out;
}

Event BlockContent::event(const BlockHeader& header, std::size_t i) const {
  Event out;
  out.at_ms = at_[i];
  out.ingested_ms =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(at_[i]) + static_cast<std::uint64_t>(ingested_[i]));
  out.sequence = sequences_[i];
  out.stream = header.streams[streams_[i]].name;
  out.request_id = request_ids_[requests_[i]];
  out.message = message(i);
  return out;
}

}  // namespace gust::logs
