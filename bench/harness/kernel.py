"""What the kernel says of a daemon: CPU time of its cgroups, memory of its processes and of its cgroups. cgroup v1 and v2."""
import os
import time
from dataclasses import dataclass
from pathlib import Path


def children(pid):
    return [int(child) for thread in Path(f"/proc/{pid}/task").iterdir() for child in (thread / "children").read_text().split()]


def tree(pid):
    """The process and all below it, as this process may see them."""
    out = [pid]
    for one in out:
        try:
            out.extend(children(one))
        except FileNotFoundError:
            continue  # it ended
    return out


def mounts(kind, option=None):
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ")
        if right.split()[0] == kind and (option is None or option in right.split()[2].split(",")):
            yield Path(left.split()[4])


def launcher_pid(gust):
    (pid,) = [p for p in children(gust.process.pid) if Path(f"/proc/{p}/comm").read_text().strip() == "gust-launcher"]
    return pid


def group_of(gust, controller):
    """The folder with the cgroups of all instances of this daemon, and whether it is of v1."""
    name = f"launcher-{launcher_pid(gust)}"
    for mount in mounts("cgroup", controller):
        if (mount / "gust" / name).exists():
            return mount / "gust" / name, True
    for mount in mounts("cgroup2"):
        for found in mount.rglob(name):
            return found, False
    raise RuntimeError(f"no cgroup {name} with {controller}: this benchmark needs root or a delegated cgroup")


def _cpu_us(folder, v1):
    if v1:
        return int((folder / "cpuacct.usage").read_text()) / 1000
    return int((folder / "cpu.stat").read_text().split("usage_usec ")[1].split()[0])


def cpu_of_ended(gust):
    """Microseconds of CPU that the groups that are gone by now have used: all that ever were, less those that are there."""
    folder, v1 = group_of(gust, "cpuacct")
    # The groups first: what they use until the whole is read is counted as of one that is gone, and not lost.
    there = sum(_cpu_us(child, v1) for child in folder.iterdir() if child.is_dir())
    return _cpu_us(folder, v1) - there


@dataclass
class Memory:
    processes: int
    pss: int     # bytes: each page by how many share it
    kernel: int  # bytes charged to the cgroups as the kernel's own
    kernel_from: str


def _pss(pid):
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def memory(gust):
    """Of the daemon, its launcher and every instance."""
    pids = tree(gust.process.pid)
    folder, v1 = group_of(gust, "memory")
    if v1:
        kernel, said = int((folder / "memory.kmem.usage_in_bytes").read_text()), "memory.kmem.usage_in_bytes"
    else:
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        kernel, said = int(stat["kernel"]), "memory.stat: kernel"
    return Memory(len(pids), sum(map(_pss, pids)), kernel, said)


def rss(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise RuntimeError(f"process {pid} has no memory")


def cpu_seconds(pid):
    """Of the process itself, its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share(pid, seconds=1.0):
    """Of one core, during the next `seconds`."""
    before = cpu_seconds(pid)
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds
