// Queries over segments: one trace, those that fit, and what flows between whom. Any thread; they block.
#pragma once

#include "base/ids.h"
#include "traces/segments.h"

#include <map>
#include <string>
#include <vector>

namespace gust::traces {

// Spans of one trace, by when they began.
struct Trace {
  TraceId id;
  std::vector<Span> spans;
};

// A trace in a line.
struct Summary {
  TraceId id;
  std::int64_t start_us = 0, duration_us = 0;  // from its first span's begin to its last one's end
  std::string name, service;                   // of the span that it begins with
  telemetry::SpanStatus status = telemetry::SpanStatus::kOk;
  std::size_t spans = 0, cold_starts = 0;
  std::vector<std::string> functions;
};
// Whether a trace begins with it, as far as Gust knows.
bool begins(const Span& span);
// Whether a span makes its trace one that failed: a caller's mistake only where the trace was entered, for functions
// ask for what is not there and go on.
bool is_failure(const Span& span);
// Whether one ended so; what was throttled is an error as well, as X-Ray has it.
bool has_status(const std::vector<Span>& spans, telemetry::SpanStatus status);
Summary summary_of(const Trace& trace);

enum class Outcome { kAny, kFailed };
struct Query {
  AccountId account;  // sees its own; the default account also what is nobody's
  std::int64_t since_us = 0, until_us = INT64_MAX;
  std::string function, service;
  std::string named;  // a service, or what the map calls it
  std::vector<telemetry::SpanStatus> having, lacking;  // has_status() of the whole trace
  std::string text;  // part of a name, a resource, an error, or a request's id
  Outcome outcome = Outcome::kAny;
  std::int64_t slow_us = 0;  // a span of the trace took so long
  std::size_t limit = 50;
  Position before = 0;  // as an answer said to go on; 0: the newest
};
struct Page {
  std::vector<Trace> traces;  // the newest first
  Position next = 0;          // 0: there are no more
};

// No spans: there is no such trace.
Trace find_trace(const std::vector<View>& views, const TraceId& id, const AccountId& account);
Page search(const std::vector<View>& views, const Query& query);
// Every span of the account that overlaps the time, the newest blocks first, `most` at most.
std::vector<Span> spans_between(const std::vector<View>& views, const Query& query, std::size_t most);

// What flows: who is called by whom.
struct Map {
  struct Counts {
    std::uint64_t count = 0, errors = 0;
    std::int64_t p50_us = 0;
  };
  struct Node {
    std::string id, kind, name;
    Counts counts;
  };
  struct Edge {
    std::string from, to;
    Counts counts;
  };
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};
Map map_of(const std::vector<Span>& spans);
// What the map calls the thing that a span enters; empty: it is only a step on the way.
std::string name_on_map(const Span& span);
inline constexpr std::string_view kDeadLetters = "dead letters";

}  // namespace gust::traces
