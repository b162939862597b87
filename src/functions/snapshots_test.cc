// Snapshots on pretended sandboxes: each runs a fake runtime that writes an image, or does not.
#include "async/task_group.h"
#include "async/testing.h"
#include "blobs/memory/memory_store.h"
#include "functions/invoker.h"
#include "functions/memory_log_store.h"
#include "functions/registry.h"
#include "functions/snapshot_files.h"
#include "functions/testing.h"
#include "http/client.h"
#include "kv/memory/memory_store.h"
#include "sandbox/sim/sim_launcher.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
using async::Task;
using sandbox::SimProcess;
using Kind = Snapshot::State;

constexpr std::string_view kRuntime = "/2018-06-01/runtime/", kKeys = "/2021-04-23/credentials";

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class SnapshotsTest : public ::testing::Test {
 protected:
  SnapshotsTest()
      : launcher_(loop_.get_executor(), [this](auto process) { started(std::move(process)); }),
        client_(http::make_client(loop_.get_executor())) {
    std::string name = (fs::temp_directory_path() / "gust-snapshots-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    fs::create_directory(folder_ / "tools");
    std::ofstream(folder_ / "tools/restore") << "x";
    registry_.emplace(store_, blobs_, clock_, random_, (folder_ / "code").string());
    logs_.emplace(clock_);
  }
  ~SnapshotsTest() override {
    close();
    (void)async::testing::run(loop_, [&]() -> Task<void> { co_return co_await logs_->flush(); });
    fs::remove_all(folder_);
  }

  void open(std::uint64_t bytes = 1 << 30) {
    runtimes_.emplace(loop_.get_executor(), "fake runtimes");
    InvokerSettings settings;
    settings.python_runtime = settings.node_runtime = "/runtime";
    settings.code_folder = (folder_ / "code").string();
    settings.snapshot_folder = images().string();
    settings.snapshot_tools = (folder_ / "tools").string();
    settings.snapshots_bytes = bytes;
    settings.issue_keys = [](const Function& f) { return RoleKeys{f.key.name.str(), "secret", "session"}; };
    settings.services = [](RequestContext, http::Request) -> Task<http::Response> { co_return http::Response{}; };
    invoker_ = make_invoker(loop_.get_executor(), *registry_, launcher_, *logs_, clock_, random_, std::move(settings));
  }
  void close() {
    (void)async::testing::run(loop_, [&]() -> Task<void> {
      if (runtimes_) GUST_CO_CHECK(co_await runtimes_->stop());
      if (invoker_) GUST_CO_CHECK(co_await invoker_->stop(std::chrono::steady_clock::now()));
      co_return Result<void>{};
    });
    invoker_.reset();
    runtimes_.reset();
    processes_.clear();
  }
  fs::path images() const { return folder_ / "images"; }
  std::vector<std::string> folders() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(images())) {
      if (entry.is_directory()) out.push_back(entry.path().filename());
    }
    return out;
  }
  static FunctionKey key(const std::string& name) { return {AccountId("000000000000"), FunctionName(name)}; }

  void publish(const std::string& name, const std::string& runtime = "python3.12") {
    Function function;
    function.key = key(name);
    function.region = "us-east-1";
    function.runtime = runtime;
    function.timeout_s = 60;
    function.snap_start = true;
    const auto zip = testing::make_zip({{"index.py", "x"}});
    ASSERT_TRUE(async::testing::run(loop_, [&] { return registry_->create(function, zip); }));
    ASSERT_TRUE(async::testing::run(loop_, [&] { return registry_->publish(key(name), {}); }));
  }
  Snapshot snapshot_of(const std::string& name) {
    const FunctionRef version{key(name), "1"};
    const auto function = async::testing::run(loop_, [&] { return registry_->get_version(version); });
    return function ? function->snapshot : Snapshot{};
  }
  Snapshot settled(const std::string& name) {
    Snapshot out;
    spin_until([&] { return (out = snapshot_of(name)).state != Kind::kPending; });
    return out;
  }
  SnapshotStatus status_of(const std::string& name) {
    for (const auto& each : invoker_->starts().snapshots) {
      if (each.key == key(name)) return each;
    }
    return {};
  }
  Result<InvokeResult> invoke(const std::string& name) {
    return async::testing::run(loop_, [&]() -> Task<InvokeResult> {
      RequestContext context;
      context.request_id = RequestId(random_.uuid());
      context.deadline = SteadyTime::max();
      Invocation invocation;
      invocation.payload = "1";
      const FunctionRef target{key(name), "1"};
      co_return co_await invoker_->invoke(std::move(context), target, std::move(invocation));
    });
  }
  // "restored" or "plain", as the instance that answered was started.
  std::string answered(const std::string& name) {
    const auto result = invoke(name);
    return result ? result->payload : result.error().message;
  }
  void end_instances() {
    for (const auto& process : processes_) process->end({.code = 1, .signal = 0, .out_of_memory = false});
    spin_until([&] { return runtimes_->size() == 0; });
  }
  void spin_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      loop_.restart();
      loop_.run_one_until(end);
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "it does not happen";
    }
  }

  void started(std::shared_ptr<SimProcess> process) {
    processes_.push_back(process);
    runtimes_->spawn(live(process));
  }
  Task<http::Response> ask(std::shared_ptr<SimProcess> process, std::string method, std::string target,
                           std::string body, std::string token = "") {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.content_length = body.size();
    request.headers.set("Authorization", token);
    request.body = async::from_string(std::move(body));
    const http::Origin to{"127.0.0.1", process->port(0)};
    co_return co_await client_->send(to, std::move(request), SteadyTime::max());
  }
  Task<http::Response> tell(std::shared_ptr<SimProcess> process, std::string path, std::string body) {
    return ask(std::move(process), "POST", std::string(kRuntime) + path, std::move(body));
  }
  static bool is_restored(const SimProcess& process) { return process.spec().argv.at(0) == "/var/snapshot/restore"; }

  Task<void> live(std::shared_ptr<SimProcess> process) {
    co_await boost::asio::post(boost::asio::use_awaitable);  // as after start() has returned
    if (process->spec().env.contains("GUST_SNAPSHOT")) co_return co_await run_init(process);
    const bool restored = is_restored(*process);
    if (restored && !image_good_) process->end({.code = 70, .signal = 0, .out_of_memory = false});
    while (!process->ended()) {
      GUST_CO_TRY(const auto next, co_await ask(process, "GET", std::string(kRuntime) + "invocation/next", ""));
      if (next.status != 200) break;
      const auto id = std::string(next.headers.get_or("Lambda-Runtime-Aws-Request-Id", ""));
      GUST_CO_CHECK(co_await tell(process, "invocation/" + id + "/response", restored ? "restored" : "plain"));
    }
    co_return Result<void>{};
  }
  Task<void> run_init(std::shared_ptr<SimProcess> process) {
    ++inits_;
    if (init_ == Init::kWaits) co_return Result<void>{};
    // One that is too long is not read to its end.
    if (init_ == Init::kWrites) (void)co_await tell(process, "gust/snapshot", image_);
    if (init_ == Init::kRefuses) GUST_CO_CHECK(co_await tell(process, "gust/snapshot/refused", "it runs 2 threads"));
    if (init_ == Init::kFails) {
      GUST_CO_CHECK(co_await tell(process, "init/error", R"({"errorType":"KeyError","errorMessage":"no table"})"));
    }
    if (init_ == Init::kAsks) {
      (void)co_await ask(process, "GET", std::string(kRuntime) + "invocation/next", "");
      co_return Result<void>{};
    }
    process->end({.code = init_ == Init::kFails ? 1 : 0, .signal = 0, .out_of_memory = false});
    co_return Result<void>{};
  }

  enum class Init { kWrites, kRefuses, kFails, kWaits, kAsks };
  Init init_ = Init::kWrites;
  std::string image_ = "an image";
  bool image_good_ = true;
  int inits_ = 0;
  boost::asio::io_context loop_;
  kv::MemoryStore store_;
  blobs::MemoryStore blobs_;
  env::SystemClock clock_;
  env::SeededRandom random_{1};
  fs::path folder_;
  std::optional<Registry> registry_;
  std::optional<MemoryLogStore> logs_;
  sandbox::SimLauncher launcher_;
  std::vector<std::shared_ptr<SimProcess>> processes_;
  std::optional<async::TaskGroup> runtimes_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<Invoker> invoker_;
};

