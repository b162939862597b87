#include "functions/async_invoker.h"

#include "base/log.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "functions/lineage.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::functions {
namespace {

constexpr std::string_view kBucketArn = "arn:aws:s3:::";

namespace json = boost::json;

constexpr std::size_t kMaxInFlight = 64;             // attempts at once
constexpr std::size_t kMaxPerFunction = 32;          // of one function, so that others always find room
constexpr Millis kLease = std::chrono::minutes(16);  // longer than the longest invocation
constexpr Millis kCrowded{200};                      // how long an event of a function with too many attempts waits

struct Stored {
  AsyncEvent event;
  std::uint32_t failures = 0;          // of the function's code
  std::uint32_t machine_failures = 0;  // throttled, nothing to run it on
  WallTime first_at{};
};

std::string encode(const Stored& s) {
  return codec::to_json(json::object{{"account", s.event.function.key.account.str()},
                                     {"name", s.event.function.key.name.str()},
                                     {"qualifier", s.event.function.qualifier},
                                     {"payload", s.event.payload},
                                     {"trace", s.event.trace_id},
                                     {"failures", s.failures},
                                     {"machine_failures", s.machine_failures},
                                     {"first", to_epoch_ms(s.first_at)}});
}

Result<Stored> decode(const queue::Message& message) {
  const auto document = codec::parse_json(message.body);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a queued event is not JSON");
  try {
    const auto& o = document->get_object();
    const auto text = [&](const char* name) { return std::string(o.at(name).as_string()); };
    const auto qualifier = o.contains("qualifier") ? text("qualifier") : "";  // rows of before versions lack it
    return Stored{{message.id,
                   {{AccountId(text("account")), FunctionName(text("name"))}, qualifier},
                   text("payload"),
                   text("trace")},
                  o.at("failures").to_number<std::uint32_t>(),
                  o.at("machine_failures").to_number<std::uint32_t>(),
                  from_epoch_ms(o.at("first").to_number<std::int64_t>())};
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a queued event lacks something: ") + e.what());
  }
}

FailedEvent to_failed(const queue::DeadLetter& letter) {
  FailedEvent out;
  if (auto stored = decode(letter.message)) {
    out.event = std::move(stored->event);
    out.attempts = stored->failures + stored->machine_failures;
    out.enqueued_at = stored->first_at;
  }
  out.event.id = letter.message.id;
  out.reason = letter.reason;
  out.failed_at = letter.buried_at;
  return out;
}

}  // namespace

AsyncInvoker::AsyncInvoker(async::Executor executor, kv::Store& store, queue::Queue& queue, Registry& registry,
                           Invoker& invoker, RecordStore& records, env::Clock& clock,
                           telemetry::Tracer& tracer)
    : store_(store),
      queue_(queue),
      registry_(registry),
      invoker_(invoker),
      records_(records),
      clock_(clock),
      tracer_(tracer),
      room_(executor),
      workers_(executor, "async worker"),
      attempts_(executor, "async attempts") {}

// What no request set off begins a trace of its own, which all attempts are in.
Result<void> AsyncInvoker::enqueue(kv::Transaction& tx, const AsyncEvent& event) {
  const auto now = clock_.now();
  Stored stored{event, 0, 0, now};
  if (auto trace = parse_xray(event.trace_id); trace.id.empty()) {
    trace.id = telemetry::new_trace_id();
    stored.event.trace_id = trace.xray();
  }
  return queue_.enqueue(tx, {event.id, encode(stored), now, 0}, now);
}

async::Task<void> AsyncInvoker::submit(AsyncEvent event) {
  kv::Store::Body body = [this, event](kv::Transaction& tx) { return enqueue(tx, event); };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  queue_.notify();
  co_return Result<void>{};
}

void AsyncInvoker::start() { workers_.spawn(work()); }

