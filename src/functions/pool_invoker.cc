// The Invoker of this machine: a pool of instances for each function, within one budget of memory.
#include "async/event.h"
#include "async/task_group.h"
#include "base/log.h"
#include "functions/admission.h"
#include "functions/crowding.h"
#include "functions/instance.h"
#include "functions/invocation_spans.h"
#include "functions/invoker.h"
#include "functions/invoker_metrics.h"
#include "functions/lineage.h"
#include "functions/pool.h"
#include "functions/registry.h"
#include "functions/snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace gust::functions {
namespace {

constexpr Millis kPatience{5};  // how long a waiter hopes for an instance that has answered and not yet asked again
constexpr int kMaxTries = 3;    // of instances that end before they take the invocation

// An invocation that runs; its caller may leave at a deadline of its own.
struct Call {
  explicit Call(async::Executor executor) : done(executor) {}
  async::Event done;
  std::optional<Result<InvokeResult>> result;
};

class PoolInvoker final : public Invoker {
 public:
  PoolInvoker(async::Executor executor, Registry& registry, sandbox::Launcher& launcher, LogStore& logs,
              env::Clock& clock, env::Random& random, InvokerSettings settings)
      : executor_(executor),
        registry_(registry),
        launcher_(launcher),
        logs_(logs),
        clock_(clock),
        random_(random),
        settings_(std::move(settings)),
        metrics_(settings_.metrics),
        spans_(settings_.tracer),
        admission_(registry, settings_.account_concurrency, settings_.admitted),
        keep_alive_(settings_.keep_alive),
        crowding_(executor, [this](const auto& pool) { serve(pool); }),
        runtimes_(executor, launcher, random, settings_),
        snapshots_({executor, registry, launcher, logs, clock, random, settings_,
                    [this](const Function& function) { return reserve(function); },
                    [this](const Function& function) { release(function); }}),
        tasks_(executor, "instances"),
        sweeper_(executor, "idle instances"),
        quiet_(executor) {
    registry_.on_change([this](const FunctionKey& key) { changed(key); });
    sweeper_.spawn(sweep());
    sweeper_.spawn(provision_all());
  }

  async::Task<InvokeResult> invoke(RequestContext context, FunctionRef target, Invocation invocation) override {
    if (stopping_) co_return fail(Code::kUnavailable, "the daemon is stopping; try again");
    if (invocation.payload.size() > invocation.max_payload_bytes) {
      co_return fail(
          Code::kTooLarge,
          fmt::format("{} byte payload is too large for the RequestResponse invocation type (limit {} bytes)",
                      invocation.payload.size(), invocation.max_payload_bytes),
          "payload");
    }
    ++running_;
    auto result = co_await run(std::move(context), std::move(target), std::move(invocation));
    if (--running_ == 0) quiet_.pulse();
    if (!result) metrics_.refused(result.error());
    co_return result;
  }

  async::Task<std::shared_ptr<ResponseStream>> stream(RequestContext context, FunctionRef target,
                                                      Invocation invocation) override {
    const auto stream = std::make_shared<ResponseStream>(executor_);
    const auto deadline = context.deadline;
    invocation.stream = stream;
    tasks_.spawn(run_stream(std::move(context), std::move(target), std::move(invocation), stream));
    GUST_CO_CHECK(co_await stream->begun.wait(deadline));
    if (stream->error) co_return std::unexpected(*stream->error);
    co_return stream;
  }

  std::uint32_t account_concurrency() const override { return settings_.account_concurrency; }

  std::vector<PoolStatus> status() const override {
    std::vector<PoolStatus> out;
    for (const auto& [key, pool] : pools_) {
      if (pool->all.empty() && pool->provisioned == 0) continue;
      out.push_back({key.key, key.qualifier, pool->idle.size(), pool->busy(), pool->starting,
                     pool->provisioned, pool->running});
    }
    return out;
  }

  void expect(const std::string& runtime) override { runtimes_.expect(runtime); }

  ProvisionStatus provisioned(const FunctionRef& version) const override {
    const auto found = pools_.find(version);
    if (found == pools_.end()) return {};
    const auto& pool = *found->second;
    const auto part = [&](std::size_t n) { return static_cast<std::uint32_t>(std::min(n, pool.provisioned)); };
    return {part(pool.all.size()), part(pool.all.size() - pool.starting), pool.provision_failure, part(pool.busy())};
  }

