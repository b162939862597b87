#include "functions/extensions.h"

#include "codec/json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace gust::functions {
namespace {

namespace json = boost::json;

constexpr std::string_view kApi = "/2020-01-01/extension/", kTelemetry = "/2022-07-01/telemetry";
constexpr std::string_view kOfSupervisor = "/gust/extensions/";
constexpr const char* kName = "Lambda-Extension-Name";
constexpr const char* kIdentifier = "Lambda-Extension-Identifier";
constexpr const char* kErrorType = "Lambda-Extension-Function-Error-Type";
constexpr const char* kAcceptFeature = "Lambda-Extension-Accept-Feature";
constexpr std::size_t kMaxExtensions = 10;  // of one function, as on the service
constexpr std::size_t kMaxBody = 256 << 10, kMaxLine = 256 << 10, kMaxName = 128;

void reply(http::Response& response, int status, std::string body) {
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
}

void refuse(http::Response& response, int status, std::string_view type, std::string_view message) {
  reply(response, status, codec::to_json(json::object{{"errorType", type}, {"errorMessage", message}}));
}

}  // namespace

bool has_extensions(const std::string& layers_folder) {
  std::error_code ignored;
  return std::filesystem::is_directory(layers_folder + "/extensions", ignored);
}

Extensions::Extensions(Parts parts)
    : parts_(std::move(parts)), changed_(parts_.executor), terminate_(parts_.executor) {}

async::Task<bool> Extensions::answer(http::Request& request, http::Response& response) {
  const std::string_view path = request.path;
  if (path.starts_with(kApi)) {
    GUST_CO_CHECK(co_await answer_extension(path.substr(kApi.size()), request, response));
  } else if (path == kTelemetry || path == "/2022-07-01/telemetry/") {
    auto* const extension = find(request, response);
    if (extension != nullptr) GUST_CO_CHECK(co_await subscribe(*extension, request, response));
  } else if (path.starts_with(kOfSupervisor)) {
    GUST_CO_CHECK(co_await answer_supervisor(path.substr(kOfSupervisor.size()), request, response));
  } else {
    co_return false;
  }
  co_return true;
}

async::Task<void> Extensions::answer_extension(std::string_view path, http::Request& request,
                                               http::Response& response) {
  if (request.method == "POST" && path == "register") co_return co_await register_one(request, response);
  auto* const extension = find(request, response);
  if (extension == nullptr) co_return Result<void>{};
  if (request.method == "GET" && path == "event/next") co_return co_await next_event(*extension, response);
  if (request.method == "POST" && path == "init/error")
    co_return co_await take_error(*extension, "Extension.InitError", request, response);
  if (request.method == "POST" && path == "exit/error")
    co_return co_await take_error(*extension, "Extension.ExitError", request, response);
  refuse(response, 404, "InvalidPath", fmt::format("{} {} is not of the Extensions API", request.method, request.path));
  co_return Result<void>{};
}

// Who asks, by its identifier; null when that is nobody's, and the answer says so.
Extensions::Extension* Extensions::find(const http::Request& request, http::Response& response) {
  const auto id = request.headers.get(kIdentifier);
  if (!id) {
    refuse(response, 403, "Extension.MissingHeader", fmt::format("Missing {} header", kIdentifier));
    return nullptr;
  }
  const auto found = std::ranges::find_if(all_, [&](const auto& each) { return each->id == *id; });
  if (found != all_.end()) return found->get();
  refuse(response, 403, "Extension.UnknownExtensionIdentifier", fmt::format("Unknown extension {}", *id));
  return nullptr;
}

