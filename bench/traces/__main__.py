"""Throughput and the daemon's processor time a request, with traces and without, by turns."""
import contextlib
import os
import statistics
import sys
import tempfile
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
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")


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


def show(title, runs):
    middle = {name: [statistics.median(values) for values in zip(*each)] for name, each in runs.items()}
    plain = middle["traces off"]
    rows = [(name, m[0], f"{min(r[0] for r in runs[name]):,.0f} to {max(r[0] for r in runs[name]):,.0f}", f"{100 * (m[0] / plain[0] - 1):+.1f} %",
             f"{m[1]:.2f}", f"{100 * (m[1] / plain[1] - 1):+.1f} %", m[2], m[3]) for name, m in middle.items()]
    table(title, ["what", "requests/s, median", "of rounds", "of off", "daemon us a request", "of off", "median ms", "p99 ms"], rows)


def main(rounds=5, seconds=4, other=None):
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=SCRATCH)))
        daemons = {"traces on": stack.enter_context(running()),
                   "traces off": stack.enter_context(running(environment=["GUST_TRACES=off"]))}
        if other:
            daemons["the other binary"] = stack.enter_context(running(environment=["GUST_TRACES=off"], binary=other))
        gets = {name: get_script(gust, folder / str(i)) for i, (name, gust) in enumerate(daemons.items())}
        calls = {name: create_with_api(gust, "warm", "native") for name, gust in daemons.items()}
        for title, url_of, scripts in ((f"GET of 16 KiB, {CONNECTIONS} connections", lambda name: daemons[name].endpoint, gets),
                                       (f"Warm invocations of a native function through an HTTP API, {CONNECTIONS} connections",
                                        calls.get, {})):
            runs = {name: [] for name in daemons}
            for name, gust in daemons.items():
                wrk(url_of(name), CONNECTIONS, 2, scripts.get(name), cores.LOAD)
            for _ in range(rounds):
                for name, gust in daemons.items():
                    runs[name].append(measure(gust, url_of(name), scripts.get(name), seconds))
            show(title, runs)
        gust = daemons["traces on"]
        spans = {line.split()[0]: float(line.split()[1]) for line in metrics(gust) if line.startswith("gust_trace")}
        print(f"\n{spans['gust_trace_spans_total']:,.0f} spans, {spans['gust_trace_spans_dropped_total']:,.0f} dropped, "
              f"{spans['gust_trace_bytes'] / 2**20:.1f} MiB kept: {bytes_a_span(gust):.0f} bytes a span")


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


main(*(int(a) for a in sys.argv[1:3]), *sys.argv[3:4])