TEST_F(SnapshotsTest, AnInstanceIsMadeOfWhatTheInitWrote) {
  open();
  publish("f");
  const auto made = settled("f");
  ASSERT_EQ(made.state, Kind::kReady);
  EXPECT_EQ(text_of(images() / made.folder / "image"), "an image");
  EXPECT_EQ(fs::status(images() / made.folder / "image").permissions(), fs::perms(0644));
  EXPECT_EQ(answered("f"), "restored");
  spin_until([&] { return invoker_->status().at(0).idle == 1; });  // else the next call gets one of its own
  EXPECT_EQ(answered("f"), "restored");
  EXPECT_EQ(inits_, 1);
  EXPECT_EQ(status_of("f").restored, 1u);
  const auto ways = invoker_->starts().ways;
  const auto way = std::ranges::find(ways, "snapshot", &StartStatus::Way::name);
  ASSERT_NE(way, ways.end());
  EXPECT_EQ(way->count, 1u);
  const auto& mounts = processes_.back()->spec().read_only;
  EXPECT_TRUE(std::ranges::any_of(mounts, [&](const auto& m) { return m.source == images() / made.folder; }));
}

TEST_F(SnapshotsTest, ItAsksForItsKeysWithItsToken) {
  open();
  publish("f");
  const auto token = settled("f").token;
  ASSERT_EQ(answered("f"), "restored");
  const auto process = processes_.back();
  const auto& env = process->spec().env;
  EXPECT_FALSE(env.contains("AWS_ACCESS_KEY_ID") || env.contains("AWS_SECRET_ACCESS_KEY"));
  EXPECT_EQ(env.at("AWS_CONTAINER_AUTHORIZATION_TOKEN"), token);
  const auto given = [&](std::string with) {
    return async::testing::run(loop_, [&] { return ask(process, "GET", std::string(kKeys), "", with); });
  };
  const auto good = given(token);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->status, 200);
  EXPECT_EQ(given("")->status, 403);
  EXPECT_EQ(given(token + "x")->status, 403);
}

