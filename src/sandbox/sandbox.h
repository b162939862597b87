// Sandbox: one isolated process tree, started by a Launcher. Implementations: linux/ (gust-launcher does the privileged
// work) and sim/. Loop thread only.
#pragma once

#include "async/task.h"
#include "base/time.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::sandbox {

struct Mount {
  std::string source;  // a folder of the host
  std::string target;  // absolute, inside: /var/task, /var/runtime, /opt
};

enum class Egress { kNone, kInternet };  // kNone: loopback inside only

// kGeneric: started ahead, to be specialised once when it is known what for. With an empty argv it has no program until
// then.
enum class Kind { kFinal, kGeneric };

// What a folder needs that is to be a sandbox's root, as Spec::root: folders and files that are no links, for mounts to
// go on.
inline constexpr auto kRootFolders = std::to_array<const char*>({"dev", "etc", "proc", "tmp"});
inline constexpr auto kRootFiles = std::to_array<const char*>({"etc/hosts", "etc/passwd", "etc/resolv.conf"});

struct Spec {
  Kind kind = Kind::kFinal;
  std::string id;                 // unique; names the cgroup, shown in `ps`
  std::vector<std::string> argv;  // absolute path first, as seen inside
  std::map<std::string, std::string> env;
  std::string working_dir = "/var/task";
  // A folder of the host that is its whole root, read-only, in place of the launcher's own; of kind kFinal and without
  // `read_only`. Empty: the launcher's own.
  std::string root = {};
  std::vector<Mount> read_only;
  std::uint64_t memory_bytes = 128ULL << 20;
  std::uint32_t cpu_millis = 1000;  // thousandths of a core: never more
  std::uint32_t cpu_share = 1000;   // the same: what it gets, against others' shares, where there is not enough
  std::uint32_t max_pids = 1024;
  std::uint64_t tmp_bytes = 512ULL << 20;  // size of the private /tmp
  Egress egress = Egress::kNone;
  // TCP ports to listen on at 127.0.0.1 inside; start() answers a listening fd for each, for the daemon to serve.
  std::vector<std::uint16_t> listen_ports;
  // UDP ports at 127.0.0.1 inside; their fds come after those.
  std::vector<std::uint16_t> datagram_ports = {};
};

// What a generic sandbox gets at the last moment; the rest stays as its Spec said.
struct Specialisation {
  std::vector<Mount> read_only;  // added
  std::uint64_t memory_bytes = 128ULL << 20;
  std::uint32_t cpu_millis = 1000;
  std::uint32_t cpu_share = 1000;
  std::uint64_t tmp_bytes = 512ULL << 20;
  // The program of one that was started without.
  std::vector<std::string> argv = {};
  std::map<std::string, std::string> env = {};
  std::string working_dir = "/var/task";
};

struct Exit {
  int code = 0;          // of exit(), when signal is 0
  int signal = 0;
  bool out_of_memory = false;  // the kernel killed it for its memory limit
};

struct Usage {
  std::uint64_t memory_peak_bytes = 0;
  std::uint64_t cpu_us = 0;
};

class Sandbox {
 public:
  virtual ~Sandbox() = default;  // kills what still runs and lets the launcher clean up
  virtual const std::string& id() const = 0;
  // Listening sockets in the order of Spec::listen_ports, then sockets in that of datagram_ports; the caller takes
  // ownership of the fds.
  virtual std::vector<int> take_listeners() = 0;
  // Read end of the merged stdout and stderr; the caller takes ownership.
  virtual int take_output() = 0;
  // Once, and only of kind kGeneric (else kInvalid). After a failure it is of no use: end it.
  virtual async::Task<void> specialise(Specialisation to) = 0;
  // Stops every process of it where it is, and lets them go on. A hint: nothing happens on a machine without a
  // freezer. kill() ends a frozen one too.
  virtual void freeze() = 0;
  virtual void thaw() = 0;
  // Kills every process of it. Idempotent.
  virtual void kill() = 0;
  // Ends when the first process has ended and everything of the sandbox is cleaned up.
  virtual async::Task<Exit> wait() = 0;
  virtual async::Task<Usage> usage() = 0;
};

class Launcher {
 public:
  virtual ~Launcher() = default;
  // kInvalid for a bad Spec, kUnavailable when the machine refuses (no memory, no launcher), kTimeout.
  virtual async::Task<std::unique_ptr<Sandbox>> start(Spec spec) = 0;
};

}  // namespace gust::sandbox
