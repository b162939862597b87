"""The latency of gets and puts at half of the rate that wrk reaches: requests leave at their times, whatever the answers take."""
import subprocess
import tempfile
from pathlib import Path

from conftest import BINARY
from harness import SCRATCH, cores
from harness.report import Figure, p50_p99, table
from tables import requests, servers

P99_TO_REACH_MS = 3


def paced(server, script, rate, seconds):
    """Milliseconds from the time that each request was due to its answer, from a program that never sleeps."""
    command = [*cores.on(cores.LOAD), BINARY.parent / "bench/bench_paced", server.endpoint.rsplit(":", 1)[1], script.parent / "requests",
               str(requests.CONNECTIONS), str(rate), str(seconds)]
    return [float(line) for line in subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()]


def measure(sizes):
    rows, figures = [], []
    with servers.gust() as gust, tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        gust.make_table()
        for kind, make in {"PutItem": requests.puts, "GetItem": requests.gets}.items():
            script = requests.script_for(Path(folder) / kind, make(gust, sizes.requests))
            top = requests.rate(gust, script, sizes.seconds)[0]
            p50, p99 = p50_p99(paced(gust, script, top / 2, sizes.seconds * 2))
            rows.append((kind, top, top / 2, p50, p99))
            figures.append(Figure(f"{kind} at half of the top rate, p99", p99, "ms", P99_TO_REACH_MS, beside=f"{top / 2:,.0f}/s"))
    table("Latency at half of the top rate", ["what", "top rate/s", "sent/s", "median ms", "p99 ms"], rows)
    return figures
