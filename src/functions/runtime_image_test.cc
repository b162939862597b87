#include "functions/runtime_image.h"

#include "async/testing.h"
#include "functions/image_receiver.h"
#include "http/client.h"
#include "sandbox/sim/sim_launcher.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
using async::Task;
using sandbox::SimProcess;

class RuntimeImageTest : public ::testing::Test {
 protected:
  RuntimeImageTest()
      : launcher_(loop_.get_executor(), [this](auto process) { started_(std::move(process)); }),
        runtimes_(loop_.get_executor(), "fake runtimes"),
        client_(http::make_client(loop_.get_executor())) {
    std::string name = (fs::temp_directory_path() / "gust-runtime-image-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    settings_.snapshot_tools = (folder_ / "tools").string();
    fs::create_directories(folder_ / "tools");
    std::ofstream(folder_ / "tools/restore") << "a program";
    settings_.services = [](RequestContext, http::Request) -> Task<http::Response> { co_return http::Response{}; };
    image_.emplace(loop_.get_executor(), launcher_, settings_, (folder_ / "image").string());
  }
  ~RuntimeImageTest() override {
    (void)async::testing::run(loop_, [&]() { return runtimes_.stop(); });
    fs::remove_all(folder_);
  }

  Result<void> take() {
    sandbox::Spec spec;
    spec.id = "taking";
    spec.kind = sandbox::Kind::kGeneric;
    spec.argv = {"/usr/bin/python3"};
    spec.listen_ports = {9001, 9002};
    return async::testing::run(loop_, [&]() { return image_->take(spec); });
  }
  Task<void> write(std::shared_ptr<SimProcess> process, std::string_view path, std::string what) {
    http::Request request;
    request.method = "POST";
    request.target = path;
    request.content_length = what.size();
    request.body = async::from_string(std::move(what));
    const http::Origin to{"127.0.0.1", process->port(0)};
    GUST_CO_CHECK(co_await client_->send(to, std::move(request), SteadyTime::max()));
    process->end({.code = 0, .signal = 0, .out_of_memory = false});
    co_return Result<void>{};
  }

  boost::asio::io_context loop_;
  fs::path folder_;
  InvokerSettings settings_;
  std::function<void(std::shared_ptr<SimProcess>)> started_;
  sandbox::SimLauncher launcher_;
  async::TaskGroup runtimes_;
  std::unique_ptr<http::Client> client_;
  std::optional<RuntimeImage> image_;
};

TEST_F(RuntimeImageTest, OthersGoOnFromWhatItWrote) {
  ASSERT_TRUE(image_->wanted());
  started_ = [&](auto process) {
    EXPECT_EQ(process->spec().env.at("GUST_SNAPSHOT"), "1");
    runtimes_.spawn(write(process, kSnapshotPath, "memory"));
  };
  const auto taken = take();
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_TRUE(image_->ready() && !image_->wanted());
  EXPECT_EQ(image_->bytes(), 6u);
  sandbox::Spec spec;
  image_->use(spec);
  EXPECT_EQ(spec.argv, std::vector<std::string>{std::string(kRestore)});
}

TEST_F(RuntimeImageTest, ItIsTriedAFewTimesOnly) {
  started_ = [&](auto process) { runtimes_.spawn(write(process, kRefusedPath, R"({"reason":"a thread runs"})")); };
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(image_->wanted());
    EXPECT_EQ(take().error().code, Code::kUnavailable);
  }
  EXPECT_FALSE(image_->wanted());
}

TEST_F(RuntimeImageTest, OneThatDoesNotComeIsNotWaitedForForever) {
  settings_.runtime_image_timeout = Millis(1);
  std::shared_ptr<SimProcess> hangs;
  started_ = [&](auto process) { hangs = process; };
  const auto taken = take();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message, "it was not written within 1 ms");
  EXPECT_TRUE(hangs->ended());
  EXPECT_FALSE(image_->ready());
}

TEST_F(RuntimeImageTest, AStopEndsOneThatIsTaken) {
  std::shared_ptr<SimProcess> hangs;
  started_ = [&](auto process) {
    hangs = process;
    boost::asio::post(loop_, [&] { image_->stop(); });
  };
  EXPECT_FALSE(take());
  EXPECT_TRUE(hangs->ended());
}

TEST_F(RuntimeImageTest, AStopWhileItsSandboxStartsEndsItToo) {
  std::shared_ptr<SimProcess> hangs;
  started_ = [&](auto process) {
    hangs = process;
    image_->stop();
  };
  EXPECT_FALSE(take());
  EXPECT_TRUE(hangs->ended());
}

}  // namespace
}  // namespace gust::functions
