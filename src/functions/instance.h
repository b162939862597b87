// Instance: one sandbox that runs one version of one function and speaks the Runtime API with it: one invocation at a
// time, or as many as the function's settings say. Not the policy of when to start, reuse or end one: that is the
// pool's. Loop thread only.
#pragma once

#include "async/event.h"
#include "async/task_group.h"
#include "functions/body.h"
#include "functions/cpu_shares.h"
#include "functions/extensions.h"
#include "functions/function.h"
#include "functions/invoker.h"
#include "functions/log_budget.h"
#include "functions/log_store.h"
#include "functions/place.h"
#include "functions/runtime_pool.h"
#include "functions/telemetry.h"
#include "meter/record.h"

#include <csignal>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
    // It asked for the next event: it can take one, or one more. The first time is the end of its init.
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
  // How many invocations it can take now; how many it has, counting those promised to it; how many of its places will
  // soon be free again: those of invocations that are answered, or that its program has not asked for yet.
  std::size_t free_places() const;
  std::size_t load() const { return held_ + promised_; }
  std::size_t places_to_come() const;
  // It is new, and its program may not have asked for all its places yet.
  bool settling() const;
  static std::size_t load_of(const std::shared_ptr<Instance>& instance) { return instance->load(); }
  // Keeps a free place for an invoke() to come; or gives it back.
  void promise_place() { ++promised_; }
  void take_back_promise() { --promised_; }
  // Runs one invocation in a place that was promised. Ends with an answer, a time-out or the instance's death.
  // kUnavailable with the source kUndelivered, and `invocation` as it was, when it ended before it took the invocation.
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
    if (runtime_image_) return !body_.told->empty() && !exit_->out_of_memory;
    return start_kind_ == Start::kPooled && exit_->signal == SIGKILL && !exit_->out_of_memory;
  }
  bool from_runtime_image() const { return runtime_image_; }
  // It ended before it was ready and said no reason, so that its snapshot may be at fault: start anew, without.
  bool died_as_image() const {
    return start_kind_ == Start::kRestored && !settled_by_ready_ && !init_error_ && ending_ == Ending::kNone;
  }
  // kTimeout with kSnapshotTimeout as source when it was not restored in time.
  Result<InvokeResult> init_failure(const RequestContext& context);
  // The same as what an invocation that waited for it comes to, with its report and its record.
  Result<InvokeResult> failed_invocation(const RequestContext& context, const Invocation& invocation);

  const std::string& id() const { return id_; }
  const Function& function() const { return function_; }
  // kBusy while an invocation runs, kFinishing when all are answered and not all have been asked after.
  State state() const;
  static State state_of(const std::shared_ptr<Instance>& instance) { return instance->state(); }
  SteadyTime idle_since() const { return idle_since_; }
  SteadyTime started_at() const { return started_at_; }
  bool has_served() const { return served_; }
  // What its processes used between its first report and the last.
  std::uint64_t known_cpu_us() const { return cpu_us_after_ - cpu_us_before_; }
  bool was_specialised() const { return specialised_; }
  std::string_view initialization_type() const { return parts_.initialization_type; }
  enum class Start { kLaunched, kPooled, kRestored };
  Start start_kind() const { return start_kind_; }
  // Until its sandbox was there, and from then until its first event was asked for.
  struct Phases {
    double sandbox_ms = 0, init_ms = 0;
  };
  Phases phases() const { return {sandbox_ms_, init_ms_ - sandbox_ms_}; }

 private:
  static double ms_since(SteadyTime begin);
  sandbox::Spec make_spec(const RoleKeys& keys) const;
  void use_code(sandbox::Spec& spec) const;
  void explain_no_start(const std::string& program, const std::string& message);
  async::Task<Body> find_body(sandbox::Launcher& launcher, RuntimePool* runtimes, sandbox::Spec spec);
  Millis init_limit() const;
  async::Task<http::Response> runtime_api(RequestContext context, http::Request request);
  async::Task<http::Response> next();
  async::Task<http::Response> take_answer(http::Request request, std::string id, std::string what);
  async::Task<Answer> read_answer(http::Request& request, std::string what, std::shared_ptr<ResponseStream> stream,
                                  std::size_t max_bytes);
  async::Task<void> pass_on(http::Request& request, std::shared_ptr<ResponseStream> stream, std::uint64_t& passed);
  http::Response hand_over(Place& place);
  void finish_init();
  bool take_place_back();
  Place& open_place(const RequestContext& context, const std::shared_ptr<Invocation>& invocation);
  Place* find(std::string_view id);
  void settle(Place& place, Answer answer);
  void lose(Place& place);
  void end_if_only_lost(std::string_view reason);
  std::optional<Answer> answer_for(Place& place, const Result<void>& waited, std::string& status);
  Answer answer_of_the_dead(Place& place, std::string& status);
  async::Task<void> watch_exit();
  async::Task<void> read_output();
  async::Task<void> read_segments();
  void take_segments();
  async::Task<void> give_up_on_init();
  void rest();
  async::Task<void> watch_rest();
  bool end_unreturned(SteadyTime now);
  void drain_output();
  std::size_t take_output(std::string_view piece);
  void take_line(std::string line);
  // The invocation that a line of the function's is of: the one that runs, or ran when it died; where several do, the
  // one that the line names. Null: none.
  Place* owner_of(std::string_view line);
  void log(Place* of, std::string line);
  void log_of_extension(std::string line);
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
    CpuShares::Claim cpu = CpuShares::kNone;
    std::string tracing;  // the trace, where the report names it
  };
  Finished finish(const Place& place, double duration_ms, std::string status, const InvokeResult& result,
                  std::uint64_t streamed_bytes);
  void bill(Finished& finished, double duration_ms) const;
  async::Task<void> report(Finished finished);
  async::Task<void> report_after_extensions(Finished finished, SteadyTime began, SteadyTime deadline);
  // instance_events.cc: what the log says of the platform, in text or in JSON, and what extensions are told.
  bool logs_json() const { return function_.logging.format == LogFormat::kJson; }
  void log_event(std::string_view type, const boost::json::object& record, Place* of, std::string request_id);
  void log_init_start();
  void log_init_failure(const std::string& request_id, const std::string& error_type);
  void log_extension_state(const boost::json::object& record);
  void log_start(Place& place);
  void log_end(Place& place, const InvokeResult& result, double duration_ms);
  void end_init();
  void tell_start(const Place& place);
  boost::json::object init_record(const std::string& error_type) const;
  boost::json::object start_record(const Place& place) const;
  boost::json::object report_record(const Finished& finished, const sandbox::Usage& usage) const;
  // Empty where the function's level leaves it out.
  std::string report_line(const Finished& finished, const sandbox::Usage& usage) const;
  void extension_failed();
  async::Task<void> kill_later();
  meter::Record record_of(const Finished& finished, const sandbox::Usage& usage);

  // A request for the next event that waits.
  struct Ask {
    async::Event given;
    Place* place = nullptr;
  };

  Parts parts_;
  Function function_;
  const std::size_t concurrency_;  // invocations at once, at most
  std::string id_;
  const LogSource log_source_;
  enum class Life { kStarting, kReady, kDead } life_ = Life::kStarting;
  Body body_;
  async::TaskGroup* tasks_ = nullptr;

  LogBudget log_budget_{std::chrono::steady_clock::now()};
  std::string partial_line_;

  async::Event settled_;      // ready for the first time, or over
  async::Event dead_;
  std::deque<Place> places_;  // made when first needed
  Place* last_ = nullptr;     // the one opened last
  std::size_t held_ = 0, running_ = 0, lost_ = 0;  // places that are not free; whose callers wait; that are lost
  std::size_t promised_ = 0;
  std::uint64_t cpu_us_before_ = 0, cpu_us_after_ = 0;
  std::vector<Ask*> asks_;
  std::optional<Answer> init_error_;
  std::string entrypoint_error_;  // of the program that a provided.* function or an image brings
  std::string entrypoint_error_type_{"Runtime.InvalidEntrypoint"};
  std::optional<sandbox::Exit> exit_;
  enum class Ending { kNone, kRetired, kInitTimeout } ending_ = Ending::kNone;
  SteadyTime started_at_{};
  SteadyTime idle_since_{};
  bool frozen_ = false;
  bool resting_ = false;  // watch_rest runs
  Start start_kind_ = Start::kLaunched;
  bool runtime_image_ = false;  // it went on from its runtime's image
  bool served_ = false;  // it was handed an event
  bool specialised_ = false;  // its sandbox stood ready
  bool settled_by_ready_ = false;
  double sandbox_ms_ = 0;
  double init_ms_ = 0;  // also of an init that failed
  bool init_reported_ = false;
  CpuShares cpu_shares_;
  Telemetry telemetry_;
  Extensions extensions_;
  bool shutting_down_ = false;
};

}  // namespace gust::functions
