#include "functions/runtime_pool.h"

#include "base/log.h"
#include "codec/json.h"
#include "functions/extensions.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace gust::functions {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kBootMemoryBytes = 512ULL << 20;  // the limit while it boots; it uses a small part
constexpr std::uint64_t kGuessedBytes = 64ULL << 20;
constexpr std::uint64_t kEmptyBytes = 2ULL << 20;  // of a sandbox without a program
constexpr Millis kBootTimeout{30'000};
constexpr Millis kCalm{8};             // without a cold start, before the next boot takes a core
constexpr Millis kLaunchCost{30};      // of a core, for a cold start that found none
constexpr Millis kImageCost{5};        // the same where it goes on from an image
constexpr Millis kNoLongerCalm{2000};  // a pool waits no longer than this
constexpr Millis kTick{1000};
constexpr Millis kStopTimeout{5000};
constexpr Millis kServerTimeout{1000};
constexpr std::chrono::seconds kMemory{60};  // how far back demand counts
constexpr std::size_t kMaxDemand = 4096;

// Looked at when a process starts, or by what a generic runtime has done already.
constexpr std::array<std::string_view, 13> kStartOnly = {
    "LD_",  "PYTHON", "NODE_", "UV_", "LC_", "LANGUAGE", "MALLOC_", "GLIBC_", "GCONV_", "OPENSSL_",
    "SSL_", "AWS_LAMBDA_EXEC_WRAPPER", "LOCPATH"};
constexpr std::array<std::string_view, 3> kLateIsFine = {"PYTHONPATH", "NODE_PATH", "NODE_ENV"};
constexpr std::string_view kLanguage = "C.UTF-8";

std::string answer_for(const sandbox::Spec& spec) {
  json::object environment;
  for (const auto& [name, value] : spec.env) environment[name] = value;
  return codec::to_json(json::object{{"environment", std::move(environment)}, {"working_folder", spec.working_dir}});
}

}  // namespace

bool can_be_told_late(const sandbox::Spec& spec) {
  if (spec.egress != sandbox::Egress::kNone) return false;
  const auto language = spec.env.find("LANG");
  if (language != spec.env.end() && language->second != kLanguage) return false;
  return std::ranges::none_of(spec.env, [](const auto& variable) {
    const std::string_view name = variable.first;
    if (std::ranges::find(kLateIsFine, name) != kLateIsFine.end()) return false;
    return std::ranges::any_of(kStartOnly, [&](std::string_view start) { return name.starts_with(start); });
  });
}

// One that boots or waits.
struct RuntimePool::Generic {
  explicit Generic(async::Executor executor) : asked(executor), told(executor) {}

  Body body;
  async::Event asked;  // it is ready: it waits to be told; or it has ended
  async::Event told;
  std::string answer;
  bool ended = false;
};

RuntimePool::RuntimePool(async::Executor executor, sandbox::Launcher& launcher, env::Random& random,
                         const InvokerSettings& settings)
    : executor_(executor),
      launcher_(launcher),
      random_(random),
      settings_(settings),
      boots_at_once_(std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 8)),
      changed_(executor),
      filler_(executor, "pool of runtimes"),
      tasks_(executor, "runtimes") {
  families_[0].name = "python";
  families_[0].argv = {settings.python, "/var/runtime/bootstrap.py"};
  families_[0].runtime_folder = settings.python_runtime;
  if (!settings.runtime_images.empty())
    families_[0].image =
        std::make_unique<RuntimeImage>(executor, launcher, settings, settings.runtime_images + "/" + families_[0].name);
  families_[1].name = "node";
  families_[1].argv = {settings.node, "/var/runtime/bootstrap.mjs"};
  families_[1].runtime_folder = settings.node_runtime;
  families_[2].name = "provided";
  families_[2].bytes_each = kEmptyBytes;
  if (settings_.max_ready_runtimes > 0) filler_.spawn(keep_filled());
}

void RuntimePool::expect(const std::string& runtime) {
  for (auto& family : families_) {
    if (family.expected || !runtime.starts_with(family.name)) continue;
    family.expected = true;
    changed_.pulse();
  }
}

