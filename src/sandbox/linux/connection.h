// Connection: one running gust-launcher and the socket to it. Matches answers to requests and keeps the state of the
// sandboxes that it started. Loop thread only; shared, so that a late callback finds it alive.
#pragma once

#include "async/event.h"
#include "sandbox/fd.h"
#include "sandbox/linux/spawn.h"
#include "sandbox/protocol.h"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::sandbox {

// What the daemon knows of one sandbox.
struct SandboxState {
  explicit SandboxState(async::Executor executor) : ended(executor) {}

  std::string id;
  std::vector<Fd> listeners;
  Fd output;
  std::vector<UsageFile> usage_kinds;  // of usage_files
  std::vector<Fd> usage_files;
  Fd freezer;  // of freezer_kind; none where the machine has none
  UsageFile freezer_kind = UsageFile::kFreeze;
  async::Event ended;
  Exit exit;         // once ended
  Usage last_usage;  // once ended
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Starts the launcher process. Its hello comes later.
  static Result<std::shared_ptr<Connection>> open(async::Executor executor, const LinuxSettings& settings);
  Connection(async::Executor executor, Fd socket, Process process);

  // kUnavailable with the launcher's own words when it could not prepare itself.
  async::Task<Capabilities> hello();
  async::Task<std::shared_ptr<SandboxState>> start(Spec spec);
  async::Task<Usage> usage(std::string id);
  async::Task<void> specialise(std::string id, Specialisation to);
  void kill(const std::string& id);
  pid_t launcher_pid() const { return pid_; }
  bool closed() const { return !socket_.is_open(); }
  // Lets the launcher go, which then ends every sandbox; whoever waits here gets `why`.
  void close(const Error& why);
  // close(), then waits until the launcher has cleaned up and is gone.
  async::Task<void> stop();

 private:
  struct Pending {
    explicit Pending(async::Executor executor) : answered(executor) {}
    async::Event answered;
    std::string id;
    bool abandoned = false;  // nobody waits for it any more
    std::optional<Error> error;
    std::shared_ptr<SandboxState> started;
    Usage usage;
  };

  void wait_readable();
  void wait_writable();
  void wait_exit();
  void read_packets();
  void send(const Request& request);
  void flush();
  async::Task<std::shared_ptr<Pending>> ask(std::uint64_t seq, std::string id, Request request);

  void take(Hello hello, std::vector<Fd> fds);
  void take(Started started, std::vector<Fd> fds);
  void take(Failed failed, std::vector<Fd> fds);
  void take(Exited exited, std::vector<Fd> fds);
  void take(UsageAnswer answer, std::vector<Fd> fds);
  void take(Specialised done, std::vector<Fd> fds);
  std::shared_ptr<Pending> take_pending(std::uint64_t seq);

  async::Executor executor_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::posix::stream_descriptor pidfd_;
  pid_t pid_;
  async::Event greeted_;
  async::Event exited_;
  std::optional<Result<Capabilities>> hello_;
  std::uint64_t next_seq_ = 1;
  std::map<std::uint64_t, std::shared_ptr<Pending>> pending_;
  std::map<std::string, std::shared_ptr<SandboxState>> sandboxes_;
  std::deque<std::string> unsent_;
  enum class Writing { kIdle, kWaiting } writing_ = Writing::kIdle;
};

}  // namespace gust::sandbox
