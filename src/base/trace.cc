#include "base/trace.h"

#include <array>

namespace gust {
namespace {

constexpr std::size_t kMostRest = 1000;

void append_hex(std::string& out, std::uint64_t value, std::size_t digits = 16) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 16> text;
  for (auto at = digits; at-- > 0; value >>= 4) text[at] = kDigits[value & 15];
  out.append(text.data(), digits);
}

// Exactly `digits` of them, lower case or upper.
std::optional<std::uint64_t> read_hex(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    out = out << 4 | static_cast<std::uint64_t>(digit);
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (c < ' ' || c > '~') return false;
  }
  return true;
}

}  // namespace

std::string xray_id(const TraceId& id) {
  std::string out;
  out.reserve(35);
  out += "1-";
  append_hex(out, id.high >> 32, 8);
  out += '-';
  append_hex(out, id.high & 0xffffffff, 8);
  append_hex(out, id.low);
  return out;
}

std::string span_text(SpanId id) {
  std::string out;
  append_hex(out, id);
  return out;
}

std::string TraceContext::xray() const {
  if (id.empty()) return rest;
  std::string out;
  out.reserve(80 + rest.size());
  out += "Root=";
  out += xray_id(id);
  if (span != 0) {
    out += ";Parent=";
    append_hex(out, span);
  }
  out += sampled == Sampled::kYes ? ";Sampled=1" : ";Sampled=0";
  if (!rest.empty()) {
    out += ';';
    out += rest;
  }
  return out;
}

std::string TraceContext::traceparent() const {
  if (id.empty() || span == 0) return "";
  std::string out = "00-";
  append_hex(out, id.high);
  append_hex(out, id.low);
  out += '-';
  append_hex(out, span);
  out += sampled == Sampled::kYes ? "-01" : "-00";
  return out;
}

std::optional<TraceId> parse_trace_id(std::string_view text) {
  std::array<char, 32> digits{};
  if (text.size() == 35 && text.starts_with("1-") && text[10] == '-') {
    text.copy(digits.data(), 8, 2);
    text.copy(digits.data() + 8, 24, 11);
  } else if (text.size() == 32) {
    text.copy(digits.data(), 32);
  } else {
    return std::nullopt;
  }
  const std::string_view all(digits.data(), digits.size());
  const auto high = read_hex(all.substr(0, 16), 16), low = read_hex(all.substr(16), 16);
  if (!high || !low || (*high == 0 && *low == 0)) return std::nullopt;
  return TraceId{*high, *low};
}

std::optional<SpanId> parse_span_id(std::string_view text) {
  const auto id = read_hex(text, 16);
  return id && *id != 0 ? id : std::nullopt;
}

TraceContext parse_xray(std::string_view header) {
  TraceContext out;
  while (!header.empty()) {
    const auto end = header.find(';');
    const auto field = trimmed(header.substr(0, end));
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
    if (field.starts_with("Root=")) {
      out.id = parse_trace_id(field.substr(5)).value_or(TraceId());
    } else if (field.starts_with("Parent=")) {
      out.span = parse_span_id(field.substr(7)).value_or(0);
    } else if (field.starts_with("Sampled=")) {
      out.sampled = field == "Sampled=0" ? TraceContext::Sampled::kNo : TraceContext::Sampled::kYes;
    } else if (!field.empty() && !field.starts_with("Self=") && is_printable(field) &&
               out.rest.size() + field.size() < kMostRest) {
      if (!out.rest.empty()) out.rest += ';';
      out.rest += field;
    }
  }
  if (out.id.empty()) out.span = 0;
  return out;
}

std::optional<TraceContext> parse_traceparent(std::string_view header) {
  header = trimmed(header);
  if (header.size() < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  const auto version = read_hex(header.substr(0, 2), 2);
  if (!version || *version == 0xff || (*version == 0 && header.size() != 55)) return std::nullopt;
  if (header.size() > 55 && header[55] != '-') return std::nullopt;
  const auto flags = read_hex(header.substr(53, 2), 2);
  const auto id = parse_trace_id(header.substr(3, 32));
  const auto span = parse_span_id(header.substr(36, 16));
  if (!flags || !id || !span) return std::nullopt;
  TraceContext out;
  out.id = *id;
  out.span = *span;
  out.sampled = (*flags & 1) != 0 ? TraceContext::Sampled::kYes : TraceContext::Sampled::kNo;
  return out;
}

}  // namespace gust