async::Task<void> Extensions::register_one(http::Request& request, http::Response& response) {
  const std::string name(request.headers.get_or(kName, ""));
  const std::string features(request.headers.get_or(kAcceptFeature, ""));
  GUST_CO_TRY(const auto body, co_await async::read_all(*request.body, kMaxBody));
  const auto refused = [&](int status, std::string_view type, std::string_view message) {
    refuse(response, status, type, message);
    return Result<void>{};
  };
  if (name.empty() || name.size() > kMaxName)
    co_return refused(403, "Extension.InvalidExtensionName", fmt::format("{} should be the extension's file", kName));
  if (!registration_open_)
    co_return refused(403, "Extension.RegistrationClosed", "Extension registration closed already: the init is over");
  if (std::ranges::any_of(all_, [&](const auto& each) { return each->name == name; }))
    co_return refused(403, "Extension.AlreadyRegistered", fmt::format("Extension {} is registered already", name));
  if (all_.size() >= kMaxExtensions)
    co_return refused(403, "Extension.TooManyExtensions", fmt::format("There are {} already", kMaxExtensions));
  const auto document = body.empty() ? Result<json::value>(json::object()) : codec::parse_json(body);
  if (!document || !document->is_object())
    co_return refused(403, "InvalidRequestFormat", "The request is not a JSON object");
  auto made = std::make_unique<Extension>(parts_.executor, name);
  made->external = std::ranges::find(expected_, name) != expected_.end();
  json::array wanted;
  if (const auto* events = document->get_object().if_contains("events"); events != nullptr && events->is_array())
    wanted = events->get_array();
  for (const auto& event : wanted) {
    const auto text = event.is_string() ? std::string(event.get_string()) : codec::to_json(event);
    if (text == "SHUTDOWN" && !made->external) {
      co_return refused(403, "ShutdownEventNotSupportedForInternalExtension",
                        "SHUTDOWN is for extensions of /opt/extensions");
    }
    // As on the service, where several run: whose events would they be?
    if (text == "INVOKE" && parts_.function.concurrency() > 1)
      co_return refused(403, "Extension.InvalidEventType",
                        "INVOKE is not for functions whose instances run several invocations at once");
    if (text != "INVOKE" && text != "SHUTDOWN")
      co_return refused(403, "Extension.InvalidEventType", fmt::format("{} is not INVOKE or SHUTDOWN", text));
    (text == "INVOKE" ? made->wants_invoke : made->wants_shutdown) = true;
  }
  // Of no use outside its instance.
  made->id = fmt::format("{}-{}-{}-8000-{:012x}", parts_.instance_id.substr(0, 8), parts_.instance_id.substr(8, 4),
                         parts_.instance_id.substr(12, 4), all_.size() + 1);
  response.headers.add(kIdentifier, made->id);
  const auto& f = parts_.function;
  json::object facts{{"functionName", f.key.name.str()}, {"functionVersion", f.version}, {"handler", f.handler}};
  if (features.find("accountId") != std::string::npos) facts["accountId"] = f.key.account.str();
  reply(response, 200, codec::to_json(facts));
  parts_.telemetry.event("platform.extension", {{"name", name}, {"state", "Registered"}, {"events", wanted}});
  all_.push_back(std::move(made));
  changed_.pulse();
  co_return Result<void>{};
}

async::Task<void> Extensions::next_event(Extension& extension, http::Response& response) {
  if (extension.state == Extension::State::kStarting) {
    json::array events;
    if (extension.wants_invoke) events.emplace_back("INVOKE");
    if (extension.wants_shutdown) events.emplace_back("SHUTDOWN");
    parts_.log_state({{"name", extension.name}, {"state", "Ready"}, {"events", std::move(events)}});
  }
  if (!extension.event) extension.state = Extension::State::kWaiting;
  changed_.pulse();
  GUST_CO_CHECK(co_await extension.given.wait());
  extension.given.reset();
  if (!extension.event) {
    refuse(response, 410, "InstanceEnded", "the instance is over");
    co_return Result<void>{};
  }
  response.headers.add("Lambda-Extension-Event-Identifier", extension.id);
  reply(response, 200, *std::exchange(extension.event, std::nullopt));
  co_return Result<void>{};
}

async::Task<void> Extensions::take_error(Extension& extension, std::string type, http::Request& request,
                                         http::Response& response) {
  const std::string own_type(request.headers.get_or(kErrorType, ""));
  GUST_CO_TRY(const auto body, co_await async::read_all(*request.body, kMaxBody));
  if (own_type.empty()) {
    refuse(response, 403, "Extension.MissingHeader", fmt::format("Missing {} header", kErrorType));
    co_return Result<void>{};
  }
  const auto document = codec::parse_json(body);
  std::string message = own_type;
  if (document && document->is_object()) {
    const auto* text = document->get_object().if_contains("errorMessage");
    if (text != nullptr && text->is_string()) message += ": " + std::string(text->get_string());
  }
  reply(response, 202, R"({"status":"OK"})");
  extension.state = Extension::State::kOver;
  fail_with({std::move(type), std::move(message)});
  co_return Result<void>{};
}

async::Task<void> Extensions::subscribe(Extension& extension, http::Request& request, http::Response& response) {
  GUST_CO_TRY(const auto body, co_await async::read_all(*request.body, kMaxBody));
  if (request.method != "PUT") {
    refuse(response, 405, "MethodNotAllowed", "subscriptions are PUT");
  } else if (!external()) {
    // Only the supervisor reaches into the sandbox.
    refuse(response, 202, "Telemetry.NotSupported", "telemetry is for functions with extensions in /opt/extensions");
  } else if (!registration_open_) {
    refuse(response, 403, "Telemetry.ServiceClosed", "Telemetry API subscription is closed already");
  } else if (const auto made = parts_.telemetry.subscribe(extension.name, body); !made) {
    refuse(response, 400, "ValidationError", made.error().message);
  } else {
    reply(response, 200, "\"OK\"");
  }
  co_return Result<void>{};
}

