#include "daemon/admin_traces.h"

#include "codec/hex.h"
#include "codec/json.h"
#include "codec/url.h"
#include "daemon/admin.h"
#include "logs/filter_pattern.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>

namespace gust::daemon {
namespace {

namespace json = boost::json;
using traces::Query;
using traces::Trace;

constexpr std::int64_t kMapMs = 15 * 60'000;  // what a map is drawn from, unless the request says
constexpr std::size_t kMostTraces = 1000, kMostLogLines = 2000, kMostLogRead = 20'000;
constexpr Millis kFeedEvery{500};
constexpr std::size_t kFedAtOnce = 20;
constexpr std::int64_t kMostMs = INT64_MAX / 2000;

struct Text {
  std::string value;
  bool given = false;
};
Text find(const codec::QueryPairs& query, std::string_view name) {
  for (const auto& [key, value] : query) {
    if (key == name) return {value, true};
  }
  return {};
}

Result<std::int64_t> number(const codec::QueryPairs& query, std::string_view name, std::int64_t otherwise,
                            std::int64_t most) {
  const auto text = find(query, name);
  if (!text.given || text.value.empty()) return otherwise;
  std::int64_t out = 0;
  const auto& digits = text.value;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc() || end != digits.data() + digits.size() || out < 0 || out > most)
    return fail(Code::kInvalid, fmt::format("{}={}: expected a whole number from 0 to {}", name, digits, most),
                "query");
  return out;
}

Result<Query> query_of(const RequestContext& context, const codec::QueryPairs& pairs, std::int64_t since_ms) {
  Query out;
  out.account = context.principal.account;
  GUST_TRY(const auto since, number(pairs, "since", since_ms, kMostMs));
  GUST_TRY(const auto until, number(pairs, "until", kMostMs, kMostMs));
  out.since_us = since * 1000;
  out.until_us = until * 1000;
  out.function = find(pairs, "function").value;
  out.service = find(pairs, "service").value;
  out.text = find(pairs, "text").value;
  const auto failed = find(pairs, "failed");
  if (failed.given && failed.value != "0") out.outcome = traces::Outcome::kFailed;
  GUST_TRY(const auto slow, number(pairs, "slow_ms", 0, kMostMs));
  out.slow_us = slow * 1000;
  GUST_TRY(const auto limit, number(pairs, "limit", 50, kMostTraces));
  out.limit = static_cast<std::size_t>(std::max<std::int64_t>(1, limit));
  if (const auto next = find(pairs, "next"); next.given && !next.value.empty()) {
    const auto& digits = next.value;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.before, 16);
    if (error != std::errc() || end != digits.data() + digits.size())
      return fail(Code::kInvalid, fmt::format("next={}: expected what an answer before gave as next", digits), "query");
  }
  return out;
}

json::object to_json(const traces::Summary& summary) {
  return {{"id", xray_id(summary.id)},
          {"start", summary.start_us},
          {"duration_us", summary.duration_us},
          {"name", summary.name},
          {"service", summary.service},
          {"status", telemetry::status_name(summary.status)},
          {"spans", summary.spans},
          {"functions", json::array(summary.functions.begin(), summary.functions.end())},
          {"cold_starts", summary.cold_starts}};
}

json::object to_json(const traces::Span& span) {
  json::object attributes;
  for (const auto& [name, value] : span.attributes) {
    if (name != traces::kKept) attributes[name] = value;
  }
  return {{"id", span_text(span.id)},
          {"parent", span.parent == 0 ? json::value(nullptr) : json::value(span_text(span.parent))},
          {"name", span.name},
          {"kind", telemetry::kind_name(span.kind)},
          {"service", span.service},
          {"resource", span.resource},
          {"start", span.start_us},
          {"duration_us", span.duration_us},
          {"status", telemetry::status_name(span.status)},
          {"error", span.error},
          {"attributes", std::move(attributes)},
          {"request_id", span.request_id}};
}

json::object to_json(const traces::Map::Counts& counts) {
  return {{"count", counts.count}, {"errors", counts.errors}, {"p50_us", counts.p50_us}};
}

std::string event_of(std::string_view name, const json::object& data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, codec::to_json(data));
}

// Server-sent events: a summary for each trace that begins, until the reader goes or the daemon stops.
class FeedSource final : public async::ByteSource {
 public:
  FeedSource(traces::Store& store, AccountId account, std::shared_ptr<const bool> stopping)
      : store_(store), account_(std::move(account)), feed_(store.listen()), stopping_(std::move(stopping)) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    while (text_.empty()) {
      if (*stopping_) co_return 0;
      GUST_CO_CHECK(co_await async::sleep_for(kFeedEvery));
      GUST_CO_CHECK(co_await refill());
      if (text_.empty() && ++silent_ % kBreath == 0) text_ = ": waiting\n\n";  // finds out who has gone
    }
    silent_ = 0;
    const auto n = std::min(out.size(), text_.size());
    std::memcpy(out.data(), text_.data(), n);
    text_.erase(0, n);
    co_return n;
  }

 private:
  static constexpr int kBreath = 10;

  async::Task<void> refill() {
    auto come = store_.take(*feed_);
    for (std::size_t told = 0; !come.ids.empty() && told < kFedAtOnce; ++told) {
      const auto id = come.ids.front();
      come.ids.pop_front();
      GUST_CO_TRY(const auto trace, co_await store_.find(id, account_));
      if (!trace.spans.empty()) text_ += event_of("trace", to_json(traces::summary_of(trace)));
    }
    const auto left_out = come.left_out + come.ids.size();
    if (left_out > 0) text_ += event_of("left_out", {{"traces", left_out}});
    co_return Result<void>{};
  }

  traces::Store& store_;
  AccountId account_;
  std::shared_ptr<traces::Feed> feed_;
  std::shared_ptr<const bool> stopping_;
  std::string text_;
  int silent_ = 0;
};

