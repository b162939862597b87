// Instance: one sandbox that runs one version of one function and speaks the Runtime API with it, one invocation at a
// time. Not the policy of when to start, reuse or end one: that is the pool's. Loop thread only.
#pragma once

#include "async/event.h"
#include "async/task_group.h"
#include "functions/body.h"
#include "functions/extensions.h"
#include "functions/function.h"
#include "functions/invoker.h"
#include "functions/log_budget.h"
#include "functions/log_store.h"
#include "functions/runtime_pool.h"
#include "functions/telemetry.h"
#include "meter/record.h"

#include <csignal>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace gust::functions {

class Instance : public std::enable_shared_from_this<Instance> {
 public:
  enum class State { kStarting, kIdle, kBusy, kFinishing, kDead };

  struct Parts {
    async::Executor executor;
    LogStore& logs;
    env::Clock& clock;
    const InvokerSettings& settings;
    std::string_view initialization_type;  // as the runtime is told: kOnDemand, kProvisionedType
    // It asked for the next event: it can take one. Also the end of its init.
    std::function<void(std::shared_ptr<Instance>)> on_ready;
    // It ended and is cleaned up; the last call.
    std::function<void(std::shared_ptr<Instance>)> on_end;
    Millis init_limit{0};  // 0: that of the settings
    // Set by snapshots: what is started, who answers requests first (false: not this one), and whether it is restored.
    std::function<void(sandbox::Spec&)> adjust = {};
    std::function<async::Task<bool>(http::Request&, http::Response&)> api = {};
    bool from_image = false;
  };

  Instance(Parts parts, Function function, std::string id);

  // Takes a runtime from the pool, where there is one, or starts a sandbox; on_ready or on_end follows. `tasks` runs
  // what watches it.
  async::Task<void> start(sandbox::Launcher& launcher, RuntimePool* runtimes, RoleKeys keys, async::TaskGroup& tasks);
  // Runs one invocation on an idle instance. Ends with an answer, a time-out or the instance's death. kUnavailable with
  // the source kUndelivered, and `invocation` as it was, when it ended before it took the invocation.
  static constexpr std::string_view kUndelivered = "undelivered";
  async::Task<InvokeResult> invoke(RequestContext context, std::shared_ptr<Invocation> invocation);
  // Ends it; on_end follows: at once, or where extensions are to be told within two seconds. The reason is for them.
  void end(std::string_view reason = "spindown");
  // What its init came to, when it ended before it was ready, or its program could not be started (init_failed).
  bool init_failed() const { return !entrypoint_error_.empty(); }
  bool was_ready() const { return settled_by_ready_; }
  // A runtime from the pool that was killed before it was ready, maybe before it knew its function, or one that did not
  // come out of its runtime's image: start anew.
  bool died_as_generic() const {
    if (extensions_.failure() || settled_by_ready_ || init_error_ || ending_ != Ending::kNone || !exit_) return false;
    if (runtime_image_) return !exit_->out_of_memory;
    return start_kind_ == Start::kPooled && exit_->signal == SIGKILL && !exit_->out_of_memory;
  }
  // It ended before it was ready and said no reason, so that its snapshot may be at fault: start anew, without.
  bool died_as_image() const {
    return start_kind_ == Start::kRestored && !settled_by_ready_ && !init_error_ && ending_ == Ending::kNone;
  }
  // kTimeout with kSnapshotTimeout as source when it was not restored in time.
  Result<InvokeResult> init_failure(const RequestContext& context);
  // The same as what an invocation that waited for it comes to, with its report and its record.
  Result<InvokeResult> failed_invocation(const RequestContext& context, const Invocation& invocation);

  const Function& function() const { return function_; }
  State state() const { return state_; }
  static State state_of(const std::shared_ptr<Instance>& instance) { return instance->state_; }
  SteadyTime idle_since() const { return idle_since_; }
  SteadyTime started_at() const { return started_at_; }
  enum class Start { kLaunched, kPooled, kRestored };
  Start start_kind() const { return start_kind_; }
  StartStatus::Phases phases() const { return {sandbox_ms_, init_ms_ - sandbox_ms_}; }

 private:
  struct Answer {
    std::string payload;
    std::string error_type;  // set: an error
    std::string content_type = {};
    bool streamed = false;  // the payload went into the stream
  };

