// One invocation on an instance, from the hand-over to its answer; and what comes of those that have none.
#include "functions/instance.h"

#include "base/assert.h"
#include "codec/time_format.h"
#include "functions/instance_events.h"
#include "functions/runtime_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

namespace gust::functions {
namespace {

// As Go's os package says them, which is what the service shows.
std::string signal_name(int signal) {
  switch (signal) {
    case SIGKILL:
      return "killed";
    case SIGSEGV:
      return "segmentation fault";
    case SIGABRT:
      return "aborted";
    case SIGBUS:
      return "bus error";
    case SIGFPE:
      return "floating point exception";
    case SIGILL:
      return "illegal instruction";
    case SIGTERM:
      return "terminated";
    default:
      return fmt::format("signal {}", signal);
  }
}

}  // namespace

Place& Instance::open_place(const RequestContext& context, const std::shared_ptr<Invocation>& invocation) {
  const auto usable = [](const Place& place) { return place.state == Place::State::kFree && place.collected; };
  const auto found = std::ranges::find_if(places_, usable);
  auto& place = found != places_.end() ? *found : places_.emplace_back(parts_.executor);
  place.state = Place::State::kGiven;
  place.collected = false;
  place.invocation = invocation;
  place.context = context;
  place.deadline_ms = to_epoch_ms(parts_.clock.now() + std::chrono::seconds(function_.timeout_s));
  place.max_response_bytes = invocation->max_response_bytes;
  place.stream = invocation->stream;
  place.answering = false;
  place.answer.reset();
  place.answered.reset();
  place.tail.clear();
  place.tail_bytes = 0;
  place.bytes_in = invocation->payload.size();
  place.queued_ms = invocation->queued_ms;
  place.cpu = CpuShares::kNone;
  last_ = &place;
  ++held_;
  ++running_;
  return place;
}

async::Task<InvokeResult> Instance::invoke(RequestContext context, std::shared_ptr<Invocation> invocation) {
  const auto self = shared_from_this();
  const auto undelivered = [&] {
    return fail(Code::kUnavailable, "the instance ended before it took the invocation", std::string(kUndelivered));
  };
  GUST_ASSERT(promised_ > 0);
  --promised_;
  if (life_ == Life::kDead || ending_ != Ending::kNone || asks_.empty()) co_return undelivered();  // on the way here
  if (std::exchange(frozen_, false)) body_.sandbox->thaw();
  rest();
  drain_output();
  const bool wants_tail = invocation->log_tail == LogTail::kTail;
  Place& place = open_place(context, invocation);
  log_start(place);
  const auto began = std::chrono::steady_clock::now();
  const auto limit = std::chrono::seconds(function_.timeout_s);
  tell_start(place);
  auto* const ask = asks_.back();  // the one that asked last: others may be of connections that are gone
  asks_.pop_back();
  ask->place = &place;
  ask->given.set();
  const auto waited = co_await place.answer.wait(began + limit);
  const auto duration_ms = ms_since(began);
  place.stream.reset();
  if (!waited || life_ == Life::kDead) drain_output();  // else settle() has
  if (place.state == Place::State::kGiven && life_ == Life::kDead) {
    place.collected = true;
    co_return undelivered();
  }
  std::string status;  // of the report: how the platform ended it
  auto answer = answer_for(place, waited, status);
  if (!answer) {
    end();
    co_return fail(Code::kUnavailable, "the invocation was cut off: the daemon is stopping");
  }
  InvokeResult result;
  result.executed_version = function_.version;
  result.payload = std::move(answer->payload);
  result.error_type = answer->error_type;
  result.content_type = std::move(answer->content_type);
  result.streamed = answer->streamed;
  if (!answer->error_type.empty()) result.function_error = "Unhandled";
  auto finished = finish(place, duration_ms, std::move(status), result, answer->streamed_bytes);
  result.billed_ms = finished.billed_ms;
  log_end(place, result, duration_ms);
  // Taken now: while the report is made the place may be another invocation's.
  if (wants_tail) {
    for (const auto& text : place.tail) result.log_tail += text + "\n";
  }
  place.collected = true;
  if (wants_tail) {
    const auto usage = co_await body_.sandbox->usage();
    auto& tail = result.log_tail;
    if (const auto line = report_line(finished, usage.value_or(sandbox::Usage())); !line.empty()) tail += line + "\n";
    if (tail.size() > Place::kTailBytes) tail.erase(0, tail.size() - Place::kTailBytes);
  }
  if (extensions_.any()) {
    telemetry_.event(kRuntimeDone, done_record(context.request_id.str(), result, duration_ms));
    tasks_->spawn(report_after_extensions(std::move(finished), began, began + limit));
  } else {
    tasks_->spawn(report(std::move(finished)));
  }
  co_return result;
}

// What the invocation comes to; none where the daemon stops.
std::optional<Answer> Instance::answer_for(Place& place, const Result<void>& waited, std::string& status) {
  if (place.answered) return std::exchange(place.answered, std::nullopt);
  if (life_ == Life::kDead) return answer_of_the_dead(place, status);
  if (!waited && waited.error().code != Code::kTimeout) return std::nullopt;
  status = "\tStatus: timeout";
  const auto text = fmt::format("Task timed out after {}.00 seconds", function_.timeout_s);
  if (!logs_json()) log(&place, fmt::format("{} {} {}", codec::to_iso8601_ms(parts_.clock.now()), place.id(), text));
  lose(place);
  return Answer{error_json("Sandbox.Timedout", fmt::format("RequestId: {} Error: {}", place.id(), text)),
                "Sandbox.Timedout"};
}

// Its time is over. Alone it is ended; beside others its code runs on until they have ended, or it comes to an end.
void Instance::lose(Place& place) {
  if (concurrency_ == 1) return end("timeout");
  place.state = Place::State::kLost;
  --running_;
  ++lost_;
  end_if_only_lost("timeout");
}

// It ended before it answered.
Answer Instance::answer_of_the_dead(Place& place, std::string& status) {
  const auto& failure = extensions_.failure();
  const std::string type = failure ? failure->type : "Runtime.ExitError";
  const auto text = fmt::format("RequestId: {} Error: {}", place.id(), failure ? failure->message : exit_message());
  if (!logs_json()) {
    log(&place, text);
    log(&place, type);
  }
  const bool memory = !failure && exit_ && exit_->out_of_memory;
  status = fmt::format("\tStatus: error\tError Type: {}", memory ? "Runtime.OutOfMemory" : type);
  return {error_json(type, text), type};
}

Result<InvokeResult> Instance::init_failure(const RequestContext& context) {
  InvokeResult result;
  result.executed_version = function_.version;
  result.function_error = "Unhandled";
  if (init_failed()) {
    result.error_type = entrypoint_error_type_;
    result.payload =
        error_json(result.error_type, fmt::format("RequestId: {} Error: {}", context.request_id, entrypoint_error_));
  } else if (const auto& failure = extensions_.failure()) {
    result.error_type = failure->type;
    result.payload =
        error_json(failure->type, fmt::format("RequestId: {} Error: {}", context.request_id, failure->message));
  } else if (init_error_) {
    result.payload = init_error_->payload;
    result.error_type = init_error_->error_type;
  } else if (ending_ == Ending::kInitTimeout) {
    if (parts_.from_image) {
      return fail(Code::kTimeout, "Lambda couldn't restore the snapshot within the timeout limit.",
                  std::string(kSnapshotTimeout));
    }
    const auto seconds = init_limit().count() / 1000;
    result.error_type = "Sandbox.Timedout";
    result.payload =
        error_json(result.error_type,
                   fmt::format("RequestId: {} Error: Task timed out after {}.00 seconds", context.request_id, seconds));
  } else {
    result.error_type = "Runtime.ExitError";
    result.payload =
        error_json(result.error_type, fmt::format("RequestId: {} Error: {}", context.request_id, exit_message()));
  }
  log_init_failure(context.request_id.str(), result.error_type);
  return result;
}

std::string Instance::exit_message() const {
  if (!exit_) return "Runtime exited without providing a reason";
  if (exit_->out_of_memory) return "Runtime exited with error: signal: killed";
  if (exit_->signal != 0) return "Runtime exited with error: signal: " + signal_name(exit_->signal);
  if (exit_->code != 0) return fmt::format("Runtime exited with error: exit status {}", exit_->code);
  return "Runtime exited without providing a reason";
}

}  // namespace gust::functions
