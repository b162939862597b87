#include "sandbox/linux/testing.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace gust::sandbox {
namespace {

using Life = testing::Sandboxes;

TEST_F(Life, AProgramRunsAndItsOutputAndCodeComeBack) {
  const auto outcome = run(shell("echo out; echo err >/dev/stderr; exit 7"));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->output, "out\nerr\n");
  EXPECT_EQ(outcome->exit.code, 7);
  EXPECT_EQ(outcome->exit.signal, 0);
  EXPECT_FALSE(outcome->exit.out_of_memory);
}

TEST_F(Life, AbortEndsWithItsSignal) {
  const auto outcome = run(python("import os; os.abort()"));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit.signal, SIGABRT);
}

TEST_F(Life, KillEndsEveryProcessOfIt) {
  auto sandbox = start(shell("sleep 1000 & sleep 1000"));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  (*sandbox)->kill();
  (*sandbox)->kill();
  const auto exit = wait(**sandbox);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_FALSE(exit->out_of_memory);
}

TEST_F(Life, ChildrenLeftBehindEndWithTheProgram) {
  const auto outcome = run(shell("sleep 1000 & exit 3"));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit.code, 3);
}

TEST_F(Life, OneMayStartWhereOneOfTheSameIdHasEnded) {
  auto first = shell("exit 1");
  auto second = first;
  auto third = first;
  ASSERT_TRUE(run(std::move(first)));
  second.argv = {"/bin/sh", "-c", "sleep 1000"};
  auto running = start(std::move(second));
  ASSERT_TRUE(running) << running.error().message;
  const auto refused = start(std::move(third));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kAlreadyExists);
}

TEST_F(Life, ErrorsNameTheStep) {
  const auto no_program = start(spec({"/usr/bin/no-such-program"}));
  ASSERT_FALSE(no_program);
  EXPECT_EQ(no_program.error().code, Code::kNotFound);
  EXPECT_THAT(no_program.error().message, ::testing::HasSubstr("execute /usr/bin/no-such-program"));

  auto no_source = shell("true");
  no_source.read_only = {{"/no/such/folder", "/var/task"}};
  const auto not_mounted = start(std::move(no_source));
  ASSERT_FALSE(not_mounted);
  EXPECT_THAT(not_mounted.error().message, ::testing::HasSubstr("mount /no/such/folder"));

  auto no_folder = shell("true");
  no_folder.working_dir = "/var/nowhere";
  const auto not_entered = start(std::move(no_folder));
  ASSERT_FALSE(not_entered);
  EXPECT_THAT(not_entered.error().message, ::testing::HasSubstr("/var/nowhere"));
}

TEST_F(Life, BadSpecsAreRefused) {
  const auto refused = [&](auto change) {
    auto bad = shell("true");
    change(bad);
    const auto result = start(std::move(bad));
    return result ? Code::kInternal : result.error().code;
  };
  EXPECT_EQ(refused([](Spec& s) { s.id = "../etc"; }), Code::kInvalid);
  EXPECT_EQ(refused([](Spec& s) { s.argv = {"sh"}; }), Code::kInvalid);
  EXPECT_EQ(refused([](Spec& s) { s.argv.clear(); }), Code::kInvalid);
  EXPECT_EQ(refused([](Spec& s) { s.read_only = {{"/tmp", "/usr/bin"}}; }), Code::kInvalid);
  EXPECT_EQ(refused([](Spec& s) { s.read_only = {{"/tmp", "/var/../usr"}}; }), Code::kInvalid);
  EXPECT_EQ(refused([](Spec& s) { s.env["A=B"] = "c"; }), Code::kInvalid);
  EXPECT_EQ(refused([](Spec& s) { s.memory_bytes = 1; }), Code::kInvalid);
  EXPECT_EQ(refused([](Spec& s) { s.listen_ports = {0}; }), Code::kInvalid);
  EXPECT_EQ(refused([](Spec& s) { s.env["BIG"] = std::string(200'000, 'x'); }), Code::kInvalid);
}

TEST_F(Life, ManyRunAtOnceAndAllEnd) {
  std::vector<std::unique_ptr<Sandbox>> sandboxes;
  for (int i = 0; i < 16; ++i) {
    auto sandbox = start(shell(fmt::format("exit {}", i)));
    ASSERT_TRUE(sandbox) << sandbox.error().message;
    sandboxes.push_back(std::move(*sandbox));
  }
  for (int i = 0; i < 16; ++i) EXPECT_EQ(wait(*sandboxes[i])->code, i);
}

TEST_F(Life, ADeadLauncherEndsItsSandboxesAndIsStartedAgain) {
  auto sandbox = start(shell("sleep 1000"));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  ::kill(launcher().launcher_pid(), SIGKILL);
  EXPECT_EQ(wait(**sandbox)->signal, SIGKILL);
  EXPECT_EQ(output_of(shell("echo again")), "again\n");
}

TEST_F(Life, UsageIsMeasured) {
  if (!enforces(launcher().capabilities().memory)) GTEST_SKIP() << "no memory controller";
  const auto outcome = run(python("b = bytearray(40 << 20)\nfor i in range(300000): i * i"));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_GT(outcome->usage.memory_peak_bytes, 40u << 20);
  EXPECT_LT(outcome->usage.memory_peak_bytes, 128u << 20);
  EXPECT_GT(outcome->usage.cpu_us, 1000u);
}

TEST(LinuxLauncher, AMissingProgramIsSaidPlainly) {
  boost::asio::io_context loop;
  const auto made = async::testing::run(loop, [&]() {
    return LinuxLauncher::create(loop.get_executor(), LinuxSettings{"/no/gust-launcher", "/tmp", {}});
  });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kUnavailable);
  EXPECT_THAT(made.error().message, ::testing::HasSubstr("/no/gust-launcher"));
}

}  // namespace
}  // namespace gust::sandbox
