// What a sandbox looks like from inside, and what it cannot do. Each test asks a program in it.
#include "sandbox/linux/testing.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdio>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <set>

namespace gust::sandbox {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Inside = testing::Sandboxes;

TEST_F(Inside, ItSeesItsOwnProcessesOnly) {
  // The init, hidden, is 1; the shell is the next.
  EXPECT_EQ(output_of(shell("echo $$")), "2\n");
  const auto processes = output_of(python("import os; print([p for p in os.listdir('/proc') if p.isdigit()])"));
  EXPECT_EQ(processes, "['2']\n");
  EXPECT_EQ(output_of(shell("kill -9 1; kill -0 1 && echo alive")), "alive\n");
}

TEST_F(Inside, ItsNameIsNotTheHosts) {
  EXPECT_EQ(output_of(python("import socket; print(socket.gethostname())")), "sandbox\n");
}

TEST_F(Inside, NothingButTmpAndShmCanBeWritten) {
  const auto report = output_of(python(R"(
import os
tried = ['/', '/usr', '/usr/bin', '/etc', '/dev', '/proc', '/proc/sys/kernel', '/opt', '/mnt', '/var/task', '/var/tmp']
for folder in tried:
    try:
        open(folder + '/x', 'w')
        print('wrote', folder)
    except OSError:
        pass
for folder in ['/tmp', '/dev/shm']:
    open(folder + '/x', 'w').write('x')
    os.mkdir(folder + '/folder')
print('done')
)"));
  EXPECT_EQ(report, "done\n");
}

TEST_F(Inside, TmpIsPrivateAndHasASize) {
  auto fill = python(R"(
import errno
print(__import__('os').listdir('/tmp'))
try:
    with open('/tmp/big', 'wb') as out:
        for _ in range(64): out.write(bytes(1 << 20))
except OSError as e:
    print(errno.errorcode[e.errno])
)");
  fill.tmp_bytes = 16u << 20;
  EXPECT_EQ(output_of(std::move(fill)), "[]\nENOSPC\n");
  EXPECT_EQ(output_of(shell("ls -A /tmp")), "");
}

TEST_F(Inside, NoPrivilegeIsLeft) {
  const auto status = output_of(shell("grep -E '^(Uid|Cap|NoNewPrivs|Seccomp|Groups)' /proc/self/status"));
  for (const char* line : {"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
                           "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"}) {
    EXPECT_THAT(status, HasSubstr(line));
  }
  EXPECT_THAT(status, Not(HasSubstr("Uid:\t0")));
}

TEST_F(Inside, TwoSandboxesRunAsDifferentUsers) {
  if (launcher().capabilities().privilege != "root") GTEST_SKIP() << "needs root: there is one user to map otherwise";
  auto first = start(shell("sleep 1000"));
  ASSERT_TRUE(first) << first.error().message;
  const auto own = [&] { return output_of(python("import os; print(os.getuid(), os.getgid())")); };
  const auto second = own();
  EXPECT_THAT(second, Not(HasSubstr("2000000000")));
  EXPECT_THAT(second, HasSubstr("2000000001"));
}

// More than the launcher makes ahead.
TEST_F(Inside, EachHasANetworkOfItsOwnWithALoopbackOnly) {
  std::set<std::string> networks{std::filesystem::read_symlink("/proc/self/ns/net").string() + "\n"};
  std::vector<std::unique_ptr<Sandbox>> running;
  for (std::size_t count = 1; count <= 12; ++count) {
    auto wanted = shell("readlink /proc/self/ns/net; tail -n +3 /proc/net/dev | cut -d: -f1; exec sleep 1000");
    wanted.listen_ports = {9001};  // all may have the same
    auto started = start(std::move(wanted));
    ASSERT_TRUE(started) << started.error().message;
    for (const int fd : (*started)->take_listeners()) ::close(fd);
    auto output = ::fdopen((*started)->take_output(), "r");
    std::array<char, 64> network{}, device{};
    const bool told = ::fgets(network.data(), network.size(), output) && ::fgets(device.data(), device.size(), output);
    ::fclose(output);
    ASSERT_TRUE(told);
    EXPECT_TRUE(networks.insert(network.data()).second) << network.data();
    EXPECT_STREQ(device.data(), "    lo\n");
    running.push_back(std::move(*started));
  }
}

TEST_F(Inside, ItHasAUserNameAndTheUsualFiles) {
  EXPECT_EQ(output_of(python("import pwd, os; print(pwd.getpwuid(os.getuid()).pw_name)")), "sandbox\n");
  EXPECT_EQ(output_of(python("import socket; print(socket.gethostbyname('localhost'))")), "127.0.0.1\n");
  EXPECT_EQ(output_of(python("import zoneinfo; print(zoneinfo.ZoneInfo('Europe/Paris'))")), "Europe/Paris\n");
  EXPECT_EQ(output_of(shell("head -c 4 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c; echo >/dev/null")), "4\n3\n");
}

TEST_F(Inside, TheHostsFilesAreNotThere) {
  const auto report = output_of(python(R"(
import os
for path in ['/root', '/home', '/srv', '/boot', '/run', '/sys', '/media', '/usr/local', '/usr/src', '/etc/shadow',
             '/etc/machine-id', '/var/log', '/var/lib', '/dev/mem', '/dev/sda', '/dev/tty', '/dev/fuse', '/dev/kvm']:
    if os.path.exists(path): print(path)
print(sorted(os.listdir('/var')), sorted(os.listdir('/dev')))
)"));
  EXPECT_EQ(report, "['runtime', 'task', 'tmp'] "
                    "['fd', 'full', 'null', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'urandom', 'zero']\n");
}

TEST_F(Inside, ProcTellsNothingOfTheHost) {
  const auto report = output_of(shell("for f in kcore keys cmdline interrupts timer_list kallsyms modules kmsg; do "
                                      "head -c 1 /proc/$f 2>/dev/null; done; "
                                      "(echo b >/proc/sysrq-trigger) 2>/dev/null; "
                                      "(echo 1 >/proc/sys/vm/drop_caches) 2>/dev/null; echo end"));
  EXPECT_EQ(report, "end\n");
}

TEST_F(Inside, MountsShowNothingOfTheHost) {
  const auto mounts = output_of(shell("cat /proc/self/mountinfo"));
  EXPECT_THAT(mounts, Not(HasSubstr(" /sys")));
  EXPECT_THAT(mounts, Not(HasSubstr("cgroup")));
  EXPECT_THAT(mounts, HasSubstr(" /var/task ro,nosuid,nodev"));
  EXPECT_THAT(mounts, HasSubstr(" /tmp rw,nosuid,nodev"));
}

TEST_F(Inside, TheOuterCgroupPathIsHidden) {
  if (launcher().capabilities().cgroup == "none") GTEST_SKIP() << "no cgroups";
  EXPECT_THAT(output_of(shell("cat /proc/self/cgroup")), Not(HasSubstr("launcher-")));
}

TEST_F(Inside, CodeIsMountedReadOnlyWhereItWasAsked) {
  std::ofstream(folder_ / "task/code.py") << "print('from the code')\n";
  EXPECT_EQ(output_of(spec({"/usr/bin/python3", "code.py"})), "from the code\n");
  auto layered = shell("cat /opt/layer /var/runtime/tool");
  for (const char* name : {"layer", "tool"}) {
    std::filesystem::create_directories(folder_ / name);
    std::ofstream(folder_ / name / name) << name << '\n';
  }
  layered.read_only.push_back({folder_ / "layer", "/opt"});
  layered.read_only.push_back({folder_ / "tool", "/var/runtime"});
  EXPECT_EQ(output_of(std::move(layered)), "layer\ntool\n");
}

TEST_F(Inside, SetuidProgramsGainNothing) {
  std::filesystem::copy("/bin/sh", folder_ / "task/sh");
  std::filesystem::permissions(folder_ / "task/sh", std::filesystem::perms(04755));
  EXPECT_THAT(output_of(spec({"/var/task/sh", "-p", "-c", "grep -E '^Uid' /proc/self/status"})), Not(HasSubstr("\t0")));
}

// name, system call number expression, arguments: each must fail with EPERM or ENOSYS.
TEST_F(Inside, DangerousSystemCallsAreRefused) {
  const auto report = output_of(python(R"(
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
assert platform.machine() == 'x86_64', 'skip'
calls = dict(mount=165, umount2=166, pivot_root=155, chroot=161, ptrace=101, bpf=321, keyctl=250, add_key=248,
             request_key=249, unshare=272, setns=308, kexec_load=246, init_module=175, delete_module=176,
             finit_module=313, perf_event_open=298, userfaultfd=323, open_by_handle_at=304, reboot=169, swapon=167,
             clock_settime=227, settimeofday=164, io_uring_setup=425, clone3=435, process_vm_readv=310, kcmp=312,
             fsopen=430, open_tree=428, move_mount=429, mount_setattr=442, sethostname=170, syslog=103, iopl=172,
             acct=163, quotactl=179, unknown=9999)
for name, number in calls.items():
    ctypes.set_errno(0)
    got = libc.syscall(number, 0, 0, 0, 0, 0)
    if got != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        print(name, got, ctypes.get_errno())
for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
    if libc.syscall(56, flag | 17, 0, 0, 0, 0) != -1: print('clone', hex(flag))
import socket
for family, kind in [(socket.AF_INET, socket.SOCK_RAW), (socket.AF_PACKET, socket.SOCK_RAW),
                     (socket.AF_VSOCK, socket.SOCK_STREAM), (socket.AF_NETLINK, socket.SOCK_RAW)]:
    try:
        socket.socket(family, kind, 16 if family == socket.AF_NETLINK else 0)
        print('socket', family, kind)
    except OSError:
        pass
print('done')
)"));
  EXPECT_EQ(report, "done\n");
}

TEST_F(Inside, OrdinaryProgramsStillWork) {
  const auto report = output_of(python(R"(
import concurrent.futures, multiprocessing, os, socket, sqlite3, subprocess, tempfile, threading
assert subprocess.run(['/bin/echo', 'x'], capture_output=True, check=True).stdout == b'x\n'
with concurrent.futures.ThreadPoolExecutor(4) as pool: assert list(pool.map(abs, [-1, 2])) == [1, 2]
ours, theirs = socket.socketpair(); ours.send(b'x'); assert theirs.recv(1) == b'x'
database = sqlite3.connect(tempfile.mktemp()); database.execute('create table t (a)'); database.commit()
with multiprocessing.get_context('fork').Pool(2) as pool: assert pool.map(abs, [-1]) == [1]
assert 'lo' in [name for _, name in socket.if_nameindex()]
print('done')
)"));
  EXPECT_EQ(report, "done\n");
}

TEST_F(Inside, MemoryOverTheLimitIsKilledAndSaidSo) {
  if (!enforces(launcher().capabilities().memory)) GTEST_SKIP() << "no memory controller";
  auto hungry = python("b = bytearray(300 << 20)\nprint('got it')");
  hungry.memory_bytes = 64u << 20;
  const auto outcome = run(std::move(hungry));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_TRUE(outcome->exit.out_of_memory);
  EXPECT_EQ(outcome->exit.signal, SIGKILL);
  EXPECT_EQ(outcome->output, "");
}

TEST_F(Inside, AForkBombStopsAtThePidsLimit) {
  const auto& found = launcher().capabilities();
  if (!enforces(found.pids) && found.privilege != "root") GTEST_SKIP() << "no pids controller, and one user for all";
  auto bomb = python(R"(
import os, signal
made = 0
try:
    while made < 1000:
        if os.fork() == 0: signal.pause()
        made += 1
except BlockingIOError:
    print(made)
)");
  bomb.max_pids = 20;
  const auto outcome = run(std::move(bomb));
  ASSERT_TRUE(outcome) << outcome.error().message;
  const auto made = std::atoi(outcome->output.c_str());
  EXPECT_GT(made, 10) << outcome->output << "; exit code " << outcome->exit.code << ", signal " << outcome->exit.signal;
  EXPECT_LT(made, 20) << outcome->output;
}

TEST_F(Inside, TheCpuLimitHolds) {
  if (!enforces(launcher().capabilities().cpu)) GTEST_SKIP() << "no cpu controller";
  // It spins until it has used 100 ms of cpu time, of which it may have a tenth of a core: it must wait far longer.
  auto spin = python(R"(
import time
start = time.monotonic()
while time.process_time() < 0.1: pass
print(time.monotonic() - start > 0.4)
)");
  spin.cpu_millis = 100;
  EXPECT_EQ(output_of(std::move(spin)), "True\n");
}

TEST_F(Inside, LimitsOfFilesAndCoresAreSet) {
  EXPECT_EQ(output_of(shell("ulimit -n; ulimit -c")), "1024\n0\n");
}

// A server of the host, on the loopback and on an abstract unix address.
class HostServer {
 public:
  HostServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    tcp_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(tcp_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(tcp_.get(), 8), 0);
    ::getsockname(tcp_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);

    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    name_ = fmt::format("gust-test-{}", ::getpid());
    std::copy(name_.begin(), name_.end(), local.sun_path + 1);
    unix_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    EXPECT_EQ(::bind(unix_.get(), reinterpret_cast<sockaddr*>(&local), length), 0);
    EXPECT_EQ(::listen(unix_.get(), 8), 0);
  }
  int port() const { return port_; }
  const std::string& name() const { return name_; }

 private:
  Fd tcp_, unix_;
  int port_ = 0;
  std::string name_;
};

TEST_F(Inside, TheHostsServersAndTheWorldCannotBeReached) {
  const HostServer server;
  const auto program = fmt::format(R"(
import socket
def tries(family, address):
    s = socket.socket(family); s.settimeout(5)
    try: s.connect(address); print('reached', address)
    except OSError: pass
tries(socket.AF_INET, ('127.0.0.1', {}))
tries(socket.AF_UNIX, '\0{}')
tries(socket.AF_INET, ('192.0.2.1', 80))
tries(socket.AF_INET6, ('2001:db8::1', 80))
tunnels = ('tun', 'gre', 'sit', 'ip', 'erspan')  # the kernel puts idle ones into every new namespace
print([name for _, name in socket.if_nameindex() if not name.startswith(tunnels)])
)", server.port(), server.name());
  EXPECT_EQ(output_of(python(program)), "['lo']\n");
}

TEST_F(Inside, TheListenersAreServedFromOutside) {
  auto caller = python(R"(
import socket
for port in (9001, 4566):
    s = socket.create_connection(('127.0.0.1', port)); print(port, s.recv(10).decode()); s.close()
)");
  caller.listen_ports = {9001, 4566};
  auto sandbox = start(std::move(caller));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  const int output = (*sandbox)->take_output();
  const auto listeners = (*sandbox)->take_listeners();
  ASSERT_EQ(listeners.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const Fd listener(listeners[i]);
    Fd connection;
    // The listeners do not block, for the daemon's loop.
    while (!connection) connection.reset(::accept(listener.get(), nullptr, nullptr));
    const auto text = fmt::format("hello {}", i);
    EXPECT_EQ(::write(connection.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  EXPECT_EQ(testing::read_all(output), "9001 hello 0\n4566 hello 1\n");
  EXPECT_EQ(wait(**sandbox)->code, 0);
}

}  // namespace
}  // namespace gust::sandbox
