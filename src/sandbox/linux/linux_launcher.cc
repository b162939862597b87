#include "sandbox/linux/linux_launcher.h"

#include "base/log.h"

#include <unistd.h>

namespace gust::sandbox {

namespace {

std::optional<Usage> read_usage(const SandboxState& state) {
  if (state.usage_files.empty()) return std::nullopt;
  Usage usage;
  for (std::size_t i = 0; i < state.usage_files.size(); ++i) {
    char text[4096];
    const auto size = ::pread(state.usage_files[i].get(), text, sizeof text, 0);
    if (size <= 0) return std::nullopt;  // the group is being removed
    const auto read = parse_usage(state.usage_kinds[i], {text, static_cast<std::size_t>(size)}, usage);
    if (!read) return std::nullopt;
  }
  return usage;
}

async::Task<Exit> wait_for(std::shared_ptr<SandboxState> state) {
  GUST_CO_CHECK(co_await state->ended.wait());
  co_return state->exit;
}

async::Task<Usage> usage_of(std::shared_ptr<Connection> connection, std::shared_ptr<SandboxState> state) {
  if (state->ended.is_set()) co_return state->last_usage;
  // By itself, without the launcher: this is asked after every invocation.
  if (const auto read = read_usage(*state)) co_return *read;
  auto usage = co_await connection->usage(state->id);
  if (!usage && state->ended.is_set()) co_return state->last_usage;  // it ended while we asked
  co_return usage;
}

async::Task<void> specialise_one(std::shared_ptr<Connection> connection, std::shared_ptr<SandboxState> state,
                                 Specialisation to) {
  GUST_CO_CHECK(validate(to));
  if (state->ended.is_set()) co_return fail(Code::kNotFound, "the sandbox has ended");
  co_return co_await connection->specialise(state->id, std::move(to));
}

enum class Activity { kFrozen, kThawed };

// A write of some microseconds, without the launcher. A group that is being removed refuses it: then it is over.
void set_activity(const SandboxState& state, Activity activity) {
  if (!state.freezer) return;
  const bool v2 = state.freezer_kind == UsageFile::kFreeze, frozen = activity == Activity::kFrozen;
  const std::string_view text = v2 ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED");
  (void)!::pwrite(state.freezer.get(), text.data(), text.size(), 0);
}

class LinuxSandbox final : public Sandbox {
 public:
  LinuxSandbox(std::shared_ptr<Connection> connection, std::shared_ptr<SandboxState> state)
      : connection_(std::move(connection)), state_(std::move(state)) {}
  ~LinuxSandbox() override { LinuxSandbox::kill(); }

  const std::string& id() const override { return state_->id; }
  std::vector<int> take_listeners() override {
    std::vector<int> fds;
    for (auto& listener : state_->listeners) fds.push_back(listener.release());
    state_->listeners.clear();
    return fds;
  }
  int take_output() override { return state_->output.release(); }
  async::Task<void> specialise(Specialisation to) override {
    return specialise_one(connection_, state_, std::move(to));
  }
  void freeze() override { set_activity(*state_, Activity::kFrozen); }
  void thaw() override { set_activity(*state_, Activity::kThawed); }
  void kill() override {
    if (!state_->ended.is_set()) connection_->kill(state_->id);
  }
  async::Task<Exit> wait() override { return wait_for(state_); }
  async::Task<Usage> usage() override { return usage_of(connection_, state_); }

 private:
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<SandboxState> state_;
};

}  // namespace

async::Task<std::unique_ptr<LinuxLauncher>> LinuxLauncher::create(async::Executor executor, LinuxSettings settings) {
  std::unique_ptr<LinuxLauncher> made(new LinuxLauncher(executor, std::move(settings)));
  GUST_CO_CHECK(co_await made->connect());
  for (const auto& note : made->capabilities_.notes) GUST_WARN("sandboxes: {}", note);
  co_return made;
}

LinuxLauncher::~LinuxLauncher() {
  if (connection_) connection_->close({Code::kCancelled, "the sandboxes are being stopped", {}});
}

async::Task<void> LinuxLauncher::connect() {
  if (!connection_ || connection_->closed()) {
    GUST_CO_TRY(connection_, Connection::open(executor_, settings_));
  }
  const auto connection = connection_;
  GUST_CO_TRY(capabilities_, co_await connection->hello());
  co_return Result<void>{};
}

async::Task<std::unique_ptr<Sandbox>> LinuxLauncher::start(Spec spec) {
  if (state_ == State::kStopped) co_return fail(Code::kUnavailable, "the sandboxes are being stopped");
  GUST_CO_CHECK(validate(spec));
  GUST_CO_CHECK(co_await connect());
  const auto connection = connection_;
  GUST_CO_TRY(auto state, co_await connection->start(std::move(spec)));
  std::unique_ptr<Sandbox> sandbox = std::make_unique<LinuxSandbox>(connection, std::move(state));
  co_return sandbox;
}

async::Task<void> LinuxLauncher::stop() {
  state_ = State::kStopped;
  if (!connection_) co_return Result<void>{};
  const auto connection = connection_;
  co_return co_await connection->stop();
}

}  // namespace gust::sandbox