  StartStatus starts() const override {
    return {metrics_.ways(), memory_, settings_.memory_bytes, runtimes_.status(), snapshots_.status()};
  }

  async::Task<void> stop(SteadyTime deadline) override {
    stopping_ = true;
    while (running_ > 0) {
      if (!co_await quiet_.wait(deadline)) break;
    }
    for (auto& [key, pool] : pools_) {
      for (const auto& instance : pool->all) instance->end();
    }
    const auto drained = co_await tasks_.drain(std::chrono::steady_clock::now() + Millis(5000));
    if (!drained) GUST_WARN("functions: some instances did not end in time");
    GUST_CO_CHECK(co_await runtimes_.stop());
    GUST_CO_CHECK(co_await snapshots_.stop());
    GUST_CO_CHECK(co_await sweeper_.stop());
    GUST_CO_CHECK(co_await crowding_.stop());
    co_return co_await tasks_.stop();
  }

 private:
  async::Task<InvokeResult> run(RequestContext context, FunctionRef target, Invocation invocation) {
    GUST_CO_TRY(const auto function, co_await registry_.resolve(target));
    GUST_CO_CHECK(Snapshots::check(*function));
    context.trace.rest = with_loop(context.trace.rest, target.key);
    invocation.invoked_arn = function->arn();
    if (!target.qualifier.empty()) invocation.invoked_arn += ":" + target.qualifier;
    GUST_CO_TRY(const auto slot, co_await admission_.admit(function));
    const FunctionRef version{target.key, function->version};
    auto& kept = pools_[version];
    if (!kept) {
      kept = std::make_shared<Pool>();
      kept->function = *function;
    }
    const auto pool = kept;
    ++pool->calls;
    keep_alive_.began(version, clock_.steady());
    auto result = co_await run_in(pool, std::move(context), std::make_shared<Invocation>(std::move(invocation)), slot);
    keep_alive_.ended(version, clock_.steady());
    --pool->calls;
    co_return result;
  }

  async::Task<void> run_stream(RequestContext context, FunctionRef target, Invocation invocation,
                               std::shared_ptr<ResponseStream> stream) {
    auto result = co_await invoke(std::move(context), std::move(target), std::move(invocation));
    if (!result) {
      stream->error = result.error();
      if (stream->ended) stream->ended();
      stream->begun.set();
      stream->pipe->close(result.error());
      co_return Result<void>{};
    }
    stream->result = *std::move(result);
    if (stream->ended) stream->ended();
    auto& done = *stream->result;
    if (!stream->begun.is_set()) {
      if (!done.content_type.empty()) stream->content_type = done.content_type;
      stream->executed_version = done.executed_version;
      stream->begun.set();
    }
    Result<void> written;
    if (!done.streamed && done.function_error.empty()) written = co_await stream->pipe->write(done.payload);
    stream->pipe->close();
    co_return written;
  }

  async::Task<InvokeResult> run_in(std::shared_ptr<Pool> pool, RequestContext context,
                                   std::shared_ptr<Invocation> invocation, Admission::Slot slot) {
    for (int tries = 1;; ++tries) {
      if (pool->stale) {
        const FunctionRef version{pool->function.key, pool->function.version};
        GUST_CO_TRY(pool->function, co_await registry_.get_version(version));
        pool->stale = false;
      }
      GUST_CO_TRY(const auto found, co_await wait_for_instance(pool, context.deadline));
      spans_.waited(context, *found);
      if (found->failed) {
        metrics_.init_failed();
        co_return found->failed->failed_invocation(context, *invocation);
      }
      auto result = co_await run_until_deadline(pool, found->instance, context, invocation, slot);
      const bool again = !result && result.error().source == Instance::kUndelivered && tries < kMaxTries;
      if (!again) co_return result;
    }
  }

