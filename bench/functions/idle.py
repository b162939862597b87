"""A thousand idle Python instances, of a function each: what they take of memory, and whether all answer afterwards."""
import time
from pathlib import Path

from harness import daemon, kernel, signed
from harness.load import Connection
from harness.report import Figure, p50_p99, table
from conftest import wait_until

INSTANCES, TO_REACH_GIB = 1000, 2
GIB = 1 << 30


def available():
    line = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable:"))
    return int(line.split()[1]) << 10


def counted(gust):
    return sum(each["idle"] for each in gust.cli_json("status")["instances"])


def measure():
    names = [f"idle-{i}" for i in range(INSTANCES)]
    before = available()
    # They reserve 128 MB each, which together is more than most machines have.
    with daemon.running("--keep-alive", "3600", "--instance-memory", str(INSTANCES * 256)) as gust:
        sign = signed.Signer(gust)
        runtime, file = daemon.RUNTIMES["python"]
        package = daemon.zipped({file: daemon.PYTHON})
        signed.send_all(gust.endpoint, (sign.create(name, runtime, package) for name in names), 8)
        empty = kernel.memory(gust)
        began = time.monotonic()
        signed.send_all(gust.endpoint, map(sign.invoke, names), 4)
        took = time.monotonic() - began
        wait_until(lambda: counted(gust) == INSTANCES, f"{INSTANCES} idle instances")
        full, machine = kernel.memory(gust), before - available()
        connection = Connection(gust.endpoint)
        again = [connection.exchange(request=sign.invoke(name)) for name in names]
        connection.close()
        after = daemon.starts(gust)
        if counted(gust) != INSTANCES or after["warm"] < INSTANCES:
            raise RuntimeError(f"not every instance answered again: {after['warm']} warm starts, {counted(gust)} instances")
    total = full.pss + full.kernel
    table(f"{INSTANCES} idle Python instances", ["what", "processes", "PSS MiB", f"kernel MiB ({full.kernel_from})", "together MiB"],
          [(what, m.processes, m.pss / 2**20, m.kernel / 2**20, (m.pss + m.kernel) / 2**20)
           for what, m in (("before the first invocation", empty), (f"{INSTANCES} idle", full))])
    p50, p99 = p50_p99(again)
    print(f"\nStarted in {took:.1f} s, 4 at a time ({after['pooled']} from the pool, {after['launched']} from nothing). The machine's MemAvailable "
          f"fell by {machine / 2**20:,.0f} MiB. All answered again, frozen as they were: median {p50:.2f} ms, p99 {p99:.2f} ms.")
    return [Figure(f"{INSTANCES} idle Python instances, with the daemon", total / GIB, "GiB", TO_REACH_GIB,
                   beside="all answered afterwards; MemAvailable fell by", beside_value=machine / GIB)]
