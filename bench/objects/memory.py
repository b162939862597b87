"""What an object's size takes of the daemon's memory: its peak while objects of three sizes are put and read."""
import os
from pathlib import Path

from harness import cores, kernel
from harness.report import Figure, table
from objects import servers
from objects.large import Transfer

ALLOWED_MIB = 16


class Zeros:
    """A body that is not in memory."""

    def __init__(self, size):
        self.size, self.piece = size, bytes(1 << 20)

    def send(self, socket):
        for begin in range(0, self.size, len(self.piece)):
            socket.sendall(self.piece[:min(len(self.piece), self.size - begin)])


def peak(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    raise RuntimeError(f"process {pid} has no memory")


def measure(sizes):
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores.LOAD})
    rows = []
    with servers.gust_daemon() as gust:
        pid, server = gust.process.pid, servers.s3(gust.endpoint, *gust.keys())
        for size in (1 << 20, sizes.large_object // 16, sizes.large_object):
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
            one = Transfer(server, b"")
            one.checksum = {}
            one.socket.sendall(one.head("PUT", {"Content-Length": size}))
            Zeros(size).send(one.socket)
            one.answer()
            one.get()
            rows.append((f"{size >> 20:,}", peak(pid) / 2**20, kernel.rss(pid) / 2**20))
    os.sched_setaffinity(0, before)
    table("Memory of the daemon while an object is put and read", ["object MiB", "peak MiB", "after it MiB"], rows)
    return [Figure(f"memory of an object of {sizes.large_object / 2**30:g} GiB, over one of 1 MiB", rows[-1][1] - rows[0][1], "MiB",
                   ALLOWED_MIB, beside="peak of 1 MiB", beside_value=rows[0][1])]
