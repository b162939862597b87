"""Gets and puts of 16 KiB at 64 connections, each key in its turn, beside servers of files and a raw group-committed log."""
import os
import statistics
import tempfile
from pathlib import Path

from harness import SCRATCH, cores
from harness.load import wrk
from harness.report import Figure, table
from objects import limits, servers

SIZE, CONNECTIONS = 16 << 10, 64
NGINX, S3RVER, RAW_LOG = "nginx", "s3rver", "raw log, a sync for 64 writes"
# Each request is whole before it is its turn, but for the body of a put.
SCRIPT = """
local heads, body, at = {{}}, "", 0
function init(args)
  for path in io.lines("{paths}") do heads[#heads + 1] = "{method} " .. path .. " HTTP/1.1\\r\\n{headers}\\r\\n" end
  local f = io.open("{body}", "rb")
  if f then body = f:read("*a") f:close() end
end
function request()
  at = at % #heads + 1
  return heads[at] .. body
end
"""


def key_of(i):
    return f"small-{i:05}"


def script_for(folder, server, method, keys, body=None):
    """A script of wrk that asks for each key in its turn; answers its path."""
    headers = {"Host": server.host} | ({"Content-Length": len(body), **server.put_headers} if body else {})
    (folder / "paths").write_text("".join(server.path(method, key, {}) + "\n" for key in keys))
    (folder / "body").write_bytes(body or b"")
    (folder / "script.lua").write_text(SCRIPT.format(paths=folder / "paths", body=folder / "body", method=method,
                                                     headers="".join(f"{name}: {value}\\r\\n" for name, value in headers.items())))
    return folder / "script.lua"


def measured(sizes, folder, running, method, body):
    """{name: median (requests/s, p50 ms, p99 ms)}, with the log's writes a second beside the puts."""
    keys = [key_of(i) for i in range(sizes.keys)]
    scripts = {}
    for name, server in running.items():
        (folder / method / name).mkdir(parents=True)
        scripts[name] = script_for(folder / method / name, server, method, keys, body)
        wrk(server.endpoint, CONNECTIONS, 2, scripts[name], cores.LOAD)
    runs = {name: [] for name in scripts}
    if method == "PUT":
        runs[RAW_LOG] = []
    for _ in range(sizes.rounds):
        for name in scripts:
            runs[name].append(wrk(running[name].endpoint, CONNECTIONS, sizes.seconds, scripts[name], cores.LOAD))
        if method == "PUT":
            runs[RAW_LOG].append((limits.commits(SIZE, CONNECTIONS, sizes.seconds), 0.0, 0.0))
    show(f"{method} of 16 KiB, {CONNECTIONS} connections, {sizes.keys} keys", runs)
    return {name: statistics.median(run[0] for run in each) for name, each in runs.items()}


def show(title, runs):
    of = statistics.median(run[0] for run in runs["Gust"])
    rows = []
    for name, each in runs.items():
        rate, p50, p99 = (statistics.median(values) for values in zip(*each))
        rows.append((name, rate, f"{min(r[0] for r in each):,.0f} to {max(r[0] for r in each):,.0f}", p50 or "-", p99 or "-", of / rate))
    table(title, ["what", "requests/s, median", "of rounds", "median ms", "p99 ms", "Gust, times this"], rows)


def measure(sizes):
    body = os.urandom(SIZE)
    with servers.running() as running, tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        folder = Path(name)
        put = measured(sizes, folder, running, "PUT", body)
        for server in running.values():
            server.put_all((key_of(i) for i in range(sizes.keys)), body)  # a slow one may not have come to the last
        got = measured(sizes, folder, running, "GET", None)
    return [Figure("GET 16 KiB, 64 connections, times nginx", got["Gust"] / got[NGINX], "", 0.6, "more", f"nginx {got[NGINX]:,.0f}/s"),
            Figure("GET 16 KiB, 64 connections, times s3rver", got["Gust"] / got[S3RVER], "", 20, "more", f"s3rver {got[S3RVER]:,.0f}/s"),
            Figure("PUT 16 KiB durable, 64 connections, times a raw log", put["Gust"] / put[RAW_LOG], "", 0.6, "more",
                   f"raw log {put[RAW_LOG]:,.0f}/s"),
            Figure("PUT 16 KiB durable, 64 connections, times s3rver", put["Gust"] / put[S3RVER], "", 6, "more",
                   f"s3rver {put[S3RVER]:,.0f}/s, not synced")]
