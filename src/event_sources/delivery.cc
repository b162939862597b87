// Poller's side of the function: attempts at a batch, and what follows from how they end.
#include "event_sources/poller.h"

#include "base/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace gust::event_sources {
namespace {

// Nothing ran: no attempt of the function's. It may be throttled, or not be there (again) yet.
bool is_of_the_machine(const Error& error) { return is_retryable(error.code) || error.code == Code::kNotFound; }

// The destination will not take it later either.
bool is_refusal(const Error& error) {
  return error.code == Code::kNotFound || error.code == Code::kDenied || error.code == Code::kInvalid;
}

}  // namespace

RequestContext Poller::context_of(const Batch& batch) {
  RequestContext context;
  context.request_id = RequestId(batch.request_id);
  context.trace.id = batch.trace.empty() ? telemetry::new_trace_id() : batch.trace;
  context.principal.account = mapping_.account;
  context.region = mapping_.region;
  return context;
}

// A trace begins with the first attempt, since the records of a batch are of many.
telemetry::Span Poller::begin_span(RequestContext& context, const Batch& batch) {
  auto out = telemetry::make_span(context, telemetry::SpanKind::kDelivery, telemetry::now_us());
  out.entry = telemetry::Span::Entry::kYes;
  out.service = "event-source";
  out.name = fmt::format("{} records, attempt {}", batch.size(), batch.invocations + 1);
  const auto arn = Arn::parse(mapping_.function_arn);
  if (arn) out.resource = arn->resource.substr(arn->resource.find(':') + 1);
  out.resource.resize(std::min(out.resource.size(), out.resource.find(':')));
  out.request_id = batch.request_id;
  out.attributes.emplace_back("source", mapping_.source_arn);
  context.trace.span = out.id;
  return out;
}

void Poller::end_span(telemetry::Span span, const Result<Target::Answer>& answer) {
  span.duration_us = std::max<std::int64_t>(0, telemetry::now_us() - span.start_us);
  if (!answer || !answer->function_error.empty()) {
    const bool throttled = !answer && answer.error().code == Code::kThrottled;
    span.status = throttled ? telemetry::SpanStatus::kThrottle : telemetry::SpanStatus::kFault;
    span.error = answer ? answer->payload : answer.error().message;
  }
  parts_.tracer.record(span);
}

async::Task<void> Poller::deliver(Batch batch) {
  const auto retention = parts_.source.retention();
  const auto& settings = mapping_.settings;
  const auto most =
      settings.max_age_s < 0 ? retention : std::min<Millis>(retention, std::chrono::seconds(settings.max_age_s));
  std::deque<Batch> todo;
  todo.push_back(std::move(batch));
  while (!todo.empty() && !stopping_) {
    auto next = std::move(todo.front());
    todo.pop_front();
    if (const auto expired = count_expired(next, parts_.timing.now(), most); expired > 0) {
      auto old = take_front(next, expired);
      if (!next.empty()) todo.push_front(std::move(next));
      GUST_CO_CHECK(co_await give_up(std::move(old), GivenUp::kAge));
      continue;
    }
    GUST_CO_TRY(auto left, co_await attempt(std::move(next)));
    for (auto& one : std::views::reverse(left)) todo.push_front(std::move(one));
  }
  co_return Result<void>{};
}

// Answers what is left to do of it.
async::Task<std::vector<Batch>> Poller::attempt(Batch batch) {
  std::vector<Batch> left;
  batch.request_id = parts_.random.uuid();
  auto context = context_of(batch);
  batch.trace = context.trace.id;
  auto event = to_event(batch.records);
  auto span = begin_span(context, batch);
  auto answer = co_await parts_.target.invoke(std::move(context), mapping_.function_arn, std::move(event));
  end_span(std::move(span), answer);
  if (!answer && answer.error().code == Code::kCancelled) co_return std::unexpected(answer.error());
  if (!answer && is_of_the_machine(answer.error())) {
    GUST_DEBUG("event source mapping {}: {}", mapping_.id, answer.error().message);
    GUST_CO_CHECK(co_await note(kCallFailed));
    GUST_CO_CHECK(co_await pause(++batch.pauses));
    left.push_back(std::move(batch));
    co_return left;
  }
  ++batch.invocations;
  parts_.counts.batches.add();
  const auto failed = answer ? first_failed(batch.records, mapping_.settings, *answer) : 0;
  batch.answer = answer ? *answer : Target::Answer{"Unhandled", answer.error().message, ""};
  if (failed > 0) {
    auto done = take_front(batch, failed);
    GUST_CO_CHECK(co_await finish(std::move(done)));
  }
  if (batch.empty()) co_return left;
  parts_.counts.failed_batches.add();
  GUST_CO_CHECK(co_await note(kCallFailed));
  auto next = after_failure(std::move(batch), failed, mapping_.settings);
  if (next.when == Next::When::kNever) {
    auto over = std::move(next.batches.front());
    GUST_CO_CHECK(co_await give_up(std::move(over), GivenUp::kRetries));
    co_return left;
  }
  if (next.when == Next::When::kAfterPause) GUST_CO_CHECK(co_await pause(next.batches.front().pauses));
  co_return std::move(next.batches);
}

