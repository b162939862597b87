"""Pages of 1,000 of a bucket of ten million objects, at its first key and at nine tenths of it; what the daemon has of memory with
them, and how long its start takes. The objects are written by bench_objects_fill: the object store's own rows, in the real store."""
import os
import random
import statistics
import subprocess
import time

from conftest import BINARY
from harness import cores, kernel
from harness.load import Connection
from harness.presigned import S3
from harness.report import Figure, percentile, table
from objects import servers

PAGE, TO_REACH_MS, TO_REACH_MIB = 1000, 5, 200


def key_of(i):
    return f"object-{i:09}"


def request(sign, method, path, query=None):
    return f"{method} {sign.path(method, path, query)} HTTP/1.1\r\nHost: {sign.host}\r\n\r\n".encode()


def page(sign, after):
    start = {"start-after": key_of(after)} if after else {}
    return request(sign, "GET", f"/{servers.BUCKET}", {"list-type": "2", "max-keys": str(PAGE), **start})


def latencies(gust, sizes, places):
    """{name: ms of each page}, by turns."""
    sign = S3(gust.endpoint.removeprefix("http://"), *gust.keys())
    connection, found = Connection(gust.endpoint), {name: [] for name in places}
    for _ in range(sizes.pages):
        for name, place in places.items():
            found[name].append(connection.exchange(request=page(sign, place())))
    connection.close()
    return found


def read_some(gust, sizes):
    """Gets of objects anywhere in the bucket, so that the caches are in use."""
    sign, draw = S3(gust.endpoint.removeprefix("http://"), *gust.keys()), random.Random(2)
    connection = Connection(gust.endpoint)
    for _ in range(sizes.pages * 100):
        connection.exchange(request=request(sign, "GET", f"/{servers.BUCKET}/{key_of(draw.randrange(sizes.listed))}"))
    connection.close()


def measure(sizes):
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores.LOAD})
    with servers.gust_daemon() as gust:
        empty = kernel.rss(gust.process.pid)
        gust.stop()
        began = time.monotonic()
        subprocess.run([BINARY.parent / "bench/bench_objects_fill", gust.data, servers.BUCKET, str(sizes.listed)], check=True)
        filled = time.monotonic() - began
        gust.start_seconds = 1800
        began = time.monotonic()
        gust.start()
        started = time.monotonic() - began
        memory = {"started": kernel.rss(gust.process.pid)}
        draw = random.Random(1)
        far = sizes.listed * 9 // 10
        found = latencies(gust, sizes, {"key 1": lambda: 0, f"key {far:,}": lambda: far, "anywhere": lambda: draw.randrange(sizes.listed - PAGE)})
        memory["after the lists"] = kernel.rss(gust.process.pid)
        read_some(gust, sizes)
        memory["after gets of objects anywhere"] = kernel.rss(gust.process.pid)
    os.sched_setaffinity(0, before)
    medians = {name: statistics.median(times) for name, times in found.items()}
    table(f"ListObjectsV2: {PAGE:,} of {sizes.listed:,} keys", ["page at", "median ms", "p99 ms"],
          [(name, medians[name], percentile(times, 0.99)) for name, times in found.items()])
    table(f"Memory of the daemon with {sizes.listed:,} objects", ["when", "MiB"],
          [("without any", empty / 2**20), *((name, bytes_ / 2**20) for name, bytes_ in memory.items())])
    print(f"\nThe objects were written in {filled:.0f} s; a start with them takes {started:.1f} s.")
    first, last = medians["key 1"], medians[f"key {far:,}"]
    return [Figure(f"ListObjectsV2, {PAGE:,} of {sizes.listed:,} keys, p50", max(first, last), "ms", TO_REACH_MS),
            Figure(f"ListObjectsV2 at key {far:,}, times at key 1", last / first, "", 1.1, beside=f"{first:.2f} ms at key 1"),
            Figure(f"memory with {sizes.listed:,} objects", max(memory.values()) / 2**20, "MiB", TO_REACH_MIB, beside="with none",
                   beside_value=empty / 2**20)]
