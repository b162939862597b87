// Invoker: calls a function and waits for its answer, with instances started, reused and ended as it takes. This is the
// seam where calls to other machines would begin. Loop thread only.
#pragma once

#include "async/task.h"
#include "base/context.h"
#include "env/clock.h"
#include "env/random.h"
#include "functions/function.h"
#include "functions/keep_alive.h"
#include "functions/log_store.h"
#include "http/message.h"
#include "sandbox/sandbox.h"

#include <functional>
#include <memory>
#include <string>

namespace gust::functions {

class Registry;

// Keys that a function's code signs with.
struct RoleKeys {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
};

struct InvokerSettings {
  std::string python = "/usr/bin/python3";
  std::string node = "/usr/bin/node";
  std::string code_folder;     // what Function::code_folder is relative to
  std::string python_runtime;  // folder with bootstrap.py, mounted at /var/runtime
  std::string node_runtime;
  KeepAliveSettings keep_alive;  // when an idle instance ends
  Millis sweep_every{1000};      // how often that is looked at
  Millis init_timeout{10'000};
  std::uint64_t memory_bytes = 4ULL << 30;   // of all instances together, by their limits
  std::size_t max_waiting = 1000;            // invocations that wait for an instance; past it kThrottled
  std::uint32_t account_concurrency = 1000;  // invocations of an account at once; past it kThrottled
  // Answers what a function asks of Gust's own services; the daemon sets it. The peer of such a request is "sandbox".
  http::Handler services;
  // Where they are inside, on 127.0.0.1: the daemon's own port, so that a URL that a function signs works outside too.
  std::uint16_t services_port = 4566;
  std::function<RoleKeys(const Function&)> issue_keys;
};

struct PoolStatus {
  FunctionKey key;
  std::string version;
  std::size_t idle = 0, busy = 0, starting = 0;
};

class Invoker {
 public:
  virtual ~Invoker() = default;
  // kNotFound "function"; kThrottled with the service's reason as source when no instance can be had; kTooLarge
  // "payload"; kUnavailable when none can be started. A failure of the function's own code is a result with
  // function_error. The context's request id is the invocation's. kTimeout at the context's deadline; the invocation
  // then goes on to its own end.
  virtual async::Task<InvokeResult> invoke(RequestContext context, FunctionRef target, Invocation invocation) = 0;
  virtual std::uint32_t account_concurrency() const = 0;
  virtual std::vector<PoolStatus> status() const = 0;
  // Lets running invocations finish until `deadline`, then ends every instance.
  virtual async::Task<void> stop(SteadyTime deadline) = 0;
};

std::unique_ptr<Invoker> make_invoker(async::Executor executor, Registry& registry, sandbox::Launcher& launcher,
                                      LogStore& logs, env::Clock& clock, env::Random& random, InvokerSettings settings);

}  // namespace gust::functions