async::Task<void> AsyncInvoker::stop(SteadyTime deadline) {
  stopping_ = true;
  GUST_CO_CHECK(co_await workers_.stop());
  if (!co_await attempts_.drain(deadline))
    GUST_INFO("async: {} attempts are cut off; their events are tried again after the start", attempts_.size());
  co_return co_await attempts_.stop();
}

async::Task<void> AsyncInvoker::work() {
  while (!stopping_) {
    while (in_flight_ >= kMaxInFlight) GUST_CO_CHECK(co_await room_.wait());
    const auto leases = co_await queue_.lease(kMaxInFlight - in_flight_, kLease, SteadyTime::max());
    if (!leases && leases.error().code == Code::kCancelled) co_return Result<void>{};
    if (!leases) {
      GUST_WARN("async: {}; trying again", leases.error().message);
      GUST_CO_CHECK(co_await async::sleep_for(Millis(1000)));
      continue;
    }
    for (const auto& lease : *leases) {
      ++in_flight_;
      attempts_.spawn(attempt(lease));
    }
  }
  co_return Result<void>{};
}

async::Task<void> AsyncInvoker::attempt(queue::Lease lease) {
  const auto stored = decode(lease.message);
  Result<void> done;
  if (!stored) {
    done = co_await queue_.bury(lease, stored.error().message);
  } else {
    const auto key = stored->event.function.key;
    auto& running = running_[key];
    if (running >= kMaxPerFunction) {
      done = co_await queue_.retry(lease, clock_.now() + kCrowded);
    } else {
      ++running;
      done = co_await run(lease, stored->event);
      if (--running_[key] == 0) running_.erase(key);
    }
  }
  --in_flight_;
  room_.pulse();
  if (!done) GUST_WARN("async: event {}: {}", lease.message.id, done.error().message);
  co_return Result<void>{};
}

async::Task<void> AsyncInvoker::run(queue::Lease lease, AsyncEvent event) {
  Outcome outcome{event, "", std::nullopt, {}};
  outcome.context.trace = parse_xray(event.trace_id);
  if (loops(event.trace_id, event.function.key) >= kMaxLoops) {
    GUST_CO_TRY(const auto allowed, co_await registry_.allows_loops(event.function.key));
    if (!allowed) {
      auto reason = fmt::format(
          "RecursiveInvocationDetected: the function ran {} times in this chain of events already; "
          "PutFunctionRecursionConfig with RecursiveLoop=Allow lets it",
          kMaxLoops);
      outcome.condition = "RecursiveInvocationDetected";
      co_return co_await give_up(std::move(lease), std::move(outcome), std::move(reason));
    }
  }
  auto& context = outcome.context;
  context.request_id = RequestId(event.id);
  if (context.trace.id.empty()) context.trace.id = telemetry::new_trace_id();
  auto attempt = begin_attempt(context, lease, event);
  Invocation invocation;
  invocation.payload = event.payload;
  invocation.arrival = Arrival::kEvent;
  const auto queued = clock_.now() - lease.message.enqueued_at;
  invocation.queued_ms = static_cast<std::uint64_t>(std::max(Millis(0), std::chrono::floor<Millis>(queued)).count());
  const auto result = co_await invoker_.invoke(context, event.function, std::move(invocation));
  end_attempt(std::move(attempt), result);
  if (!result && result.error().code == Code::kNotFound) {
    tell_dead(outcome, result.error().message, "");
    became(event, Fate::kGivenUp, result.error().message);
    co_return co_await queue_.bury(lease, result.error().message);
  }
  if (!result)
    co_return co_await give_back(lease, std::move(outcome), queue::FailureClass::kOfTheMachine, result.error().message);
  outcome.result = *result;
  if (!result->function_error.empty())
    co_return co_await give_back(lease, std::move(outcome), queue::FailureClass::kOfTheWork, result->payload);
  const auto config = co_await registry_.event_invoke_config(event.function);
  if (config && *config && !(*config)->on_success.empty()) {
    outcome.condition = "Success";
    auto record = to_record(outcome, lease.message.attempts);
    GUST_CO_CHECK(co_await deliver((*config)->on_success, event, std::move(record)));
  }
  co_return co_await queue_.acknowledge(lease);
}