  // An idle instance, or one whose init failed.
  async::Task<std::shared_ptr<Waiter>> wait_for_instance(std::shared_ptr<Pool> pool, SteadyTime deadline) {
    const auto waiter = std::make_shared<Waiter>(executor_);
    GUST_CO_CHECK(queue_up(*pool, waiter));
    serve(pool);
    const auto found = waiter->instance ? InvokerMetrics::Found::kAtOnce : InvokerMetrics::Found::kAfterWaiting;
    const auto waited = co_await waiter->done.wait(deadline);
    if (!waited) {
      std::erase(pool->waiters, waiter);
      if (waiter->instance) {
        --pool->taken;
        waiter->instance->take_back_promise();
        hand_back(pool, waiter->instance);
      }
      co_return std::unexpected(waited.error());
    }
    if (waiter->error) co_return std::unexpected(*waiter->error);
    if (waiter->instance) metrics_.found(*waiter->instance, found, waiter->since);
    co_return waiter;
  }

  // At the deadline the caller leaves; the invocation goes on.
  async::Task<InvokeResult> run_until_deadline(std::shared_ptr<Pool> pool, std::shared_ptr<Instance> instance,
                                               RequestContext context, std::shared_ptr<Invocation> invocation,
                                               Admission::Slot slot) {
    const auto deadline = context.deadline;
    if (deadline == SteadyTime::max())
      co_return co_await run_on(std::move(pool), std::move(instance), std::move(context), std::move(invocation));
    const auto call = std::make_shared<Call>(executor_);
    tasks_.spawn(run_call(std::move(pool), std::move(instance), std::move(context), std::move(invocation), call,
                          std::move(slot)));
    GUST_CO_CHECK(co_await call->done.wait(deadline));
    co_return std::move(*call->result);
  }

  async::Task<InvokeResult> run_on(std::shared_ptr<Pool> pool, std::shared_ptr<Instance> instance,
                                   RequestContext context, std::shared_ptr<Invocation> invocation) {
    ++pool->running;
    auto running = spans_.begin(context, *instance);
    const auto began = running.began;
    auto result = co_await instance->invoke(std::move(context), std::move(invocation));
    spans_.end(*instance, std::move(running), result);
    --pool->running;
    --pool->taken;
    Crowding::ended(*pool, began);
    metrics_.ended(result, began);
    count_crash(*pool, *instance, result);
    if (pool->most_taken != kNoLimit) serve(pool);
    co_return result;
  }

  async::Task<void> run_call(std::shared_ptr<Pool> pool, std::shared_ptr<Instance> instance, RequestContext context,
                             std::shared_ptr<Invocation> invocation, std::shared_ptr<Call> call, Admission::Slot slot) {
    call->result = co_await run_on(std::move(pool), std::move(instance), std::move(context), std::move(invocation));
    call->done.set();
    co_return Result<void>{};
  }

  Result<void> queue_up(Pool& pool, const std::shared_ptr<Waiter>& waiter) {
    if (pool.waiters.size() >= settings_.max_waiting) {
      if (settings_.admitted) settings_.admitted(pool.function.key, 0);
      return fail(Code::kThrottled,
                  fmt::format("{} invocations of '{}' wait for an instance already; try again later",
                              pool.waiters.size(), pool.function.key.name),
                  "ConcurrentInvocationLimitExceeded");
    }
    pool.waiters.push_back(waiter);
    return {};
  }

  // Gives idle instances to waiters, and starts as many as are short.
  void serve(const std::shared_ptr<Pool>& pool, Patience patience = Patience::kSome) {
    while (!pool->waiters.empty() && !pool->is_crowded()) {
      auto instance = pool->take_place();
      if (!instance) break;
      ++pool->taken;
      crowding_.taken(pool);
      const auto waiter = pool->waiters.front();
      pool->waiters.pop_front();
      waiter->instance = std::move(instance);
      waiter->done.set();
    }
    if (pool->waiters.empty() || pool->is_crowded() || stopping_) return;
    const std::size_t each = pool->function.concurrency();
    auto coming = pool->starting * each;
    const auto soon = pool->places_to_come(patience);
    coming += soon;
    if (soon > 0 && !std::exchange(pool->hoping, true)) tasks_.spawn(hurry(pool));
    if (coming < pool->waiters.size() && is_held_back(pool)) return;
    for (; coming < pool->waiters.size() && make_room(pool->function); coming += each) start_one(pool);
  }

