#include "functions/snapshots.h"

#include "base/log.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "functions/extensions.h"
#include "functions/image_receiver.h"
#include "functions/snapshot_files.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

namespace gust::functions {
namespace {

namespace json = boost::json;

constexpr std::string_view kKeysPath = "/2021-04-23/credentials";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kMaxReason = 400;
constexpr std::uint64_t kSlack = 64ULL << 20;  // of an image above its function's memory
constexpr std::size_t kMaxFailures = 3;        // of restores, until it is given up
constexpr Millis kInitLimit{130'000}, kRestoreLimit{10'000}, kRetry{200},
    kStopTimeout{2000};  // the first two: documented
constexpr auto kKeysLive = std::chrono::hours(12);
// Libraries of numbers start a thread for each core when they are loaded; an instance has one core or little more.
constexpr std::array<const char*, 4> kThreadCounts = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
                                                      "NUMEXPR_NUM_THREADS"};

FunctionRef ref_of(const Function& function) { return {function.key, function.version}; }

// A function that was deleted and made again has the same name and versions.
bool is_same(const Function& a, const Function& b) {
  return a.code_folder == b.code_folder && a.generation == b.generation;
}

std::string message_of(const std::string& payload) {
  const auto document = codec::parse_json(payload);
  if (!document || !document->is_object()) return payload;
  const auto* text = document->get_object().if_contains("errorMessage");
  return text != nullptr && text->is_string() ? std::string(text->get_string()) : payload;
}

// Of the API's StateReasonCode.
std::string reason_code(const std::string& error_type) {
  if (error_type == "Sandbox.Timedout") return "FunctionError.InitTimeout";
  if (error_type == "Runtime.ExitError") return "FunctionError.RuntimeExitError";
  if (error_type == "Runtime.InvalidEntrypoint") return "FunctionError.InvalidEntryPoint";
  return "FunctionError";
}

bool is_of_a_kind(const Function& function) {
  return function.runtime.starts_with("python") || function.runtime.starts_with("provided");
}

}  // namespace

// One init that runs for a snapshot.
struct Snapshots::Taking {
  explicit Taking(async::Executor executor) : ended(executor) {}

  async::Event ended;
  std::shared_ptr<Instance> instance;
  std::string folder, token;
  std::uint64_t bytes = 0;
  bool whole = false;
  std::string refused;              // why there is none
  std::string failed_code, failed;  // why its init fails
};

Snapshots::Snapshots(Parts parts)
    : parts_(std::move(parts)),
      changed_(parts_.executor),
      disk_("snapshots", 1),
      tasks_(parts_.executor, "init of a snapshot"),
      worker_(parts_.executor, "snapshots") {
  if (!parts_.settings.snapshot_folder.empty()) worker_.spawn(work());
}

Result<void> Snapshots::check(const Function& function) {
  if (function.snapshot.state == Snapshot::State::kPending) {
    return fail(Code::kUnavailable,
                "Lambda is initializing your function. It will be ready to invoke once your function state becomes "
                "ACTIVE.",
                std::string(kSnapshotPending));
  }
  if (function.snapshot.state == Snapshot::State::kFailed) {
    return fail(Code::kUnavailable,
                fmt::format("The init of version {} failed when it was published: {}", function.version,
                            function.snapshot.reason),
                std::string(kSnapshotFailed));
  }
  return {};
}

async::Task<void> Snapshots::work() {
  GUST_CO_CHECK(co_await open());
  for (;;) {
    while (queue_.empty()) GUST_CO_CHECK(co_await changed_.wait());
    const auto next = queue_.front();
    queue_.pop_front();
    const auto taken = co_await take(next);
    if (!taken && taken.error().code == Code::kCancelled) co_return std::unexpected(taken.error());
    if (!taken) GUST_WARN("functions: the snapshot of {}:{}: {}", next.key.name, next.qualifier, taken.error().message);
  }
}

