#include "sandbox/linux/connection.h"

#include <fmt/format.h>

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <utility>

namespace gust::sandbox {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

namespace {

constexpr Millis kHelloTimeout{15'000};
constexpr Millis kAnswerTimeout{30'000};
constexpr Millis kStopTimeout{15'000};
constexpr std::size_t kMaxUnsent = 1024;

SteadyTime after(Millis duration) { return std::chrono::steady_clock::now() + duration; }

Error launcher_ended() { return {Code::kUnavailable, "gust-launcher has ended", {}}; }

}  // namespace

Result<std::shared_ptr<Connection>> Connection::open(async::Executor executor, const LinuxSettings& settings) {
  GUST_TRY(auto pair, make_packet_pair());
  ::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK);
  GUST_TRY(auto process, spawn_launcher(settings, pair.theirs.get()));
  auto made = std::make_shared<Connection>(executor, std::move(pair.ours), std::move(process));
  made->wait_readable();
  made->wait_exit();
  return made;
}

Connection::Connection(async::Executor executor, Fd socket, Process process)
    : executor_(executor),
      socket_(executor, socket.release()),
      pidfd_(executor, process.pidfd.release()),
      pid_(process.pid),
      greeted_(executor),
      exited_(executor) {}

void Connection::wait_readable() {
  socket_.async_wait(Descriptor::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->closed()) return;
    self->read_packets();
    if (!self->closed()) self->wait_readable();
  });
}

void Connection::wait_exit() {
  pidfd_.async_wait(Descriptor::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error) return;
    ::waitpid(self->pid_, nullptr, 0);
    if (!self->closed()) self->read_packets();  // its last words
    self->close(launcher_ended());
    self->pidfd_.close();
    self->exited_.set();
  });
}

void Connection::read_packets() {
  while (!closed()) {
    auto packet = receive_message(socket_.native_handle());
    if (packet && !*packet) return;
    if (!packet || (*packet)->bytes.empty()) return close(launcher_ended());
    auto event = decode_event((*packet)->bytes);
    if (!event) return close(event.error());
    std::visit([&](auto& e) { take(std::move(e), std::move((*packet)->fds)); }, *event);
  }
}

void Connection::close(const Error& why) {
  if (closed()) return;
  socket_.close();
  if (!hello_) hello_ = std::unexpected(why);
  greeted_.set();
  for (auto& [seq, pending] : std::exchange(pending_, {})) {
    pending->error = why;
    pending->answered.set();
  }
  // The launcher's end kills them.
  for (auto& [id, state] : std::exchange(sandboxes_, {})) {
    state->exit.signal = SIGKILL;
    state->ended.set();
  }
}

void Connection::send(const Request& request) {
  if (closed()) return;
  if (unsent_.size() >= kMaxUnsent) return close({Code::kUnavailable, "gust-launcher does not read its requests", {}});
  unsent_.push_back(encode(request));
  if (writing_ == Writing::kIdle) flush();
}

void Connection::flush() {
  while (!unsent_.empty() && !closed()) {
    const auto sent = send_message(socket_.native_handle(), unsent_.front());
    if (!sent && sent.error().code == Code::kThrottled) return wait_writable();
    if (!sent) return close({Code::kUnavailable, "gust-launcher: " + sent.error().message, {}});
    unsent_.pop_front();
  }
}

void Connection::wait_writable() {
  writing_ = Writing::kWaiting;
  socket_.async_wait(Descriptor::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
    self->writing_ = Writing::kIdle;
    if (!error) self->flush();
  });
}

async::Task<Capabilities> Connection::hello() {
  const auto self = shared_from_this();
  GUST_CO_CHECK(co_await greeted_.wait(after(kHelloTimeout)));
  co_return *hello_;
}

// The answer to one request. Who gives up leaves its entry marked, so that a late start is killed.
async::Task<std::shared_ptr<Connection::Pending>> Connection::ask(std::uint64_t seq, std::string id, Request request) {
  const auto self = shared_from_this();
  if (closed()) co_return std::unexpected(launcher_ended());
  const auto pending = std::make_shared<Pending>(executor_);
  pending->id = std::move(id);
  pending_[seq] = pending;
  send(request);
  const auto waited = co_await pending->answered.wait(after(kAnswerTimeout));
  if (!waited) {
    pending->abandoned = true;
    // Answered and cancelled at the same moment: nobody will own the sandbox.
    if (pending->started) kill(pending->id);
    co_return std::unexpected(waited.error());
  }
  if (pending->error) co_return std::unexpected(*pending->error);
  co_return pending;
}