void AsyncInvoker::became(const AsyncEvent& event, Fate fate, std::string why) {
  if (events_ == nullptr) return;
  KeptOutcome outcome;
  outcome.id = event.id;
  outcome.at = clock_.now();
  outcome.fate = fate;
  outcome.error = std::move(why);
  events_->ended(event.function.key, std::move(outcome));
}

// What a destination gets (the service's guide, "Capturing records of Lambda asynchronous invocations").
std::string AsyncInvoker::to_record(const Outcome& outcome, std::uint32_t attempts) {
  const auto& event = outcome.event;
  const auto arn =
      fmt::format("arn:aws:lambda:{}:{}:function:{}:{}", kDefaultRegion, event.function.key.account,
                  event.function.key.name, event.function.qualifier.empty() ? kLatest : event.function.qualifier);
  const auto payload = codec::parse_json(event.payload);
  json::object record{{"version", "1.0"},
                      {"timestamp", codec::to_iso8601_ms(clock_.now())},
                      {"requestContext", json::object{{"requestId", event.id},
                                                      {"functionArn", arn},
                                                      {"condition", outcome.condition},
                                                      {"approximateInvokeCount", attempts}}},
                      {"requestPayload", payload ? *payload : json::value(event.payload)}};
  if (outcome.result) {
    json::object response{{"statusCode", 200}, {"executedVersion", outcome.result->executed_version}};
    if (!outcome.result->function_error.empty()) response["functionError"] = outcome.result->function_error;
    record["responseContext"] = std::move(response);
    const auto answer = codec::parse_json(outcome.result->payload);
    record["responsePayload"] = answer ? *answer : json::value(outcome.result->payload);
  }
  return codec::to_json(record);
}

// The id is made of the event's: delivered again after a crash, it is the same message while that lives.
async::Task<void> AsyncInvoker::deliver(std::string destination, AsyncEvent event, std::string record) {
  const auto digest = codec::to_hex(codec::digest(codec::DigestKind::kSha256, event.id + " " + destination));
  const auto id = fmt::format("{}-{}-4{}-a{}-{}", digest.substr(0, 8), digest.substr(8, 4), digest.substr(12, 3),
                              digest.substr(15, 3), digest.substr(18, 12));
  RequestContext context;
  context.request_id = RequestId(id);
  context.trace = parse_xray(with_loop(event.trace_id, event.function.key));
  if (destination.starts_with(kBucketArn))
    co_return co_await keep_record(destination.substr(kBucketArn.size()), context, event, id, std::move(record));
  GUST_CO_TRY(const auto ref, parse_function_name(destination, "", event.function.key.account));
  AsyncEvent next{id, ref, std::move(record), context.trace.xray()};
  co_return co_await submit(std::move(next));
}

// Named as the service names them.
async::Task<void> AsyncInvoker::keep_record(std::string bucket, RequestContext context, AsyncEvent event,
                                            std::string id, std::string record) {
  const auto now = codec::to_iso8601(std::chrono::floor<std::chrono::seconds>(clock_.now()));  // 2026-11-24T05:04:03Z
  const auto day = now.substr(0, 10);
  auto time = now.substr(0, 19);
  std::ranges::replace(time, ':', '.');
  auto folder = day;
  std::ranges::replace(folder, '-', '/');
  auto key = fmt::format("aws/lambda/async/{}/{}/{}-{}", event.function.key.name, folder, time, id);
  context.principal.account = event.function.key.account;
  co_return co_await records_.put(std::move(context), std::move(bucket), std::move(key), std::move(record));
}