void RuntimePool::image_failed(const std::string& runtime) {
  for (auto& family : families_) {
    if (family.image && runtime.starts_with(family.name)) family.image->failed();
  }
}

RuntimePool::Family* RuntimePool::family_of(const sandbox::Spec& spec) {
  if (spec.argv.size() == 1 || spec.argv[0] == kSupervisor) return &families_[2];
  const auto found = std::ranges::find(families_, spec.argv, &Family::argv);
  return found == families_.end() ? nullptr : &*found;
}

sandbox::Spec RuntimePool::generic_spec(const Family& family) {
  sandbox::Spec spec;
  spec.kind = sandbox::Kind::kGeneric;
  spec.id = fmt::format("{}-{}", family.name, random_.pick(16, "0123456789abcdef"));
  add_ports(spec, settings_);
  spec.memory_bytes = kBootMemoryBytes;
  if (family.argv.empty()) return spec;
  spec.argv = family.argv;
  spec.env = {{"AWS_LAMBDA_RUNTIME_API", fmt::format("127.0.0.1:{}", runtime_port(settings_))},
              {"GUST_GENERIC", "1"},
              {"LANG", std::string(kLanguage)},
              {"PATH", "/usr/local/bin:/usr/bin:/bin"},
              {"TZ", ":UTC"}};
  spec.working_dir = "/";
  spec.read_only = {{family.runtime_folder, "/var/runtime"}};
  return spec;
}

async::Task<std::optional<Body>> RuntimePool::take(sandbox::Spec spec) {
  auto* const family = family_of(spec);
  if (family == nullptr || settings_.max_ready_runtimes == 0) co_return std::nullopt;
  family->expected = true;
  const bool empty = family->argv.empty();
  if (empty ? spec.egress != sandbox::Egress::kNone : !can_be_told_late(spec)) co_return std::nullopt;
  const auto now = std::chrono::steady_clock::now();
  busy_until_ = std::max(busy_until_, now + kCalm);
  family->demand.push_back(now);
  if (family->demand.size() > kMaxDemand) family->demand.pop_front();
  changed_.pulse();
  GUST_CO_TRY(auto ready, co_await take_ready(*family, spec));
  if (ready) co_return ready;
  const bool quick = family->image && family->image->ready();
  busy_until_ += (quick ? kImageCost : kLaunchCost) / boots_at_once_;
  if (quick) co_return co_await go_on_from_image(*family, std::move(spec));
  co_return std::nullopt;
}

async::Task<std::optional<Body>> RuntimePool::take_ready(Family& family, sandbox::Spec spec,
                                                              std::string told) {
  const bool empty = family.argv.empty();
  sandbox::Specialisation to{{}, spec.memory_bytes, spec.cpu_millis, spec.cpu_share, spec.tmp_bytes};
  for (const auto& mount : spec.read_only) {
    if (empty || mount.target != "/var/runtime") to.read_only.push_back(mount);
  }
  if (empty) {
    to.argv = spec.argv;
    to.env = spec.env;
    to.working_dir = spec.working_dir;
  }
  while (!family.ready.empty()) {
    const auto generic = std::move(family.ready.front());
    family.ready.pop_front();
    *generic->body.told = told;  // its program may ask before this is back
    const auto done = co_await generic->body.sandbox->specialise(to);
    if (generic->ended) continue;
    if (!done) {
      // What the function asks for may be at fault: a launch from nothing then says so.
      GUST_WARN("functions: a ready {} runtime is of no use: {}", family.name, done.error().message);
      generic->body.sandbox->kill();
      break;
    }
    ++family.taken;
    std::erase(family.all, generic);
    generic->answer = answer_for(spec);
    auto body = std::move(generic->body);
    body.begin = [generic] { generic->told.set(); };
    co_return body;
  }
  ++family.missed;
  co_return std::nullopt;
}

