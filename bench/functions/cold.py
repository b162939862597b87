"""Cold starts: the first request to a function, over HTTP, to its response; and first requests to many at once.

bench/functions/run; needs what ./check installs. Measured with runtimes booted ahead (a warm pool) and without.
"""
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests")]
from conftest import Gust, wait_until  # noqa: E402
from main import make_function, percentile, table  # noqa: E402

FAMILY = {"python": "python", "node": "node", "native": "provided"}


def starts(gust):
    return json.loads(gust.cli("status", "--pools", "--json").stdout)


def wait_for_pool(gust, family):
    if family is None:
        return

    def full():
        each = {r["runtime"]: r for r in starts(gust)["ready_runtimes"]}.get(family)
        return each and each["ready"] > 0 and each["booting"] == 0
    wait_until(full, f"a ready {family} runtime")


def first_request(connection, url):
    began = time.perf_counter()
    connection.request("GET", url)
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    assert answer.status == 200, (answer.status, body)
    return took


def one_by_one(gust, runtime, count, pooled):
    """Milliseconds of each first request, and what it did to the counters."""
    make_function(gust, f"warm-up-{runtime}", runtime)
    connection = http.client.HTTPConnection("127.0.0.1", gust.port)
    connection.request("GET", "/_gust/health")
    connection.getresponse().read()
    times = []
    before = starts(gust)
    for i in range(count):
        url = make_function(gust, f"cold-{runtime}-{i}", runtime)
        if pooled:
            wait_for_pool(gust, FAMILY[runtime])
        times.append(first_request(connection, url.removeprefix(gust.endpoint)))
    after = starts(gust)
    return times, after["pooled"] - before["pooled"], after["last_pooled" if pooled and FAMILY[runtime] else "last_launched"]


def at_once(gust, runtime, count):
    """Seconds until `count` functions have answered their first request, all sent at once."""
    urls = [make_function(gust, f"burst-{runtime}-{i}", runtime).removeprefix(gust.endpoint) for i in range(count)]
    wait_for_pool(gust, FAMILY[runtime])
    gate = threading.Barrier(count + 1)

    def ask(url):
        connection = http.client.HTTPConnection("127.0.0.1", gust.port)
        connection.connect()
        gate.wait()
        first_request(connection, url)
    threads = [threading.Thread(target=ask, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def main():
    count = int(os.environ.get("COUNT", 60))
    rows, bursts = [], []
    for pooled in (True, False):
        os.environ.pop("GUST_READY_RUNTIMES_MB", None)
        if not pooled:
            os.environ["GUST_READY_RUNTIMES_MB"] = "0"
        for runtime in ("python", "node", "native"):
            with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
                gust = Gust(Path(folder) / "data").start()
                try:
                    times, taken, last = one_by_one(gust, runtime, count, pooled)
                    rows.append((runtime, "ready" if pooled else "from nothing", statistics.median(times),
                                 percentile(times, 0.99), f"{taken}/{count}", last["sandbox_ms"], last["init_ms"]))
                    if pooled:
                        bursts.append((runtime, 100, at_once(gust, runtime, 100)))
                finally:
                    gust.stop()
    table("First request to a new function, over HTTP, to its response",
          ["runtime", "start", "median ms", "p99 ms", "from the pool", "last: sandbox ms", "last: init ms"], rows)
    table("First requests to 100 functions at once", ["runtime", "functions", "seconds until all have answered"], bursts)


if __name__ == "__main__":
    main()
