// AsyncInvoker: asynchronous invocations, durable from enqueue() to their success or to the dead letters. Retries as
// the function's event-invoke settings say. Loop thread only, but for enqueue().
#pragma once

#include "async/task_group.h"
#include "functions/kept_events.h"
#include "functions/function.h"
#include "functions/invoker.h"
#include "functions/record_store.h"
#include "functions/registry.h"
#include "kv/store.h"
#include "queue/queue.h"
#include "telemetry/span.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gust::functions {

struct AsyncEvent {
  std::string id;  // the invocation's request id, the same for every attempt
  FunctionRef function;
  std::string payload;
  std::string trace_id;  // TraceContext::xray() of what accepted it
};

// An event that was given up.
struct FailedEvent {
  AsyncEvent event;
  std::string reason;  // the last attempt's error, or why it was given up
  std::uint32_t attempts = 0;
  WallTime enqueued_at{};
  WallTime failed_at{};
};

class AsyncInvoker {
 public:
  AsyncInvoker(async::Executor executor, kv::Store& store, queue::Queue& queue, Registry& registry, Invoker& invoker,
               RecordStore& records, env::Clock& clock, telemetry::Tracer& tracer = telemetry::no_tracer());

  // Inside the caller's transaction, on a pool thread; call notify() after the commit.
  Result<void> enqueue(kv::Transaction& tx, const AsyncEvent& event);
  void notify() { queue_.notify(); }
  // In a transaction of its own.
  async::Task<void> submit(AsyncEvent event);

  // Tells there which events wait for another attempt and which had their last; before start().
  void tell(KeptEvents& events) { events_ = &events; }
  void start();
  async::Task<void> stop(SteadyTime deadline);

  // The dead letters: kNotFound "event" for an unknown id.
  async::Task<std::vector<FailedEvent>> failed(std::string after_id, std::size_t limit);
  async::Task<FailedEvent> failed_event(std::string id);
  async::Task<void> retry_failed(std::string id);
  async::Task<void> drop_failed(std::string id);
  async::Task<queue::Queue::Depth> depth() { return queue_.depth(); }

 private:
  async::Task<void> work();
  async::Task<void> attempt(queue::Lease lease);
  // What one attempt came to, or why there was none.
  struct Outcome {
    AsyncEvent event;
    std::string condition;  // Success, RetriesExhausted, EventAgeExceeded, RecursiveInvocationDetected
    std::optional<InvokeResult> result;
    RequestContext context = {};  // of the attempt
  };
  async::Task<void> run(queue::Lease lease, AsyncEvent event);
  async::Task<void> give_back(queue::Lease lease, Outcome outcome, queue::FailureClass failure, std::string reason);
  async::Task<void> give_up(queue::Lease lease, Outcome outcome, std::string reason);
  async::Task<void> deliver(std::string destination, AsyncEvent event, std::string record);
  async::Task<void> keep_record(std::string bucket, RequestContext context, AsyncEvent event, std::string id,
                                std::string record);
  std::string to_record(const Outcome& outcome, std::uint32_t attempts);
  // async_spans.cc: what is seen of an event's way. begin_attempt() makes the attempt the context's current span.
  telemetry::Span begin_attempt(RequestContext& context, const queue::Lease& lease, const AsyncEvent& event);
  void end_attempt(telemetry::Span span, const Result<InvokeResult>& result);
  void tell_retry(const Outcome& outcome, Millis delay, const std::string& reason);
  void tell_dead(const Outcome& outcome, const std::string& reason, const std::string& destination);
  void became(const AsyncEvent& event, Fate fate, std::string why);

  kv::Store& store_;
  queue::Queue& queue_;
  Registry& registry_;
  Invoker& invoker_;
  RecordStore& records_;
  KeptEvents* events_ = nullptr;
  env::Clock& clock_;
  telemetry::Tracer& tracer_;
  std::map<FunctionKey, std::size_t> running_;  // attempts of each function at once: one cannot take all workers
  std::size_t in_flight_ = 0;
  async::Event room_;
  async::TaskGroup workers_;
  async::TaskGroup attempts_;
  bool stopping_ = false;
};

}  // namespace gust::functions
