"""Throughput and the daemon's processor time a request, with traces and without, in pairs of short rounds."""
import contextlib
import math
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from harness import SCRATCH, cores
from harness.daemon import create_with_api, running
from harness.load import wrk
from harness.presigned import S3
from harness.report import table

CONNECTIONS, SIZE, KEYS = 64, 16 << 10, 500
SCRIPT = """
local heads, at = {{}}, 0
for path in io.lines("{paths}") do heads[#heads + 1] = "GET " .. path .. " HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n" end
function request()
  at = at % #heads + 1
  return heads[at]
end
"""


def processor_us(pid):
    """Of the daemon alone, all threads, in microseconds."""
    return time.clock_gettime_ns(~pid << 3 | 2) / 1000  # clock_getcpuclockid(3)


def get_script(gust, folder):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="bench")
    body, host = os.urandom(SIZE), f"127.0.0.1:{gust.port}"
    for i in range(KEYS):
        s3.put_object(Bucket="bench", Key=f"small-{i:05}", Body=body)
    signer = S3(host, *gust.keys())
    folder.mkdir()
    (folder / "paths").write_text("".join(signer.path("GET", f"/bench/small-{i:05}") + "\n" for i in range(KEYS)))
    (folder / "script.lua").write_text(SCRIPT.format(paths=folder / "paths", host=host))
    return folder / "script.lua"


def measure(gust, url, script, seconds):
    """(requests a second, microseconds of the daemon a request, p50 ms, p99 ms)"""
    before = processor_us(gust.process.pid)
    rate, p50, p99 = wrk(url, CONNECTIONS, seconds, script, cores.LOAD)
    return rate, (processor_us(gust.process.pid) - before) / (rate * seconds), p50, p99


def interval(values):
    """(median, low, high): the middle, and between what it is with 95 % (order statistics, no distribution assumed)."""
    ordered, n = sorted(values), len(values)
    reach = 0.98 * n ** 0.5
    return (statistics.median(ordered), ordered[max(0, math.floor(n / 2 - reach))], ordered[min(n - 1, math.ceil(n / 2 + reach) - 1)])


def of_plain(runs, name, at, plain):
    """How much more a pair's rounds had, in per cent: the machine's speed changes from second to second, less within a pair."""
    middle, low, high = interval([100 * (a[at] / b[at] - 1) for a, b in zip(runs[name], runs[plain])])
    return f"{middle:+.1f} % ({low:+.1f} to {high:+.1f})"


def show(title, runs, plain="traces off"):
    rows = []
    for name, each in runs.items():
        middle = [statistics.median(values) for values in zip(*each)]
        more = ["", ""] if name == plain else [of_plain(runs, name, at, plain) for at in (0, 1)]
        rows.append((name, middle[0], more[0], f"{middle[1]:.2f}", more[1], middle[2], middle[3]))
    table(title, ["what", "requests/s, median", "of off, pairs' median (95 %)", "daemon us a request", "of off, pairs' median (95 %)",
                  "median ms", "p99 ms"], rows)


def compare(rounds, seconds, other):
    """Daemons begun for these rounds: {title: {name: [what each round measured]}}, and what the one with traces says of its spans."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=SCRATCH)))
        daemons = {"traces on": stack.enter_context(running()),
                   "traces off": stack.enter_context(running(environment=["GUST_TRACES=off"]))}
        if other:
            daemons["the other binary"] = stack.enter_context(running(environment=["GUST_TRACES=off"], binary=other))
        gets = {name: get_script(gust, folder / str(i)) for i, (name, gust) in enumerate(daemons.items())}
        calls = {name: create_with_api(gust, "warm", "native") for name, gust in daemons.items()}
        found = {}
        for title, url_of, scripts in ((f"GET of 16 KiB, {CONNECTIONS} connections", lambda name: daemons[name].endpoint, gets),
                                       (f"Warm invocations of a native function through an HTTP API, {CONNECTIONS} connections",
                                        calls.get, {})):
            runs = found[title] = {name: [] for name in daemons}
            for name in daemons:
                wrk(url_of(name), CONNECTIONS, 2, scripts.get(name), cores.LOAD)
            for turn in range(rounds):
                for name, gust in list(daemons.items())[::1 if turn % 2 else -1]:
                    runs[name].append(measure(gust, url_of(name), scripts.get(name), seconds))
        return found, spans_of(daemons["traces on"])


def main(starts=6, rounds=20, seconds=1, other=None):
    """A process may be quicker than its twin all its life, by where its memory lies: each pair of processes has some rounds only."""
    found = {}
    for _ in range(starts):
        some, spans = compare(rounds, seconds, other)
        for title, runs in some.items():
            for name, each in runs.items():
                found.setdefault(title, {}).setdefault(name, []).extend(each)
    for title, runs in found.items():
        show(title, runs)
    print(f"\n{spans}")


def spans_of(gust):
    said = {line.split()[0]: float(line.split()[1]) for line in metrics(gust) if line.startswith("gust_trace")}
    return (f"{said['gust_trace_spans_total']:,.0f} spans, {said['gust_trace_spans_dropped_total']:,.0f} dropped, "
            f"{said['gust_trace_bytes'] / 2**20:.1f} MiB kept: {bytes_a_span(gust):.0f} bytes a span")


def metrics(gust):
    import requests
    return requests.get(f"{gust.endpoint}/_gust/metrics", timeout=30).text.splitlines()


def bytes_a_span(gust):
    """From the heads of the blocks, docs/formats/traces.md."""
    size = spans = 0
    for path in (gust.data / "traces").glob("*.spans"):
        bytes_, at = path.read_bytes(), 0
        while at + 48 <= len(bytes_):
            payload, filter_, count = (int.from_bytes(bytes_[at + i:at + i + 4], "little") for i in (4, 8, 12))
            size, spans, at = size + 48 + payload + filter_, spans + count, at + 48 + payload + filter_
    return size / max(1, spans)


main(*(int(a) for a in sys.argv[1:4]), *sys.argv[4:5])