// Finds what an earlier run left, and what it did not come to.
async::Task<void> Snapshots::open() {
  auto look = [root = parts_.settings.snapshot_folder] { return open_snapshots(root); };
  GUST_CO_TRY(auto there, co_await disk_.run(std::move(look)));
  GUST_CO_TRY(const auto all, co_await parts_.registry.every_snapshot());
  for (const auto& version : all) {
    auto function = co_await parts_.registry.get_version(version);
    if (!function) continue;
    const auto& snapshot = function->snapshot;
    const auto image = there.find(snapshot.folder);
    if (snapshot.state == Snapshot::State::kReady && image != there.end()) {
      const auto bytes = image->second;
      there.erase(image);
      images_[version] = {*function, State::kReady, snapshot.folder, snapshot.token, "", bytes, 0, 0, true, {}};
    } else if (snapshot.state == Snapshot::State::kReady || snapshot.state == Snapshot::State::kPending) {
      want(*function);
    }
  }
  for (const auto& [folder, bytes] : there) remove(folder);
  open_ = true;
  co_return Result<void>{};
}

void Snapshots::want(const Function& function) {
  auto& image = images_[ref_of(function)];
  const bool same = is_same(image.function, function);
  if (same && image.state != State::kNone) return;
  if (!same) {
    remove(std::move(image.folder));
    image = {};
  }
  image.function = function;
  image.again = function.snapshot.state == Snapshot::State::kReady;
  image.state = State::kWaiting;
  queue_.push_back(ref_of(function));
  changed_.pulse();
}

async::Task<void> Snapshots::take(FunctionRef version) {
  const auto found = images_.find(version);
  if (found == images_.end()) co_return Result<void>{};
  found->second.state = State::kTaking;
  const auto function = found->second.function;
  const auto taking = std::make_shared<Taking>(parts_.executor);
  taking->folder = parts_.random.pick(16, kHex);
  taking->token = parts_.random.pick(32, kHex);
  if (!is_of_a_kind(function)) {
    taking->refused =
        fmt::format("snapshots are made of Python and provided functions here, not of {}", function.runtime);
  } else if (has_extensions(parts_.settings.code_folder + "/" + function.layers_folder)) {
    taking->refused = "it has extensions, which are processes of their own";
  } else if (!has_snapshot_tools(parts_.settings.snapshot_tools)) {
    taking->refused = "this build of Gust has no snapshots: they are made on x86-64";
  } else {
    while (!parts_.reserve(function)) GUST_CO_CHECK(co_await async::sleep_for(kRetry));
    const auto ran = co_await run_init(function, taking);
    parts_.release(function);
    taking->instance.reset();
    if (!ran && ran.error().code == Code::kCancelled) co_return std::unexpected(ran.error());
    if (!ran) taking->refused = ran.error().message;
  }
  co_return co_await settle(version, taking);
}

async::Task<void> Snapshots::run_init(Function function, std::shared_ptr<Taking> taking) {
  Instance::Parts parts{parts_.executor,
                        parts_.logs,
                        parts_.clock,
                        parts_.settings,
                        kSnapStart,
                        [](const auto& instance) { instance->end(); },
                        [taking](const auto&) { taking->ended.set(); }};
  parts.init_limit = std::max<Millis>(kInitLimit, std::chrono::seconds(function.timeout_s));
  parts.adjust = [this, taking](sandbox::Spec& spec) {
    set_environment(spec, taking->token);
    spec.env["GUST_SNAPSHOT"] = "1";
  };
  parts.api = [this, taking](http::Request& request, http::Response& response) {
    return template_api(taking, request, response);
  };
  taking->instance = std::make_shared<Instance>(std::move(parts), function, parts_.random.pick(16, kHex));
  running_ = taking->instance;
  const RoleKeys none;  // it asks for them
  const auto started = co_await taking->instance->start(parts_.launcher, nullptr, none, tasks_);
  auto ended = started;
  if (started) ended = co_await taking->ended.wait();
  running_.reset();
  if (stopping_) co_return fail(Code::kCancelled, "the daemon is stopping");
  if (!ended) co_return std::unexpected(ended.error());
  if (taking->whole || !taking->refused.empty()) co_return Result<void>{};
  if (taking->instance->state() == Instance::State::kDead && taking->instance->was_ready()) {
    taking->refused = "its program does not make one: it asked for an invocation instead";
    co_return Result<void>{};
  }
  const auto failure = taking->instance->init_failure({});
  if (!failure) co_return std::unexpected(failure.error());
  taking->failed = fmt::format("{}: {}", failure->error_type, message_of(failure->payload)).substr(0, kMaxReason);
  taking->failed_code = reason_code(failure->error_type);
  co_return Result<void>{};
}

