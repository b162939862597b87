// A function in C++: write a handler, give it to run_handler in main. Not for programs that are no function: it talks
// to the Runtime API at $AWS_LAMBDA_RUNTIME_API. One thread, or as many as the function runs invocations at once; the
// handler may have others of its own.
#pragma once

#include "aws/http/response.h"
#include "aws/lambda-runtime/outcome.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace aws::lambda_runtime {

struct invocation_request {
  std::string payload;
  std::string request_id;
  std::string xray_trace_id;
  std::string client_context;    // JSON, where the caller sent one
  std::string cognito_identity;  // JSON, where there is one
  std::string function_arn;
  std::chrono::time_point<std::chrono::system_clock> deadline;

  // What is left until the deadline; negative after it.
  std::chrono::milliseconds get_time_remaining() const;
};

class invocation_response {
 public:
  // `payload` is taken as it is: of a failure it is the JSON of the error.
  invocation_response(std::string const& payload, std::string const& content_type, bool success,
                      std::string const& xray_response = "");

  static invocation_response success(std::string const& payload, std::string const& content_type,
                                     std::string const& xray_response = "");
  // {"errorMessage", "errorType", "stackTrace": []}; both texts are escaped.
  static invocation_response failure(std::string const& error_message, std::string const& error_type,
                                     std::string const& xray_response = "");

  std::string const& get_payload() const { return payload_; }
  std::string const& get_content_type() const { return content_type_; }
  std::string const& get_xray_response() const { return xray_response_; }
  std::string const& get_error_type() const { return error_type_; }  // "" unless made by failure()
  bool is_success() const { return success_; }

 private:
  std::string payload_, content_type_, xray_response_, error_type_;
  bool success_;
};

struct no_result {};

// The Runtime API, call by call, over one kept connection. For those who want a loop of their own.
class runtime {
 public:
  using next_outcome = outcome<invocation_request, aws::http::response_code>;
  using post_outcome = outcome<no_result, aws::http::response_code>;

  // `endpoint` is "host:port", with or without "http://".
  explicit runtime(std::string const& endpoint);
  runtime(std::string const& endpoint, std::string const& user_agent);
  runtime(runtime&&) noexcept;
  ~runtime();

  // Waits for as long as it takes.
  next_outcome get_next();
  post_outcome post_success(std::string const& request_id, invocation_response const& response);
  post_outcome post_failure(std::string const& request_id, invocation_response const& response);
  // Says that the function cannot start; it should exit with a code other than 0 then.
  post_outcome post_init_failure(invocation_response const& response);

 private:
  struct connection;
  std::unique_ptr<connection> connection_;
};

// Serves invocations until the Runtime API is gone; then the program exits with 1. An exception of the handler is the
// invocation's error, and the next one is served. Where AWS_LAMBDA_MAX_CONCURRENCY is more than 1 so many threads call
// the handler, each with its own connection; then _X_AMZN_TRACE_ID is not in the environment, only in the request.
void run_handler(std::function<invocation_response(invocation_request const&)> const& handler);

}  // namespace aws::lambda_runtime
