"""A hundred thousand functions: what each takes of the daemon's memory, and how fast lists and invocations are beside ten.

They are created through the API, over several connections. The data folder is in memory (/dev/shm) where there is one, since each
creation syncs its code to the disk, which is not what is measured."""
import base64
import json
import os
import random
import statistics
import time
from pathlib import Path
from urllib.parse import quote

from harness import SCRATCH, daemon, kernel, signed
from harness.load import Connection
from harness.report import Figure, table

FEW, TO_REACH_KIB = 10, 2
MANY = int(os.environ.get("FUNCTIONS", 100_000))


def name_of(i):
    return f"function-{i:06}"


def register(gust, numbers):
    """Seconds that it took."""
    sign = signed.Signer(gust)
    runtime, file = daemon.RUNTIMES["python"]
    package = daemon.zipped({file: daemon.PYTHON})
    began = time.monotonic()
    signed.send_all(gust.endpoint, (sign.create(name_of(i), runtime, package) for i in numbers), 16)
    return time.monotonic() - began


def latencies(gust, url, count):
    """Median ms of: a page of the list from anywhere in it, a warm invocation through the HTTP API, a first one of a function."""
    sign, draw = signed.Signer(gust), random.Random(1)
    connection = Connection(gust.endpoint)
    after = [name_of(draw.randrange(count - FEW)) if count > FEW else "e" for _ in range(300)]
    markers = [quote(base64.b64encode(marker.encode()), safe="") for marker in after]
    pages = [sign.request("GET", f"{signed.PATH}/?MaxItems={FEW}&Marker={marker}") for marker in markers]
    firsts = [sign.invoke(name_of(i)) for i in draw.sample(range(count), FEW)]
    lists = [connection.exchange(request=page) for page in pages]
    warm = [connection.exchange(url.removeprefix(gust.endpoint)) for _ in range(1000)]
    cold = []
    for first in firsts:
        daemon.wait_for_pool(gust, "python")
        cold.append(connection.exchange(request=first))
    connection.close()
    return [statistics.median(times) for times in (lists, warm, cold)]


def measure():
    shared = Path("/dev/shm")
    folder = shared if shared.is_dir() and os.access(shared, os.W_OK) else SCRATCH
    with daemon.running(folder=folder) as gust:
        url = daemon.create_with_api(gust, "warm", "native")
        register(gust, range(FEW))
        few = latencies(gust, url, FEW)
        before = kernel.rss(gust.process.pid)
        took = register(gust, range(FEW, MANY))
        after = kernel.rss(gust.process.pid)
        many = latencies(gust, url, MANY)
        listed = kernel.rss(gust.process.pid)
        began = time.monotonic()
        gust.restart()
        restart = time.monotonic() - began
        restarted = kernel.rss(gust.process.pid)
        found = json.loads(gust.cli("status", "--json").stdout)["functions"]
    each = [(value - before) / (MANY - FEW) / 1024 for value in (after, listed, restarted)]
    table(f"{MANY:,} functions registered", ["what", f"with {FEW}", f"with {MANY:,}", "ratio"],
          [(what, a, b, b / a) for what, a, b in zip((f"a page of {FEW} of the list, median ms", "warm invocation, median ms",
                                                       "first invocation, median ms"), few, many)])
    print(f"\nThe daemon's memory: {before / 2**20:.0f} MiB with {FEW}, {after / 2**20:.0f} MiB after the last was registered ({each[0]:.2f} KiB "
          f"a function), {listed / 2**20:.0f} MiB after the lists ({each[1]:.2f} KiB), {restarted / 2**20:.0f} MiB after a restart "
          f"({each[2]:.2f} KiB), which took {restart:.1f} s. Registered in {took:.0f} s through the API, data in {folder}. "
          f"gust status counts {found:,}.")
    return [Figure(f"{MANY:,} functions, memory of the daemon each", max(each), "KiB", TO_REACH_KIB),
            Figure(f"{MANY:,} functions, a page of the list, times as with {FEW}", many[0] / few[0], "", None, beside=f"{few[0]:.2f} ms"),
            Figure(f"{MANY:,} functions, warm invocation, times as with {FEW}", many[1] / few[1], "", None, beside=f"{few[1]:.2f} ms")]
