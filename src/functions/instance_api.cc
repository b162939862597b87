// What an instance answers to the Runtime API.
#include "functions/instance.h"

#include "codec/base64.h"
#include "functions/runtime_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace gust::functions {
namespace {

constexpr std::string_view kRuntimePath = "/2018-06-01/runtime/";
constexpr std::string_view kResponseMode = "Lambda-Runtime-Function-Response-Mode";
constexpr std::string_view kErrorType = "Lambda-Runtime-Function-Error-Type";
constexpr std::string_view kErrorBody = "Lambda-Runtime-Function-Error-Body";
constexpr std::string_view kThen = "Gust-Then", kThenNext = "next";  // docs/formats/runtime-api.md
constexpr std::size_t kMaxInitError = 1 << 20;

std::string text_of(const std::string& payload, const char* name) {
  const auto document = codec::parse_json(payload);
  if (!document || !document->is_object()) return "";
  const auto* value = document->get_object().if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::unexpected<Error> too_large(std::uint64_t limit) {
  return fail(Code::kTooLarge,
              fmt::format("Response payload size exceeded maximum allowed payload size ({} bytes).", limit));
}

}  // namespace

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
  if (life_ == Life::kStarting || held_ > running_ + lost_) {
    const auto rested = co_await extensions_.rest();
    if (!rested && rested.error().code == Code::kCancelled) co_return std::unexpected(rested.error());
    if (!rested) co_return json_response(410, error_json("InstanceEnded", "an extension has failed"));
  }
  if (ending_ != Ending::kNone || life_ == Life::kDead)
    co_return json_response(410, error_json("InstanceEnded", "the instance is over"));
  if (life_ == Life::kStarting) finish_init();
  const bool takes_more = take_place_back();
  if (!takes_more && asks_.empty())
    co_return json_response(403, error_json("InvalidState", "an invocation runs: answer it first"));
  Ask ask{async::Event(parts_.executor)};
  asks_.push_back(&ask);
  if (takes_more) {
    if (held_ == 0) {
      idle_since_ = parts_.clock.steady();
      rest();
    }
    parts_.on_ready(self);
  }
  const auto waited = co_await ask.given.wait();
  std::erase(asks_, &ask);
  if (!waited) co_return std::unexpected(waited.error());
  if (ask.place == nullptr || !ask.place->invocation)
    co_return json_response(410, error_json("InstanceEnded", "the instance is over"));
  co_return hand_over(*ask.place);
}

http::Response Instance::hand_over(Place& place) {
  const auto invocation = std::move(place.invocation);
  served_ = true;
  if (place.state == Place::State::kGiven) place.state = Place::State::kTaken;
  if (concurrency_ > 1)
    place.cpu = cpu_shares_.begin(std::chrono::steady_clock::now());
  else
    body_.caller->trace = place.context.trace;
  http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Lambda-Runtime-Aws-Request-Id", place.id());
  response.headers.add("Lambda-Runtime-Deadline-Ms", std::to_string(place.deadline_ms));
  response.headers.add("Lambda-Runtime-Invoked-Function-Arn", invocation->invoked_arn);
  response.headers.add("Lambda-Runtime-Trace-Id", place.context.trace.xray());
  if (!invocation->client_context.empty())
    response.headers.add("Lambda-Runtime-Client-Context", invocation->client_context);
  response.body = std::move(invocation->payload);
  return response;
}

void Instance::finish_init() {
  life_ = Life::kReady;
  init_ms_ = ms_since(started_at_);
  end_init();
  extensions_.close_registration();
  settled_by_ready_ = true;
  settled_.set();
}

// Who asks has done with an invocation, or can run one beside those that run; false: all places are taken or asked for.
bool Instance::take_place_back() {
  const auto take_back = [this](Place::State state) {
    const auto found = std::ranges::find(places_, state, &Place::state);
    if (found == places_.end()) return false;
    found->state = Place::State::kFree;
    --held_;
    return true;
  };
  if (take_back(Place::State::kAnswered)) return true;
  if (held_ + asks_.size() < concurrency_) return true;
  if (!take_back(Place::State::kLost)) return false;
  --lost_;
  return true;
}