// What the functions of a trace printed meanwhile, by when.
async::Task<json::array> logs_of(functions::LogStore& logs, Trace trace,
                                std::shared_ptr<const logs::FilterPattern> pattern) {
  std::set<std::pair<std::string, std::string>> functions;  // account and name
  std::set<std::string> requests;
  std::int64_t first_us = INT64_MAX;
  for (const auto& span : trace.spans) {
    if (span.request_id.empty() || span.service != "lambda") continue;
    if (span.kind != telemetry::SpanKind::kHandler && span.kind != telemetry::SpanKind::kDelivery) continue;
    functions.emplace(span.account, span.resource);
    requests.insert(span.request_id);
    first_us = std::min(first_us, span.start_us);
  }
  struct Line {
    std::string function;
    functions::LogLine line;
  };
  std::vector<Line> lines;
  for (const auto& [account, name] : functions) {
    functions::FunctionKey key{AccountId(account), FunctionName(name)};
    GUST_CO_TRY(auto all, co_await logs.read(std::move(key), from_epoch_ms(first_us / 1000), kMostLogRead));
    for (auto& line : all) {
      if (requests.contains(line.request_id) && pattern->matches(line.text)) lines.push_back({name, std::move(line)});
    }
  }
  std::ranges::stable_sort(lines, {}, [](const Line& l) { return l.line.at; });
  if (lines.size() > kMostLogLines) lines.resize(kMostLogLines);
  json::array out;
  for (auto& [function, line] : lines) {
    out.push_back(json::object{{"at", to_epoch_ms(line.at)},
                               {"function", function},
                               {"request_id", line.request_id},
                               {"text", line.text}});
  }
  co_return out;
}

}  // namespace

async::Task<http::Response> AdminTraces::handle(RequestContext context, http::Request request, std::string path) {
  if (request.method != "GET")
    co_return fail(Code::kNotFound, fmt::format("{} /_gust/{} is not served; GET it", request.method, path));
  if (path == "map") co_return co_await map(std::move(context), std::move(request));
  if (path == "traces") co_return co_await list(std::move(context), std::move(request));
  if (path == "traces/stream") co_return stream(context);
  co_return co_await show(std::move(context), std::move(request), path.substr(path.find('/') + 1));
}

async::Task<http::Response> AdminTraces::list(RequestContext context, http::Request request) {
  GUST_CO_TRY(const auto pairs, codec::parse_query(request.query));
  GUST_CO_TRY(auto query, query_of(context, pairs, 0));
  GUST_CO_TRY(const auto page, co_await store_.search(std::move(query)));
  json::array list;
  for (const auto& trace : page.traces) list.push_back(to_json(traces::summary_of(trace)));
  json::object answer{{"traces", std::move(list)}};
  if (page.next != 0) answer["next"] = fmt::format("{:x}", page.next);
  co_return admin_answer(answer);
}

async::Task<http::Response> AdminTraces::show(RequestContext context, http::Request request, std::string text) {
  const auto id = parse_trace_id(text);
  if (!id)
    co_return fail(Code::kInvalid,
                   fmt::format("'{}' is not the id of a trace; expected 1-5759e988-bd862e3fe1be46a994272793, or its 32 "
                               "hexadecimal digits",
                               text),
                   "trace");
  GUST_CO_TRY(auto trace, co_await store_.find(*id, context.principal.account));
  if (trace.spans.empty())
    co_return fail(Code::kNotFound,
                   fmt::format("there is no trace '{}'; 'gust traces' lists those that are kept", text), "trace");
  json::array spans;
  for (const auto& span : trace.spans) spans.push_back(to_json(span));
  GUST_CO_TRY(const auto filter, query_parameter(request, "filter"));
  GUST_CO_TRY(auto pattern, logs::parse_filter_pattern(filter));
  GUST_CO_TRY(auto logs, co_await logs_of(logs_, std::move(trace), std::move(pattern)));
  co_return admin_answer(json::object{{"id", xray_id(*id)}, {"spans", std::move(spans)}, {"logs", std::move(logs)}});
}

async::Task<http::Response> AdminTraces::map(RequestContext context, http::Request request) {
  GUST_CO_TRY(const auto pairs, codec::parse_query(request.query));
  GUST_CO_TRY(auto query, query_of(context, pairs, std::max<std::int64_t>(0, to_epoch_ms(clock_.now()) - kMapMs)));
  GUST_CO_TRY(const auto map, co_await store_.map(std::move(query)));
  json::array nodes, edges;
  for (const auto& node : map.nodes) {
    auto entry = to_json(node.counts);
    entry["id"] = node.id;
    entry["kind"] = node.kind;
    entry["name"] = node.name;
    nodes.push_back(std::move(entry));
  }
  for (const auto& edge : map.edges) {
    auto entry = to_json(edge.counts);
    entry["from"] = edge.from;
    entry["to"] = edge.to;
    edges.push_back(std::move(entry));
  }
  co_return admin_answer(json::object{{"nodes", std::move(nodes)}, {"edges", std::move(edges)}});
}

http::Response AdminTraces::stream(const RequestContext& context) {
  http::Response response;
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("Cache-Control", "no-store");
  response.stream = std::make_unique<FeedSource>(store_, context.principal.account, stopping_);
  return response;
}

}  // namespace gust::daemon
