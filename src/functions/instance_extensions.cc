// An instance's extensions: what they are told of its life, and how they end it.
#include "functions/instance.h"

#include "codec/json.h"
#include "functions/instance_events.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::functions {

namespace json = boost::json;

static constexpr Millis kShutdown{2000};  // documented

void Instance::tell_start(const Place& place) {
  if (!extensions_.any()) return;
  auto record = start_record(place);
  const auto tracing = record["tracing"];
  telemetry_.event(kStart, std::move(record));
  extensions_.invoke(codec::to_json(json::object{{"eventType", "INVOKE"},
                                                 {"deadlineMs", place.deadline_ms},
                                                 {"requestId", place.id()},
                                                 {"invokedFunctionArn", place.invocation->invoked_arn},
                                                 {"tracing", tracing}}));
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
    auto text = fmt::format("{} Task timed out after {}.00 seconds: an extension did not ask for its next event",
                            finished.request_id, function_.timeout_s);
    parts_.logs.append(log_source_, finished.request_id.str(),
                       notice_line(function_.logging, std::move(text), parts_.clock.now()));
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
