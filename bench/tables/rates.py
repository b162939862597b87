"""Requests a second at 64 connections: puts, gets, queries of 100 items and transactions of four puts, beside dynalite, which keeps
nothing, and beside RocksDB with a sync for 64 puts of the same bytes."""
import statistics
import tempfile
from pathlib import Path

from harness import SCRATCH
from harness.report import Figure, table
from tables import limits, requests, servers

ROCKSDB = "RocksDB, a sync for 64 writes"
KINDS = {"PutItem": requests.puts, "GetItem": requests.gets, "Query of 100 items": requests.queries,
         "TransactWriteItems of 4": requests.transactions}
NOT_OF_DYNALITE = "TransactWriteItems of 4"


def medians(runs):
    return tuple(statistics.median(values) for values in zip(*runs))


def measured(running, kinds, sizes):
    """{kind: {name: medians of (requests/s, p50 ms, p99 ms)}}, by turns."""
    out = {}
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        for kind, make in kinds.items():
            scripts = {name: requests.script_for(Path(folder) / kind / name, make(server, sizes.requests))
                       for name, server in running.items() if name == "Gust" or kind != NOT_OF_DYNALITE}
            for name, script in scripts.items():
                requests.rate(running[name], script, 2)
            runs = {name: [] for name in scripts}
            for _ in range(sizes.rounds):
                for name, script in scripts.items():
                    runs[name].append(requests.rate(running[name], script, sizes.seconds))
                if kind == "PutItem":
                    runs.setdefault(ROCKSDB, []).append((limits.puts(requests.KIB, requests.CONNECTIONS, sizes.seconds), 0.0, 0.0))
            out[kind] = {name: medians(each) for name, each in runs.items()}
    return out


def show(title, found):
    rows = [(kind, name, rate, p50 or "-", p99 or "-", found[kind]["Gust"][0] / rate)
            for kind, each in found.items() for name, (rate, p50, p99) in each.items()]
    table(title, ["what", "server", "requests/s", "median ms", "p99 ms", "Gust, times this"], rows)


def measure(sizes):
    with servers.gust() as gust, servers.dynalite() as dynalite:
        running = {"Gust": gust, "dynalite": dynalite}
        for server in running.values():
            server.make_table()
            requests.fill_partitions(server)
        found = measured(running, KINDS, sizes)
    show(f"Items of 1 KiB, {requests.CONNECTIONS} connections", found)
    rates = {kind: {name: figures[0] for name, figures in each.items()} for kind, each in found.items()}
    put = rates["PutItem"]

    def times(kind, to_reach):
        return Figure(f"{kind}, times dynalite", rates[kind]["Gust"] / rates[kind]["dynalite"], "", to_reach, "more",
                      f"dynalite {rates[kind]['dynalite']:,.0f}/s")
    return [times("PutItem", 1), Figure("PutItem durable, times RocksDB", put["Gust"] / put[ROCKSDB], "", 0.5, "more",
                                        f"RocksDB {put[ROCKSDB]:,.0f}/s"),
            times("GetItem", 2.5), times("Query of 100 items", 4),
            Figure("TransactWriteItems of 4", rates["TransactWriteItems of 4"]["Gust"], "/s", 5000, "more")]
