"""Isolated starts a second, sustained: a native function that ends after each answer, so that every invocation is a new instance,
through the whole product."""
import re
import subprocess
import time

from harness import daemon, peers
from harness.load import wrk
from harness.report import Figure, table
from conftest import BINARY

SECONDS, CONNECTIONS, TO_REACH = 20, 8, 500


def through_the_product():
    """(instances started a second, answers a second, median ms, p99 ms)"""
    with daemon.running() as gust:
        url = daemon.create_with_api(gust, "starts", "native", MemorySize=128, Environment={"Variables": {"ONCE": "1"}})
        wrk(url, CONNECTIONS, 2)
        before = daemon.starts(gust)
        answers, p50, p99 = wrk(url, CONNECTIONS, SECONDS)
        after = daemon.starts(gust)
        started = sum(after[way] - before[way] for way in ("pooled", "launched"))
        return started / SECONDS, answers, p50, p99


def launcher_alone():
    """Whole lives of /bin/echo in a sandbox a second, one after another."""
    said = subprocess.run([BINARY.parent / "bench/bench_sandbox", "200"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return float(re.search(r"echo: whole lives\s+(\d+) a second", said)[1])


def processes(seconds=3):
    """Bare fork, exec and wait a second, one after another."""
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        peers.fork_exec("native")
        count += 1
    return count / (time.perf_counter() - began)


def bubblewraps(count=60):
    began = time.perf_counter()
    for _ in range(count):
        peers.bwrap_python()
    return count / (time.perf_counter() - began)


def measure():
    started, answers, p50, p99 = through_the_product()
    alone, bare, bwrap = launcher_alone(), processes(), bubblewraps()
    table(f"Isolated starts a second: native, {CONNECTIONS} connections, {SECONDS} s",
          ["what", "a second", "median ms", "p99 ms"],
          [("instances started through the HTTP API", started, p50, p99), ("answers of them", answers, "-", "-"),
           ("sandboxes of the launcher alone, /bin/echo, one after another", alone, "-", "-"),
           ("bubblewrap running python3, one after another", bwrap, "-", "-"),
           ("fork, exec and wait of /bin/true, one after another", bare, "-", "-")])
    return [Figure("isolated starts a second, sustained", started, "/s", TO_REACH, "more", "fork+exec", bare)]
