#include "sandbox/sim/sim_launcher.h"

#include "sandbox/protocol.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gust::sandbox {

namespace {

Result<std::uint16_t> listen_anywhere(Fd& listener) {
  listener.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (!listener || ::bind(listener.get(), raw, size) < 0 || ::listen(listener.get(), 16) < 0 ||
      ::getsockname(listener.get(), raw, &size) < 0) {
    return fail_errno("listen on a free port", errno);
  }
  return ntohs(address.sin_port);
}

async::Task<Exit> wait_for(std::shared_ptr<SimProcess> process, async::Event& ended, const Exit& exit) {
  GUST_CO_CHECK(co_await ended.wait());
  co_return exit;
}

async::Task<Usage> answer(Usage usage) { co_return usage; }

}  // namespace

SimProcess::SimProcess(async::Executor executor, Spec spec) : spec_(std::move(spec)), ended_(executor) {}

Result<void> SimProcess::open() {
  GUST_TRY(auto pipe, make_pipe());
  output_read_ = std::move(pipe.ours);
  output_write_ = std::move(pipe.theirs);
  for (std::size_t i = 0; i < spec_.listen_ports.size(); ++i) {
    Fd listener;
    GUST_TRY(const auto port, listen_anywhere(listener));
    ports_.push_back(port);
    listeners_.push_back(std::move(listener));
  }
  for (std::size_t i = 0; i < spec_.datagram_ports.size(); ++i) {
    Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));  // of no port: nobody sends to it
    if (!socket) return fail_errno("socket", errno);
    listeners_.push_back(std::move(socket));
  }
  return {};
}

void SimProcess::print(std::string_view text) {
  if (output_write_) (void)!::write(output_write_.get(), text.data(), text.size());
}

void SimProcess::end(Exit exit, Usage usage) {
  if (ended()) return;
  exit_ = exit;
  usage_ = usage;
  output_write_.reset();
  listeners_.clear();
  ended_.set();
}

class SimSandbox final : public Sandbox {
 public:
  static async::Task<void> specialise_one(std::shared_ptr<SimProcess> process, Specialisation to) {
    GUST_CO_CHECK(validate(to));
    if (process->ended()) co_return fail(Code::kNotFound, "the sandbox has ended");
    if (process->refusal_) co_return std::unexpected(*process->refusal_);
    if (process->spec_.kind != Kind::kGeneric || process->specialisation_) {
      co_return fail(Code::kInvalid, "only a generic one that runs can be specialised, and only once");
    }
    process->specialisation_ = std::move(to);
    co_return Result<void>{};
  }

  explicit SimSandbox(std::shared_ptr<SimProcess> process) : process_(std::move(process)) {}
  ~SimSandbox() override { SimSandbox::kill(); }

  const std::string& id() const override { return process_->spec_.id; }
  std::vector<int> take_listeners() override {
    std::vector<int> fds;
    for (auto& listener : process_->listeners_) fds.push_back(listener.release());
    process_->listeners_.clear();
    return fds;
  }
  int take_output() override { return process_->output_read_.release(); }
  async::Task<void> specialise(Specialisation to) override { return specialise_one(process_, std::move(to)); }
  void freeze() override { process_->frozen_ = true; }
  void thaw() override { process_->frozen_ = false; }
  void kill() override {
    if (!process_->ignores_kills_) process_->end({0, SIGKILL, false});
  }
  async::Task<Exit> wait() override { return wait_for(process_, process_->ended_, process_->exit_); }
  async::Task<Usage> usage() override { return answer(process_->usage_); }

 private:
  std::shared_ptr<SimProcess> process_;
};

async::Task<std::unique_ptr<Sandbox>> SimLauncher::start(Spec spec) {
  if (refusal_) co_return std::unexpected(*std::exchange(refusal_, std::nullopt));
  GUST_CO_CHECK(validate(spec));
  if (const auto same = running_[spec.id].lock(); same && !same->ended()) {
    co_return fail(Code::kAlreadyExists, fmt::format("sandbox {}: a sandbox of this id is running", spec.id));
  }
  const auto process = std::make_shared<SimProcess>(executor_, std::move(spec));
  GUST_CO_CHECK(process->open());
  running_[process->spec().id] = process;
  std::unique_ptr<Sandbox> sandbox = std::make_unique<SimSandbox>(process);
  on_start_(process);
  co_return sandbox;
}

}  // namespace gust::sandbox
