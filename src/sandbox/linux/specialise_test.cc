// A generic sandbox that is given its folders and limits while its program runs, with the real launcher.
#include "sandbox/linux/testing.h"

#include <gmock/gmock.h>

namespace gust::sandbox {
namespace {

using ::testing::HasSubstr;

// The program waits until /var/task has the file "go", then does `rest`.
constexpr const char* kWait = R"(
import os
while not os.path.exists('/var/task/go'): os.sched_yield()
)";

class Specialised : public testing::Sandboxes {
 protected:
  Specialised() { std::ofstream(folder_ / "task" / "go") << "x"; }

  Spec generic(const std::string& rest) {
    auto made = python(kWait + rest);
    made.kind = Kind::kGeneric;
    made.working_dir = "/";
    made.read_only.clear();
    return made;
  }
  // What it prints, when it gets `to` and /var/task.
  std::string output_with(const std::string& rest, Specialisation to = {}) {
    auto sandbox = start(generic(rest));
    if (!sandbox) return sandbox.error().message;
    to.read_only.push_back({folder_ / "task", "/var/task"});
    const auto done = async::testing::run(loop_, [&]() { return (*sandbox)->specialise(to); });
    if (!done) return done.error().message;
    const int output = (*sandbox)->take_output();
    exit_ = *wait(**sandbox);
    return testing::read_all(output);
  }

  Exit exit_;
};

TEST_F(Specialised, ItSeesItsFolderReadOnly) {
  EXPECT_EQ(output_with(R"(
print(open('/var/task/go').read())
for attempt in [lambda: open('/var/task/new', 'w'), lambda: os.unlink('/var/task/go')]:
    try:
        attempt()
        print('written')
    except OSError as e:
        print(e.strerror)
)"), "x\nRead-only file system\nRead-only file system\n");
}

TEST_F(Specialised, DevicesAndSetUserIdProgramsDoNotWorkThere) {
  const auto mounts = output_with("print(open('/proc/self/mountinfo').read())");
  const auto at = mounts.find(" /var/task ");
  ASSERT_NE(at, std::string::npos) << mounts;
  const auto options = mounts.substr(at + 11, mounts.find(' ', at + 11) - at - 11);
  EXPECT_THAT(options, ::testing::StartsWith("ro,nosuid,nodev"));
}

TEST_F(Specialised, FoldersMayBeNewAndAreHiddenFromOthers) {
  std::filesystem::create_directories(folder_ / "layer/python");
  auto other = start(shell("while :; do sleep 1; done"));
  ASSERT_TRUE(other) << other.error().message;
  Specialisation to;
  to.read_only = {{folder_ / "layer", "/opt"}, {folder_ / "layer", "/mnt/data"}};
  EXPECT_EQ(output_with("print(os.listdir('/opt'), os.listdir('/mnt/data'))", to), "['python'] ['python']\n");
  EXPECT_EQ(output_of(shell("ls /opt /mnt/data")), "/mnt/data:\n\n/opt:\n");
}

TEST_F(Specialised, TmpHasItsSize) {
  Specialisation to;
  to.tmp_bytes = 16u << 20;
  EXPECT_EQ(output_with(R"(
try:
    with open('/tmp/big', 'wb') as out:
        for _ in range(64): out.write(bytes(1 << 20))
except OSError as e:
    print(e.strerror)
)", to), "No space left on device\n");
  to.tmp_bytes = 1024u << 20;
  EXPECT_EQ(output_with("s = os.statvfs('/tmp'); print(s.f_blocks * s.f_frsize >> 20)", to), "1024\n");
}

TEST_F(Specialised, ItsMemoryIsLimitedAnewBothWays) {
  if (!enforces(launcher().capabilities().memory)) GTEST_SKIP() << "no memory limits here";
  Specialisation to;
  to.memory_bytes = 64u << 20;
  EXPECT_EQ(output_with("x = bytearray(100 << 20); print('had it')", to), "");
  EXPECT_TRUE(exit_.out_of_memory);
  to.memory_bytes = 512u << 20;
  EXPECT_EQ(output_with("x = bytearray(200 << 20); print('had it')", to), "had it\n");
}

TEST_F(Specialised, AFolderThatIsNotThereIsAnErrorThatNamesIt) {
  Specialisation to;
  to.read_only = {{folder_ / "absent", "/opt"}};
  EXPECT_THAT(output_with("print('ran')", to), HasSubstr("absent"));
  // And the launcher is where it was.
  EXPECT_EQ(output_of(shell("echo fine")), "fine\n");
}

class ProgramLater : public Specialised {
 protected:
  // Starts one without a program, and gives it this one.
  Result<testing::Outcome> run_later(std::vector<std::string> argv) {
    auto asked = spec({});
    asked.kind = sandbox::Kind::kGeneric;
    asked.read_only.clear();
    GUST_TRY(auto sandbox, start(std::move(asked)));
    Specialisation to;
    to.argv = std::move(argv);
    to.env = {{"PATH", "/usr/bin:/bin"}, {"NAME", "value"}};
    to.read_only = {{folder_ / "task", "/var/task"}};
    GUST_CHECK(async::testing::run(loop_, [&]() { return sandbox->specialise(to); }));
    const int output = sandbox->take_output();
    GUST_TRY(const auto exit, wait(*sandbox));
    return testing::Outcome{exit, testing::read_all(output), {}};
  }
};

TEST_F(ProgramLater, ItRunsThereAndWithItsEnvironment) {
  const auto outcome = run_later({"/bin/sh", "-c",
                                  "echo $NAME; pwd; ls; grep -E '^(CapEff|Seccomp):' /proc/self/status; "
                                  "ls /proc/self/fd; exit 3"});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->output, "value\n/var/task\ngo\nCapEff:\t0000000000000000\nSeccomp:\t2\n0\n1\n2\n3\n");
  EXPECT_EQ(outcome->exit.code, 3);
}

TEST_F(ProgramLater, OneThatCannotBeExecutedIsAnError) {
  const auto outcome = run_later({"/var/task/absent"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kNotFound);
  EXPECT_THAT(outcome.error().message, HasSubstr("execute /var/task/absent"));
}

TEST_F(ProgramLater, OneWithoutAProgramCanBeKilled) {
  auto asked = spec({});
  asked.kind = sandbox::Kind::kGeneric;
  auto sandbox = start(std::move(asked));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  (*sandbox)->kill();
  EXPECT_EQ(wait(**sandbox)->signal, SIGKILL);
}

TEST_F(Specialised, NoPrivilegeCame) {
  const auto status = output_with("print(open('/proc/self/status').read())");
  for (const char* line : {"CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000",
                           "NoNewPrivs:\t1", "Seccomp:\t2"}) {
    EXPECT_THAT(status, HasSubstr(line));
  }
}

TEST_F(Specialised, TheUsageOfOneThatRunsIsRead) {
  auto sandbox = start(shell("echo up; while :; do :; done"));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  const Fd output((*sandbox)->take_output());
  char text[8];
  ASSERT_GT(::read(output.get(), text, sizeof text), 0);
  const auto usage = async::testing::run(loop_, [&]() { return (*sandbox)->usage(); });
  ASSERT_TRUE(usage) << usage.error().message;
  if (enforces(launcher().capabilities().memory)) EXPECT_GT(usage->memory_peak_bytes, 100u << 10);
}

}  // namespace
}  // namespace gust::sandbox