TEST_F(SnapshotsTest, WhatCannotBeWrittenStartsPlainly) {
  open();
  init_ = Init::kRefuses;
  publish("f");
  const auto refused = settled("f");
  EXPECT_EQ(refused.state, Kind::kRefused);
  EXPECT_EQ(refused.reason, "it runs 2 threads");
  EXPECT_EQ(answered("f"), "plain");
  init_ = Init::kAsks;
  publish("g");
  EXPECT_EQ(settled("g").state, Kind::kRefused);
  publish("j", "java21");
  EXPECT_NE(settled("j").reason.find("not of java21"), std::string::npos);
  EXPECT_EQ(folders(), std::vector<std::string>());
}

TEST_F(SnapshotsTest, AnInitThatFailsFailsTheVersion) {
  open();
  init_ = Init::kFails;
  publish("f");
  const auto failed = settled("f");
  EXPECT_EQ(failed.state, Kind::kFailed);
  EXPECT_EQ(failed.reason, "KeyError: no table");
  const auto result = invoke("f");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().source, kSnapshotFailed);
}

TEST_F(SnapshotsTest, OneThatIsLargerThanItsMemoryIsNotKept) {
  open();
  image_ = std::string((128 << 20) + (65 << 20), 'x');
  publish("f");
  const auto refused = settled("f");
  EXPECT_EQ(refused.state, Kind::kRefused);
  EXPECT_NE(refused.reason.find("more than"), std::string::npos);
  EXPECT_EQ(folders(), std::vector<std::string>());
}

