#include "traces/segment_documents.h"

#include "codec/json.h"
#include "traces/block.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace gust::traces {
namespace {

namespace json = boost::json;
using telemetry::Span;
using telemetry::SpanKind;
using telemetry::SpanStatus;

constexpr std::size_t kMostName = 200, kMostText = 200, kMostAttributes = 32;
constexpr int kDeepest = 64, kDeepestJson = 2 * kDeepest;
constexpr double kMostSeconds = 4e9;
// Members of a segment that are members of a span.
constexpr std::array<std::string_view, 8> kOfSpan{"name",       "id",       "trace_id",    "parent_id",
                                                  "start_time", "end_time", "subsegments", "in_progress"};

std::unexpected<Error> invalid(const char* code, std::string message) {
  return fail(Code::kInvalid, std::move(message), code);
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool is_true(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<double> number_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto out = value->to_number<double>();
  return std::isfinite(out) && out >= 0 && out < kMostSeconds ? std::optional(out) : std::nullopt;
}

const json::object* object_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

void add(Span& span, std::string_view name, const json::value& value) {
  const bool full = span.attributes.size() >= kMostAttributes - 2;  // there is room for those of ours
  if (full || is_reserved(name) || !value.is_primitive()) return;
  const auto text = value.is_string() ? std::string(value.get_string()) : codec::to_json(value);
  span.attributes.emplace_back(telemetry::shortened(name, kMostText), telemetry::shortened(text, kMostText));
}

void add_details(Span& span, const json::object& from) {
  if (const auto* http = object_of(from, "http")) {
    if (const auto* request = object_of(*http, "request")) {
      if (const auto* method = request->if_contains("method")) add(span, "http.method", *method);
      if (const auto* url = request->if_contains("url")) add(span, "http.url", *url);
    }
    if (const auto* response = object_of(*http, "response")) {
      if (const auto* status = response->if_contains("status")) add(span, "http.status", *status);
    }
  }
  if (const auto* annotations = object_of(from, "annotations")) {
    for (const auto& [name, value] : *annotations) add(span, name, value);
  }
}

// All that a span has no place for, in JSON of its own; without the metadata, or nothing, where that is too long.
void keep_rest(Span& span, const json::object& from) {
  json::object rest;
  if (const auto* type = from.if_contains("type")) rest.emplace("type", *type);  // first: see is_subsegment()
  for (const auto& member : from) {
    if (std::ranges::find(kOfSpan, std::string_view(member.key())) == kOfSpan.end())
      rest.emplace(member.key(), member.value());
  }
  auto text = codec::to_json(rest);
  if (text.size() > kMostKept) {
    rest.erase("metadata");
    text = codec::to_json(rest);
  }
  if (text.size() <= kMostKept) span.attributes.emplace_back(kKept, std::move(text));
}

// The segment as it came, but for what keep_rest() leaves to the span; nothing of a span that was no segment.
std::optional<json::object> kept_of(const Span& span) {
  const auto kept = std::ranges::find_if(span.attributes, [](const auto& each) { return each.first == kKept; });
  if (kept == span.attributes.end()) return std::nullopt;
  auto parsed = codec::parse_json(kept->second, kDeepestJson);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  return std::move(parsed->get_object());
}

std::string exception_of(const json::object& from) {
  const auto* cause = object_of(from, "cause");
  const auto* exceptions = cause != nullptr ? cause->if_contains("exceptions") : nullptr;
  if (exceptions == nullptr || !exceptions->is_array() || exceptions->get_array().empty()) return {};
  const auto* first = exceptions->get_array().front().if_object();
  if (first == nullptr) return {};
  const auto type = text_of(*first, "type"), message = text_of(*first, "message");
  return std::string(telemetry::shortened(type.empty() ? message : type + ": " + message, kMostText));
}

class Reading {
 public:
  Result<void> take(const json::object& from, TraceId trace, SpanId parent, const std::string& service, int depth) {
    if (depth > kDeepest) return invalid("ParseError", "subsegments are nested too deep");
    Span span;
    span.trace = trace;
    span.parent = parent;
    GUST_TRY(span.id, id_of(from));
    span.name = text_of(from, "name");
    if (span.name.empty()) return invalid("MissingName", "a segment needs a name");
    if (span.name.size() > kMostName) return invalid("InvalidName", "the name of a segment has 200 characters at most");
    const auto start = number_of(from, "start_time"), end = number_of(from, "end_time");
    if (!start) return invalid("MissingStartTime", "a segment needs its start_time, in seconds since 1970");
    if (!end && !is_true(from, "in_progress"))
      return invalid("MissingEndTime", "a segment needs its end_time, or in_progress");
    span.service = service.empty() ? span.name : service;
    span.start_us = static_cast<std::int64_t>(*start * 1e6);
    span.status = is_true(from, "fault")      ? SpanStatus::kFault
                  : is_true(from, "throttle") ? SpanStatus::kThrottle
                  : is_true(from, "error")    ? SpanStatus::kError
                                              : SpanStatus::kOk;
    span.error = exception_of(from);
    add_details(span, from);
    if (end)
      span.duration_us = std::max<std::int64_t>(0, static_cast<std::int64_t>((*end - *start) * 1e6));
    else
      span.attributes.emplace_back(kInProgress, "true");
    keep_rest(span, from);
    const auto id = span.id;
    spans.push_back(std::move(span));
    const auto* below = from.if_contains("subsegments");
    if (below == nullptr || !below->is_array()) return {};
    const auto named = service.empty() ? text_of(from, "name") : service;
    for (const auto& one : below->get_array()) {
      if (one.is_object()) GUST_CHECK(take(one.get_object(), trace, id, named, depth + 1));
    }
    return {};
  }

  static Result<SpanId> id_of(const json::object& from) {
    const auto text = text_of(from, "id");
    if (text.empty()) return invalid("MissingId", "a segment needs an id");
    const auto id = parse_span_id(text);
    if (!id) return invalid("InvalidId", "the id of a segment is 16 hexadecimal digits");
    return *id;
  }

  std::vector<Span> spans;
};

double seconds(std::int64_t us) { return static_cast<double>(us) / 1e6; }

// What a segment would say of a span of Gust's own.
json::object details_of(const Span& span) {
  json::object out;
  if (span.status == SpanStatus::kFault) out["fault"] = true;
  if (span.status == SpanStatus::kError) out["error"] = true;
  if (span.status == SpanStatus::kThrottle) out["error"] = out["throttle"] = true;
  if (span.kind == SpanKind::kHandler) out["origin"] = "AWS::Lambda::Function";
  json::object annotations{{"gust_kind", telemetry::kind_name(span.kind)}, {"gust_service", span.service}};
  if (!span.resource.empty()) annotations["gust_resource"] = span.resource;
  json::object metadata;
  for (const auto& [name, value] : span.attributes) metadata[name] = value;
  out["annotations"] = std::move(annotations);
  out["metadata"] = json::object{{"default", std::move(metadata)}};
  if (!span.request_id.empty()) out["aws"] = json::object{{"request_id", span.request_id}};
  if (!span.error.empty()) {
    out["cause"] = json::object{
        {"exceptions", json::array{json::object{{"id", span_text(span.id)}, {"message", span.error}}}}};
  }
  return out;
}

}  // namespace

Result<std::vector<Span>> read_segment(std::string_view document) {
  if (document.size() > kMostSegmentBytes) return invalid("SizeLimitExceeded", "a segment document has 64 KB at most");
  const auto parsed = codec::parse_json(document, kDeepestJson);
  if (!parsed || !parsed->is_object()) return invalid("ParseError", "the document is not a JSON object");
  const auto& from = parsed->get_object();
  const auto text = text_of(from, "trace_id");
  if (text.empty()) return invalid("MissingTraceId", "a segment needs a trace_id");
  const auto trace = parse_trace_id(text);
  if (!trace) return invalid("InvalidTraceId", "expected a trace_id like 1-5759e988-bd862e3fe1be46a994272793");
  SpanId parent = 0;
  if (const auto given = text_of(from, "parent_id"); !given.empty()) {
    const auto id = parse_span_id(given);
    if (!id) return invalid("InvalidParentId", "the id of a parent is 16 hexadecimal digits");
    parent = *id;
  } else if (text_of(from, "type") == "subsegment") {
    return invalid("MissingParentId", "a subsegment by itself needs a parent_id");
  }
  Reading reading;
  GUST_CHECK(reading.take(from, *trace, parent, "", 0));
  return std::move(reading.spans);
}

std::string write_segment(const Span& span) {
  auto kept = kept_of(span);
  auto out = kept ? *std::move(kept) : details_of(span);
  out["id"] = span_text(span.id);
  out["name"] = span.name;
  out["trace_id"] = xray_id(span.trace);
  out["start_time"] = seconds(span.start_us);
  if (is_in_progress(span))
    out["in_progress"] = true;
  else
    out["end_time"] = seconds(span.start_us + span.duration_us);
  if (span.parent != 0) out["parent_id"] = span_text(span.parent);
  return codec::to_json(out);
}

bool is_subsegment(const Span& span) {
  return std::ranges::any_of(span.attributes, [](const auto& attribute) {
    return attribute.first == kKept && attribute.second.starts_with(R"({"type":"subsegment")");
  });
}

bool is_in_progress(const Span& span) {
  return std::ranges::any_of(span.attributes, [](const auto& attribute) { return attribute.first == kInProgress; });
}

}  // namespace gust::traces
