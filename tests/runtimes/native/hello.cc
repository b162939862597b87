// A function in C++ on the SDK: echoes, makes a signed request to S3, fails, throws, waits for others inside.
#include "s3.h"

#include "aws/lambda-runtime/runtime.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

using namespace aws::lambda_runtime;

// The value of a member that is a plain text, or "". The tests send no escapes.
static std::string text_of(std::string const& json, std::string const& name) {
  const auto at = json.find('"' + name + "\": \"");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 5;
  return json.substr(begin, json.find('"', begin) - begin);
}

static int number_of(std::string const& json, std::string const& name) {
  const auto at = json.find('"' + name + "\": ");
  return at == std::string::npos ? 0 : std::atoi(json.c_str() + at + name.size() + 4);
}

// Until so many invocations have come to this process.
static invocation_response meet(invocation_request const& request) {
  static std::atomic<int> inside = 0;
  ++inside;
  const int of = number_of(request.payload, "of");
  while (inside < of) std::this_thread::yield();
  if (text_of(request.payload, "then") == "abort") std::abort();
  while (text_of(request.payload, "then") == "hang") std::this_thread::yield();
  return invocation_response::success("{\"inside\": " + std::to_string(inside) + ", \"id\": \"" + request.request_id +
                                          "\", \"stream\": \"" + std::getenv("AWS_LAMBDA_LOG_STREAM_NAME") + "\"}",
                                      "application/json");
}

static invocation_response handle(invocation_request const& request) {
  const auto what = text_of(request.payload, "do");
  if (what == "fail") return invocation_response::failure("this went \"wrong\"", "Hello.Wrong");
  if (what == "meet") return meet(request);
  if (what == "throw") throw std::out_of_range("this went very wrong");
  if (what == "large") return invocation_response::success('"' + std::string(5'900'000, 'x') + '"', "application/json");
  if (what == "object") {
    const auto path = "/" + text_of(request.payload, "bucket") + "/" + text_of(request.payload, "key");
    s3_request("PUT", path, text_of(request.payload, "text"));
    return invocation_response::success("{\"text\": \"" + s3_request("GET", path, "") + "\"}", "application/json");
  }
  return invocation_response::success("{\"got\": " + request.payload + "}", "application/json");
}

int main() { run_handler(handle); }
