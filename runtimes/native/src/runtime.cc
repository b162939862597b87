#include "aws/lambda-runtime/runtime.h"

#include "http_connection.h"

#include "aws/lambda-runtime/version.h"

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <typeinfo>
#include <vector>

#include <unistd.h>

namespace aws::lambda_runtime {
namespace {

using aws::http::response_code;

constexpr char kApi[] = "/2018-06-01/runtime/";
constexpr char kNext[] = "invocation/next";

std::string without_scheme(std::string const& endpoint) {
  constexpr char kScheme[] = "http://";
  auto address = endpoint.rfind(kScheme, 0) == 0 ? endpoint.substr(sizeof kScheme - 1) : endpoint;
  while (!address.empty() && address.back() == '/') address.pop_back();
  return address;
}

std::string json_text(std::string const& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", byte);
      out += code;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string type_name(std::exception const& error) {
  int status = 0;
  char* name = abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &status);
  std::string out = status == 0 && name != nullptr ? name : typeid(error).name();
  std::free(name);
  return out;
}

std::string default_agent() { return std::string("gust-native/") + get_version(); }

std::string why(http_reply const& reply) {
  return reply.status < 0 ? reply.error : std::to_string(reply.status) + " " + reply.body;
}

void say(std::string const& what) { std::fprintf(stderr, "[lambda-runtime] %s\n", what.c_str()); }

invocation_response call(std::function<invocation_response(invocation_request const&)> const& handler,
                         invocation_request const& request) {
  try {
    return handler(request);
  } catch (std::exception const& error) {
    return invocation_response::failure(error.what(), type_name(error));
  } catch (...) {
    return invocation_response::failure("the handler threw something that is no std::exception", "Runtime.Unknown");
  }
}

struct api_connection {
  api_connection(std::string const& endpoint, std::string agent)
      : http(without_scheme(endpoint)), user_agent(std::move(agent)) {}

  runtime::next_outcome next() {
    return next_of(http.request("GET", std::string(kApi) + kNext, {{"User-Agent", user_agent}}, ""));
  }

  runtime::next_outcome next_of(http_reply reply) {
    if (reply.status != 200) {
      say(std::string("GET ") + kNext + ": " + why(reply));
      return static_cast<response_code>(reply.status);
    }
    invocation_request request;
    request.request_id = reply.header("lambda-runtime-aws-request-id");
    if (request.request_id.empty()) {
      say("GET invocation/next answered without a Lambda-Runtime-Aws-Request-Id");
      return response_code::REQUEST_NOT_MADE;
    }
    request.xray_trace_id = reply.header("lambda-runtime-trace-id");
    request.client_context = reply.header("lambda-runtime-client-context");
    request.cognito_identity = reply.header("lambda-runtime-cognito-identity");
    request.function_arn = reply.header("lambda-runtime-invoked-function-arn");
    const auto ms = std::strtoll(reply.header("lambda-runtime-deadline-ms").c_str(), nullptr, 10);
    request.deadline = std::chrono::system_clock::time_point(std::chrono::milliseconds(ms));
    request.payload = std::move(reply.body);
    return request;
  }

  // Where the service knows how, the next invocation comes as the answer to this one's response.
  runtime::next_outcome post_then_next(std::string const& request_id, invocation_response const& response) {
    const auto path = "invocation/" + request_id + (response.is_success() ? "/response" : "/error");
    auto headers = headers_of(response);
    headers.emplace_back("Gust-Then", "next");
    auto reply = http.request("POST", kApi + path, headers, response.get_payload());
    if (reply.status == 200) return next_of(std::move(reply));
    if (reply.status < 200 || reply.status >= 300) say("POST " + path + ": " + why(reply));
    // A refusal (too large, too late) is this invocation's; a connection that is gone is the instance's end.
    if (reply.status < 0) return response_code::REQUEST_NOT_MADE;
    return next();
  }

  http_headers headers_of(invocation_response const& response) const {
    http_headers headers = {{"User-Agent", user_agent}, {"Content-Type", response.get_content_type()}};
    if (!response.is_success()) {
      const auto& type = response.get_error_type();
      headers.emplace_back("Lambda-Runtime-Function-Error-Type", type.empty() ? "Unhandled" : type);
    }
    if (!response.get_xray_response().empty())
      headers.emplace_back("Lambda-Runtime-Function-XRay-Error-Cause", response.get_xray_response());
    return headers;
  }

