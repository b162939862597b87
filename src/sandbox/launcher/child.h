// What happens inside a new sandbox between clone3 and exec: the init process (pid 1) builds the inside, starts the
// function's process and reaps until it ends. Part of gust-launcher; runs in the child, single-threaded.
//
// Talk with the launcher over one packet socket: init sends the listeners' descriptors, and the mount namespace's of a
// generic one ("ready"), waits for a packet
// ("go": it is in its cgroup), and the function's process closes the last copy by exec ("started"). An error is a
// packet "!<code> <message>". The wait status of the function goes into `status` when it has ended.
#pragma once

#include "sandbox/fd.h"
#include "sandbox/launcher/root_template.h"
#include "sandbox/launcher/user_ids.h"
#include "sandbox/sandbox.h"

#include <linux/filter.h>

#include <filesystem>
#include <vector>

namespace gust::sandbox::launcher {

struct ChildPlan {
  const Spec& spec;
  std::filesystem::path root;     // the template's
  std::filesystem::path image;    // where a root of the sandbox's own is laid
  std::filesystem::path passwd;
  std::filesystem::path resolver;  // the /etc/resolv.conf of one with egress, else empty
  UserIds ids;
  Privilege privilege;
  const std::vector<sock_filter>& seccomp;
  int control = -1;  // packet socket to the launcher
  int status = -1;   // pipe for the wait status
  int output = -1;   // the function's stdout and stderr
  int network = -1;  // the namespace to enter; -1: it is in its own already
};

inline constexpr std::string_view kReady = "ready";
inline constexpr std::string_view kGo = "go";
// From a sandbox without a program: it waits for a packet of encode_program().
inline constexpr std::string_view kWaiting = "waiting";
// From the same: it executes its program now. One that ends at once can be gone before the socket's end is read.
inline constexpr std::string_view kExecuting = "executing";

// Runs in the new process and does not return.
[[noreturn]] void run_child(const ChildPlan& plan);

// The steps, each naming itself in its error.
Result<void> enter_root(const ChildPlan& plan);                         // inside_mounts.cc
Result<void> raise_loopback();                                          // inside_network.cc
Result<std::vector<Fd>> set_up_network(const ChildPlan& plan);          // inside_network.cc
Result<void> raise_walls(const ChildPlan& plan);                        // inside_walls.cc: ids, capabilities, seccomp
void set_limits(const ChildPlan& plan);                                 // inside_walls.cc: rlimits

}  // namespace gust::sandbox::launcher
