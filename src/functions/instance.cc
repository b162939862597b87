#include "functions/instance.h"

#include "base/assert.h"
#include "base/log.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/time_format.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <span>

namespace gust::functions {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t kTailBytes = 4096, kMaxLine = 256 << 10, kPipeBytes = 64 << 10;
constexpr Millis kFreezeAfter{1000};
constexpr std::string_view kRuntimePath = "/2018-06-01/runtime/";
constexpr std::string_view kResponseMode = "Lambda-Runtime-Function-Response-Mode";
constexpr std::string_view kErrorType = "Lambda-Runtime-Function-Error-Type";
constexpr std::string_view kErrorBody = "Lambda-Runtime-Function-Error-Body";

std::string error_json(const std::string& type, const std::string& message) {
  return codec::to_json(json::object{{"errorType", type}, {"errorMessage", message}});
}

std::string text_of(const std::string& payload, const char* name) {
  const auto document = codec::parse_json(payload);
  if (!document || !document->is_object()) return "";
  const auto* value = document->get_object().if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

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

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

std::unexpected<Error> too_large(std::uint64_t limit) {
  return fail(Code::kTooLarge,
              fmt::format("Response payload size exceeded maximum allowed payload size ({} bytes).", limit));
}

double ms_since(SteadyTime begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

Instance::Instance(Parts parts, Function function, std::string id)
    : parts_(std::move(parts)),
      function_(std::move(function)),
      id_(std::move(id)),
      settled_(parts_.executor),
      work_(parts_.executor),
      answer_(parts_.executor),
      telemetry_(parts_.executor, parts_.clock),
      extensions_({parts_.executor, telemetry_, function_, id_, parts_.initialization_type,
                   [this](std::string line) { parts_.logs.append(function_.key, current_id(), std::move(line)); },
                   [this] { extension_failed(); }}) {}

async::Task<Body> Instance::find_body(sandbox::Launcher& launcher, RuntimePool* runtimes, sandbox::Spec spec) {
  const auto self = shared_from_this();
  if (runtimes != nullptr) {
    GUST_CO_TRY(auto ready, co_await runtimes->take(spec));
    if (ready) {
      runtime_image_ = ready->from_runtime_image;
      if (!parts_.from_image && !runtime_image_) start_kind_ = Start::kPooled;
      co_return std::move(*ready);
    }
  }
  const auto own_program = spec.argv.size() == 1 ? "execute " + spec.argv[0] : "";
  auto sandbox = co_await launcher.start(std::move(spec));
  if (!sandbox) {
    const auto at = own_program.empty() ? std::string::npos : sandbox.error().message.find(own_program);
    if (at != std::string::npos) entrypoint_error_ = "fork/exec" + sandbox.error().message.substr(at + 7);
    co_return std::unexpected(sandbox.error());
  }
  co_return make_body(parts_.executor, *std::move(sandbox), parts_.settings);
}

async::Task<void> Instance::start(sandbox::Launcher& launcher, RuntimePool* runtimes, RoleKeys keys,
                                  async::TaskGroup& tasks) {
  const auto self = shared_from_this();
  tasks_ = &tasks;
  if (parts_.from_image) start_kind_ = Start::kRestored;
  started_at_ = std::chrono::steady_clock::now();
  auto spec = make_spec(keys);
  GUST_CO_TRY(body_, co_await find_body(launcher, runtimes, std::move(spec)));
  sandbox_ms_ = ms_since(started_at_);
  std::weak_ptr<Instance> weak = self;
  *body_.runtime_api = [weak](RequestContext context, http::Request request) -> async::Task<http::Response> {
    const auto instance = weak.lock();
    if (!instance) co_return json_response(410, "{}");
    co_return co_await instance->runtime_api(std::move(context), std::move(request));
  };
  tasks.spawn(watch_exit());
  tasks.spawn(read_output());
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
  while (co_await async::sleep_for(kFreezeAfter)) {
    if (state_ == State::kDead || ending_ != Ending::kNone) break;
    const auto now = parts_.clock.steady();
    if (state_ == State::kIdle && now - idle_since_ >= kFreezeAfter) {
      frozen_ = true;
      body_.sandbox->freeze();
      break;
    }
    if (state_ == State::kFinishing && now - finishing_since_ > std::chrono::seconds(function_.timeout_s)) {
      log(fmt::format("Ended: {} s after its answer it had not asked for the next event", function_.timeout_s));
      end();
      break;
    }
  }
  resting_ = false;
  co_return Result<void>{};
}

async::Task<http::Response> Instance::runtime_api(RequestContext, http::Request request) {
  const auto self = shared_from_this();
  if (parts_.api) {
    http::Response response;
    GUST_CO_TRY(const bool answered, co_await parts_.api(request, response));
    if (answered) co_return response;
  }
  http::Response response;
  GUST_CO_TRY(const bool answered, co_await extensions_.answer(request, response));
  if (answered) co_return response;
  if (!request.path.starts_with(kRuntimePath))
    co_return json_response(404, error_json("InvalidPath", request.path + " is not of the Runtime API"));
  const auto path = request.path.substr(kRuntimePath.size());
  if (request.method == "GET" && path == "invocation/next") co_return co_await next();
  if (request.method == "POST" && (path == "init/error" || path == "restore/error"))
    co_return co_await take_answer(std::move(request), "", "init");
  constexpr std::string_view kInvocation = "invocation/";
  if (request.method == "POST" && path.starts_with(kInvocation)) {
    const auto slash = path.rfind('/');
    const auto id = path.substr(kInvocation.size(), slash - std::min(slash, kInvocation.size()));
    const auto what = path.substr(slash + 1);
    if (what == "response" || what == "error") co_return co_await take_answer(std::move(request), id, what);
  }
  co_return json_response(
      404, error_json("InvalidPath", request.method + " " + request.path + " is not of the Runtime API"));
}

async::Task<http::Response> Instance::next() {
  const auto self = shared_from_this();
  // The init, and an invocation, are over when the extensions have asked for their next event, too.
  if (state_ == State::kStarting || state_ == State::kFinishing) {
    const auto rested = co_await extensions_.rest();
    if (!rested && rested.error().code == Code::kCancelled) co_return std::unexpected(rested.error());
    if (!rested) co_return json_response(410, error_json("InstanceEnded", "an extension has failed"));
  }
  if (ending_ != Ending::kNone || state_ == State::kDead)
    co_return json_response(410, error_json("InstanceEnded", "the instance is over"));
  if (state_ == State::kStarting) {
    init_ms_ = ms_since(started_at_);
    tell_init();
    extensions_.close_registration();
    settled_by_ready_ = true;
    settled_.set();
  }
  if (state_ == State::kStarting || state_ == State::kFinishing) {
    state_ = State::kIdle;
    idle_since_ = parts_.clock.steady();
    rest();
    parts_.on_ready(self);
  } else if (state_ != State::kIdle) {
    co_return json_response(403, error_json("InvalidState", "an invocation runs: answer it first"));
  }
  GUST_CO_CHECK(co_await work_.wait());
  work_.reset();
  if (!pending_) co_return json_response(410, error_json("InstanceEnded", "the instance is over"));
  http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Lambda-Runtime-Aws-Request-Id", current_.request_id.str());
  response.headers.add("Lambda-Runtime-Deadline-Ms", std::to_string(deadline_ms_));
  response.headers.add("Lambda-Runtime-Invoked-Function-Arn", pending_->invoked_arn);
  response.headers.add("Lambda-Runtime-Trace-Id", current_.trace_id);
  if (!pending_->client_context.empty())
    response.headers.add("Lambda-Runtime-Client-Context", pending_->client_context);
  response.body = std::move(pending_->payload);
  pending_.reset();
  ++taken_;
  co_return response;
}

async::Task<http::Response> Instance::take_answer(http::Request request, std::string id, std::string what) {
  const auto self = shared_from_this();
  const bool init = what == "init";
  if (!init && (state_ != State::kBusy || id != current_.request_id.str() || answering_)) {
    co_return json_response(400,
                            error_json("InvalidRequestID", fmt::format("'{}' is not the invocation that runs", id)));
  }
  answering_ = !init;
  auto answer = co_await read_answer(request, what);
  if (!init && id == current_.request_id.str()) answering_ = false;
  if (!answer && answer.error().code == Code::kTooLarge) {
    settle({error_json("Function.ResponseSizeTooLarge", answer.error().message), "Function.ResponseSizeTooLarge"});
    co_return json_response(413, error_json("RequestEntityTooLarge", "the response is too large"));
  }
  if (!answer) co_return json_response(400, error_json("BrokenBody", answer.error().message));
  if (init) {
    init_error_ = *std::move(answer);
  } else if (state_ == State::kBusy && id == current_.request_id.str()) {
    settle(*std::move(answer));
  }
  co_return json_response(202, R"({"status":"OK"})");
}

void Instance::settle(Answer answer) {
  if (state_ != State::kBusy || answered_) return;
  answered_ = std::move(answer);
  state_ = State::kFinishing;
  finishing_since_ = parts_.clock.steady();
  answer_.set();
}

// kTooLarge with the service's message; kInvalid when the body breaks off.
async::Task<Instance::Answer> Instance::read_answer(http::Request& request, std::string what) {
  const auto self = shared_from_this();
  Answer answer;
  answer.content_type = request.headers.get_or("content-type", "");
  const bool streams = what == "response" && request.headers.get_or(kResponseMode, "") == "streaming";
  if (streams && stream_) {
    const auto passed = co_await pass_on(request, stream_);
    if (!passed && passed.error().code == Code::kTooLarge) co_return std::unexpected(passed.error());
    answer.streamed = true;
    if (!passed) {
      answer.error_type = "Runtime.TruncatedResponse";
      answer.payload = error_json(answer.error_type, "The response ended before its end was sent");
      co_return answer;
    }
  } else {
    const auto limit = what == "init" ? std::size_t{1} << 20 : max_response_bytes_;
    auto body = co_await async::read_all(*request.body, limit);
    if (!body && body.error().code == Code::kTooLarge) {
      co_return too_large(limit);
    }
    if (!body) co_return std::unexpected(body.error());
    answer.payload = *std::move(body);
  }
  if (what != "response") {
    answer.error_type = text_of(answer.payload, "errorType");
    if (answer.error_type.empty()) answer.error_type = request.headers.get_or(kErrorType, "Unhandled");
    if (answer.payload.empty()) answer.payload = error_json(answer.error_type, "");
  } else if (const auto type = request.trailers ? request.trailers->get(kErrorType) : std::nullopt) {
    answer.error_type = *type;  // it failed after it had begun
    const auto body = codec::from_base64(request.trailers->get_or(kErrorBody, ""));
    answer.payload = body && !body->empty() ? *body : error_json(answer.error_type, "");
  }
  co_return answer;
}

// The answer's bytes into the stream, as they come.
async::Task<void> Instance::pass_on(http::Request& request, std::shared_ptr<ResponseStream> stream) {
  const auto self = shared_from_this();
  if (const auto type = request.headers.get("content-type")) stream->content_type = *type;
  stream->executed_version = function_.version;
  stream->begun.set();
  std::string room(64 << 10, '\0');
  for (std::uint64_t total = 0;;) {
    const auto bytes = std::as_writable_bytes(std::span(room));
    GUST_CO_TRY(const auto n, co_await request.body->read(bytes));
    if (n == 0) co_return Result<void>{};
    total += n;
    if (total > ResponseStream::kMaxBytes) {
      co_return too_large(ResponseStream::kMaxBytes);
    }
    bytes_out_ = total;
    GUST_CO_CHECK(co_await stream->pipe->write(room.substr(0, n)));
  }
}

async::Task<InvokeResult> Instance::invoke(RequestContext context, std::shared_ptr<Invocation> invocation) {
  const auto self = shared_from_this();
  const auto undelivered = [&] {
    return fail(Code::kUnavailable, "the instance ended before it took the invocation", std::string(kUndelivered));
  };
  if (state_ == State::kDead) co_return undelivered();  // on the way here
  GUST_ASSERT(state_ == State::kIdle);
  state_ = State::kBusy;
  if (std::exchange(frozen_, false)) body_.sandbox->thaw();
  rest();
  drain_output();
  tail_.clear();
  tail_bytes_ = 0;
  answered_.reset();
  answer_.reset();
  answering_ = false;
  current_ = context;
  max_response_bytes_ = invocation->max_response_bytes;
  stream_ = invocation->stream;
  queued_ms_ = invocation->queued_ms;
  bytes_in_ = invocation->payload.size();
  bytes_out_ = 0;
  const bool wants_tail = invocation->log_tail == LogTail::kTail;
  const auto taken_before = taken_;
  log(fmt::format("START RequestId: {} Version: {}", context.request_id, function_.version));
  const auto began = std::chrono::steady_clock::now();
  const auto limit = std::chrono::seconds(function_.timeout_s);
  deadline_ms_ = to_epoch_ms(parts_.clock.now() + limit);
  pending_ = std::move(invocation);
  tell_start();
  work_.set();
  const auto waited = co_await answer_.wait(began + limit);
  const auto duration_ms = ms_since(began);
  stream_.reset();
  drain_output();
  if (state_ == State::kDead && !answered_ && taken_ == taken_before) co_return undelivered();
  Answer answer;
  std::string status;  // of the report: how the platform ended it
  if (answered_) {
    answer = *std::move(answered_);
  } else if (state_ == State::kDead) {
    answer = answer_of_the_dead(status);
  } else if (!waited && waited.error().code != Code::kTimeout) {
    end();
    co_return fail(Code::kUnavailable, "the invocation was cut off: the daemon is stopping");
  } else {
    const auto text = fmt::format("Task timed out after {}.00 seconds", function_.timeout_s);
    log(fmt::format("{} {} {}", codec::to_iso8601_ms(parts_.clock.now()), context.request_id, text));
    answer = {error_json("Sandbox.Timedout", fmt::format("RequestId: {} Error: {}", context.request_id, text)),
              "Sandbox.Timedout"};
    status = "\tStatus: timeout";
    end("timeout");
  }
  InvokeResult result;
  result.executed_version = function_.version;
  result.payload = std::move(answer.payload);
  result.error_type = answer.error_type;
  result.content_type = std::move(answer.content_type);
  result.streamed = answer.streamed;
  if (!answer.error_type.empty()) result.function_error = "Unhandled";
  auto finished = finish(context, duration_ms, std::move(status), result);
  result.billed_ms = finished.billed_ms;
  log(fmt::format("END RequestId: {}", context.request_id));
  if (wants_tail) {
    // Taken now: while the report is made the instance may begin its next invocation.
    for (const auto& text : tail_) result.log_tail += text + "\n";
    const auto usage = co_await body_.sandbox->usage();
    result.log_tail += report_line(finished, usage.value_or(sandbox::Usage())) + "\n";
    if (result.log_tail.size() > kTailBytes) result.log_tail.erase(0, result.log_tail.size() - kTailBytes);
  }
  if (extensions_.any()) {
    tell_runtime_done(result, duration_ms);
    tasks_->spawn(report_after_extensions(std::move(finished), began, began + limit));
  } else {
    tasks_->spawn(report(std::move(finished)));
  }
  co_return result;
}

// It ended before it answered.
Instance::Answer Instance::answer_of_the_dead(std::string& status) {
  const auto& failure = extensions_.failure();
  const std::string type = failure ? failure->type : "Runtime.ExitError";
  const auto text =
      fmt::format("RequestId: {} Error: {}", current_.request_id, failure ? failure->message : exit_message());
  log(text);
  log(type);
  const bool memory = !failure && exit_ && exit_->out_of_memory;
  status = fmt::format("\tStatus: error\tError Type: {}", memory ? "Runtime.OutOfMemory" : type);
  return {error_json(type, text), type};
}

Result<InvokeResult> Instance::init_failure(const RequestContext& context) {
  InvokeResult result;
  result.executed_version = function_.version;
  result.function_error = "Unhandled";
  if (init_failed()) {
    result.error_type = "Runtime.InvalidEntrypoint";
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
  parts_.logs.append(function_.key, context.request_id.str(),
                     fmt::format("INIT_REPORT Init Duration: {:.2f} ms\tPhase: init\tStatus: error\tError Type: {}",
                                 init_ms_, result.error_type));
  return result;
}

std::string Instance::exit_message() const {
  if (!exit_) return "Runtime exited without providing a reason";
  if (exit_->out_of_memory) return "Runtime exited with error: signal: killed";
  if (exit_->signal != 0) return "Runtime exited with error: signal: " + signal_name(exit_->signal);
  if (exit_->code != 0) return fmt::format("Runtime exited with error: exit status {}", exit_->code);
  return "Runtime exited without providing a reason";
}

async::Task<void> Instance::watch_exit() {
  const auto self = shared_from_this();
  const auto exit = co_await body_.sandbox->wait();
  if (exit) exit_ = *exit;
  drain_output();
  if (!partial_line_.empty()) take_line(std::exchange(partial_line_, ""));
  if (state_ == State::kStarting) init_ms_ = ms_since(started_at_);
  state_ = State::kDead;
  pending_.reset();
  settled_.set();
  work_.set();
  answer_.set();
  extensions_.end();
  boost::system::error_code ignored;
  body_.output->close(ignored);
  const auto stopped = co_await body_.server->stop(std::chrono::steady_clock::now() + Millis(1000));
  parts_.on_end(self);
  co_return stopped;
}

async::Task<void> Instance::read_output() {
  const auto self = shared_from_this();
  while (state_ != State::kDead && body_.output->is_open()) {
    constexpr auto kReadable = asio::posix::stream_descriptor::wait_read;
    const auto [error] = co_await body_.output->async_wait(kReadable, asio::as_tuple(asio::use_awaitable));
    if (error || !body_.output->is_open()) break;
    drain_output();
    // What it writes meanwhile waits in the pipe, and then so does the function.
    const auto wait = log_budget_.wait(std::chrono::steady_clock::now());
    if (wait > Millis(0) && !co_await async::sleep_for(wait)) break;
    if (!body_.output->is_open()) break;
  }
  co_return Result<void>{};
}

// Takes what the pipe holds now, and no more: who writes faster than this reads would keep the loop.
void Instance::drain_output() {
  std::size_t total = 0;
  char piece[16384];
  while (body_.output && body_.output->is_open() && total < kPipeBytes) {
    const auto n = ::read(body_.output->native_handle(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    if (n == 0) {
      boost::system::error_code ignored;
      body_.output->close(ignored);
      break;
    }
    total += static_cast<std::size_t>(n);
    log_budget_.take(static_cast<std::size_t>(n), take_output({piece, static_cast<std::size_t>(n)}));
  }
}

// Answers how many lines ended.
std::size_t Instance::take_output(std::string_view piece) {
  std::size_t lines = 0;
  for (;;) {
    const auto end = piece.find('\n');
    partial_line_ += piece.substr(0, end);
    if (end == std::string_view::npos && partial_line_.size() < kMaxLine) return lines;
    take_line(std::exchange(partial_line_, ""));
    ++lines;
    if (end == std::string_view::npos) return lines;
    piece.remove_prefix(end + 1);
  }
}

void Instance::take_line(std::string line) {
  telemetry_.line(Telemetry::Source::kFunction, line);
  log(std::move(line));
}

std::string Instance::current_id() const {
  const bool running = state_ == State::kBusy || state_ == State::kFinishing || state_ == State::kDead;
  return running ? current_.request_id.str() : "";
}

void Instance::log(std::string line) {
  if (!current_id().empty()) {
    tail_bytes_ += line.size() + 1;
    tail_.push_back(line);
    while (tail_.size() > 1 && tail_bytes_ - tail_.front().size() - 1 > kTailBytes) {
      tail_bytes_ -= tail_.front().size() + 1;
      tail_.pop_front();
    }
  }
  parts_.logs.append(function_.key, current_id(), std::move(line));
}

}  // namespace gust::functions