async::Task<std::optional<Body>> RuntimePool::go_on_from_image(Family& family, sandbox::Spec spec) {
  const auto answer = answer_for(spec);
  family.image->use(spec);
  std::optional<Body> body;
  if (auto& empty = families_[2]; !empty.ready.empty()) {
    GUST_CO_TRY(body, co_await take_ready(empty, spec, answer));
  }
  if (!body) {
    auto sandbox = co_await launcher_.start(std::move(spec));
    if (!sandbox) co_return std::nullopt;  // the image may be at fault; a launch from nothing says what else is
    GUST_CO_TRY(body, make_body(executor_, *std::move(sandbox), settings_));
    *body->told = answer;
  }
  body->from_runtime_image = true;
  co_return body;
}

std::uint64_t RuntimePool::bytes_of(const Family& family) const {
  return family.bytes_each != 0 ? family.bytes_each : kGuessedBytes;
}

std::size_t RuntimePool::target(const Family& family) const {
  if (!family.expected || stopping_) return 0;
  return std::clamp(family.demand.size(), std::min(settings_.min_ready_runtimes, settings_.max_ready_runtimes),
                    settings_.max_ready_runtimes);
}

bool RuntimePool::may_boot(const Family& family, SteadyTime now) const {
  std::size_t booting = 0;
  std::uint64_t bytes = 0;
  for (const auto& each : families_) {
    booting += each.booting;
    bytes += (each.ready.size() + each.booting) * bytes_of(each);
  }
  return booting < boots_at_once_ && now >= family.not_before &&
         family.ready.size() + family.booting < target(family) &&
         bytes + bytes_of(family) <= settings_.ready_runtimes_bytes;
}

void RuntimePool::forget_old_demand(SteadyTime now) {
  for (auto& family : families_) {
    while (!family.demand.empty() && now - family.demand.front() > kMemory) family.demand.pop_front();
    while (family.ready.size() > target(family)) {
      family.ready.back()->body.sandbox->kill();
      family.ready.pop_back();
    }
  }
}

async::Task<void> RuntimePool::keep_filled() {
  SteadyTime busy_since{};
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    forget_old_demand(now);
    auto next = now + kTick;
    for (auto& family : families_) {
      if (!may_boot(family, now)) continue;
      if (busy_since == SteadyTime{}) busy_since = now;
      if (const auto calm_at = std::min(busy_until_, busy_since + kNoLongerCalm); now < calm_at) {
        next = std::min(next, calm_at);
        continue;
      }
      busy_since = {};
      ++family.booting;
      tasks_.spawn(boot(family));
    }
    const auto waited = co_await changed_.wait(next);
    if (!waited && waited.error().code != Code::kTimeout) co_return std::unexpected(waited.error());
  }
}

// An image that cannot be had is no harm: runtimes boot from nothing then.
async::Task<void> RuntimePool::take_image(Family& family) {
  auto spec = generic_spec(family);
  const auto taken = co_await family.image->take(std::move(spec));
  if (!taken && taken.error().code == Code::kCancelled) co_return std::unexpected(taken.error());
  if (!taken && !stopping_)
    GUST_WARN("functions: no image of a {} runtime, so each boots by itself: {}", family.name, taken.error().message);
  co_return Result<void>{};
}

async::Task<void> RuntimePool::boot(Family& family) {
  if (family.image && family.image->wanted()) GUST_CO_CHECK(co_await take_image(family));
  const auto booted = co_await boot_one(family);
  --family.booting;
  if (!booted && booted.error().code == Code::kCancelled) co_return std::unexpected(booted.error());
  if (booted) {
    family.failures = 0;
    family.ready.push_back(*booted);
  } else if (!stopping_) {
    ++family.failures;
    const auto pause = std::chrono::seconds(1ULL << std::min<std::size_t>(family.failures - 1, 6));
    family.not_before = std::chrono::steady_clock::now() + pause;
    GUST_WARN("functions: no {} runtime could be made ready, again in {} s: {}", family.name, pause.count(),
              booted.error().message);
  }
  changed_.pulse();
  co_return Result<void>{};
}