async::Task<void> Snapshots::settle(FunctionRef version, std::shared_ptr<Taking> taking) {
  const auto found = images_.find(version);
  if (found == images_.end()) {  // it was deleted meanwhile
    remove(taking->folder);
    co_return Result<void>{};
  }
  auto& image = found->second;
  Snapshot snapshot;
  if (taking->whole) {
    image.state = State::kReady;
    image.folder = taking->folder;
    image.token = taking->token;
    image.bytes = taking->bytes;
    image.used_at = parts_.clock.steady();
    make_room();
    snapshot = {Snapshot::State::kReady, taking->folder, taking->token, "", ""};
  } else {
    remove(taking->folder);
    image.state = State::kNone;
    image.reason = taking->failed.empty() ? taking->refused : taking->failed;
    // What ran once may fail for a reason that passes, and starts without a snapshot then.
    const bool fails = !taking->failed.empty() && !image.again;
    snapshot = {fails ? Snapshot::State::kFailed : Snapshot::State::kRefused, "", "", fails ? taking->failed_code : "",
                image.reason};
    const auto& logging = image.function.logging;
    auto text = fmt::format("SnapStart: version {} has no snapshot: {}", version.qualifier, image.reason);
    parts_.logs.append({version.key, logging.group, ""}, "",
                       notice_line(logging, std::move(text), parts_.clock.now()));
  }
  co_return co_await parts_.registry.settle_snapshot(version, std::move(snapshot));
}

void Snapshots::use(Instance::Parts& parts, const Function& function) {
  if (!open_ || function.snapshot.state != Snapshot::State::kReady) return;
  const auto found = images_.find(ref_of(function));
  if (found == images_.end() || !is_same(found->second.function, function)) return want(function);
  auto& image = found->second;
  if (image.state != State::kReady) return;
  image.used_at = parts_.clock.steady();
  ++image.restored;
  parts.initialization_type = kSnapStart;
  parts.init_limit = kRestoreLimit;
  parts.from_image = true;
  parts.adjust = [this, token = image.token, folder = path_of(image.folder)](sandbox::Spec& spec) {
    set_environment(spec, token);
    spec.argv = {std::string(kRestore)};
    spec.read_only.push_back({folder, std::string(kFolderInside)});
  };
  parts.api = [this, token = image.token, function](http::Request& request,
                                                    http::Response& response) -> async::Task<bool> {
    co_return give_keys(function, token, request, response);
  };
}

// Keys in the environment would be those of the init, for ever: the SDKs ask for them instead, and again in time.
void Snapshots::set_environment(sandbox::Spec& spec, const std::string& token) const {
  for (const auto* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) spec.env.erase(name);
  spec.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] =
      fmt::format("http://127.0.0.1:{}{}", runtime_port(parts_.settings), kKeysPath);
  spec.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token;
  for (const auto* name : kThreadCounts) spec.env.try_emplace(name, "1");
  spec.read_only.push_back({parts_.settings.snapshot_tools, std::string(kToolsInside)});
}

bool Snapshots::give_keys(const Function& function, const std::string& token, const http::Request& request,
                          http::Response& response) const {
  if (request.path != kKeysPath) return false;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Connection", "close");  // else an init that makes a client of the SDK would leave a socket
  if (request.method != "GET" || request.headers.get_or("authorization", "") != token) {
    response.status = 403;
    response.body = R"({"code":"AccessDenied","message":"the authorization token is another"})";
    return true;
  }
  const auto keys = parts_.settings.issue_keys(function);
  const auto until = codec::to_iso8601(std::chrono::floor<std::chrono::seconds>(parts_.clock.now() + kKeysLive));
  response.body = codec::to_json(json::object{{"AccessKeyId", keys.access_key_id},
                                              {"SecretAccessKey", keys.secret_access_key},
                                              {"Token", keys.session_token},
                                              {"Expiration", until}});
  return true;
}

