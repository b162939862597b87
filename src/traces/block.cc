#include "traces/block.h"

#include "codec/crc.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace gust::traces {
namespace {

constexpr std::uint32_t kMagic = 0x31425347;  // "GSB1"
constexpr std::size_t kRecent = 16;           // traces that a span may name by how long ago they came
constexpr std::size_t kMostTexts = 4096, kLongestRepeated = 80;
constexpr std::size_t kMostText = 512, kMostName = 160, kMostAttributes = 32;
constexpr std::size_t kBitsPerKey = 12, kProbes = 4;

void put_number(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

std::uint64_t folded(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unfolded(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

template <typename T>
void put_fixed(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));  // little endian, as the machine is
  out.append(bytes, sizeof(T));
}

template <typename T>
T get_fixed(std::string_view bytes, std::size_t at) {
  T out;
  std::memcpy(&out, bytes.data() + at, sizeof(T));
  return out;
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Of the head without its checksum, and what follows it.
std::uint32_t crc_of(std::string_view head, std::string_view filter, std::string_view payload) {
  auto crc = codec::crc32c(0, as_bytes(head.substr(0, BlockHead::kBytes - 4)));
  crc = codec::crc32c(crc, as_bytes(filter));
  return codec::crc32c(crc, as_bytes(payload));
}

Key mixed(Key x) {  // splitmix64's finaliser
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27;
  x *= 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Key key_of_text(char kind, std::string_view text) {
  Key hash = 0xcbf29ce484222325;  // FNV-1a
  const auto add = [&](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3; };
  add(kind);
  for (const char c : text) add(c);
  return mixed(hash);
}

std::string filter_of(std::vector<Key>& keys) {
  std::ranges::sort(keys);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  const auto bytes = std::max<std::size_t>(8, (keys.size() * kBitsPerKey + 7) / 8);
  std::string out(bytes, '\0');
  for (const auto key : keys) {
    for (std::size_t i = 0; i < kProbes; ++i) {
      const auto bit = (key + i * (key >> 32 | 1)) % (bytes * 8);
      out[bit / 8] = static_cast<char>(out[bit / 8] | (1 << (bit % 8)));
    }
  }
  return out;
}

constexpr unsigned char kNoDigit = 0xff;
constexpr auto kHexDigits = [] {
  std::array<unsigned char, 256> out{};
  out.fill(kNoDigit);
  for (unsigned char i = 0; i < 10; ++i) out['0' + i] = i;
  for (unsigned char i = 0; i < 6; ++i) out['a' + i] = 10 + i;
  return out;
}();

// 16 bytes of a UUID in lower case. No branch depends on a digit: of random ones every other would be guessed wrong.
std::optional<std::array<char, 16>> packed_uuid(std::string_view text) {
  constexpr std::array<std::uint8_t, 16> kPairs{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return std::nullopt;
  std::array<char, 16> out{};
  unsigned char seen = 0;
  for (std::size_t i = 0; i < kPairs.size(); ++i) {
    const auto high = kHexDigits[static_cast<unsigned char>(text[kPairs[i]])];
    const auto low = kHexDigits[static_cast<unsigned char>(text[kPairs[i] + 1U])];
    seen |= high | low;
    out[i] = static_cast<char>(high << 4 | low);
  }
  if (seen > 15) return std::nullopt;
  return out;
}

std::string unpacked_uuid(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

enum RequestIdForm : std::uint64_t { kNoId, kUuid, kOther };

// What is left of a payload; once it fails it gives zeros.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool at_end() const { return bytes_.empty() || failed_; }
  bool failed() const { return failed_; }

  std::uint64_t number() {
    std::uint64_t out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      out |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return out;
    }
    failed_ = true;
    return 0;
  }
  std::string_view piece(std::uint64_t length) {
    if (failed_ || length > bytes_.size()) {
      failed_ = true;
      return {};
    }
    const auto out = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return out;
  }
  std::uint64_t fixed() {
    const auto bytes = piece(8);
    return failed_ ? 0 : get_fixed<std::uint64_t>(bytes, 0);
  }
  std::string text() {
    const auto code = number();
    if (code >= 2) {
      if (code - 2 >= texts_.size()) failed_ = true;
      return failed_ ? std::string() : std::string(texts_[code - 2]);
    }
    const auto bytes = piece(number());
    if (code == 1) texts_.push_back(bytes);
    return std::string(bytes);
  }
  TraceId trace() {
    const auto code = number();
    if (code > 0) {
      if (code > recent_.size()) failed_ = true;
      return failed_ ? TraceId() : recent_[recent_.size() - code];
    }
    TraceId out;
    out.high = fixed();
    out.low = fixed();
    if (recent_.size() == kRecent) recent_.erase(recent_.begin());
    recent_.push_back(out);
    return out;
  }
  std::string request_id() {
    const auto form = number();
    if (form == kUuid) return unpacked_uuid(piece(16));
    return form == kOther ? text() : std::string();
  }

 private:
  std::string_view bytes_;
  std::vector<std::string_view> texts_;
  std::vector<TraceId> recent_;
  bool failed_ = false;
};

// Kind, status, entry, whether there is a parent.
std::uint64_t flags_of(const Span& span) {
  return static_cast<std::uint64_t>(span.kind) | static_cast<std::uint64_t>(span.status) << 5 |
         (span.entry == Span::Entry::kYes ? 1U << 7 : 0U) | (span.parent != 0 ? 1U << 8 : 0U) |
         (!span.error.empty() ? 1U << 9 : 0U) | (!span.attributes.empty() ? 1U << 10 : 0U);
}

}  // namespace

Key key_of(const TraceId& trace) { return mixed(trace.high ^ mixed(trace.low)); }
Key key_of_resource(std::string_view resource) { return key_of_text('r', resource); }
Key key_of_service(std::string_view service) { return key_of_text('s', service); }

bool may_contain(std::string_view filter, Key key) {
  if (filter.empty()) return false;
  for (std::size_t i = 0; i < kProbes; ++i) {
    const auto bit = (key + i * (key >> 32 | 1)) % (filter.size() * 8);
    if ((filter[bit / 8] & (1 << (bit % 8))) == 0) return false;
  }
  return true;
}

Result<BlockHead> read_head(std::string_view bytes) {
  if (bytes.size() < BlockHead::kBytes || get_fixed<std::uint32_t>(bytes, 0) != kMagic)
    return fail(Code::kCorrupt, "no block of spans begins here", "traces");
  BlockHead out;
  out.payload_bytes = get_fixed<std::uint32_t>(bytes, 4);
  out.filter_bytes = get_fixed<std::uint32_t>(bytes, 8);
  out.spans = get_fixed<std::uint32_t>(bytes, 12);
  out.first_start_us = get_fixed<std::int64_t>(bytes, 16);
  out.last_end_us = get_fixed<std::int64_t>(bytes, 24);
  out.longest_us = get_fixed<std::int64_t>(bytes, 32);
  out.flags = get_fixed<std::uint32_t>(bytes, 40);
  out.crc = get_fixed<std::uint32_t>(bytes, 44);
  if (out.payload_bytes > kMostBytes || out.filter_bytes > kMostBytes || out.spans > out.payload_bytes)
    return fail(Code::kCorrupt, "a block of spans is larger than any that is written", "traces");
  return out;
}

bool is_sound(std::string_view head, std::string_view filter, std::string_view payload) {
  return head.size() >= BlockHead::kBytes &&
         get_fixed<std::uint32_t>(head, BlockHead::kBytes - 4) == crc_of(head, filter, payload);
}

void BlockWriter::put_whole(std::string_view text) {
  put_number(payload_, 0);
  put_number(payload_, text.size());
  payload_ += text;
}

void BlockWriter::put_once(std::string_view text) { put_whole(text.substr(0, kMostText)); }

void BlockWriter::put_repeated(std::string_view text, Last& last, Keyed keyed) {
  if (last.known != nullptr && last.text == text && (last.known->keyed & keyed) == keyed)
    return put_number(payload_, last.known->index + 2);
  text = text.substr(0, kMostText);
  if (text.empty()) keyed = kNoKey;
  const auto known = texts_.find(text);
  if (keyed != kNoKey && (known == texts_.end() || (known->second.keyed & keyed) == 0)) {
    keys_.push_back(keyed == kService ? key_of_service(text) : key_of_resource(text));
    if (known != texts_.end()) known->second.keyed |= keyed;
  }
  if (known != texts_.end()) {
    last = {known->first, &known->second};
    return put_number(payload_, known->second.index + 2);
  }
  if (text.size() > kLongestRepeated || texts_.size() == kMostTexts) return put_once(text);
  put_number(payload_, 1);
  put_number(payload_, text.size());
  payload_ += text;
  texts_.emplace(text, Known{static_cast<std::uint32_t>(texts_.size()), keyed});
}

void BlockWriter::put_trace(const TraceId& trace) {
  for (std::size_t ago = 1; ago <= recent_.size(); ++ago) {
    if (recent_[recent_.size() - ago] == trace) return put_number(payload_, ago);
  }
  put_number(payload_, 0);
  put_fixed(payload_, trace.high);
  put_fixed(payload_, trace.low);
  if (recent_.size() == kRecent) recent_.erase(recent_.begin());
  recent_.push_back(trace);
  keys_.push_back(key_of(trace));
}

void BlockWriter::add(const Span& span) {
  if (spans_ == 0) {
    first_start_us_ = span.start_us;
    last_end_us_ = span.start_us + span.duration_us;
  }
  put_number(payload_, flags_of(span));
  put_trace(span.trace);
  put_fixed(payload_, span.id);
  if (span.parent != 0) put_fixed(payload_, span.parent);
  put_number(payload_, folded(span.start_us - last_us_));
  put_number(payload_, static_cast<std::uint64_t>(span.duration_us));
  auto& last = last_[static_cast<std::size_t>(span.kind) % telemetry::kSpanKinds];
  put_repeated(span.account, last[kAccountOf]);
  put_repeated(span.service, last[kServiceOf], kService);
  if (const auto name = telemetry::shortened(span.name, kMostName); name.contains('/'))
    put_once(name);
  else
    put_repeated(name, last[kNameOf]);
  put_repeated(span.resource, last[kResourceOf], kResource);
  if (span.request_id.empty()) {
    put_number(payload_, kNoId);
  } else if (const auto uuid = packed_uuid(span.request_id)) {
    put_number(payload_, kUuid);
    payload_.append(uuid->data(), uuid->size());
  } else {
    put_number(payload_, kOther);
    put_once(span.request_id);
  }
  if (!span.error.empty()) put_once(telemetry::shortened(span.error, kMostText));
  if (!span.attributes.empty()) {
    const auto most = std::min(span.attributes.size(), kMostAttributes);
    put_number(payload_, most);
    for (std::size_t i = 0; i < most; ++i) {
      auto* const of_attribute = &last[kAttributesOf + 2 * std::min(i, kRemembered - 1)];
      const auto& [name, value] = span.attributes[i];
      put_repeated(name, of_attribute[0]);
      if (name == kKept)
        put_whole(std::string_view(value).substr(0, kMostKept));
      else
        put_repeated(telemetry::shortened(value, kMostText), of_attribute[1]);
    }
  }
  last_us_ = span.start_us;
  first_start_us_ = std::min(first_start_us_, span.start_us);
  last_end_us_ = std::max(last_end_us_, span.start_us + span.duration_us);
  longest_us_ = std::max(longest_us_, span.duration_us);
  if (span.status != telemetry::SpanStatus::kOk) flags_ |= BlockHead::kFailed;
  ++spans_;
}

std::string BlockWriter::finish() {
  const auto filter = filter_of(keys_);
  std::string out;
  out.reserve(BlockHead::kBytes + filter.size() + payload_.size());
  put_fixed(out, kMagic);
  put_fixed(out, static_cast<std::uint32_t>(payload_.size()));
  put_fixed(out, static_cast<std::uint32_t>(filter.size()));
  put_fixed(out, spans_);
  put_fixed(out, first_start_us_);
  put_fixed(out, last_end_us_);
  put_fixed(out, longest_us_);
  put_fixed(out, flags_);
  put_fixed(out, std::uint32_t{0});
  const auto crc = crc_of(out, filter, payload_);
  std::memcpy(out.data() + BlockHead::kBytes - 4, &crc, 4);
  out += filter;
  out += payload_;
  *this = BlockWriter();
  return out;
}

Result<void> read_spans(std::string_view payload, const std::function<bool(Span)>& take) {
  Reader in(payload);
  std::int64_t last_us = 0;
  while (!in.at_end()) {
    Span span;
    const auto flags = in.number();
    span.kind = static_cast<telemetry::SpanKind>(std::min<std::uint64_t>(flags & 31, telemetry::kSpanKinds - 1));
    span.status = static_cast<telemetry::SpanStatus>(flags >> 5 & 3);
    span.entry = (flags >> 7 & 1) != 0 ? Span::Entry::kYes : Span::Entry::kNo;
    span.trace = in.trace();
    span.id = in.fixed();
    if ((flags >> 8 & 1) != 0) span.parent = in.fixed();
    const auto moved = unfolded(in.number());
    if (__builtin_add_overflow(last_us, moved, &span.start_us)) break;
    last_us = span.start_us;
    span.duration_us = static_cast<std::int64_t>(in.number() & 0x7fffffffffff);
    span.account = in.text();
    span.service = in.text();
    span.name = in.text();
    span.resource = in.text();
    span.request_id = in.request_id();
    if ((flags >> 9 & 1) != 0) span.error = in.text();
    if ((flags >> 10 & 1) != 0) {
      for (auto left = std::min<std::uint64_t>(in.number(), kMostAttributes); left > 0 && !in.failed(); --left) {
        auto name = in.text();
        span.attributes.emplace_back(std::move(name), in.text());
      }
    }
    if (in.failed()) break;
    if (!take(std::move(span))) return {};
  }
  if (!in.at_end() || in.failed()) return fail(Code::kCorrupt, "a block of spans breaks off", "traces");
  return {};
}

}  // namespace gust::traces
