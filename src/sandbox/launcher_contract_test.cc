// What every Launcher promises, asked of the real one and of the simulated one. Fakes are told what the program does.
#include "sandbox/linux/testing.h"
#include "sandbox/sim/sim_launcher.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace gust::sandbox {
namespace {

enum class Which { kLinux, kSim };

class LauncherContract : public testing::Sandboxes, public ::testing::WithParamInterface<Which> {
 protected:
  Launcher& any() {
    if (GetParam() == Which::kLinux) return launcher();
    if (!sim_) {
      auto remember = [this](std::shared_ptr<SimProcess> process) { process_ = std::move(process); };
      sim_ = std::make_unique<SimLauncher>(loop_.get_executor(), std::move(remember));
    }
    return *sim_;
  }

  Result<std::unique_ptr<Sandbox>> start_any(Spec spec) {
    auto& from = any();
    return async::testing::run(loop_, [&]() { return from.start(std::move(spec)); });
  }

  // What the shell line `echo TEXT; exit CODE` does by itself in a real sandbox.
  void play(std::string_view text, int code) {
    if (GetParam() == Which::kLinux) return;
    process_->print(text);
    process_->end({code, 0, false});
  }

  std::unique_ptr<SimLauncher> sim_;
  std::shared_ptr<SimProcess> process_;
};

TEST_P(LauncherContract, GivesTheOutputAndTheExit) {
  auto sandbox = start_any(shell("echo text; exit 4"));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  EXPECT_EQ((*sandbox)->id(), "test-1");
  play("text\n", 4);
  EXPECT_EQ(testing::read_all((*sandbox)->take_output()), "text\n");
  EXPECT_EQ(wait(**sandbox)->code, 4);
  EXPECT_EQ(wait(**sandbox)->code, 4);  // as often as asked
  EXPECT_TRUE(async::testing::run(loop_, [&]() { return (*sandbox)->usage(); }).has_value());
}

TEST_P(LauncherContract, KillEndsIt) {
  auto sandbox = start_any(shell("sleep 1000"));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  (*sandbox)->kill();
  EXPECT_EQ(wait(**sandbox)->signal, SIGKILL);
  (*sandbox)->kill();
}

TEST_P(LauncherContract, AListenerForEachPort) {
  auto asked = shell("sleep 1000");
  asked.listen_ports = {9001, 4566};
  auto sandbox = start_any(std::move(asked));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  const auto listeners = (*sandbox)->take_listeners();
  ASSERT_EQ(listeners.size(), 2u);
  for (const int fd : listeners) {
    const Fd listener(fd);
    int listens = 0;
    socklen_t size = sizeof(listens);
    EXPECT_EQ(::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size), 0);
    EXPECT_EQ(listens, 1);
  }
  EXPECT_TRUE((*sandbox)->take_listeners().empty());
}

TEST_P(LauncherContract, RefusesABadSpecAndATakenId) {
  auto bad = shell("true");
  bad.argv.clear();
  EXPECT_EQ(start_any(std::move(bad)).error().code, Code::kInvalid);
  auto running = shell("sleep 1000");
  auto same = running;
  auto sandbox = start_any(std::move(running));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  EXPECT_EQ(start_any(std::move(same)).error().code, Code::kAlreadyExists);
}

TEST_P(LauncherContract, LettingGoOfItKillsIt) {
  const auto asked = shell("sleep 1000");
  {
    auto sandbox = start_any(asked);
    ASSERT_TRUE(sandbox) << sandbox.error().message;
  }
  // Its id is free again once it is gone.
  Result<std::unique_ptr<Sandbox>> again = fail(Code::kAlreadyExists, "not tried yet");
  while (!again && again.error().code == Code::kAlreadyExists) again = start_any(asked);
  EXPECT_TRUE(again.has_value());
}

TEST_P(LauncherContract, AGenericOneIsSpecialisedOnceAndAFinalOneNever) {
  Specialisation to;
  to.read_only = {{folder_ / "task", "/var/task"}};
  const auto specialise = [&](Sandbox& sandbox) {
    return async::testing::run(loop_, [&]() { return sandbox.specialise(to); });
  };
  auto sandbox = start_any(shell("sleep 1000"));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  EXPECT_EQ(specialise(**sandbox).error().code, Code::kInvalid);
  auto asked = shell("sleep 1000");
  asked.kind = sandbox::Kind::kGeneric;
  auto generic = start_any(std::move(asked));
  ASSERT_TRUE(generic) << generic.error().message;
  to.read_only.front().target = "/etc";
  EXPECT_EQ(specialise(**generic).error().code, Code::kInvalid);
  to.read_only.front().target = "/var/task";
  const auto done = specialise(**generic);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(specialise(**generic).error().code, Code::kInvalid);
  (*generic)->kill();
  EXPECT_TRUE(wait(**generic));
  EXPECT_EQ(specialise(**generic).error().code, Code::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Both, LauncherContract, ::testing::Values(Which::kLinux, Which::kSim),
                         [](const auto& info) { return info.param == Which::kLinux ? "Linux" : "Sim"; });

}  // namespace
}  // namespace gust::sandbox