  async::Task<void> hurry(std::shared_ptr<Pool> pool) {
    GUST_CO_CHECK(co_await async::sleep_for(kPatience));
    pool->hoping = false;
    serve(pool, Patience::kNone);
    co_return Result<void>{};
  }

  // Who crashes one instance after another would have the machine make instances for it all the time.
  void count_crash(Pool& pool, const Instance& instance, const Result<InvokeResult>& result) {
    if (!result) return;
    if (result->error_type != "Runtime.ExitError") {
      pool.crashes = 0;
      return;
    }
    if (std::exchange(pool.crashed, instance.id()) == instance.id()) return;  // others were in it
    if (++pool.crashes > 1) {
      constexpr std::size_t kDoublings = 3;
      const auto pause = settings_.crash_pause * (1 << std::min(pool.crashes - 2, kDoublings));
      pool.start_again = std::chrono::steady_clock::now() + pause;
    }
  }

  bool is_held_back(const std::shared_ptr<Pool>& pool) {
    if (pool->crashes < 2 || std::chrono::steady_clock::now() >= pool->start_again) return false;
    if (!std::exchange(pool->starts_later, true)) sweeper_.spawn(start_later(pool));
    return true;
  }

  async::Task<void> start_later(std::shared_ptr<Pool> pool) {
    GUST_CO_CHECK(co_await async::sleep_until(pool->start_again));
    pool->starts_later = false;
    serve(pool, Patience::kNone);
    co_return Result<void>{};
  }

  // Ends the coldest idle instances until one of `function` fits; false when busy ones hold too much.
  bool make_room(const Function& function) {
    while (memory_ - ending_ + memory_of(function) > settings_.memory_bytes) {
      std::shared_ptr<Pool> coldest;
      for (const auto& [key, pool] : pools_) {
        if (pool->has_spare() && (!coldest || pool->idle.front()->idle_since() < coldest->idle.front()->idle_since()))
          coldest = pool;
      }
      if (!coldest) return memory_ == 0;  // one larger than the whole budget still runs, alone
      retire_front(*coldest);
      metrics_.evicted();
    }
    return true;
  }

  void retire_front(Pool& pool) {
    const auto instance = pool.idle.front();
    pool.idle.erase(pool.idle.begin());
    ending_ += memory_of(instance->function());
    endings_.push_back(instance.get());
    instance->end();
  }

  void start_one(const std::shared_ptr<Pool>& pool, std::string_view initialization_type = kOnDemand) {
    ++pool->starting;
    memory_ += memory_of(pool->function);
    Instance::Parts parts{executor_,
                          logs_,
                          clock_,
                          settings_,
                          initialization_type,
                          [this, pool](auto instance) { ready(pool, std::move(instance)); },
                          [this, pool](auto instance) { ended(pool, std::move(instance)); }};
    const bool plain = std::exchange(pool->plain_next, false);
    if (!plain) snapshots_.use(parts, pool->function);
    auto instance = std::make_shared<Instance>(std::move(parts), pool->function, random_.pick(16, "0123456789abcdef"));
    pool->all.push_back(instance);
    tasks_.spawn(launch(pool, std::move(instance), plain ? nullptr : &runtimes_));
  }

  async::Task<void> launch(std::shared_ptr<Pool> pool, std::shared_ptr<Instance> instance, RuntimePool* ready) {
    const auto started = co_await instance->start(launcher_, ready, settings_.issue_keys(instance->function()), tasks_);
    if (started) co_return Result<void>{};
    GUST_WARN("functions: starting an instance of {}: {}", instance->function().arn(), started.error().message);
    std::erase(pool->all, instance);
    memory_ -= memory_of(instance->function());
    --pool->starting;
    metrics_.start_failed();
    put_off_provisioning(*pool, started.error().message);
    if (!pool->waiters.empty()) {
      const auto waiter = pool->waiters.front();
      pool->waiters.pop_front();
      if (instance->init_failed()) {
        waiter->failed = instance;
      } else {
        waiter->error =
            Error{Code::kUnavailable, "no instance could be started: " + started.error().message, "instance"};
      }
      waiter->done.set();
    }
    serve(pool);
    serve_others(pool);
    co_return Result<void>{};
  }

