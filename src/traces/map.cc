#include "traces/query.h"

#include "traces/segment_documents.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace gust::traces {
namespace {

using telemetry::SpanKind;

// What a span is on the map; no id: only a step on the way, which its callers pass through.
struct Place {
  std::string id, kind, name;
};

// Of others' spans the services are on the map, not the steps within one, nor those of a function's own.
Place place_of_custom(const Span& span) {
  if (!span.resource.empty() || span.service.empty() || is_subsegment(span)) return {};
  return {"custom:" + span.service, "custom", span.service};
}

Place place_of(const Span& span) {
  if (span.kind == SpanKind::kHandler) return {"lambda:" + span.resource, "function", span.resource};
  if (span.kind == SpanKind::kDeadLetter) return {"queue:dead-letters", "queue", std::string(kDeadLetters)};
  if (span.kind == SpanKind::kCustom) return place_of_custom(span);
  if (span.kind != SpanKind::kRequest && span.kind != SpanKind::kCall) return {};
  // A request for an invocation is seen as what it leads to.
  if (span.service.empty() || span.service == "lambda" || span.service == "lambda-url") return {};
  const char* kind = span.service == "s3"           ? "bucket"
                     : span.service == "dynamodb"   ? "table"
                     : span.service == "apigateway" ? "api"
                     : span.service == "site"       ? "site"
                                                    : "custom";
  const auto& name = span.resource.empty() ? span.service : span.resource;
  return {span.service + ":" + span.resource, kind, name};
}

struct Tally {
  std::uint64_t errors = 0;
  std::vector<std::int64_t> durations;

  void add(const Span& span) {
    if (span.status != telemetry::SpanStatus::kOk) ++errors;
    durations.push_back(span.duration_us);
  }
  Map::Counts counts() {
    Map::Counts out{durations.size(), errors, 0};
    if (durations.empty()) return out;
    const auto middle = durations.begin() + static_cast<std::ptrdiff_t>(durations.size() / 2);
    std::ranges::nth_element(durations, middle);
    out.p50_us = *middle;
    return out;
  }
};

// The table whose stream a batch was read from.
Place source_of(const Span& span) {
  for (const auto& [name, value] : span.attributes) {
    const auto at = value.find(":table/");
    if (name != "source" || at == std::string::npos) continue;
    const auto rest = value.substr(at + 7);
    const auto table = rest.substr(0, rest.find('/'));
    return {"dynamodb:" + table, "table", table};
  }
  return {};
}

using ById = std::unordered_map<SpanId, const Span*>;

ById by_id_of(const std::vector<Span>& spans) {
  ById out;
  for (const auto& span : spans) {
    const auto [at, fresh] = out.emplace(span.id, &span);
    if (!fresh && is_in_progress(*at->second) && !is_in_progress(span)) at->second = &span;
  }
  return out;
}

// Another is the same segment: it was put again when it ended.
bool is_replaced(const Span& span, const ById& by_id) {
  if (span.kind != SpanKind::kCustom) return false;
  const auto* other = by_id.at(span.id);
  return other != &span && other->trace == span.trace;
}

// The nearest span above that is somewhere on the map; the caller outside when there is none.
Place caller_of(const Span& span, const ById& by_id) {
  constexpr int kDeepest = 64;
  auto parent = span.parent;
  for (int depth = 0; depth < kDeepest; ++depth) {
    const auto found = by_id.find(parent);
    if (parent == 0 || found == by_id.end() || found->second->trace != span.trace) break;
    auto place = place_of(*found->second);
    if (place.id.empty()) place = source_of(*found->second);
    if (!place.id.empty()) return place;
    parent = found->second->parent;
  }
  return {"client", "client", "clients"};
}

}  // namespace

std::string name_on_map(const Span& span) { return place_of(span).name; }

Map map_of(const std::vector<Span>& spans) {
  const auto by_id = by_id_of(spans);
  std::map<std::string, std::pair<Place, Tally>> nodes;
  std::map<std::pair<std::string, std::string>, Tally> edges;
  for (const auto& span : spans) {
    auto place = place_of(span);
    if (place.id.empty() || is_replaced(span, by_id)) continue;
    auto from = caller_of(span, by_id);
    if (from.id == place.id && span.kind == SpanKind::kCustom) continue;  // a step within its service
    edges[{from.id, place.id}].add(span);
    auto& caller = nodes[from.id];
    if (from.kind == "client") caller.second.add(span);
    caller.first = std::move(from);
    auto& node = nodes[place.id];
    node.second.add(span);
    node.first = std::move(place);
  }
  Map out;
  for (auto& [id, node] : nodes)
    out.nodes.push_back({node.first.id, node.first.kind, node.first.name, node.second.counts()});
  for (auto& [ends, tally] : edges) out.edges.push_back({ends.first, ends.second, tally.counts()});
  return out;
}

}  // namespace gust::traces
