// For tests only: a launcher of our own in a temporary folder, and programs run to their end in its sandboxes.
#pragma once

#include "async/testing.h"
#include "sandbox/linux/linux_launcher.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace gust::sandbox::testing {

struct Outcome {
  Exit exit;
  std::string output;
  Usage usage;
};

inline std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof(buffer))) > 0;) text.append(buffer, got);
  ::close(fd);
  return text;
}

class Sandboxes : public ::testing::Test {
 protected:
  Sandboxes() {
    char name[] = "/tmp/gust-sandbox-test-XXXXXX";
    folder_ = ::mkdtemp(name);
    std::filesystem::create_directories(folder_ / "scratch");
    std::filesystem::create_directories(folder_ / "task");
  }
  ~Sandboxes() override {
    if (launcher_) {
      const auto stopped = async::testing::run(loop_, [&]() -> async::Task<void> { return launcher_->stop(); });
      EXPECT_TRUE(stopped.has_value());
    }
    std::filesystem::remove_all(folder_);
  }

  // gust-launcher is built one folder above the unit tests.
  LinuxSettings settings() const {
    return {std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "gust-launcher",
            folder_ / "scratch", {}};
  }

  LinuxLauncher& launcher() {
    if (!launcher_) {
      auto made = async::testing::run(loop_, [&]() { return LinuxLauncher::create(loop_.get_executor(), settings()); });
      if (!made) throw std::runtime_error(made.error().message);
      launcher_ = std::move(*made);
    }
    return *launcher_;
  }

  Spec spec(std::vector<std::string> argv) {
    Spec made;
    made.id = "test-" + std::to_string(++count_);
    made.argv = std::move(argv);
    made.env = {{"PATH", "/usr/bin:/bin"}, {"LANG", "C.UTF-8"}};
    made.read_only = {{folder_ / "task", "/var/task"}};
    return made;
  }
  Spec python(std::string program) { return spec({"/usr/bin/python3", "-I", "-c", std::move(program)}); }
  Spec shell(std::string program) { return spec({"/bin/sh", "-c", std::move(program)}); }

  Result<std::unique_ptr<Sandbox>> start(Spec spec) {
    auto& from = launcher();
    return async::testing::run(loop_, [&]() { return from.start(std::move(spec)); });
  }
  Result<Exit> wait(Sandbox& sandbox) {
    return async::testing::run(loop_, [&]() { return sandbox.wait(); });
  }

  // Starts it and waits for its end; `output` must fit into a pipe.
  Result<Outcome> run(Spec spec) {
    GUST_TRY(auto sandbox, start(std::move(spec)));
    const int output = sandbox->take_output();
    GUST_TRY(const auto exit, wait(*sandbox));
    GUST_TRY(const auto usage, async::testing::run(loop_, [&]() { return sandbox->usage(); }));
    return Outcome{exit, read_all(output), usage};
  }
  std::string output_of(Spec spec) {
    const auto outcome = run(std::move(spec));
    return outcome ? outcome->output : "did not start: " + outcome.error().message;
  }

  bool enforces(Limit limit) const { return limit == Limit::kEnforced; }

  boost::asio::io_context loop_;
  std::filesystem::path folder_;
  std::unique_ptr<LinuxLauncher> launcher_;
  int count_ = 0;
};

}  // namespace gust::sandbox::testing