async::Task<bool> Snapshots::template_api(std::shared_ptr<Taking> taking, http::Request& request,
                                          http::Response& response) {
  if (give_keys(taking->instance->function(), taking->token, request, response)) co_return true;
  if (request.method != "POST" || (request.path != kSnapshotPath && request.path != kRefusedPath)) co_return false;
  response.status = 202;
  if (taking->whole || !taking->refused.empty()) {
    response.status = 400;
  } else if (request.path == kRefusedPath) {
    GUST_CO_TRY(taking->refused, co_await receive_refusal(request));
  } else if (const auto received = co_await receive(taking, request); !received) {
    taking->refused = received.error().message;
    response.status = 400;
  }
  co_return true;
}

async::Task<void> Snapshots::receive(std::shared_ptr<Taking> taking, http::Request& request) {
  const auto limit = (std::uint64_t{taking->instance->function().memory_mb} << 20) + kSlack;
  auto folder = path_of(taking->folder);
  GUST_CO_TRY(taking->bytes, co_await receive_image(disk_, request, std::move(folder), limit));
  taking->whole = true;
  co_return Result<void>{};
}

std::string Snapshots::path_of(const std::string& folder) const {
  return parts_.settings.snapshot_folder + "/" + folder;
}

void Snapshots::remove(std::string folder) {
  if (folder.empty()) return;
  disk_.submit([path = path_of(folder)] {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  });
}

// Those that were not used for the longest time go; when they are wanted they are made again.
void Snapshots::make_room() {
  for (;;) {
    std::uint64_t total = 0;
    Image* oldest = nullptr;
    for (auto& [version, image] : images_) {
      if (image.state != State::kReady) continue;
      total += image.bytes;
      if (oldest == nullptr || image.used_at < oldest->used_at) oldest = &image;
    }
    if (total <= parts_.settings.snapshots_bytes || oldest == nullptr) return;
    remove(oldest->folder);
    const auto version = ref_of(oldest->function);
    images_.erase(version);
  }
}

void Snapshots::failed(const Function& function) {
  const auto found = images_.find(ref_of(function));
  if (found == images_.end() || found->second.state != State::kReady) return;
  auto& image = found->second;
  GUST_WARN("functions: the snapshot of {} could not be restored; the function's log says why",
            function.qualified_arn());
  remove(std::move(image.folder));
  image.folder.clear();
  image.state = State::kNone;
  image.reason = "it could not be restored";
  if (++image.failures < kMaxFailures) want(function);
}

async::Task<void> Snapshots::look_again(FunctionKey key) {
  if (!open_) co_return Result<void>{};
  GUST_CO_TRY(const auto versions, co_await parts_.registry.snapshot_versions(key));
  const std::set<FunctionRef> wanted(versions.begin(), versions.end());
  for (auto it = images_.lower_bound({key, ""}); it != images_.end() && it->first.key == key;) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    remove(std::move(it->second.folder));
    it = images_.erase(it);
  }
  for (const auto& version : wanted) {
    const auto function = co_await parts_.registry.get_version(version);
    if (function && function->snapshot.state == Snapshot::State::kPending) want(*function);
  }
  co_return Result<void>{};
}

std::vector<SnapshotStatus> Snapshots::status() const {
  constexpr std::array<std::string_view, 4> kNames = {"waiting", "in the making", "ready", "none"};
  std::vector<SnapshotStatus> out;
  for (const auto& [version, image] : images_) {
    const auto state = std::string(kNames[static_cast<std::size_t>(image.state)]);
    out.push_back({version.key, version.qualifier, state, image.reason, image.bytes, image.restored});
  }
  return out;
}

async::Task<void> Snapshots::stop() {
  stopping_ = true;
  if (running_) running_->end();
  GUST_CO_CHECK(co_await worker_.stop());
  if (!co_await tasks_.drain(std::chrono::steady_clock::now() + kStopTimeout))
    GUST_WARN("functions: an init for a snapshot did not end in time");
  co_return co_await tasks_.stop();
}

}  // namespace gust::functions