async::Task<std::shared_ptr<RuntimePool::Generic>> RuntimePool::boot_one(Family& family) {
  auto spec = generic_spec(family);
  const bool from_image = family.image && family.image->ready();
  if (from_image) family.image->use(spec);
  auto sandbox = co_await launcher_.start(std::move(spec));
  if (!sandbox && from_image && !stopping_ && sandbox.error().code != Code::kThrottled) family.image->failed();
  if (!sandbox) co_return std::unexpected(sandbox.error());
  const auto generic = std::make_shared<Generic>(executor_);
  GUST_CO_TRY(generic->body, make_body(executor_, *std::move(sandbox), settings_));
  std::weak_ptr<Generic> weak = generic;
  std::weak_ptr<http::Handler> handler = generic->body.runtime_api;
  const bool empty = family.argv.empty();
  *generic->body.runtime_api = [weak, handler, empty](RequestContext context,
                                                      http::Request request) -> async::Task<http::Response> {
    const auto self = weak.lock();
    http::Response response;
    response.status = 404;
    if (self && empty) {
      // The function's own program, which may run before take() has returned.
      GUST_CO_CHECK(co_await self->told.wait());
      const auto now = handler.lock();
      if (self->ended || !now) co_return response;
      const auto instance = *now;
      co_return co_await instance(std::move(context), std::move(request));
    }
    if (!self || request.path != kFunctionPath) co_return response;
    self->asked.set();
    GUST_CO_CHECK(co_await self->told.wait());
    if (self->ended) co_return response;
    response.status = 200;
    response.headers.add("Content-Type", "application/json");
    response.body = std::move(self->answer);
    co_return response;
  };
  family.all.push_back(generic);
  tasks_.spawn(watch(family, generic));
  if (stopping_) generic->body.sandbox->kill();
  if (empty) co_return generic;
  const auto asked = co_await generic->asked.wait(std::chrono::steady_clock::now() + kBootTimeout);
  if (!asked) {
    generic->body.sandbox->kill();
    co_return std::unexpected(asked.error());
  }
  if (generic->ended) {
    if (from_image && !stopping_) family.image->failed();
    co_return fail(Code::kUnavailable, "its program ended before it was ready");
  }
  const auto usage = co_await generic->body.sandbox->usage();
  if (usage && usage->memory_peak_bytes > 0) family.bytes_each = usage->memory_peak_bytes;
  co_return generic;
}

// Until it ends; by then it may long have been taken.
async::Task<void> RuntimePool::watch(Family& family, std::shared_ptr<Generic> generic) {
  const auto exit = co_await generic->body.sandbox->wait();
  generic->ended = true;
  generic->asked.set();
  generic->told.set();
  std::erase(family.all, generic);
  if (std::erase(family.ready, generic) > 0) {
    if (!stopping_) GUST_WARN("functions: a {} runtime that was ready has ended", family.name);
    changed_.pulse();
  }
  const auto deadline = std::chrono::steady_clock::now() + kServerTimeout;
  if (generic->body.server) co_return co_await generic->body.server->stop(deadline);
  co_return Result<void>{};
}

std::vector<RuntimeStatus> RuntimePool::status() const {
  std::vector<RuntimeStatus> all;
  for (const auto& family : families_) {
    if (!family.expected) continue;
    all.push_back({family.name, family.ready.size(), family.booting, target(family), family.taken, family.missed,
                   family.bytes_each});
  }
  return all;
}

async::Task<void> RuntimePool::stop() {
  stopping_ = true;
  for (const auto& family : families_) {
    if (family.image) family.image->stop();
  }
  GUST_CO_CHECK(co_await filler_.stop());
  for (const auto& family : families_) {
    for (const auto& generic : family.all) generic->body.sandbox->kill();
  }
  const auto drained = co_await tasks_.drain(std::chrono::steady_clock::now() + kStopTimeout);
  if (!drained) GUST_WARN("functions: some ready runtimes did not end in time");
  co_return co_await tasks_.stop();
}

}  // namespace gust::functions
