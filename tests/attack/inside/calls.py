"""System calls that a function has no business with (numbers of x86_64)."""
import ctypes
import errno
import os
import platform
import signal
import socket

from told import outcome

NUMBERS = {
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "pidfd_getfd": 438, "kcmp": 312,
    "process_madvise": 440, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308,
    "fsopen": 430, "fsmount": 432, "open_tree": 428, "move_mount": 429, "mount_setattr": 442, "fanotify_init": 300,
    "open_by_handle_at": 304, "name_to_handle_at": 303, "add_key": 248, "request_key": 249, "keyctl": 250, "bpf": 321,
    "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "finit_module": 313, "delete_module": 176,
    "settimeofday": 164, "clock_settime": 227, "clock_adjtime": 305, "adjtimex": 159, "sethostname": 170,
    "setdomainname": 171, "reboot": 169, "swapon": 167, "swapoff": 168, "syslog": 103, "iopl": 172, "ioperm": 173,
    "acct": 163, "quotactl": 179, "lookup_dcookie": 212, "vhangup": 153, "clone3": 435, "io_setup": 206,
    "inotify_init1": 294, "cachestat": 451, "memfd_secret": 447, "unknown": 9999,
}
NAMESPACES = {"mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000,
              "pid": 0x20000000, "net": 0x40000000}
libc = ctypes.CDLL(None, use_errno=True)


def call(number, *args):
    ctypes.set_errno(0)
    got = libc.syscall(number, *[ctypes.c_long(a) for a in args])
    return got if got >= 0 else errno.errorcode[ctypes.get_errno()]


def by_number():
    if platform.machine() != "x86_64":
        return None
    return {name: call(number, 0, 0, 0, 0, 0) for name, number in NUMBERS.items()}


def new_namespaces():
    """By clone and by unshare; a user namespace first is how an ordinary user would come to mount."""
    if platform.machine() != "x86_64":
        return None
    got = {}
    for name, flag in NAMESPACES.items():
        got[f"clone {name}"] = call(56, flag | signal.SIGCHLD, 0, 0, 0, 0)
        got[f"unshare {name}"] = call(272, flag)
    got["unshare time"] = call(272, 0x80)  # clone would read the flag as a signal
    return got


def old_calls():
    """The 32-bit entry (int 0x80) and the x32 numbers, which filters by number forget."""
    if platform.machine() != "x86_64":
        return None
    import mmap
    pid = os.fork()
    if pid == 0:
        # mov eax, 20 (getpid); int 0x80; ret
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
        os._exit(0)
    ended = os.waitpid(pid, 0)[1]
    x32 = os.fork()
    if x32 == 0:
        os._exit(0 if isinstance(call(0x40000000 + 39), str) else 1)
    return {"int 0x80": os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else "went on", "x32": os.waitpid(x32, 0)[1]}


def sockets():
    wanted = {"raw ip": (socket.AF_INET, socket.SOCK_RAW, 1), "raw ip6": (socket.AF_INET6, socket.SOCK_RAW, 58),
              "packet": (socket.AF_PACKET, socket.SOCK_RAW, 3), "packet dgram": (socket.AF_PACKET, socket.SOCK_DGRAM, 3),
              "ping": (socket.AF_INET, socket.SOCK_RAW, 255), "vsock": (40, socket.SOCK_STREAM, 0),
              "alg": (38, socket.SOCK_SEQPACKET, 0), "bluetooth": (31, socket.SOCK_RAW, 1), "can": (29, socket.SOCK_RAW, 1),
              "xdp": (44, socket.SOCK_RAW, 0), "tipc": (30, socket.SOCK_SEQPACKET, 0), "rds": (21, socket.SOCK_SEQPACKET, 0),
              "sctp stream": (socket.AF_INET, socket.SOCK_STREAM, 132), "l2tp": (socket.AF_INET, socket.SOCK_DGRAM, 115),
              "udplite": (socket.AF_INET, socket.SOCK_DGRAM, 136), "echo": (socket.AF_INET, socket.SOCK_DGRAM, 1),
              "mptcp": (socket.AF_INET6, socket.SOCK_STREAM, 262), "dccp": (socket.AF_INET, 6, 33),
              "key": (15, socket.SOCK_RAW, 2), "sctp": (socket.AF_INET, socket.SOCK_SEQPACKET, 132),
              "netlink audit": (16, socket.SOCK_RAW, 9), "netlink kobject": (16, socket.SOCK_RAW, 15),
              "netlink netfilter": (16, socket.SOCK_RAW, 12), "netlink generic": (16, socket.SOCK_RAW, 16),
              "netlink crypto": (16, socket.SOCK_RAW, 21), "netlink xfrm": (16, socket.SOCK_RAW, 6)}
    return {name: outcome(lambda: socket.socket(*kind).fileno() and "a socket") for name, kind in wanted.items()}