  // The instance asked for an event: after its init, or after an invocation.
  void ready(const std::shared_ptr<Pool>& pool, std::shared_ptr<Instance> instance) {
    if (!std::ranges::count(ready_once_, instance.get())) {
      ready_once_.push_back(instance.get());
      --pool->starting;
      pool->provision_failure.clear();
      pool->provision_failures = 0;
      metrics_.started(*instance);
    }
    hand_back(pool, std::move(instance));
  }

  void hand_back(const std::shared_ptr<Pool>& pool, std::shared_ptr<Instance> instance) {
    if (stopping_ || !pool->is_current(*instance)) {
      std::erase(pool->shared, instance);
      if (instance->load() == 0) instance->end();
      return;
    }
    pool->has_place(std::move(instance));
    serve(pool);
    while (settings_.keep_alive.fixed == Millis(0) && pool->has_spare()) retire_front(*pool);
    serve_others(pool);
  }

  // Memory that one pool no longer needs may be what another's waiters wait for.
  void serve_others(const std::shared_ptr<Pool>& except) {
    for (const auto& [key, pool] : pools_) {
      if (pool != except && !pool->waiters.empty()) serve(pool);
    }
  }

  void ended(const std::shared_ptr<Pool>& pool, const std::shared_ptr<Instance>& instance) {
    pool->forget(instance);
    memory_ -= memory_of(instance->function());
    if (std::erase(endings_, instance.get()) > 0) ending_ -= memory_of(instance->function());
    if (std::erase(ready_once_, instance.get()) == 0) {
      --pool->starting;
      metrics_.start_failed();
      const bool again = instance->died_as_generic() || instance->died_as_image();
      if (instance->died_as_image()) snapshots_.failed(instance->function());
      if (!again) put_off_provisioning(*pool, "FUNCTION_ERROR_INIT_FAILURE");
      if (again && instance->from_runtime_image()) runtimes_.image_failed(instance->function().runtime);
      if (again) {
        pool->plain_next = true;
      } else if (!pool->waiters.empty()) {
        // Its init failed: the one who waits longest hears of it.
        const auto waiter = pool->waiters.front();
        pool->waiters.pop_front();
        waiter->failed = instance;
        waiter->done.set();
      }
    }
    serve(pool);
    serve_others(pool);
  }

  void changed(const FunctionKey& key) {
    admission_.changed(key.account);
    for (auto it = pools_.lower_bound({key, ""}); it != pools_.end() && it->first.key == key; ++it) {
      it->second->stale = true;
      if (it->first.qualifier != kLatest) continue;
      it->second->end_idle();
      it->second->crashes = 0;  // of the code as it was
    }
    sweeper_.spawn(look_again(key));
  }

  // For the init of a snapshot, which no pool has.
  bool reserve(const Function& function) {
    if (!make_room(function)) return false;
    memory_ += memory_of(function);
    return true;
  }

  void release(const Function& function) {
    memory_ -= memory_of(function);
    serve_others(nullptr);
  }

  // After a change of a function: what runs it, which versions are gone, and what is provisioned.
  async::Task<void> look_again(FunctionKey key) {
    if (const auto function = co_await registry_.get(key))
      runtimes_.expect(function->snap_start ? "provided" : function->runtime);
    GUST_CO_CHECK(co_await snapshots_.look_again(key));
    GUST_CO_TRY(const auto wanted, co_await registry_.provisioned_versions(key));
    std::vector<FunctionRef> known;
    for (auto it = pools_.lower_bound({key, ""}); it != pools_.end() && it->first.key == key; ++it)
      known.push_back(it->first);
    for (const auto& ref : known) {
      const auto found = co_await registry_.get_version(ref);
      const auto pool = pools_.find(ref);
      if (pool == pools_.end()) continue;
      if (!found && found.error().code == Code::kNotFound) pool->second->end_idle();
      const auto number = wanted.find(ref.qualifier);
      pool->second->provisioned = number == wanted.end() ? 0 : number->second;
    }
    for (const auto& [version, number] : wanted) {
      auto& pool = pools_[{key, version}];
      if (!pool) pool = std::make_shared<Pool>();
      pool->provisioned = number;
      tasks_.spawn(keep_ready(FunctionRef{key, version}, pool));
    }
    co_return Result<void>{};
  }

