#include "api/xray/service.h"

#include "traces/filter_expression.h"
#include "traces/segment_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace gust::api {
namespace {

using traces::Span;
using traces::Trace;

constexpr std::size_t kMostIds = 5, kPage = 100;
constexpr std::int64_t kLongestUs = 24LL * 3600 * 1'000'000;  // a question covers a day at most

wire::WireError map_error(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
    case Code::kTooLarge: return {"InvalidRequestException", error.message, 400, {}};
    case Code::kThrottled: return {"ThrottledException", error.message, 429, {}};
    default: return {"InternalFailure", "the request failed inside; its id is in the log", 500, {}};
  }
}

wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.max_body_bytes = 8 << 20;
  out.map_error = map_error;
  out.map_violations = [](const std::vector<wire::Violation>& violations) {
    return wire::WireError{"InvalidRequestException", wire::validation_message(violations), 400, {}};
  };
  return out;
}

double seconds(std::int64_t us) { return static_cast<double>(us) / 1e6; }
std::int64_t in_us(WallTime at) { return to_epoch_ms(at) * 1000; }

Result<traces::Query> query_of(const wire::Call& call, WallTime since, WallTime until) {
  traces::Query out;
  out.account = call.context.principal.account;
  out.since_us = in_us(since);
  out.until_us = in_us(until) + 999;
  if (out.since_us > out.until_us)
    return fail(Code::kInvalid, "The start time must be before the end time", "StartTime");
  if (out.until_us - out.since_us > kLongestUs)
    return fail(Code::kInvalid, "The time range must be 24 hours or less", "EndTime");
  out.limit = kPage;
  return out;
}

xray::ServiceId service_id(const std::string& name, const std::string& account, const std::string& type) {
  xray::ServiceId out;
  out.name = name;
  out.names = std::vector<std::string>{name};
  if (!account.empty()) out.account_id = account;
  out.type = type;
  return out;
}

xray::TraceSummary to_summary(const Trace& trace) {
  const auto summary = traces::summary_of(trace);
  xray::TraceSummary out;
  out.id = xray_id(summary.id);
  out.start_time = from_epoch_ms(summary.start_us / 1000);
  out.duration = seconds(summary.duration_us);
  out.response_time = seconds(trace.spans.empty() ? 0 : trace.spans.front().duration_us);
  out.has_fault = traces::has_status(trace.spans, telemetry::SpanStatus::kFault);
  out.has_error = traces::has_status(trace.spans, telemetry::SpanStatus::kError);
  out.has_throttle = traces::has_status(trace.spans, telemetry::SpanStatus::kThrottle);
  out.is_partial = std::ranges::any_of(trace.spans, traces::is_in_progress);
  out.service_ids.emplace();
  std::map<std::string, std::string> services;
  for (const auto& span : trace.spans) {
    services.emplace(span.service, span.account);
    if (const auto name = traces::name_on_map(span); !name.empty()) services.emplace(name, span.account);
  }
  for (const auto& [name, account] : services) out.service_ids->push_back(service_id(name, account, "gust"));
  if (!trace.spans.empty()) out.entry_point = service_id(summary.service, trace.spans.front().account, "gust");
  return out;
}

// The graph as X-Ray tells it: services by numbers, with their edges.
std::vector<xray::Service> to_services(const traces::Map& map, const AccountId& account,
                                       std::optional<WallTime> since, std::optional<WallTime> until) {
  std::map<std::string, std::int32_t> numbers;
  for (const auto& node : map.nodes) numbers.emplace(node.id, static_cast<std::int32_t>(numbers.size()));
  const auto statistics = [](const traces::Map::Counts& counts, auto& out) {
    out.total_count = static_cast<std::int64_t>(counts.count);
    out.ok_count = static_cast<std::int64_t>(counts.count - counts.errors);
    out.fault_statistics.emplace();
    out.fault_statistics->total_count = static_cast<std::int64_t>(counts.errors);
    out.total_response_time = seconds(counts.p50_us) * static_cast<double>(counts.count);
  };
  std::vector<xray::Service> out;
  for (const auto& node : map.nodes) {
    xray::Service service;
    service.reference_id = numbers.at(node.id);
    service.name = node.name;
    service.names = std::vector<std::string>{node.name};
    service.account_id = account.str();
    service.type = node.kind == "function" ? "AWS::Lambda::Function" : node.kind;
    service.state = "active";
    if (node.kind == "client") service.root = true;
    service.start_time = since;
    service.end_time = until;
    statistics(node.counts, service.summary_statistics.emplace());
    service.edges.emplace();
    for (const auto& edge : map.edges) {
      if (edge.from != node.id || !numbers.contains(edge.to)) continue;
      xray::Edge one;
      one.reference_id = numbers.at(edge.to);
      one.start_time = since;
      one.end_time = until;
      statistics(edge.counts, one.summary_statistics.emplace());
      service.edges->push_back(std::move(one));
    }
    out.push_back(std::move(service));
  }
  return out;
}

Result<TraceId> id_of(const std::string& text) {
  const auto id = parse_trace_id(text);
  if (id) return *id;
  return fail(Code::kInvalid, fmt::format("Invalid trace id: '{}'", text), "TraceIds");
}

}  // namespace