async::Task<void> Poller::give_up(Batch batch, GivenUp why) {
  GUST_WARN("event source mapping {}: {} records from {} on are given up: {}", mapping_.id, batch.size(),
            batch.records.front().position, why == GivenUp::kAge ? "too old" : "tried too often");
  if (!mapping_.settings.on_failure.empty()) {
    auto id = batch.request_id.empty() ? parts_.random.uuid() : batch.request_id;
    Abandoned abandoned{why, std::move(id), batch.invocations, batch.answer, shard_, batch.records};
    GUST_CO_TRY(const auto kept, co_await keep_failure(std::move(abandoned)));
    if (kept == Kept::kStopped) co_return Result<void>{};
  }
  parts_.counts.given_up.add(batch.size());
  co_return co_await settle(std::move(batch));
}

// What the destination refuses is dropped, as by the service.
async::Task<Poller::Kept> Poller::keep_failure(Abandoned abandoned) {
  const auto now = parts_.timing.now();
  const auto name = failure_name(mapping_, abandoned, now);
  const auto record = to_failure(mapping_, abandoned, now);
  for (std::uint32_t tries = 1; !stopping_; ++tries) {
    Batch none;
    none.request_id = abandoned.request_id;
    auto context = context_of(none);
    const auto kept = co_await parts_.failures.put(std::move(context), mapping_.settings.on_failure, name, record);
    if (kept) co_return Kept::kSettled;
    if (kept.error().code == Code::kCancelled) co_return std::unexpected(kept.error());
    GUST_WARN("event source mapping {}: its destination {}: {}", mapping_.id, mapping_.settings.on_failure,
              kept.error().message);
    if (is_refusal(kept.error())) co_return Kept::kSettled;
    GUST_CO_CHECK(co_await pause(tries));
  }
  co_return Kept::kStopped;
}

async::Task<void> Poller::finish(Batch batch) {
  parts_.counts.records.add(batch.size());
  result_ = kOk;
  return settle(std::move(batch));
}

async::Task<void> Poller::settle(Batch batch) {
  for (const auto number : batch.numbers) progress_->done(number);
  buffered_ -= batch.size();
  for (const auto& record : batch.records) buffered_bytes_ -= record.json.size() + 1;
  room_.pulse();
  return save();
}

async::Task<void> Poller::note(std::string_view result) {
  if (result_ == result) co_return Result<void>{};
  result_ = result;
  co_return co_await save();
}

// One save at a time, of how things are then: an older place never overwrites a newer one.
async::Task<void> Poller::save() {
  dirty_ = true;
  skipped_ = 0;
  if (saving_) co_return Result<void>{};
  saving_ = true;
  while (dirty_) {
    dirty_ = false;
    Checkpoint checkpoint{progress_->reached(), result_};
    const auto saved = co_await parts_.checkpoints.save(mapping_, shard_, std::move(checkpoint));
    if (saved) continue;
    if (saved.error().code == Code::kCancelled) co_return std::unexpected(saved.error());
    // The next one brings it along.
    GUST_WARN("event source mapping {}: its place is not kept: {}", mapping_.id, saved.error().message);
  }
  saving_ = false;
  co_return Result<void>{};
}

async::Task<void> Poller::pause(std::uint32_t attempt) {
  return parts_.timing.wait(stopped_, parts_.timing.now() + pause_before(attempt));
}

}  // namespace gust::event_sources
