#include "events/outbox.h"

#include "base/log.h"
#include "kv/key.h"

#include <algorithm>

namespace gust::events {
namespace {

constexpr std::string_view kPrefix = "outbox/";
constexpr std::size_t kBatch = 64;
constexpr Millis kRetry{1000};  // after a failure of the store

}  // namespace

Outbox::Outbox(async::Executor executor, kv::Store& store, env::Clock& clock, env::Random& random, Target& target,
               telemetry::Tracer& tracer)
    : store_(store),
      clock_(clock),
      random_(random),
      target_(target),
      tracer_(tracer),
      frontier_(std::make_shared<kv::Frontier>(std::string(kPrefix))),
      wake_(executor),
      tasks_(executor, "outbox") {}

Result<void> Outbox::append(kv::Transaction& tx, ObjectRecord record) {
  record.event_id = random_.uuid();
  std::string key(kPrefix);
  kv::append_number(key, static_cast<std::uint64_t>(to_epoch_ms(clock_.now())));
  kv::append_number(key, counter_.fetch_add(1, std::memory_order_relaxed));
  key += record.event_id;
  tx.put(key, encode(record));
  kv::Frontier::appears_with(tx, frontier_, std::move(key));
  return {};
}

void Outbox::start() {
  wake_.set();
  tasks_.spawn(pump());
}

async::Task<void> Outbox::stop() { return tasks_.stop(); }

async::Task<void> Outbox::pump() {
  for (;;) {
    GUST_CO_CHECK(co_await wake_.wait());
    wake_.reset();
    for (;;) {
      const auto more = co_await pump_batch();
      if (more && !*more) break;
      if (!more) {
        GUST_WARN("outbox: {}; trying again", more.error().message);
        GUST_CO_CHECK(co_await async::sleep_for(kRetry));
      }
    }
  }
}

// The way of an event from the write to the queue; what it sets off comes below it.
static telemetry::Span span_of(const ObjectRecord& record, const Match& match, TraceContext& trace) {
  RequestContext context;
  context.trace = trace;
  auto out = telemetry::make_span(context, telemetry::SpanKind::kOutbox, to_epoch_ms(record.at) * 1000);
  out.account = record.bucket_owner;
  out.service = "s3";
  out.name = record.name;
  out.resource = record.bucket;
  out.attributes.emplace_back("target", match.target_arn);
  trace.span = out.id;
  return out;
}

Result<void> Outbox::hand_on(kv::Transaction& tx, const kv::Entry& row, std::vector<telemetry::Span>& spans) {
  GUST_TRY(const auto still, tx.get(row.key));
  if (!still) return {};
  tx.erase(row.key);
  const auto record = decode(row.value);
  if (!record) {
    GUST_ERROR("outbox: {}", record.error().message);
    return {};
  }
  const auto matches = match(*record);
  if (!matches) {
    GUST_ERROR("outbox: event {}: {}", record->event_id, matches.error().message);
    return {};
  }
  for (std::size_t i = 0; i < matches->size(); ++i) {
    const auto& one = (*matches)[i];
    const auto id = i == 0 ? record->event_id : record->event_id + "-" + std::to_string(i);
    auto trace = parse_xray(record->trace_id);
    auto span = span_of(*record, one, trace);
    const auto queued = target_.enqueue(tx, one.target_arn, to_message(*record, one), id, trace.xray());
    if (!queued && queued.error().code != Code::kNotFound) return queued;
    if (!queued) {
      GUST_WARN("outbox: event {} is dropped: {}", id, queued.error().message);
      span.status = telemetry::SpanStatus::kFault;
      span.error = queued.error().message;
    }
    spans.push_back(std::move(span));
  }
  return {};
}

async::Task<bool> Outbox::pump_batch() {
  auto range = kv::Range::prefix(std::string(kPrefix), kBatch);
  kv::Frontier::Scan scan(*frontier_);
  range.begin = scan.from();
  GUST_CO_TRY(const auto rows, co_await store_.scan(range));
  if (rows.empty()) {
    scan.passed(range.end);
    co_return false;
  }
  std::vector<telemetry::Span> spans;
  kv::Store::Body body = [this, &rows, &spans](kv::Transaction& tx) -> Result<void> {
    spans.clear();  // of a try that met another
    for (const auto& row : rows) GUST_CHECK(hand_on(tx, row, spans));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  scan.passed(rows.back().key + '\0');
  for (const auto& span : spans) tracer_.record(span);
  target_.notify();
  co_return true;
}

}  // namespace gust::events