  async::Task<void> provision_all() {
    GUST_CO_TRY(const auto all, co_await registry_.every_provision());
    for (const auto& provision : all) GUST_CO_CHECK(co_await look_again(provision.ref.key));
    co_return Result<void>{};
  }

  // Starts what is missing of the provisioned instances.
  async::Task<void> keep_ready(FunctionRef version, std::shared_ptr<Pool> pool) {
    if (pool->stale) {
      GUST_CO_TRY(pool->function, co_await registry_.get_version(version));
      pool->stale = false;
    }
    if (stopping_ || clock_.steady() < pool->provision_again) co_return Result<void>{};
    while (pool->all.size() < pool->provisioned) {
      if (!make_room(pool->function)) {
        pool->provision_failure = "the machine has no memory left for another instance of this size";
        break;
      }
      start_one(pool, kProvisionedType);
    }
    co_return Result<void>{};
  }

  void put_off_provisioning(Pool& pool, std::string why) {
    if (pool.provisioned == 0) return;
    pool.provision_failure = std::move(why);
    const auto pause = std::chrono::seconds(1ULL << std::min<std::size_t>(pool.provision_failures++, 6));
    pool.provision_again = clock_.steady() + pause;
  }

  async::Task<void> sweep() {
    for (;;) {
      GUST_CO_CHECK(co_await async::sleep_for(settings_.sweep_every));
      const auto now = clock_.steady();
      for (const auto& [key, pool] : pools_) {
        while (pool->has_spare() && keep_alive_.should_end(key, pool->idle.front()->idle_since(), now))
          retire_front(*pool);
      }
      for (auto& version : keep_alive_.due(now)) tasks_.spawn(pre_warm(std::move(version)));
      for (const auto& [version, pool] : pools_) {
        if (pool->all.size() < pool->provisioned) tasks_.spawn(keep_ready(version, pool));
      }
      std::erase_if(pools_, [](const auto& entry) {
        return entry.second->all.empty() && entry.second->calls == 0 && entry.second->provisioned == 0;
      });
    }
  }

  // Starts an instance ahead of the next invocation, where memory is free: nothing is evicted for it.
  async::Task<void> pre_warm(FunctionRef version) {
    auto found = co_await registry_.get_version(version);
    if (!found) {
      if (found.error().code == Code::kNotFound) keep_alive_.forget(version);
      co_return Result<void>{};
    }
    auto& kept = pools_[version];
    if (!kept) kept = std::make_shared<Pool>();
    const auto pool = kept;
    if (!pool->all.empty() || !pool->waiters.empty() || stopping_) co_return Result<void>{};
    pool->function = std::move(*found);
    pool->stale = false;
    if (memory_ + memory_of(pool->function) <= settings_.memory_bytes) start_one(pool);
    co_return Result<void>{};
  }

  async::Executor executor_;
  Registry& registry_;
  sandbox::Launcher& launcher_;
  LogStore& logs_;
  env::Clock& clock_;
  env::Random& random_;
  InvokerSettings settings_;
  InvokerMetrics metrics_;
  InvocationSpans spans_;
  Admission admission_;
  KeepAlive keep_alive_;
  Crowding crowding_;
  RuntimePool runtimes_;
  Snapshots snapshots_;
  std::map<FunctionRef, std::shared_ptr<Pool>> pools_;  // by version
  std::vector<Instance*> ready_once_;                   // instances that finished their init
  std::vector<Instance*> endings_;  // idle instances told to end whose memory is counted as coming back
  std::uint64_t memory_ = 0;        // limits of all instances that are not cleaned up
  std::uint64_t ending_ = 0;
  std::size_t running_ = 0;
  bool stopping_ = false;
  async::TaskGroup tasks_;
  async::TaskGroup sweeper_;
  async::Event quiet_;
};

}  // namespace

std::unique_ptr<Invoker> make_invoker(async::Executor executor, Registry& registry, sandbox::Launcher& launcher,
                                      LogStore& logs, env::Clock& clock, env::Random& random,
                                      InvokerSettings settings) {
  return std::make_unique<PoolInvoker>(executor, registry, launcher, logs, clock, random, std::move(settings));
}

}  // namespace gust::functions