async::Task<void> AsyncInvoker::give_back(queue::Lease lease, Outcome outcome, queue::FailureClass failure,
                                          std::string reason) {
  GUST_CO_TRY(auto stored, decode(lease.message));
  ++(failure == queue::FailureClass::kOfTheWork ? stored.failures : stored.machine_failures);
  const auto config = co_await registry_.event_invoke_config(outcome.event.function);
  const auto settings = config && *config ? (*config)->retry_settings() : queue::RetrySettings{};
  const auto now = clock_.now();
  const auto age = now - stored.first_at;
  const auto delay = queue::next_delay(settings, failure, stored.failures, stored.machine_failures, age);
  lease.message.body = encode(stored);
  if (delay) {
    tell_retry(outcome, *delay, reason);
    became(outcome.event, Fate::kRetrying, "");
    co_return co_await queue_.retry(std::move(lease), now + *delay);
  }
  outcome.condition = age >= settings.max_age ? "EventAgeExceeded" : "RetriesExhausted";
  co_return co_await give_up(std::move(lease), std::move(outcome), std::move(reason));
}

// To the function's destination for failures, or to the dead letters.
async::Task<void> AsyncInvoker::give_up(queue::Lease lease, Outcome outcome, std::string reason) {
  GUST_WARN("async: event {} of function {} is given up: {}", outcome.event.id, outcome.event.function.key.name,
            outcome.condition);
  became(outcome.event, Fate::kGivenUp, outcome.result ? "" : reason);
  const auto config = co_await registry_.event_invoke_config(outcome.event.function);
  tell_dead(outcome, reason, config && *config ? (*config)->on_failure : "");
  if (!config || !*config || (*config)->on_failure.empty())
    co_return co_await queue_.bury(std::move(lease), std::move(reason));
  auto record = to_record(outcome, lease.message.attempts);
  const auto delivered = co_await deliver((*config)->on_failure, outcome.event, std::move(record));
  const bool refused =
      !delivered && (delivered.error().code == Code::kNotFound || delivered.error().code == Code::kDenied);
  if (refused) {  // nothing is lost: it is a dead letter, as without a destination
    co_return co_await queue_.bury(std::move(lease), fmt::format("{}; its destination {}: {}", reason,
                                                                 (*config)->on_failure, delivered.error().message));
  }
  if (!delivered) co_return std::unexpected(delivered.error());
  co_return co_await queue_.acknowledge(std::move(lease));
}

async::Task<std::vector<FailedEvent>> AsyncInvoker::failed(std::string after_id, std::size_t limit) {
  GUST_CO_TRY(const auto letters, co_await queue_.dead(std::move(after_id), limit));
  std::vector<FailedEvent> out;
  for (const auto& letter : letters) out.push_back(to_failed(letter));
  co_return out;
}

async::Task<FailedEvent> AsyncInvoker::failed_event(std::string id) {
  // The letters sort by id: the first at or after it is it, or there is none.
  const auto before = id.empty() ? id : id.substr(0, id.size() - 1);
  std::string after = before;
  for (;;) {
    GUST_CO_TRY(const auto letters, co_await queue_.dead(after, 100));
    for (const auto& letter : letters) {
      if (letter.message.id == id) co_return to_failed(letter);
    }
    if (letters.size() < 100 || letters.back().message.id > id) break;
    after = letters.back().message.id;
  }
  co_return fail(Code::kNotFound,
                 fmt::format("there is no failed event '{}'; 'gust failed list' shows those that are", id), "event");
}

async::Task<void> AsyncInvoker::retry_failed(std::string id) {
  GUST_CO_TRY(const auto event, co_await failed_event(id));
  auto body = encode({event.event, 0, 0, clock_.now()});  // a new life: no failures, a new age
  co_return co_await queue_.revive(std::move(id), std::move(body));
}

async::Task<void> AsyncInvoker::drop_failed(std::string id) { return queue_.drop(std::move(id)); }

}  // namespace gust::functions
