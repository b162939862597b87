#include "traces/query.h"

#include "base/log.h"
#include "traces/segment_documents.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace gust::traces {
namespace {

using telemetry::SpanKind;
using telemetry::SpanStatus;

constexpr std::chrono::milliseconds kPatience{1500};  // then the answer says where to go on

bool may_see(const AccountId& account, const Span& span) {
  return span.account == account.str() || (span.account.empty() && account.str() == kDefaultAccount);
}

std::vector<Span> read_block(const View& view, const Block& block) {
  std::vector<Span> out;
  const auto payload = view.segment->read(block);
  if (!payload) {
    GUST_WARN("traces: {}", payload.error().message);
    return out;
  }
  out.reserve(block.head.spans);
  const auto take = [&](Span span) {
    out.push_back(std::move(span));
    return true;
  };
  if (const auto read = read_spans(*payload, take); !read) GUST_WARN("traces: {}", read.error().message);
  return out;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool has_text(const Span& span, const std::string& text) {
  return contains(span.name, text) || contains(span.resource, text) || contains(span.error, text) ||
         contains(span.request_id, text);
}

bool is_of_function(const Span& span, const std::string& function) {
  return span.kind == SpanKind::kHandler && span.resource == function;
}

bool is_named(const Span& span, const std::string& name) { return span.service == name || name_on_map(span) == name; }

bool may_be_named(const Block& block, std::string_view name) {
  return name == kDeadLetters || may_contain(block.filter, key_of_service(name)) ||
         may_contain(block.filter, key_of_resource(name));
}

bool has_one(const Span& span, SpanStatus status) {
  return span.status == status || (status == SpanStatus::kError && span.status == SpanStatus::kThrottle);
}

// The most particular thing that a query asks for: spans with it are looked for, and then the rest of their traces.
enum class Seeks { kFunction, kText, kFailed, kStatus, kSlow, kService, kNamed, kEntry };
Seeks seeks_of(const Query& query) {
  if (!query.text.empty()) return Seeks::kText;
  if (query.outcome == Outcome::kFailed) return Seeks::kFailed;
  if (!query.having.empty()) return Seeks::kStatus;
  if (query.slow_us > 0) return Seeks::kSlow;
  if (!query.function.empty()) return Seeks::kFunction;
  if (!query.named.empty()) return Seeks::kNamed;
  return query.service.empty() ? Seeks::kEntry : Seeks::kService;
}

bool fits(Seeks seeks, const Query& query, const Span& span) {
  switch (seeks) {
    case Seeks::kFunction: return is_of_function(span, query.function);
    case Seeks::kText: return has_text(span, query.text);
    case Seeks::kFailed: return is_failure(span);
    case Seeks::kStatus: return has_one(span, query.having.front());
    case Seeks::kSlow: return span.duration_us >= query.slow_us;
    case Seeks::kService: return span.service == query.service;
    case Seeks::kNamed: return is_named(span, query.named);
    // Others' spans also by themselves: what is above them may never have been told.
    case Seeks::kEntry: return begins(span) || span.kind == SpanKind::kCustom;
  }
  return false;
}

bool may_fit(Seeks seeks, const Query& query, const Block& block) {
  if (block.head.last_end_us < query.since_us || block.head.first_start_us > query.until_us) return false;
  if (seeks == Seeks::kFailed || seeks == Seeks::kStatus) return (block.head.flags & BlockHead::kFailed) != 0;
  if (seeks == Seeks::kSlow) return block.head.longest_us >= query.slow_us;
  if (seeks == Seeks::kFunction) return may_contain(block.filter, key_of_resource(query.function));
  if (seeks == Seeks::kService) return may_contain(block.filter, key_of_service(query.service));
  if (seeks == Seeks::kNamed) return may_be_named(block, query.named);
  return true;
}

// The whole trace has everything that is asked for.
bool fits_all(const Query& query, const std::vector<Span>& spans) {
  const auto any = [&](auto&& what) { return std::ranges::any_of(spans, what); };
  if (!query.function.empty() && !any([&](const Span& s) { return is_of_function(s, query.function); })) return false;
  if (!query.service.empty() && !any([&](const Span& s) { return s.service == query.service; })) return false;
  if (!query.named.empty() && !any([&](const Span& s) { return is_named(s, query.named); })) return false;
  const auto ended = [&](SpanStatus status) { return has_status(spans, status); };
  if (!std::ranges::all_of(query.having, ended) || std::ranges::any_of(query.lacking, ended)) return false;
  if (!query.text.empty() && !any([&](const Span& s) { return has_text(s, query.text); })) return false;
  if (query.outcome == Outcome::kFailed && !any(is_failure)) return false;
  return query.slow_us <= 0 || any([&](const Span& s) { return s.duration_us >= query.slow_us; });
}

struct Gathered {
  Trace trace;
  Position newest = 0;  // of its spans that fit what is sought
};

// A segment is put when it begins and again when it ends: what came later is it, unless that had only begun.
class Once {
 public:
  explicit Once(std::vector<Span>& spans) : spans_(spans) {}

  void add(Span span) {
    if (span.kind == SpanKind::kCustom) {
      const auto [at, fresh] = index_.try_emplace(span.id, spans_.size());
      if (!fresh) {
        auto& before = spans_[at->second];
        if (!is_in_progress(span) || is_in_progress(before)) before = std::move(span);
        return;
      }
    }
    spans_.push_back(std::move(span));
  }

 private:
  std::vector<Span>& spans_;
  std::map<SpanId, std::size_t> index_;
};

Gathered gather(const std::vector<View>& views, const TraceId& id, const AccountId& account,
                const std::function<bool(const Span&)>& sought) {
  Gathered out;
  out.trace.id = id;
  const auto key = key_of(id);
  Once once(out.trace.spans);
  for (const auto& view : views) {
    for (const auto& block : view.blocks) {
      if (!may_contain(block->filter, key)) continue;
      auto spans = read_block(view, *block);
      for (std::size_t i = 0; i < spans.size(); ++i) {
        if (spans[i].trace != id || !may_see(account, spans[i])) continue;
        if (sought(spans[i])) out.newest = view.segment->position(*block, i);
        once.add(std::move(spans[i]));
      }
    }
  }
  std::ranges::stable_sort(out.trace.spans, {}, &Span::start_us);
  return out;
}

// Goes through the blocks from the newest to the oldest; `visit` answers false to stop.
void backwards(const std::vector<View>& views, const std::function<bool(const View&, const Block&)>& visit) {
  for (auto view = views.rbegin(); view != views.rend(); ++view) {
    for (auto block = view->blocks.rbegin(); block != view->blocks.rend(); ++block) {
      if (!visit(*view, **block)) return;
    }
  }
}

}  // namespace

bool begins(const Span& span) { return span.entry == Span::Entry::kYes || span.parent == 0; }

bool is_failure(const Span& span) {
  if (span.status == SpanStatus::kError) return begins(span);
  return span.status != SpanStatus::kOk;
}

bool has_status(const std::vector<Span>& spans, SpanStatus status) {
  return std::ranges::any_of(spans, [&](const Span& span) { return has_one(span, status); });
}

Summary summary_of(const Trace& trace) {
  constexpr int kBadness[] = {0, 1, 3, 2};  // ok, error, fault, throttle
  Summary out;
  out.id = trace.id;
  out.spans = trace.spans.size();
  if (trace.spans.empty()) return out;
  const auto beginning = std::ranges::find_if(trace.spans, begins);
  const auto& first = beginning == trace.spans.end() ? trace.spans.front() : *beginning;
  out.name = first.kind == SpanKind::kQueue ? first.resource : first.name;  // what waits, not that it does
  out.service = first.service;
  out.start_us = trace.spans.front().start_us;
  std::set<std::string> functions;
  for (const auto& span : trace.spans) {
    out.duration_us = std::max(out.duration_us, span.start_us + span.duration_us - out.start_us);
    const bool worse = kBadness[static_cast<int>(span.status)] > kBadness[static_cast<int>(out.status)];
    if (is_failure(span) && worse) out.status = span.status;
    if (span.kind == SpanKind::kStart) ++out.cold_starts;
    if (span.kind == SpanKind::kHandler) functions.insert(span.resource);
  }
  out.functions.assign(functions.begin(), functions.end());
  return out;
}

Trace find_trace(const std::vector<View>& views, const TraceId& id, const AccountId& account) {
  return gather(views, id, account, [](const Span&) { return false; }).trace;
}

Page search(const std::vector<View>& views, const Query& query) {
  Page out;
  const auto seeks = seeks_of(query);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto sought = [&](const Span& span) {
    const bool overlaps = span.start_us <= query.until_us && span.start_us + span.duration_us >= query.since_us;
    return overlaps && fits(seeks, query, span);
  };
  std::set<TraceId> seen;
  backwards(views, [&](const View& view, const Block& block) {
    if (query.before != 0 && view.segment->position(block, 0) >= query.before) return true;
    if (!may_fit(seeks, query, block)) return true;
    auto spans = read_block(view, block);
    for (std::size_t i = spans.size(); i-- > 0;) {
      const auto position = view.segment->position(block, i);
      if (query.before != 0 && position >= query.before) continue;
      const auto& span = spans[i];
      if (!sought(span) || !may_see(query.account, span) || !seen.insert(span.trace).second) continue;
      auto gathered = gather(views, span.trace, query.account, sought);
      // Newer spans of it that fit were on a page before, and the trace with them.
      if (gathered.newest == position && fits_all(query, gathered.trace.spans))
        out.traces.push_back(std::move(gathered.trace));
      if (out.traces.size() >= query.limit || std::chrono::steady_clock::now() > deadline) {
        out.next = position;
        return false;
      }
    }
    return true;
  });
  return out;
}

std::vector<Span> spans_between(const std::vector<View>& views, const Query& query, std::size_t most) {
  std::vector<Span> out;
  backwards(views, [&](const View& view, const Block& block) {
    if (!may_fit(Seeks::kEntry, query, block)) return true;
    for (auto& span : read_block(view, block)) {
      const bool overlaps = span.start_us <= query.until_us && span.start_us + span.duration_us >= query.since_us;
      if (overlaps && may_see(query.account, span)) out.push_back(std::move(span));
    }
    return out.size() < most;
  });
  return out;
}

}  // namespace gust::traces
