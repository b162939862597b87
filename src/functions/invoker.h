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
#include "functions/response_stream.h"
#include "http/message.h"
#include "meter/record.h"
#include "sandbox/sandbox.h"

#include <functional>
#include <memory>
#include <string>

namespace gust::telemetry {
class Metrics;
class Tracer;
}  // namespace gust::telemetry

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
  Millis billed_step{1};  // what is billed is rounded up to this
  meter::Sink* meter = nullptr;
  telemetry::Metrics* metrics = nullptr;  // where it counts, if not for itself
  // Hears of each invocation that is let in, and how many of its function run then; with 0: that was refused for want
  // of room.
  std::function<void(const FunctionKey&, std::size_t running)> admitted = {};
  telemetry::Tracer* tracer = nullptr;    // none: no spans
  KeepAliveSettings keep_alive;           // when an idle instance ends
  Millis sweep_every{1000};               // how often that is looked at
  Millis init_timeout{10'000};
  // Before the next instance of a version whose last two have crashed; twice as long after each further one, up to
  // eight times as long. An answer ends it.
  Millis crash_pause{100};
  std::uint64_t memory_bytes = 4ULL << 30;   // of all instances together, by their limits
  std::size_t max_waiting = 1000;            // invocations that wait for an instance; past it kThrottled
  std::uint32_t account_concurrency = 1000;  // invocations of an account at once; past it kThrottled
  // Python and Node runtimes booted ahead: of each that functions use, at least and at most so many; 0 at most: none.
  std::size_t min_ready_runtimes = 2, max_ready_runtimes = 0;
  std::uint64_t ready_runtimes_bytes = 512ULL << 20;  // of what they use, together
  // Where the images of snapshots are, of at most so many bytes together (then the least recently used go), and what
  // takes and restores them inside a sandbox. No folder: no snapshots.
  std::string snapshot_folder, snapshot_tools;
  std::uint64_t snapshots_bytes = 8ULL << 30;
  std::string runtime_images;  // where each family of ready runtimes keeps the image that they go on from; empty: none
  Millis runtime_image_timeout{30'000};  // for one to be written; then what writes it is killed
  std::string extension_tools;           // the folder of what starts extensions inside a sandbox
  // Answers what a function asks of Gust's own services; the daemon sets it. The peer of such a request is "sandbox".
  http::Handler services;
  // Where they are inside, on 127.0.0.1: the daemon's own port, so that a URL that a function signs works outside too.
  std::uint16_t services_port = 4566;
  // Takes what a function sends to its X-Ray daemon: one datagram. None: there is no such daemon.
  std::function<void(const Caller&, std::string_view)> take_segment = {};
  std::function<RoleKeys(const Function&)> issue_keys;
};

inline constexpr std::string_view kOnDemand = "on-demand", kProvisionedType = "provisioned-concurrency",
                                  kSnapStart = "snap-start";

struct PoolStatus {
  FunctionKey key;
  std::string version;
  std::size_t idle = 0, busy = 0, starting = 0;
  std::size_t provisioned = 0;  // how many shall stand ready at least
  std::size_t running = 0;      // invocations, of which an instance may have several
};

// Of what is provisioned for one version.
struct ProvisionStatus {
  std::uint32_t allocated = 0, available = 0;  // instances that there are; that have done their init
  std::string failure;                         // why there are too few, and it will be tried again
  std::uint32_t busy = 0;                      // of them, that run an invocation
};

// The runtimes of one family that are booted ahead.
struct RuntimeStatus {
  std::string name;  // python, node, provided
  std::size_t ready = 0, booting = 0, target = 0;
  std::uint64_t taken = 0, missed = 0;  // cold starts that found one, and that found none
  std::uint64_t bytes_each = 0;         // memory's peak of one
};

// The snapshot of a version.
struct SnapshotStatus {
  FunctionKey key;
  std::string version;
  std::string state;                      // waiting, in the making, ready, none
  std::string reason;                     // of none
  std::uint64_t bytes = 0, restored = 0;  // of its image; instances made from it
};

// How instances came to be since the daemon's start.
struct StartStatus {
  // One phase of the starts of one way, in milliseconds; the quantiles are estimates.
  struct Phase {
    std::string name;  // queue: an invocation's wait; sandbox or specialise; init or restore
    std::uint64_t count = 0;
    double last = 0, median = 0, p99 = 0;
  };
  struct Way {
    // warm: invocations that needed no start. Of instances: provisioned (ahead, whatever way), snapshot, pooled (from a
    // ready runtime), launched (from nothing).
    std::string name;
    std::uint64_t count = 0;
    std::vector<Phase> phases;  // those that there were
  };
  std::vector<Way> ways;
  std::uint64_t memory_bytes = 0, memory_limit_bytes = 0;  // reserved by instances; what they may have together
  std::vector<RuntimeStatus> runtimes;
  std::vector<SnapshotStatus> snapshots;
};

class Invoker {
 public:
  virtual ~Invoker() = default;
  // kNotFound "function"; kThrottled with the service's reason as source when no instance can be had; kTooLarge
  // "payload"; kUnavailable when none can be started. A failure of the function's own code is a result with
  // function_error. The context's request id is the invocation's. kTimeout at the context's deadline; the invocation
  // then goes on to its own end.
  virtual async::Task<InvokeResult> invoke(RequestContext context, FunctionRef target, Invocation invocation) = 0;
  // The same, answered when the response begins; what invoke() refuses is refused here. A function that does not stream
  // has its whole answer in the stream.
  virtual async::Task<std::shared_ptr<ResponseStream>> stream(RequestContext context, FunctionRef target,
                                                              Invocation invocation) = 0;
  virtual std::uint32_t account_concurrency() const = 0;
  virtual std::vector<PoolStatus> status() const = 0;
  // A function of this runtime exists, and may be called.
  virtual void expect(const std::string& runtime) {}
  virtual StartStatus starts() const { return {}; }
  virtual ProvisionStatus provisioned(const FunctionRef& version) const { return {}; }
  // Lets running invocations finish until `deadline`, then ends every instance.
  virtual async::Task<void> stop(SteadyTime deadline) = 0;
};

std::unique_ptr<Invoker> make_invoker(async::Executor executor, Registry& registry, sandbox::Launcher& launcher,
                                      LogStore& logs, env::Clock& clock, env::Random& random, InvokerSettings settings);

}  // namespace gust::functions
