#include "wire/event_stream.h"

#include "base/assert.h"
#include "codec/crc.h"

#include <cstdint>
#include <span>

namespace gust::wire {
namespace {

constexpr std::size_t kPrelude = 12, kMessageCrc = 4, kMaxPayload = 16 << 20;
constexpr char kStringHeader = 7;

void append_number(std::string& out, std::uint32_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  append_number(out, static_cast<std::uint32_t>(name.size()), 1);
  out += name;
  out += kStringHeader;
  append_number(out, static_cast<std::uint32_t>(value.size()), 2);
  out += value;
}

void append_crc(std::string& out) { append_number(out, codec::crc32(0, std::as_bytes(std::span(out))), 4); }

}  // namespace

std::string event_message(std::string_view event_type, std::string_view content_type, std::string_view payload) {
  GUST_ASSERT(payload.size() <= kMaxPayload);
  std::string headers;
  append_header(headers, ":message-type", "event");
  append_header(headers, ":event-type", event_type);
  append_header(headers, ":content-type", content_type);
  std::string out;
  out.reserve(kPrelude + headers.size() + payload.size() + kMessageCrc);
  append_number(out, static_cast<std::uint32_t>(kPrelude + headers.size() + payload.size() + kMessageCrc), 4);
  append_number(out, static_cast<std::uint32_t>(headers.size()), 4);
  append_crc(out);
  out += headers;
  out += payload;
  append_crc(out);
  return out;
}

}  // namespace gust::wire