// An invocation that the runtime may still answer for.
Place* Instance::find(std::string_view id) {
  if (life_ == Life::kDead) return nullptr;
  const auto found = std::ranges::find_if(places_, [&](const Place& place) {
    return (place.runs() || place.state == Place::State::kLost) && place.id() == id;
  });
  return found == places_.end() ? nullptr : &*found;
}

async::Task<http::Response> Instance::take_answer(http::Request request, std::string id, std::string what) {
  const auto self = shared_from_this();
  const bool init = what == "init";
  auto* place = init ? nullptr : find(id);
  if (!init && (place == nullptr || place->answering)) {
    co_return json_response(400,
                            error_json("InvalidRequestID", fmt::format("'{}' is not an invocation that runs", id)));
  }
  if (place != nullptr) place->answering = true;
  const bool then_next = !init && request.headers.get_or(kThen, "") == kThenNext;
  const auto stream = place != nullptr ? place->stream : nullptr;
  const auto limit = place != nullptr ? place->max_response_bytes : kMaxInitError;
  auto answer = co_await read_answer(request, what, stream, limit);
  place = init ? nullptr : find(id);
  if (place != nullptr) place->answering = false;
  if (!answer && answer.error().code == Code::kTooLarge) {
    constexpr auto kType = "Function.ResponseSizeTooLarge";
    if (place != nullptr) settle(*place, {error_json(kType, answer.error().message), kType});
    co_return json_response(413, error_json("RequestEntityTooLarge", "the response is too large"));
  }
  if (!answer) co_return json_response(400, error_json("BrokenBody", answer.error().message));
  if (init) init_error_ = *std::move(answer);
  else if (place != nullptr) settle(*place, *std::move(answer));
  if (then_next) co_return co_await next();
  co_return json_response(202, R"({"status":"OK"})");
}

void Instance::settle(Place& place, Answer answer) {
  drain_output();  // printed before the answer: of this place, which the next line may give to another invocation
  if (place.runs()) {
    --running_;
    place.answered = std::move(answer);
  } else {
    --lost_;  // nobody waits for it any more
  }
  place.state = Place::State::kAnswered;
  place.answered_at = parts_.clock.steady();
  place.answer.set();
  end_if_only_lost("timeout");
}

// kTooLarge with the service's message; kInvalid when the body breaks off.
async::Task<Answer> Instance::read_answer(http::Request& request, std::string what,
                                          std::shared_ptr<ResponseStream> stream, std::size_t limit) {
  const auto self = shared_from_this();
  Answer answer;
  answer.content_type = request.headers.get_or("content-type", "");
  const bool streams = what == "response" && request.headers.get_or(kResponseMode, "") == "streaming";
  if (streams && stream) {
    const auto passed = co_await pass_on(request, stream, answer.streamed_bytes);
    if (!passed && passed.error().code == Code::kTooLarge) co_return std::unexpected(passed.error());
    answer.streamed = true;
    if (!passed) {
      answer.error_type = "Runtime.TruncatedResponse";
      answer.payload = error_json(answer.error_type, "The response ended before its end was sent");
      co_return answer;
    }
  } else {
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
async::Task<void> Instance::pass_on(http::Request& request, std::shared_ptr<ResponseStream> stream,
                                    std::uint64_t& passed) {
  const auto self = shared_from_this();
  if (const auto type = request.headers.get("content-type")) stream->content_type = *type;
  stream->executed_version = function_.version;
  stream->begun.set();
  std::string room(64 << 10, '\0');
  for (;;) {
    const auto bytes = std::as_writable_bytes(std::span(room));
    GUST_CO_TRY(const auto n, co_await request.body->read(bytes));
    if (n == 0) co_return Result<void>{};
    passed += n;
    if (passed > ResponseStream::kMaxBytes) co_return too_large(ResponseStream::kMaxBytes);
    GUST_CO_CHECK(co_await stream->pipe->write(room.substr(0, n)));
  }
}

}  // namespace gust::functions
