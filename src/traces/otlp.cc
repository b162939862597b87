#include "traces/otlp.h"

#include "codec/hex.h"
#include "codec/json.h"
#include "traces/block.h"

#include <fmt/format.h>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <algorithm>
#include <charconv>
#include <map>

namespace gust::traces {
namespace {

namespace json = boost::json;
using protozero::pbf_reader;
using protozero::pbf_writer;
using telemetry::SpanStatus;

// Numbers of fields, from opentelemetry/proto/trace/v1/trace.proto and common/v1/common.proto.
enum Request : protozero::pbf_tag_type { kResourceSpans = 1 };
enum ResourceSpans : protozero::pbf_tag_type { kResource = 1, kScopeSpans = 2 };
enum Resource : protozero::pbf_tag_type { kResourceAttributes = 1 };
enum ScopeSpans : protozero::pbf_tag_type { kSpans = 2 };
enum SpanField : protozero::pbf_tag_type {
  kTraceId = 1, kSpanId = 2, kParent = 4, kName = 5, kKind = 6, kStart = 7, kEnd = 8, kAttributes = 9, kStatus = 15
};
enum StatusField : protozero::pbf_tag_type { kMessage = 2, kCode = 3 };
enum KeyValue : protozero::pbf_tag_type { kKey = 1, kValue = 2 };
enum AnyValue : protozero::pbf_tag_type { kString = 1, kBool = 2, kInt = 3, kDouble = 4 };

constexpr std::int32_t kCodeError = 2;
constexpr std::size_t kMostText = 200, kMostAttributes = 32;
constexpr std::uint64_t kMostNs = std::uint64_t{1} << 62;

// Anything that came from outside, as text that is JSON later.
std::string plain(std::string_view text) {
  std::string out(telemetry::shortened(text, kMostText));
  const bool ascii = std::ranges::all_of(out, [](char c) { return c >= ' ' && c <= '~'; });
  if (ascii || codec::parse_json(codec::to_json(json::value(out)))) return out;
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

void set_times(Span& span, std::uint64_t start_ns, std::uint64_t end_ns) {
  start_ns = std::min(start_ns, kMostNs);
  end_ns = std::clamp(end_ns, start_ns, kMostNs);
  span.start_us = static_cast<std::int64_t>(start_ns / 1000);
  span.duration_us = static_cast<std::int64_t>((end_ns - start_ns) / 1000);
}

void add_attribute(Span& span, std::string_view name, std::string value) {
  if (span.attributes.size() >= kMostAttributes || name.empty() || is_reserved(name)) return;
  span.attributes.emplace_back(plain(name), plain(value));
}

bool is_whole(const Span& span) { return !span.trace.empty() && span.id != 0; }

std::string value_of(pbf_reader value) {
  while (value.next()) {
    switch (value.tag()) {
      case kString: return value.get_string();
      case kBool: return value.get_bool() ? "true" : "false";
      case kInt: return std::to_string(value.get_int64());
      case kDouble: return fmt::format("{}", value.get_double());
      default: value.skip();
    }
  }
  return {};
}

std::pair<std::string, std::string> attribute_of(pbf_reader pair) {
  std::pair<std::string, std::string> out;
  while (pair.next()) {
    if (pair.tag() == kKey)
      out.first = pair.get_string();
    else if (pair.tag() == kValue)
      out.second = value_of(pair.get_message());
    else
      pair.skip();
  }
  return out;
}

void read_status(pbf_reader status, Span& span) {
  while (status.next()) {
    if (status.tag() == kMessage)
      span.error = plain(status.get_string());
    else if (status.tag() == kCode)
      span.status = status.get_enum() == kCodeError ? SpanStatus::kFault : SpanStatus::kOk;
    else
      status.skip();
  }
}

Span span_of(pbf_reader in) {
  Span out;
  std::uint64_t start = 0, end = 0;
  while (in.next()) {
    switch (in.tag()) {
      case kTraceId: {
        const auto id = in.get_string();
        if (id.size() == 16) out.trace = {big_endian(std::string_view(id).substr(0, 8)), big_endian(id.substr(8))};
        break;
      }
      case kSpanId: {
        const auto id = in.get_string();
        if (id.size() == 8) out.id = big_endian(id);
        break;
      }
      case kParent: {
        const auto id = in.get_string();
        if (id.size() == 8) out.parent = big_endian(id);
        break;
      }
      case kName: out.name = plain(in.get_string()); break;
      case kStart: start = in.get_fixed64(); break;
      case kEnd: end = in.get_fixed64(); break;
      case kAttributes: {
        auto [name, value] = attribute_of(in.get_message());
        add_attribute(out, name, std::move(value));
        break;
      }
      case kStatus: read_status(in.get_message(), out); break;
      default: in.skip();
    }
  }
  set_times(out, start, end);
  return out;
}

std::string service_of(pbf_reader resource) {
  std::string out;
  while (resource.next()) {
    if (resource.tag() != kResourceAttributes) {
      resource.skip();
      continue;
    }
    auto [name, value] = attribute_of(resource.get_message());
    if (name == "service.name") out = plain(value);
  }
  return out;
}

std::vector<Span> read_protobuf(std::string_view bytes) {
  std::vector<Span> out;
  pbf_reader request(bytes.data(), bytes.size());
  while (request.next(kResourceSpans)) {
    auto group = request.get_message();
    const auto first = out.size();
    std::string service;
    while (group.next()) {
      if (group.tag() == kResource) {
        service = service_of(group.get_message());
      } else if (group.tag() == kScopeSpans) {
        auto scope = group.get_message();
        while (scope.next(kSpans)) out.push_back(span_of(scope.get_message()));
      } else {
        group.skip();
      }
    }
    for (auto i = first; i < out.size(); ++i) out[i].service = service;
  }
  return out;
}

// JSON: names in lower camel case, ids in hexadecimal, 64-bit numbers as texts or numbers.
const json::value* find(const json::value& object, std::string_view name) {
  return object.is_object() ? object.get_object().if_contains(name) : nullptr;
}

std::string text_of(const json::value* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  return value->is_primitive() && !value->is_null() ? codec::to_json(*value) : std::string();
}

std::uint64_t number_of(const json::value* value) {
  const auto text = text_of(value);
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

// Calls `take` with each element of an array, where there is one.
template <typename F>
void each(const json::value* array, F take) {
  if (array == nullptr || !array->is_array()) return;
  for (const auto& value : array->get_array()) take(value);
}

std::string json_value_of(const json::value* value) {
  if (value == nullptr || !value->is_object() || value->get_object().empty()) return {};
  return text_of(&value->get_object().begin()->value());
}

Span span_of(const json::value& in) {
  Span out;
  if (const auto id = parse_trace_id(text_of(find(in, "traceId")))) out.trace = *id;
  out.id = parse_span_id(text_of(find(in, "spanId"))).value_or(0);
  out.parent = parse_span_id(text_of(find(in, "parentSpanId"))).value_or(0);
  out.name = plain(text_of(find(in, "name")));
  set_times(out, number_of(find(in, "startTimeUnixNano")), number_of(find(in, "endTimeUnixNano")));
  each(find(in, "attributes"), [&](const json::value& pair) {
    add_attribute(out, text_of(find(pair, "key")), json_value_of(find(pair, "value")));
  });
  if (const auto* status = find(in, "status")) {
    const auto code = text_of(find(*status, "code"));
    if (code == "2" || code == "STATUS_CODE_ERROR") out.status = SpanStatus::kFault;
    out.error = plain(text_of(find(*status, "message")));
  }
  return out;
}

Result<std::vector<Span>> read_json(std::string_view bytes) {
  GUST_TRY(const auto document, codec::parse_json(bytes));
  if (!document.is_object()) return fail(Code::kInvalid, "the body must be an object with resourceSpans", "otlp");
  std::vector<Span> out;
  each(find(document, "resourceSpans"), [&](const json::value& group) {
    std::string service;
    if (const auto* resource = find(group, "resource")) {
      each(find(*resource, "attributes"), [&](const json::value& pair) {
        if (text_of(find(pair, "key")) == "service.name") service = plain(json_value_of(find(pair, "value")));
      });
    }
    each(find(group, "scopeSpans"), [&](const json::value& scope) {
      each(find(scope, "spans"), [&](const json::value& span) {
        out.push_back(span_of(span));
        out.back().service = service;
      });
    });
  });
  return out;
}

std::string bytes_of(std::uint64_t value) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

void write_attribute(pbf_writer& to, protozero::pbf_tag_type tag, std::string_view name, std::string_view value) {
  pbf_writer pair(to, tag);
  pair.add_string(kKey, name.data(), name.size());
  pbf_writer any(pair, kValue);
  any.add_string(kString, value.data(), value.size());
}

// Kinds as OpenTelemetry has them: server 2, client 3, consumer 5, else internal 1.
std::int32_t kind_of(const Span& span) {
  using telemetry::SpanKind;
  if (span.kind == SpanKind::kRequest || span.kind == SpanKind::kHandler) return 2;
  if (span.kind == SpanKind::kDelivery) return 5;
  return span.kind == SpanKind::kCall ? 3 : 1;
}

void write_span(pbf_writer& scope, const Span& span) {
  pbf_writer out(scope, kSpans);
  out.add_bytes(kTraceId, bytes_of(span.trace.high) + bytes_of(span.trace.low));
  out.add_bytes(kSpanId, bytes_of(span.id));
  if (span.parent != 0) out.add_bytes(kParent, bytes_of(span.parent));
  out.add_string(kName, span.name);
  out.add_enum(kKind, kind_of(span));
  out.add_fixed64(kStart, static_cast<std::uint64_t>(span.start_us) * 1000);
  out.add_fixed64(kEnd, static_cast<std::uint64_t>(span.start_us + span.duration_us) * 1000);
  write_attribute(out, kAttributes, "gust.kind", telemetry::kind_name(span.kind));
  if (!span.resource.empty()) write_attribute(out, kAttributes, "gust.resource", span.resource);
  if (!span.request_id.empty()) write_attribute(out, kAttributes, "aws.request_id", span.request_id);
  for (const auto& [name, value] : span.attributes) {
    if (name != kKept) write_attribute(out, kAttributes, name, value);
  }
  if (span.status == SpanStatus::kOk) return;
  pbf_writer status(out, kStatus);
  status.add_string(kMessage, span.error);
  status.add_enum(kCode, kCodeError);
}

}  // namespace

Result<std::vector<Span>> read_otlp(std::string_view bytes, OtlpForm form) {
  std::vector<Span> out;
  if (form == OtlpForm::kJson) {
    GUST_TRY(out, read_json(bytes));
  } else {
    try {
      out = read_protobuf(bytes);
    } catch (const protozero::exception& e) {
      return fail(Code::kInvalid, std::string("the body is not an ExportTraceServiceRequest: ") + e.what(), "otlp");
    }
  }
  std::erase_if(out, [](const Span& span) { return !is_whole(span); });
  return out;
}

std::string write_otlp(const std::vector<Span>& spans) {
  std::map<std::string, std::vector<const Span*>> services;
  for (const auto& span : spans) services[span.service].push_back(&span);
  std::string out;
  pbf_writer request(out);
  for (const auto& [service, group] : services) {
    pbf_writer resource_spans(request, kResourceSpans);
    {
      pbf_writer resource(resource_spans, kResource);
      write_attribute(resource, kResourceAttributes, "service.name", "gust/" + service);
    }
    pbf_writer scope(resource_spans, kScopeSpans);
    for (const auto* span : group) write_span(scope, *span);
  }
  return out;
}

}  // namespace gust::traces