TEST_F(SnapshotsTest, NobodyIsServedWhileItIsMade) {
  open();
  init_ = Init::kWaits;
  publish("f");
  spin_until([&] { return inits_ == 1; });
  const auto result = invoke("f");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().source, kSnapshotPending);
  // The daemon ends now, and begins again where it was.
  close();
  init_ = Init::kWrites;
  open();
  EXPECT_EQ(settled("f").state, Kind::kReady);
}

TEST_F(SnapshotsTest, AVersionThatIsDeletedMeanwhileLeavesNothing) {
  open();
  init_ = Init::kWaits;
  publish("f");
  spin_until([&] { return inits_ == 1; });
  ASSERT_TRUE(async::testing::run(loop_, [&] { return registry_->remove(key("f")); }));
  const auto process = processes_.back();
  ASSERT_TRUE(async::testing::run(loop_, [&] { return tell(process, "gust/snapshot", image_); }));
  process->end({.code = 0, .signal = 0, .out_of_memory = false});
  init_ = Init::kWrites;
  publish("g");
  EXPECT_EQ(settled("g").state, Kind::kReady);
  spin_until([&] { return folders().size() == 1; });
}

TEST_F(SnapshotsTest, OneThatCannotBeRestoredIsMadeAgainAFewTimes) {
  open();
  publish("f");
  ASSERT_EQ(settled("f").state, Kind::kReady);
  image_good_ = false;
  for (int made = 1; made < 3; ++made) {
    EXPECT_EQ(answered("f"), "plain");
    spin_until([&] { return inits_ == made + 1 && status_of("f").state == "ready"; });
    end_instances();
  }
  EXPECT_EQ(answered("f"), "plain");
  EXPECT_EQ(status_of("f").state, "none");
  EXPECT_EQ(inits_, 3);
  spin_until([&] { return folders().empty(); });
}

TEST_F(SnapshotsTest, TheLeastRecentlyUsedGoAndAreMadeAgain) {
  open(20);
  publish("a");
  ASSERT_EQ(settled("a").state, Kind::kReady);
  publish("b");
  ASSERT_EQ(settled("b").state, Kind::kReady);
  EXPECT_EQ(answered("a"), "restored");
  publish("c");
  ASSERT_EQ(settled("c").state, Kind::kReady);
  EXPECT_EQ(status_of("b").state, "");
  EXPECT_EQ(status_of("a").state, "ready");
  EXPECT_EQ(answered("b"), "plain");
  spin_until([&] { return status_of("b").state == "ready"; });
  EXPECT_EQ(inits_, 4);
}

TEST_F(SnapshotsTest, ItOutlivesTheDaemonAndNotTheMachinesStart) {
  open();
  publish("f");
  const auto made = settled("f");
  close();
  fs::create_directory(images() / "left-by-a-crash");
  open();
  spin_until([&] { return status_of("f").state == "ready"; });
  EXPECT_EQ(answered("f"), "restored");
  spin_until([&] { return folders() == std::vector<std::string>{made.folder}; });
  EXPECT_EQ(inits_, 1);
  close();
  std::ofstream(images() / "boot", std::ios::trunc) << "another";
  open();
  spin_until([&] { return status_of("f").state == "ready" && inits_ == 2; });
  EXPECT_EQ(answered("f"), "restored");
}

TEST(SnapshotFiles, AnImageIsKeptWholeOrNamesWhatFailed) {
  std::string name = (fs::temp_directory_path() / "gust-images-XXXXXX").string();
  const fs::path root = ::mkdtemp(name.data());
  ASSERT_TRUE(open_snapshots(root / "images"));
  const auto image = new_image(root / "images/one");
  ASSERT_TRUE(image);
  const std::string text = "1234";
  ASSERT_TRUE((*image)->write(std::as_bytes(std::span(text))));
  ASSERT_TRUE((*image)->keep());
  const auto again = new_image(root / "images/one");
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("images/one"), std::string::npos);
  const auto found = open_snapshots(root / "images");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (std::map<std::string, std::uint64_t>{{"one", 4}}));
  std::ofstream(root / "file") << "x";
  EXPECT_FALSE(open_snapshots(root / "file/images"));
  fs::remove_all(root);
}

}  // namespace
}  // namespace gust::functions