XRayService::XRayService(traces::Store& store) : store_(store), service_(xray::model(), settings()) {
  service_.on<xray::PutTraceSegments>(
      [this](auto call, auto request) { return put_segments(std::move(call), std::move(request)); });
  service_.on<xray::GetTraceSummaries>(
      [this](auto call, auto request) { return summaries(std::move(call), std::move(request)); });
  service_.on<xray::BatchGetTraces>(
      [this](auto call, auto request) { return traces(std::move(call), std::move(request)); });
  service_.on<xray::GetServiceGraph>(
      [this](auto call, auto request) { return service_graph(std::move(call), std::move(request)); });
  service_.on<xray::GetTraceGraph>(
      [this](auto call, auto request) { return trace_graph(std::move(call), std::move(request)); });
}

XRayReply<xray::PutTraceSegmentsResult> XRayService::put_segments(wire::Call call,
                                                                  xray::PutTraceSegmentsRequest request) {
  xray::PutTraceSegmentsResult out;
  out.unprocessed_trace_segments.emplace();
  for (const auto& document : request.trace_segment_documents) {
    const auto spans = traces::read_segment(document);
    if (!spans) {
      xray::UnprocessedTraceSegment refused;
      refused.error_code = spans.error().source;
      refused.message = fmt::format("Invalid segment: {}", spans.error().message);
      out.unprocessed_trace_segments->push_back(std::move(refused));
      continue;
    }
    for (auto span : *spans) {
      span.account = call.context.principal.account.str();
      store_.record(span);
    }
  }
  co_return out;
}

XRayReply<xray::GetTraceSummariesResult> XRayService::summaries(wire::Call call,
                                                                xray::GetTraceSummariesRequest request) {
  GUST_CO_TRY(auto query, query_of(call, request.start_time, request.end_time));
  GUST_CO_CHECK(traces::read_filter(request.filter_expression.value_or(""), query));
  if (request.next_token) {
    char* over = nullptr;
    query.before = std::strtoull(request.next_token->c_str(), &over, 16);
    if (*over != '\0' || query.before == 0) co_return fail(Code::kInvalid, "Invalid NextToken", "NextToken");
  }
  GUST_CO_TRY(const auto page, co_await store_.search(std::move(query)));
  xray::GetTraceSummariesResult out;
  out.trace_summaries.emplace();
  for (const auto& trace : page.traces) out.trace_summaries->push_back(to_summary(trace));
  out.traces_processed_count = static_cast<std::int64_t>(page.traces.size());
  out.approximate_time = request.end_time;
  if (page.next != 0) out.next_token = fmt::format("{:x}", page.next);
  co_return out;
}

XRayReply<xray::BatchGetTracesResult> XRayService::traces(wire::Call call, xray::BatchGetTracesRequest request) {
  if (request.trace_ids.size() > kMostIds)
    co_return fail(Code::kInvalid, fmt::format("TraceIds: {} at most", kMostIds), "TraceIds");
  xray::BatchGetTracesResult out;
  out.traces.emplace();
  out.unprocessed_trace_ids.emplace();
  for (const auto& text : request.trace_ids) {
    GUST_CO_TRY(const auto id, id_of(text));
    GUST_CO_TRY(const auto trace, co_await store_.find(id, call.context.principal.account));
    if (trace.spans.empty()) continue;  // as the service: it is not among the answers
    xray::Trace one;
    one.id = xray_id(id);
    one.duration = seconds(traces::summary_of(trace).duration_us);
    one.limit_exceeded = false;
    one.segments.emplace();
    for (const auto& span : trace.spans) {
      xray::Segment segment;
      segment.id = span_text(span.id);
      segment.document = traces::write_segment(span);
      one.segments->push_back(std::move(segment));
    }
    out.traces->push_back(std::move(one));
  }
  co_return out;
}

XRayReply<xray::GetServiceGraphResult> XRayService::service_graph(wire::Call call,
                                                                  xray::GetServiceGraphRequest request) {
  GUST_CO_TRY(auto query, query_of(call, request.start_time, request.end_time));
  GUST_CO_TRY(const auto map, co_await store_.map(std::move(query)));
  xray::GetServiceGraphResult out;
  out.start_time = request.start_time;
  out.end_time = request.end_time;
  out.contains_old_group_versions = false;
  out.services = to_services(map, call.context.principal.account, request.start_time, request.end_time);
  co_return out;
}

XRayReply<xray::GetTraceGraphResult> XRayService::trace_graph(wire::Call call, xray::GetTraceGraphRequest request) {
  std::vector<Span> spans;
  for (const auto& text : request.trace_ids) {
    GUST_CO_TRY(const auto id, id_of(text));
    GUST_CO_TRY(auto trace, co_await store_.find(id, call.context.principal.account));
    std::ranges::move(trace.spans, std::back_inserter(spans));
  }
  xray::GetTraceGraphResult out;
  out.services = to_services(traces::map_of(spans), call.context.principal.account, std::nullopt, std::nullopt);
  co_return out;
}

}  // namespace gust::api
