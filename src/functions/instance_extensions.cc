// An instance's extensions: what they are told of its life, and how they end it.
#include "functions/instance.h"

#include "codec/json.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::functions {

namespace json = boost::json;

static constexpr Millis kShutdown{2000};  // documented

void Instance::tell_init() {
  const json::object kind{{"initializationType", parts_.initialization_type}, {"phase", "init"}};
  auto done = kind, report = kind;
  done["status"] = "success";
  report["metrics"] = json::object{{"durationMs", init_ms_}};
  telemetry_.event("platform.initRuntimeDone", std::move(done));
  telemetry_.event("platform.initReport", std::move(report));
}

void Instance::tell_start(const Place& place) {
  if (!extensions_.any()) return;
  const auto& id = place.id();
  const json::object tracing{{"type", "X-Amzn-Trace-Id"}, {"value", place.context.trace.xray()}};
  telemetry_.event("platform.start", {{"requestId", id}, {"version", function_.version}, {"tracing", tracing}});
  extensions_.invoke(codec::to_json(json::object{{"eventType", "INVOKE"},
                                                 {"deadlineMs", place.deadline_ms},
                                                 {"requestId", id},
                                                 {"invokedFunctionArn", place.invocation->invoked_arn},
                                                 {"tracing", tracing}}));
}

// "success", or how the platform ended it.
static std::string status_of(const std::string& error_type) {
  if (error_type.empty()) return "success";
  if (error_type == "Sandbox.Timedout") return "timeout";
  return error_type.starts_with("Runtime.") || error_type.starts_with("Extension.") ? "failure" : "error";
}

void Instance::tell_runtime_done(const std::string& id, const InvokeResult& result, double duration_ms) {
  json::object record{{"requestId", id},
                      {"status", status_of(result.error_type)},
                      {"metrics", json::object{{"durationMs", duration_ms}, {"producedBytes", result.payload.size()}}}};
  if (!result.error_type.empty()) record["errorType"] = result.error_type;
  telemetry_.event("platform.runtimeDone", std::move(record));
}

void Instance::tell_report(const Finished& finished, const sandbox::Usage& usage) {
  json::object metrics{{"durationMs", finished.duration_ms},
                       {"billedDurationMs", finished.billed_ms},
                       {"memorySizeMB", function_.memory_mb},
                       {"maxMemoryUsedMB", (usage.memory_peak_bytes + (1 << 20) - 1) >> 20}};
  if (finished.first) metrics["initDurationMs"] = init_ms_;
  telemetry_.event("platform.report", {{"requestId", finished.request_id.str()},
                                       {"status", status_of(finished.error_type)},
                                       {"metrics", std::move(metrics)}});
}

// What extensions do after the answer is part of the invocation: of its time, of its limit and of its bill.
async::Task<void> Instance::report_after_extensions(Finished finished, SteadyTime began, SteadyTime deadline) {
  const auto self = shared_from_this();
  const auto rested = co_await extensions_.rest(deadline);
  if (!rested && rested.error().code == Code::kCancelled) co_return std::unexpected(rested.error());
  const auto now = std::chrono::steady_clock::now();
  bill(finished, std::chrono::duration<double, std::milli>(now - began).count());
  if (!rested && rested.error().code == Code::kTimeout && finished.error_type.empty()) {
    finished.error_type = "Sandbox.Timedout";
    finished.status = "\tStatus: timeout";
    parts_.logs.append(log_source_, finished.request_id.str(),
                       fmt::format("{} Task timed out after {}.00 seconds: an extension did not ask for its next event",
                                   finished.request_id, function_.timeout_s));
    end("timeout");
  }
  co_return co_await report(std::move(finished));
}

void Instance::extension_failed() {
  if (life_ != Life::kStarting && ending_ == Ending::kNone) ending_ = Ending::kRetired;
  if (body_.sandbox) body_.sandbox->kill();
}

void Instance::end(std::string_view reason) {
  if (ending_ == Ending::kNone) ending_ = Ending::kRetired;
  if (!body_.sandbox || shutting_down_) return;
  if (!extensions_.external() || !settled_by_ready_ || life_ == Life::kDead) return body_.sandbox->kill();
  shutting_down_ = true;
  if (std::exchange(frozen_, false)) body_.sandbox->thaw();
  extensions_.shut_down(reason, to_epoch_ms(parts_.clock.now() + kShutdown));
  tasks_->spawn(kill_later());
}

async::Task<void> Instance::kill_later() {
  const auto self = shared_from_this();
  if (const auto slept = co_await async::sleep_for(kShutdown); !slept) co_return std::unexpected(slept.error());
  body_.sandbox->kill();
  co_return Result<void>{};
}

}  // namespace gust::functions
