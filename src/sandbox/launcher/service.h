// Service: the launcher's one loop. Reads requests from the daemon's socket, starts and ends sandboxes, reports.
// When the daemon's end closes, or on SIGTERM, everything is killed and cleaned up and run() returns. It is the only
// thing in its process; single-threaded.
#pragma once

#include "sandbox/fd.h"
#include "sandbox/launcher/cgroups.h"
#include "sandbox/launcher/network_pool.h"
#include "sandbox/launcher/outlet.h"
#include "sandbox/launcher/root_template.h"
#include "sandbox/launcher/specialise.h"
#include "sandbox/launcher/user_ids.h"
#include "sandbox/protocol.h"

#include <linux/filter.h>

#include <map>
#include <memory>
#include <set>
#include <vector>

namespace gust::sandbox::launcher {

// One sandbox between clone3 and the end of its clean-up.
struct Running {
  Spec spec;
  std::uint64_t seq = 0;
  std::uint32_t slot = 0;
  pid_t pid = 0;
  Fd pidfd;
  Fd control;  // open until the function's program runs or has failed to
  Fd status;
  Fd output;   // read end, until handed over
  Outlet outlet;
  std::vector<Fd> listeners;
  Fd mounts;   // the mount namespace of a generic one, until it is specialised
  std::uint64_t specialise_seq = 0;  // of the request that gave it its program, until that runs
  bool executes = false;   // that program is executed, or could not be
  bool announced = false;  // "started" was sent
  bool reaped = false;     // the init process is gone; only groups are left to remove
  bool dropped = false;    // the start failed and was answered
};

class Service {
 public:
  // Enters the namespaces and prepares template, filter and cgroups. The error names what failed.
  static Result<std::unique_ptr<Service>> make(Fd daemon, const RootSettings& settings);
  // Until the daemon is gone and everything is cleaned up.
  void run();

 private:
  Service(Fd daemon, UserRange users, RootTemplate root, std::vector<sock_filter> seccomp, OwnPlace own);

  void handle_requests();
  void handle(const StartRequest& request);
  void handle(const KillRequest& request);
  void handle(const UsageRequest& request);
  void handle(const SpecialiseRequest& request);
  Result<void> specialise(const SpecialiseRequest& request);
  void kill(Running& sandbox);
  void answer_specialise(Running& sandbox, Result<void> done);
  Result<void> start(const StartRequest& request);
  Result<void> clone(Running& sandbox);
  void read_control(Running& sandbox);
  void fail_start(Running& sandbox, Error error);
  void announce(Running& sandbox);
  void reap(Running& sandbox);
  void remove_ended();
  void end_all();
  void send(const Event& event, std::span<const int> fds = {});
  bool wait_for_events();

  Fd daemon_;
  Fd signals_;
  bool ended_ = false;
  UserRange users_;
  RootTemplate root_;
  std::vector<sock_filter> seccomp_;
  OwnPlace own_;
  Capabilities capabilities_;
  std::unique_ptr<Cgroups> cgroups_;
  NetworkPool networks_;
  std::map<std::string, std::unique_ptr<Running>> running_;  // by id
  std::set<std::uint32_t> slots_;
};

}  // namespace gust::sandbox::launcher