def network_changes():
    """RTM_NEWLINK, RTM_NEWADDR and RTM_NEWROUTE by netlink, an address and a flag by ioctl: the kernel's answers."""
    import fcntl
    import struct
    got = {}
    for name, kind, body in (("link", 16, struct.pack("BBHiII", 0, 0, 0, 1, 0, 1)),
                             ("address", 20, struct.pack("BBBBi", 2, 8, 0, 0, 1) + struct.pack("HH", 8, 2) + bytes([10, 9, 9, 9])),
                             ("route", 24, struct.pack("BBBBBBBBI", 2, 0, 0, 0, 254, 4, 0, 1, 0))):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
            s.send(struct.pack("IHHII", 16 + len(body), kind, 0x0605, 1, 0) + body)
            answer = s.recv(4096)
            code = struct.unpack("i", answer[16:20])[0]
            got[name] = errno.errorcode.get(-code, code)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        down = struct.pack("16sH14x", b"lo", 0)
        got["flags"] = outcome(fcntl.ioctl, s, 0x8914, down)
        got["promiscuous"] = outcome(s.setsockopt, socket.SOL_SOCKET, 36, 7)  # SO_MARK
        got["device"] = outcome(s.bind, ("127.0.0.1", 22))
    return got


def identity():
    """Other users, other names, other times, other priorities."""
    import time
    tried = {
        "setuid": lambda: os.setuid(0), "setresuid": lambda: os.setresuid(0, 0, 0), "setgid": lambda: os.setgid(0),
        "seteuid": lambda: os.seteuid(0), "setgroups": lambda: os.setgroups([0]),
        "settimeofday": lambda: time.clock_settime(time.CLOCK_REALTIME, 0),
        "sethostname": lambda: socket.sethostname("other"),
        "nice": lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
        "realtime": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
        "more files": lambda: __import__("resource").setrlimit(7, (4096, 4096)),
        "more locked memory": lambda: __import__("resource").setrlimit(8, (1 << 30, 1 << 30)),
        "file capabilities": lambda: _with_file(lambda f: os.setxattr(f, "security.capability", bytes.fromhex(
            "0100000200040000000000000000000000000000"))),
        "chown to root": lambda: _with_file(lambda f: os.chown(f, 0, 0)),
        "device node": lambda: os.mknod("/tmp/mem", 0o20666, os.makedev(1, 1)),
    }
    return {name: outcome(attempt) for name, attempt in tried.items()}


def _with_file(change):
    path = "/tmp/changed"
    open(path, "w").close()
    try:
        return change(path)
    finally:
        os.unlink(path)


def setuid_programs():
    """A copy of a shell with the setuid bit, and those of the system: whose rights do they run with?"""
    import shutil
    import subprocess
    shutil.copy("/bin/sh", "/tmp/sh")
    os.chmod("/tmp/sh", 0o6755)
    mine = subprocess.run(["/tmp/sh", "-pc", "grep -E '^(Uid|CapEff)' /proc/self/status"], capture_output=True, text=True)
    found = [p for d in ("/usr/bin", "/usr/lib") for p in map(lambda n: os.path.join(d, n), os.listdir(d))
             if os.path.isfile(p) and os.stat(p).st_mode & 0o6000]
    ran = {}
    for path in found:
        if path.endswith(("/su", "/mount", "/passwd", "/newgrp")):
            done = subprocess.run([path, "root"] if path.endswith("/su") else [path], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=20)
            ran[os.path.basename(path)] = done.returncode
    os.unlink("/tmp/sh")
    return {"copy": mine.stdout, "uid": os.getuid(), "su": ran.get("su", 1)}


def processes():
    """Whom can it see, signal and look into? -1 is everyone that it may signal: itself is spared by the kernel."""
    seen = sorted(p for p in os.listdir("/proc") if p.isdigit())
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        signal.pause()
    got = {"pids": seen, "me": os.getpid(), "all": outcome(os.kill, -1, signal.SIGKILL), "child": os.waitpid(pid, 0)[1]}
    got["init"] = outcome(os.kill, 1, 0)
    os.kill(1, signal.SIGKILL) if got["init"] == "got None" else None
    got["others"] = [p for p in range(2, 5000) if p not in (os.getpid(), pid) and outcome(os.kill, p, 0) == "got None"]
    for name in ("mem", "environ", "root", "cwd", "fd", "maps", "exe", "ns/net"):
        path = f"/proc/1/{name}"
        got[name] = outcome(os.readlink if name in ("root", "cwd", "exe", "ns/net") else _first, path)
    return got


def _first(path):
    return os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)


def watch_the_host():
    """What the neighbours run, by a watch on the programs they share; and a write-back of the machine's files."""
    return {"watch": call(NUMBERS["inotify_init1"], 0), "sync": outcome(os.sync)}


def terminal():
    import fcntl
    got = {"tty": outcome(os.open, "/dev/tty", os.O_RDWR), "console": outcome(os.open, "/dev/console", os.O_RDWR)}
    for fd in range(3):
        got[f"TIOCSTI {fd}"] = outcome(fcntl.ioctl, fd, 0x5412, b"x")
    return got
