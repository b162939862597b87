#include "aws/lambda-runtime/snapshot.h"

#include "aws/lambda-runtime/runtime.h"
#include "http_connection.h"

#include <cstdlib>
#include <exception>
#include <string>

#ifdef __x86_64__
#include "../../snapshot/snapshot.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace aws::lambda_runtime {
namespace {

constexpr char kWanted[] = "GUST_SNAPSHOT";

std::string address() {
  char const* given = std::getenv("AWS_LAMBDA_RUNTIME_API");
  return given == nullptr ? "" : given;
}

void run(std::function<void()> const& hook) {
  if (!hook) return;
  std::string what = "a hook threw something that is no std::exception";
  try {
    return hook();
  } catch (std::exception const& error) {
    what = error.what();
  } catch (...) {
  }
  runtime(address()).post_init_failure(invocation_response::failure(what, "Runtime.HookError"));
  std::exit(1);
}

#ifdef __x86_64__

// The init goes on in a child, so that its pid is none that an instance has: libraries tell a copy of themselves by
// that.
[[gnu::constructor]] void begin() {
  if (std::getenv(kWanted) == nullptr) return;
  const pid_t child = ::fork();
  if (child <= 0) return;
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) ::kill(::getpid(), WTERMSIG(status));
  ::_exit(WEXITSTATUS(status));
}

[[noreturn]] void refuse(std::string const& why) {
  http_connection(address()).request("POST", "/2018-06-01/runtime/gust/snapshot/refused", {}, why);
  ::_exit(0);
}

void take() {
  constexpr char kOwn[] = "AWS_LAMBDA_LOG_STREAM_NAME";  // what is of an instance, and not of its version
  ::unsetenv(kWanted);
  http_connection connection(address());
  std::string why;
  const int socket = connection.open(why);
  if (socket < 0) refuse(why);
  const auto head = "POST /2018-06-01/runtime/gust/snapshot HTTP/1.1\r\nHost: " + address() + "\r\nContent-Length: ";
  switch (gust_snapshot_take(socket, head.c_str())) {
    case GUST_SNAPSHOT_RESTORED:
      connection.forget();
      if (char const* value = gust_snapshot_variable(kOwn)) ::setenv(kOwn, value, 1);
      return;
    case GUST_SNAPSHOT_TAKEN:
      connection.read_reply();
      ::_exit(0);
    default:
      refuse(gust_snapshot_refusal());
  }
}

#else

void take() {}

#endif

}  // namespace

void take_snapshot(std::function<void()> const& before_snapshot, std::function<void()> const& after_restore) {
  if (std::getenv(kWanted) == nullptr) return;
  run(before_snapshot);
  take();
  run(after_restore);
}

}  // namespace aws::lambda_runtime
