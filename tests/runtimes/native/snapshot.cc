// A function in C++ whose init goes into a snapshot: a table that takes a while, and hooks.
#include "aws/lambda-runtime/runtime.h"
#include "aws/lambda-runtime/snapshot.h"

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>

using namespace aws::lambda_runtime;

int main() {
  std::map<int, std::string> squares;
  for (int i = 0; i < 20000; ++i) squares[i] = std::to_string(i * i);
  std::string hooks;
  const auto init_pid = ::getpid();
  take_snapshot(
      [&] {
        if (std::getenv("FAIL_BEFORE") != nullptr) throw std::runtime_error("not now");
        hooks += "before ";
      },
      [&] {
        if (std::getenv("FAIL_AFTER") != nullptr) throw std::runtime_error("not here");
        hooks += "after";
      });
  int calls = 0;
  run_handler([&](invocation_request const& request) {
    for (int i = 0; i < 20000; ++i) squares[-i] = std::string(100, 'x');  // the heap grows
    const auto stream = std::getenv("AWS_LAMBDA_LOG_STREAM_NAME");
    return invocation_response::success("{\"square\": \"" + squares[std::atoi(request.payload.c_str())] +
                                            "\", \"hooks\": \"" + hooks + "\", \"calls\": " + std::to_string(++calls) +
                                            ", \"same_pid\": " + (init_pid == ::getpid() ? "true" : "false") +
                                            ", \"stream\": \"" + stream + "\"}",
                                        "application/json");
  });
}
