// TraceContext: which trace a piece of work is of, and of which span what comes next is a child. Read and written as
// X-Ray's header (X-Amzn-Trace-Id) and as W3C's traceparent. Any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gust {

// 16 bytes: 32 hexadecimal digits of W3C's, of which X-Ray's "1-8-24" are the same digits.
struct TraceId {
  std::uint64_t high = 0, low = 0;

  bool empty() const { return high == 0 && low == 0; }
  auto operator<=>(const TraceId&) const = default;
};

using SpanId = std::uint64_t;  // 16 hexadecimal digits; 0: none

struct TraceContext {
  TraceId id;
  SpanId span = 0;
  enum class Sampled { kYes, kNo } sampled = Sampled::kYes;  // as others said; Gust keeps every trace
  std::string rest;  // further fields of X-Ray's header, as they came: "Lineage=..."

  bool empty() const { return id.empty() && rest.empty(); }
  // "Root=1-...;Parent=...;Sampled=1;Lineage=..."; empty without an id and further fields.
  std::string xray() const;
  // "00-...-...-01" (https://www.w3.org/TR/trace-context/); empty without an id or a span.
  std::string traceparent() const;
};

// "1-5759e988-bd862e3fe1be46a994272793" and 16 digits.
std::string xray_id(const TraceId& id);
std::string span_text(SpanId id);
// X-Ray's form, or 32 digits; not all zeros.
std::optional<TraceId> parse_trace_id(std::string_view text);
std::optional<SpanId> parse_span_id(std::string_view text);

// Every field that it does not know goes into `rest`; without a sound Root the id is empty.
TraceContext parse_xray(std::string_view header);
// Any version but ff; nothing when it is not as the specification has it.
std::optional<TraceContext> parse_traceparent(std::string_view header);

}  // namespace gust
