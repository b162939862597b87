// LinuxLauncher: real sandboxes, made by the gust-launcher program, which it starts and, if it dies, starts again.
// Loop thread only.
#pragma once

#include "sandbox/linux/connection.h"
#include "sandbox/sandbox.h"

#include <memory>

namespace gust::sandbox {

class LinuxLauncher final : public Launcher {
 public:
  // Starts gust-launcher and waits until it is ready. Call it early, while the daemon is small.
  // kUnavailable, in the launcher's words, when this machine cannot make sandboxes.
  static async::Task<std::unique_ptr<LinuxLauncher>> create(async::Executor executor, LinuxSettings settings);
  ~LinuxLauncher() override;

  // What is enforced here, with a sentence on each thing that is not.
  const Capabilities& capabilities() const { return capabilities_; }
  // The process id of gust-launcher.
  pid_t launcher_pid() const { return connection_->launcher_pid(); }
  async::Task<std::unique_ptr<Sandbox>> start(Spec spec) override;
  // Kills every sandbox and waits until the launcher has cleaned up and ended.
  async::Task<void> stop();

 private:
  LinuxLauncher(async::Executor executor, LinuxSettings settings)
      : executor_(executor), settings_(std::move(settings)) {}
  async::Task<void> connect();

  enum class State { kServing, kStopped };

  async::Executor executor_;
  LinuxSettings settings_;
  std::shared_ptr<Connection> connection_;
  Capabilities capabilities_;
  State state_ = State::kServing;
};

}  // namespace gust::sandbox