async::Task<void> Extensions::answer_supervisor(std::string_view path, http::Request& request,
                                                http::Response& response) {
  GUST_CO_TRY(const auto body, co_await async::read_all(*request.body, kMaxBody));
  response.status = 200;
  if (path == "names" && !std::exchange(told_expected_, true)) {
    for (std::size_t at = 0, end = 0; (end = body.find('\n', at)) != std::string::npos; at = end + 1)
      expected_.push_back(body.substr(at, end - at));
    const auto& f = parts_.function;
    parts_.telemetry.open();
    parts_.telemetry.event("platform.initStart", {{"initializationType", parts_.initialization_type},
                                                  {"phase", "init"},
                                                  {"functionName", f.key.name.str()},
                                                  {"functionVersion", f.version},
                                                  {"instanceId", parts_.instance_id},
                                                  {"instanceMaxMemory", std::uint64_t{f.memory_mb} << 20}});
    if (expected_.size() > kMaxExtensions) {
      fail_with({"Extension.TooManyExtensions", fmt::format("{} extensions, and {} are the most that a function has",
                                                            expected_.size(), kMaxExtensions)});
    }
  } else if (path == "registered") {
    while (!all_registered() && !over_ && !failure_) GUST_CO_CHECK(co_await changed_.wait());
    if (over_ || failure_) response.status = 410;
  } else if (path == "failed") {
    const std::string name(request.headers.get_or("Gust-Extension", ""));
    fail_with({std::string(request.headers.get_or("Gust-Error-Type", "")), body});
    if (!name.empty()) parts_.log_state({{"name", name}, {"state", failure_->type}});
  } else if (path == "terminate") {
    GUST_CO_CHECK(co_await terminate_.wait());
    if (over_) response.status = 410;
  } else if (path == "runtime-ended") {
    if (reason_.empty()) reason_ = "failure";
    const auto event =
        json::object{{"eventType", "SHUTDOWN"}, {"shutdownReason", reason_}, {"deadlineMs", deadline_ms_}};
    parts_.telemetry.end();
    for (const auto& each : all_) {
      if (each->wants_shutdown) give(*each, codec::to_json(event));
    }
  } else if (path == "telemetry") {
    co_return co_await give_telemetry(response);
  } else if (path == "output") {
    take_output(body);
  } else {
    refuse(response, 404, "InvalidPath", path);
  }
  co_return Result<void>{};
}

async::Task<void> Extensions::give_telemetry(http::Response& response) {
  auto batch = co_await parts_.telemetry.next();
  if (!batch) {
    response.status = 410;
    co_return Result<void>{};
  }
  response.status = 200;
  response.headers.add("Gust-Port", std::to_string(batch->port));
  response.headers.add("Gust-Path", batch->path);
  response.body = std::move(batch->body);
  co_return Result<void>{};
}

void Extensions::take_output(std::string_view piece) {
  for (;;) {
    const auto end = piece.find('\n');
    partial_line_ += piece.substr(0, end);
    if (end == std::string_view::npos && partial_line_.size() < kMaxLine) return;
    parts_.telemetry.line(Telemetry::Source::kExtension, partial_line_);
    parts_.log(std::exchange(partial_line_, ""));
    if (end == std::string_view::npos) return;
    piece.remove_prefix(end + 1);
  }
}

bool Extensions::all_registered() const {
  return std::ranges::all_of(expected_, [&](const auto& name) {
    return std::ranges::any_of(all_, [&](const auto& each) { return each->name == name; });
  });
}

bool Extensions::resting() const {
  return all_registered() &&
         std::ranges::all_of(all_, [](const auto& each) { return each->state == Extension::State::kWaiting; });
}

async::Task<void> Extensions::rest(SteadyTime deadline) {
  while (!resting()) {
    if (over_ || failure_) co_return fail(Code::kUnavailable, "the instance is over");
    GUST_CO_CHECK(co_await changed_.wait(deadline));
  }
  co_return Result<void>{};
}

void Extensions::close_registration() {
  registration_open_ = false;
  parts_.telemetry.close_subscription();
}

void Extensions::give(Extension& extension, std::string event) {
  extension.event = std::move(event);
  extension.state = Extension::State::kWorking;
  extension.given.set();
}

void Extensions::invoke(const std::string& event) {
  for (const auto& each : all_) {
    if (each->wants_invoke) give(*each, event);
  }
}

void Extensions::shut_down(std::string_view reason, std::int64_t deadline_ms) {
  if (!reason_.empty()) return;
  reason_ = reason;
  deadline_ms_ = deadline_ms;
  terminate_.set();
}

void Extensions::fail_with(Failure failure) {
  if (failure_ || over_ || !reason_.empty()) return;
  failure_ = std::move(failure);
  changed_.pulse();
  parts_.on_failure();
}

void Extensions::end() {
  over_ = true;
  changed_.pulse();
  terminate_.set();
  parts_.telemetry.end();
  for (const auto& each : all_) {
    each->event.reset();
    each->given.set();
  }
}

}  // namespace gust::functions
