#include "functions/instance.h"

#include "functions/runtime_reply.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::functions {

static constexpr Millis kFreezeAfter{1000};
static constexpr double kSettling = 100;  // ms, for a machine with much to do: threads, connections

double Instance::ms_since(SteadyTime begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

Instance::Instance(Parts parts, Function function, std::string id)
    : parts_(std::move(parts)),
      function_(std::move(function)),
      concurrency_(function_.concurrency()),
      id_(std::move(id)),
      log_source_{function_.key, function_.logging.group, log_stream_name(parts_.clock.now(), function_, id_)},
      settled_(parts_.executor),
      dead_(parts_.executor),
      telemetry_(parts_.executor, parts_.clock),
      extensions_({parts_.executor, telemetry_, function_, id_, parts_.initialization_type,
                   [this](std::string line) { log_of_extension(std::move(line)); },
                   [this](const boost::json::object& record) { log_extension_state(record); },
                   [this] { extension_failed(); }}) {}

Instance::State Instance::state() const {
  if (life_ != Life::kReady) return life_ == Life::kDead ? State::kDead : State::kStarting;
  if (running_ > 0) return State::kBusy;
  return held_ > 0 ? State::kFinishing : State::kIdle;
}

std::size_t Instance::free_places() const {
  if (life_ != Life::kReady || ending_ != Ending::kNone || lost_ > 0) return 0;
  const auto free = std::min(asks_.size(), concurrency_ - held_);
  return free - std::min(promised_, free);
}

bool Instance::settling() const {
  return concurrency_ > 1 && life_ == Life::kReady && ms_since(started_at_) < init_ms_ + kSettling;
}

std::size_t Instance::places_to_come() const {
  if (life_ != Life::kReady || lost_ > 0) return 0;
  return concurrency_ - std::min(concurrency_, running_ + asks_.size());
}

// From what the launcher says (sandbox/launcher/child.cc).
void Instance::explain_no_start(const std::string& program, const std::string& message) {
  const std::string_view in_folder = "change to the working directory";
  if (const auto at = message.find("execute " + program); at != std::string::npos) {
    entrypoint_error_ = "fork/exec" + message.substr(at + 7);
  } else if (const auto folder = message.find(in_folder); folder != std::string::npos && function_.image) {
    entrypoint_error_ = "chdir" + message.substr(folder + in_folder.size());
    entrypoint_error_type_ = "Runtime.InvalidWorkingDir";
  }
}

async::Task<Body> Instance::find_body(sandbox::Launcher& launcher, RuntimePool* runtimes, sandbox::Spec spec) {
  const auto self = shared_from_this();
  if (runtimes != nullptr && !function_.image) {
    GUST_CO_TRY(auto ready, co_await runtimes->take(spec));
    if (ready) {
      runtime_image_ = ready->from_runtime_image;
      if (!parts_.from_image && !runtime_image_) start_kind_ = Start::kPooled;
      specialised_ = !runtime_image_;
      co_return std::move(*ready);
    }
  }
  if (spec.argv.empty() || !spec.argv[0].starts_with('/')) {
    entrypoint_error_ = spec.argv.empty()
                            ? "the image has no entry point and no command"
                            : fmt::format("exec: \"{}\": executable file not found in $PATH", spec.argv[0]);
    co_return fail(Code::kInvalid, entrypoint_error_, "entrypoint");
  }
  const auto own_program = spec.argv.size() == 1 || function_.image ? spec.argv[0] : "";
  auto sandbox = co_await launcher.start(std::move(spec));
  if (!sandbox) {
    if (!own_program.empty()) explain_no_start(own_program, sandbox.error().message);
    co_return std::unexpected(sandbox.error());
  }
  co_return make_body(parts_.executor, *std::move(sandbox), parts_.settings);
}

async::Task<void> Instance::start(sandbox::Launcher& launcher, RuntimePool* runtimes, RoleKeys keys,
                                  async::TaskGroup& tasks) {
  const auto self = shared_from_this();
  tasks_ = &tasks;
  log_init_start();
  if (parts_.from_image) start_kind_ = Start::kRestored;
  started_at_ = std::chrono::steady_clock::now();
  auto spec = make_spec(keys);
  GUST_CO_TRY(body_, co_await find_body(launcher, runtimes, std::move(spec)));
  sandbox_ms_ = ms_since(started_at_);
  body_.caller->account = function_.key.account;
  body_.caller->function = function_.key.name.str();
  std::weak_ptr<Instance> weak = self;
  *body_.runtime_api = [weak](RequestContext context, http::Request request) -> async::Task<http::Response> {
    const auto instance = weak.lock();
    if (!instance) co_return json_response(410, "{}");
    co_return co_await instance->runtime_api(std::move(context), std::move(request));
  };
  tasks.spawn(watch_exit());
  tasks.spawn(read_output());
  if (body_.segments) tasks.spawn(read_segments());
  tasks.spawn(give_up_on_init());
  if (body_.begin) std::exchange(body_.begin, nullptr)();
  if (ending_ != Ending::kNone) body_.sandbox->kill();
  co_return Result<void>{};
}

Millis Instance::init_limit() const {
  if (parts_.init_limit != Millis(0)) return parts_.init_limit;
  return std::max<Millis>(parts_.settings.init_timeout, std::chrono::seconds(function_.timeout_s));
}

async::Task<void> Instance::give_up_on_init() {
  const auto self = shared_from_this();
  const auto settled = co_await settled_.wait(started_at_ + init_limit());
  if (settled || settled.error().code != Code::kTimeout || ending_ != Ending::kNone) co_return Result<void>{};
  ending_ = Ending::kInitTimeout;
  body_.sandbox->kill();
  co_return Result<void>{};
}

void Instance::rest() {
  if (!std::exchange(resting_, true)) tasks_->spawn(watch_rest());
}

// Freezes it after a second of idleness: what a function left running gets no cpu between invocations. Ends one that
// answered and then does not ask for the next event.
async::Task<void> Instance::watch_rest() {
  const auto self = shared_from_this();
  for (;;) {
    const auto dead = co_await dead_.wait(std::chrono::steady_clock::now() + kFreezeAfter);
    if (dead || dead.error().code != Code::kTimeout || ending_ != Ending::kNone) break;
    const auto now = parts_.clock.steady();
    if (state() == State::kIdle && now - idle_since_ >= kFreezeAfter) {
      frozen_ = true;
      body_.sandbox->freeze();
      break;
    }
    if (end_unreturned(now)) break;
  }
  resting_ = false;
  co_return Result<void>{};
}

// Whether it ends for a place that its program answered for and then left.
bool Instance::end_unreturned(SteadyTime now) {
  for (auto& place : places_) {
    const bool left = place.state == Place::State::kAnswered &&
                      now - place.answered_at > std::chrono::seconds(function_.timeout_s);
    if (!left) continue;
    auto text = fmt::format("{}: {} s after its answer it had not asked for the next event",
                            running_ == 0 ? "Ended" : "Takes no more invocations", function_.timeout_s);
    log(&place, notice_line(function_.logging, std::move(text), parts_.clock.now()));
    place.state = Place::State::kLost;
    ++lost_;
    end_if_only_lost("spindown");
  }
  return ending_ != Ending::kNone;
}

// Nobody's invocation is in it any more but those that are lost. With others it goes on until they have ended.
void Instance::end_if_only_lost(std::string_view reason) {
  if (lost_ > 0 && running_ == 0) end(reason);
}

async::Task<void> Instance::watch_exit() {
  const auto self = shared_from_this();
  const auto exit = co_await body_.sandbox->wait();
  if (exit) exit_ = *exit;
  drain_output();
  if (!partial_line_.empty()) take_line(std::exchange(partial_line_, ""));
  if (life_ == Life::kStarting) init_ms_ = ms_since(started_at_);
  life_ = Life::kDead;
  dead_.set();
  settled_.set();
  for (auto* const ask : asks_) ask->given.set();
  for (auto& place : places_) {
    place.invocation.reset();
    place.answer.set();
  }
  extensions_.end();
  boost::system::error_code ignored;
  body_.output->close(ignored);
  if (body_.segments) body_.segments->close(ignored);
  const auto stopped = co_await body_.server->stop(std::chrono::steady_clock::now() + Millis(1000));
  parts_.on_end(self);
  co_return stopped;
}

}  // namespace gust::functions