async::Task<std::shared_ptr<SandboxState>> Connection::start(Spec spec) {
  const auto self = shared_from_this();
  const auto seq = next_seq_++;
  auto id = spec.id;
  Request request = StartRequest{seq, std::move(spec)};
  if (encode(request).size() > kMaxMessageBytes) {
    co_return fail(Code::kInvalid,
                   fmt::format("sandbox {}: its arguments and environment are over {} bytes", id, kMaxMessageBytes));
  }
  GUST_CO_TRY(const auto answer, co_await ask(seq, std::move(id), std::move(request)));
  co_return answer->started;
}

async::Task<Usage> Connection::usage(std::string id) {
  const auto self = shared_from_this();
  const auto seq = next_seq_++;
  Request request = UsageRequest{seq, id};
  GUST_CO_TRY(const auto answer, co_await ask(seq, std::move(id), std::move(request)));
  co_return answer->usage;
}

async::Task<void> Connection::specialise(std::string id, Specialisation to) {
  const auto self = shared_from_this();
  const auto seq = next_seq_++;
  Request request = SpecialiseRequest{seq, id, std::move(to)};
  if (encode(request).size() > kMaxMessageBytes) {
    co_return fail(Code::kInvalid, fmt::format("sandbox {}: what it is to become is over {} bytes", id,
                                               kMaxMessageBytes));
  }
  GUST_CO_CHECK(co_await ask(seq, std::move(id), std::move(request)));
  co_return Result<void>{};
}

void Connection::kill(const std::string& id) {
  if (sandboxes_.contains(id)) send(KillRequest{id});
}

async::Task<void> Connection::stop() {
  const auto self = shared_from_this();
  close({Code::kCancelled, "the sandboxes are being stopped", {}});
  co_return co_await exited_.wait(after(kStopTimeout));
}

std::shared_ptr<Connection::Pending> Connection::take_pending(std::uint64_t seq) {
  const auto found = pending_.find(seq);
  if (found == pending_.end()) return nullptr;
  auto pending = std::move(found->second);
  pending_.erase(found);
  return pending;
}

void Connection::take(Hello hello, std::vector<Fd>) {
  hello_ = std::move(hello.capabilities);
  greeted_.set();
}

void Connection::take(Started started, std::vector<Fd> fds) {
  const auto pending = take_pending(started.seq);
  if (fds.size() < 1 + started.usage.size()) return close({Code::kInternal, "gust-launcher sent no output pipe", {}});
  if (!pending) return;
  if (pending->abandoned) return send(KillRequest{pending->id});
  auto state = std::make_shared<SandboxState>(executor_);
  state->id = pending->id;
  state->output = std::move(fds.front());
  const auto files = fds.end() - static_cast<std::ptrdiff_t>(started.usage.size());
  state->listeners.assign(std::make_move_iterator(fds.begin() + 1), std::make_move_iterator(files));
  for (std::size_t i = 0; i < started.usage.size(); ++i) {
    const auto kind = started.usage[i];
    if (kind == UsageFile::kFreeze || kind == UsageFile::kFreezerState) {
      state->freezer_kind = kind;
      state->freezer = std::move(files[static_cast<std::ptrdiff_t>(i)]);
    } else {
      state->usage_kinds.push_back(kind);
      state->usage_files.push_back(std::move(files[static_cast<std::ptrdiff_t>(i)]));
    }
  }
  sandboxes_[state->id] = state;
  pending->started = std::move(state);
  pending->answered.set();
}

void Connection::take(Failed failed, std::vector<Fd>) {
  if (!hello_) {
    hello_ = std::unexpected(failed.error);
    greeted_.set();
    return;
  }
  const auto pending = take_pending(failed.seq);
  if (!pending) return;
  pending->error = std::move(failed.error);
  pending->answered.set();
}

void Connection::take(Exited exited, std::vector<Fd>) {
  const auto found = sandboxes_.find(exited.id);
  if (found == sandboxes_.end()) return;
  const auto state = std::move(found->second);
  sandboxes_.erase(found);
  state->usage_files.clear();
  state->usage_kinds.clear();
  state->freezer.reset();
  state->exit = exited.exit;
  state->last_usage = exited.usage;
  state->ended.set();
}

void Connection::take(Specialised done, std::vector<Fd>) {
  if (const auto pending = take_pending(done.seq)) pending->answered.set();
}

void Connection::take(UsageAnswer answer, std::vector<Fd>) {
  const auto pending = take_pending(answer.seq);
  if (!pending) return;
  pending->usage = answer.usage;
  pending->answered.set();
}

}  // namespace gust::sandbox
