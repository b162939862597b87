"""The latency of gets and puts at half of the rate that wrk reaches: requests leave at their times, whatever the answers take. The
limit is the least HTTP server that there can be (bench/hello), on the same core at the same rate: what the machine itself takes."""
import subprocess
import tempfile
from pathlib import Path

from conftest import BINARY
from harness import SCRATCH, cores, peers
from harness.report import Figure, p50_p99, table
from tables import requests, servers

P99_TO_REACH_MS = 3


def paced(endpoint, script, rate, seconds):
    """(median, p99) of the milliseconds from the time that each request was due to its answer, from a program that never sleeps."""
    command = [*cores.on(cores.LOAD), BINARY.parent / "bench/bench_paced", endpoint.rsplit(":", 1)[1], script.parent / "requests",
               str(requests.CONNECTIONS), str(rate), str(seconds)]
    return p50_p99([float(line) for line in subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()])


def least_server():
    return peers.server("bench_hello", lambda port: [*cores.on(cores.SERVER), BINARY.parent / "bench/bench_hello", port])


def by_turns(endpoints, script, rate, sizes):
    """{name: its rounds}, each (median, p99), ordered by p99."""
    found = {name: [] for name in endpoints}
    for _ in range(sizes.rounds):
        for name, endpoint in endpoints.items():
            found[name].append(paced(endpoint, script, rate, sizes.seconds))
    return {name: sorted(rounds, key=lambda found: found[1]) for name, rounds in found.items()}


def measure(sizes):
    rows, figures = [], []
    with servers.gust() as gust, least_server() as least, tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        gust.make_table()
        for kind, make in {"PutItem": requests.puts, "GetItem": requests.gets}.items():
            script = requests.script_for(Path(folder) / kind, make(gust, sizes.requests))
            sent = requests.rate(gust, script, sizes.seconds)[0] / 2
            found = by_turns({"Gust": gust.endpoint, "the least HTTP server": least}, script, sent, sizes)
            middle = {name: rounds[len(rounds) // 2] for name, rounds in found.items()}
            rows += [(kind, name, sent, *middle[name], " ".join(f"{p99:.1f}" for _, p99 in rounds)) for name, rounds in found.items()]
            figures.append(Figure(f"{kind} at half of the top rate, p99", middle["Gust"][1], "ms", P99_TO_REACH_MS,
                                  beside=f"{sent:,.0f}/s; the least HTTP server {middle['the least HTTP server'][1]:.1f} ms"))
    table("Latency at half of the top rate: the middle round by its p99", ["what", "of", "sent/s", "median ms", "p99 ms", "p99 of the rounds"],
          rows)
    return figures
