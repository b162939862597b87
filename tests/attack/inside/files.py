"""The host's files, /proc and /sys, and what a package or a link could lead to."""
import os

from told import outcome

HOST = ["/root", "/home", "/srv", "/boot", "/run", "/sys", "/media", "/usr/local", "/etc/shadow", "/etc/machine-id",
        "/var/lib", "/var/log", "/dev/mem", "/dev/kmem", "/dev/port", "/dev/sda", "/dev/vda", "/dev/fuse", "/dev/kvm",
        "/dev/net/tun", "/dev/kmsg", "/dev/tty", "/dev/ptmx", "/sys/kernel", "/sys/fs/cgroup", "/proc/1/root/etc/shadow",
        "/proc/self/root/root", "/proc/self/cwd/../../root"]


def there(paths):
    return [p for p in HOST + paths if os.path.exists(p)]


def _read(path):
    with open(path, "rb") as f:
        return f.read(64)


def proc_secrets():
    """What of /proc tells of the host and may be read: those with contents."""
    names = ["kcore", "kallsyms", "kmsg", "keys", "key-users", "cmdline", "modules", "interrupts", "sched_debug", "timer_list",
             "slabinfo", "vmallocinfo", "pagetypeinfo", "iomem", "ioports", "kpagecount", "kpageflags", "config.gz",
             "sysrq-trigger", "latency_stats", "swaps", "diskstats", "partitions", "locks", "mdstat"]
    got = {}
    for name in names:
        try:
            got[name] = len(_read("/proc/" + name))
        except OSError:
            got[name] = 0
    # Addresses of the kernel must be zero where the file may be read at all.
    for name in ("iomem", "ioports"):
        try:
            first = open("/proc/" + name).readline()
            got[name] = 0 if first.lstrip().startswith(("00000000-00000000", "0000-0000")) else len(first)
        except OSError:
            pass
    return sorted(name for name, size in got.items() if size)


def proc_listing():
    return sorted(n for n in os.listdir("/proc") if not n.isdigit())


def writes():
    """Everything below /proc, and the usual places of the tree, opened for writing."""
    import stat
    opened = []
    for top in ("/proc/sys", "/proc/self", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/driver", "/proc/tty"):
        for folder, _, names in os.walk(top):
            if folder.count("/") > 6 or "/task/" in folder or "/map_files" in folder or folder.endswith("/fd"):
                continue
            for name in names:
                path = os.path.join(folder, name)
                try:
                    if not stat.S_ISREG(os.lstat(path).st_mode):
                        continue
                    os.close(os.open(path, os.O_WRONLY))
                    opened.append(path)
                except OSError:
                    pass
    for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches"):
        if outcome(os.open, path, os.O_WRONLY).startswith("got"):
            opened.append(path)
    for folder in ("/", "/usr", "/usr/bin", "/usr/lib", "/etc", "/etc/ssl/certs", "/dev", "/opt", "/mnt", "/var", "/var/task",
                   "/var/runtime", "/var/tmp"):
        if outcome(os.open, folder + "/new", os.O_WRONLY | os.O_CREAT).startswith("got"):
            opened.append(folder)
    for path in ("/dev/null", "/etc/passwd", "/etc/hosts", "/usr/bin/env", "/var/task/index.py"):
        for name, change in {"chmod": lambda: os.chmod(path, 0o777), "utime": lambda: os.utime(path),
                             "unlink": lambda: os.unlink(path), "rename": lambda: os.rename(path, path + "x"),
                             "link": lambda: os.link(path, "/tmp/hard"),
                             "xattr": lambda: os.setxattr(path, "user.x", b"x")}.items():
            if outcome(change).startswith("got"):
                opened.append(f"{name} {path}")
    return opened


def mountinfo():
    """(root, mount point, options, type) of every mount that it sees."""
    lines = [line.split() for line in open("/proc/self/mountinfo")]
    return [(f[3], f[4], f[5], f[f.index("-") + 1], f[f.index("-") + 2]) for f in lines]


def cgroup():
    return {"path": open("/proc/self/cgroup").read(), "mounted": os.path.exists("/sys/fs/cgroup")}


def links(target):
    """Links in /tmp to the host's files: where do they lead, here?"""
    got = {}
    for name, to in {"absolute": target, "dots": "../" * 20 + target.lstrip("/"), "proc": "/proc/1/root" + target}.items():
        path = f"/tmp/link-{name}"
        os.symlink(to, path)
        got[name] = outcome(open, path)
    return got


def limits():
    import resource
    names = {"core": 4, "files": 7, "locked": 8, "processes": 6, "nice": 13, "realtime": 14}
    return {name: resource.getrlimit(number) for name, number in names.items()}


def core_again():
    """A limit of 0 would let a host's core pattern that is a pipe run its program: it must stay 1."""
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return resource.getrlimit(resource.RLIMIT_CORE)


def crash():
    os.chdir("/tmp")
    os.abort()


def mode_of(path):
    return os.stat(path).st_mode & 0o7777