  runtime::post_outcome post(std::string const& path, invocation_response const& response) {
    const auto reply = http.request("POST", kApi + path, headers_of(response), response.get_payload());
    if (reply.status >= 200 && reply.status < 300) return no_result{};
    say("POST " + path + ": " + why(reply));
    return static_cast<response_code>(reply.status);
  }

  http_connection http;
  std::string user_agent;
};

// One invocation after another, until the Runtime API is gone.
template <typename Before>
void serve(char const* endpoint, std::function<invocation_response(invocation_request const&)> const& handler,
           Before before) {
  api_connection api(endpoint, default_agent());
  for (auto next = api.next(); next.is_success();) {
    const auto& request = next.get_result();
    before(request);
    const auto response = call(handler, request);
    const auto id = request.request_id;
    next = api.post_then_next(id, response);
  }
}

}  // namespace

unsigned get_version_major() { return 0; }
unsigned get_version_minor() { return 2; }
unsigned get_version_patch() { return 0; }
char const* get_version() { return "0.2.0"; }

std::chrono::milliseconds invocation_request::get_time_remaining() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::system_clock::now());
}

invocation_response::invocation_response(std::string const& payload, std::string const& content_type, bool success,
                                         std::string const& xray_response)
    : payload_(payload), content_type_(content_type), xray_response_(xray_response), success_(success) {}

invocation_response invocation_response::success(std::string const& payload, std::string const& content_type,
                                                 std::string const& xray_response) {
  return {payload, content_type, true, xray_response};
}

invocation_response invocation_response::failure(std::string const& error_message, std::string const& error_type,
                                                 std::string const& xray_response) {
  invocation_response made("{\"errorMessage\":" + json_text(error_message) + ",\"errorType\":" + json_text(error_type) +
                               ",\"stackTrace\":[]}",
                           "application/json", false, xray_response);
  made.error_type_ = error_type;
  return made;
}

struct runtime::connection : api_connection {
  using api_connection::api_connection;
};

runtime::runtime(std::string const& endpoint) : runtime(endpoint, default_agent()) {}
runtime::runtime(std::string const& endpoint, std::string const& user_agent)
    : connection_(std::make_unique<connection>(endpoint, user_agent)) {}
runtime::runtime(runtime&&) noexcept = default;
runtime::~runtime() = default;

runtime::next_outcome runtime::get_next() { return connection_->next(); }

runtime::post_outcome runtime::post_success(std::string const& request_id, invocation_response const& response) {
  return connection_->post("invocation/" + request_id + "/response", response);
}

runtime::post_outcome runtime::post_failure(std::string const& request_id, invocation_response const& response) {
  return connection_->post("invocation/" + request_id + "/error", response);
}

runtime::post_outcome runtime::post_init_failure(invocation_response const& response) {
  return connection_->post("init/error", response);
}

void run_handler(std::function<invocation_response(invocation_request const&)> const& handler) {
  char const* endpoint = std::getenv("AWS_LAMBDA_RUNTIME_API");
  if (endpoint == nullptr || *endpoint == '\0') {
    say("AWS_LAMBDA_RUNTIME_API is not set: this program is a function, to be run by a function service");
    std::exit(1);
  }
  char const* const given = std::getenv("AWS_LAMBDA_MAX_CONCURRENCY");
  const auto at_once = given == nullptr ? 1L : std::strtol(given, nullptr, 10);
  if (at_once <= 1) {
    serve(endpoint, handler, [](invocation_request const& request) {
      if (!request.xray_trace_id.empty()) ::setenv("_X_AMZN_TRACE_ID", request.xray_trace_id.c_str(), 1);
    });
    std::exit(1);
  }
  std::vector<std::thread> threads;
  for (long i = 0; i < at_once; ++i) {
    threads.emplace_back([&] {
      serve(endpoint, handler, [](invocation_request const&) {});
      // The others may be in their handlers, so that nothing of theirs is taken down.
      std::fflush(nullptr);
      ::_exit(1);
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace aws::lambda_runtime