  sandbox::Spec make_spec(const RoleKeys& keys) const;
  async::Task<Body> find_body(sandbox::Launcher& launcher, RuntimePool* runtimes, sandbox::Spec spec);
  Millis init_limit() const;
  async::Task<http::Response> runtime_api(RequestContext context, http::Request request);
  async::Task<http::Response> next();
  async::Task<http::Response> take_answer(http::Request request, std::string id, std::string what);
  async::Task<Answer> read_answer(http::Request& request, std::string what);
  async::Task<void> pass_on(http::Request& request, std::shared_ptr<ResponseStream> stream);
  void settle(Answer answer);
  Answer answer_of_the_dead(std::string& status);
  async::Task<void> watch_exit();
  async::Task<void> read_output();
  async::Task<void> give_up_on_init();
  void rest();
  async::Task<void> watch_rest();
  void drain_output();
  std::size_t take_output(std::string_view piece);
  void take_line(std::string line);
  // Of the invocation that runs, or ran when it died; else empty.
  std::string current_id() const;
  void log(std::string line);
  std::string exit_message() const;
  // An invocation that has ended, as its report and its record tell it.
  struct Finished {
    RequestId request_id;
    double duration_ms = 0;
    std::uint64_t billed_ms = 0;
    std::string status;  // how the platform ended it, for the report
    std::string error_type;
    std::uint64_t queued_ms = 0, bytes_in = 0, bytes_out = 0;
    bool first = false;  // of this instance
    bool pays_init = false;
  };
  Finished finish(const RequestContext& context, double duration_ms, std::string status, const InvokeResult& result);
  void bill(Finished& finished, double duration_ms) const;
  async::Task<void> report(Finished finished);
  async::Task<void> report_after_extensions(Finished finished, SteadyTime began, SteadyTime deadline);
  void tell_init();
  void tell_start();
  void tell_runtime_done(const InvokeResult& result, double duration_ms);
  void tell_report(const Finished& finished, const sandbox::Usage& usage);
  void extension_failed();
  async::Task<void> kill_later();
  std::string report_line(const Finished& finished, const sandbox::Usage& usage) const;
  meter::Record record_of(const Finished& finished, const sandbox::Usage& usage);

  Parts parts_;
  Function function_;
  std::string id_;
  State state_ = State::kStarting;
  Body body_;
  async::TaskGroup* tasks_ = nullptr;

  LogBudget log_budget_{std::chrono::steady_clock::now()};
  std::string partial_line_;
  std::deque<std::string> tail_;  // lines of the invocation that runs
  std::size_t tail_bytes_ = 0;

  async::Event settled_;                 // ready for the first time, or over
  async::Event work_;                    // an event waits for next(), or the instance is over
  async::Event answer_;                  // the invocation has an answer, or the instance ended
  std::shared_ptr<Invocation> pending_;  // until next() took it
  std::uint64_t taken_ = 0;              // invocations that next() took
  RequestContext current_;               // of the invocation that runs
  std::size_t max_response_bytes_ = 0;
  std::shared_ptr<ResponseStream> stream_;  // of the invocation that runs, if its caller has one
  bool answering_ = false;                  // the runtime sends its answer
  std::int64_t deadline_ms_ = 0;
  std::optional<Answer> answered_;
  std::optional<Answer> init_error_;
  std::string entrypoint_error_;  // of the program that a provided.* function brings
  std::optional<sandbox::Exit> exit_;
  enum class Ending { kNone, kRetired, kInitTimeout } ending_ = Ending::kNone;
  SteadyTime started_at_{};
  SteadyTime idle_since_{};
  SteadyTime finishing_since_{};
  bool frozen_ = false;
  bool resting_ = false;  // watch_rest runs
  Start start_kind_ = Start::kLaunched;
  bool runtime_image_ = false;  // it went on from its runtime's image
  bool settled_by_ready_ = false;
  double sandbox_ms_ = 0;
  double init_ms_ = 0;  // also of an init that failed
  bool init_reported_ = false;
  std::uint64_t metered_cpu_us_ = 0;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0, queued_ms_ = 0;  // of the invocation that runs
  Telemetry telemetry_;
  Extensions extensions_;
  bool shutting_down_ = false;
};

}  // namespace gust::functions
