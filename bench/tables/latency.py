"""The latency of gets and puts at half of the rate that wrk reaches: requests leave at their times, whatever the answers take."""
import selectors
import tempfile
import time
from pathlib import Path

from harness import SCRATCH
from harness.load import Connection
from harness.report import Figure, p50_p99, table
from tables import requests, servers

P99_TO_REACH_MS = 3


def paced(server, wanted, rate, seconds):
    """Milliseconds from the time that each request was due to its answer."""
    waiting, free = selectors.DefaultSelector(), []
    for _ in range(requests.CONNECTIONS):
        free.append(Connection(server.endpoint))
        waiting.register(free[-1].socket, selectors.EVENT_READ, free[-1])
    due, times, count, sent = {}, [], int(rate * seconds), 0
    connections = list(free)
    began = time.perf_counter()
    while len(times) < count:
        now = time.perf_counter()
        while sent < count and free and began + sent / rate <= now:
            connection = free.pop()
            due[connection] = began + sent / rate
            connection.send(wanted[sent % len(wanted)])
            sent += 1
        until = began + sent / rate - time.perf_counter() if sent < count and free else 60
        for ready, _ in waiting.select(max(0, until)):
            if ready.data.answered():
                times.append((time.perf_counter() - due.pop(ready.data)) * 1000)
                free.append(ready.data)
    for connection in connections:
        connection.close()
    return times


def measure(sizes):
    rows, figures = [], []
    with servers.gust() as gust, tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        gust.make_table()
        for kind, make in {"PutItem": requests.puts, "GetItem": requests.gets}.items():
            wanted = make(gust, sizes.requests)
            top = requests.rate(gust, requests.script_for(Path(folder) / kind, wanted), sizes.seconds)[0]
            p50, p99 = p50_p99(paced(gust, wanted, top / 2, sizes.seconds * 2))
            rows.append((kind, top, top / 2, p50, p99))
            figures.append(Figure(f"{kind} at half of the top rate, p99", p99, "ms", P99_TO_REACH_MS, beside=f"{top / 2:,.0f}/s"))
    table("Latency at half of the top rate", ["what", "top rate/s", "sent/s", "median ms", "p99 ms"], rows)
    return figures
