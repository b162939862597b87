"""The same rates with ten million items there already, and the daemon's memory with them. The items are written by
bench_tables_fill: the table store's own rows, in the real store. What RocksDB has still to merge of them is merged first."""
import subprocess
import time

from conftest import BINARY, wait_until
from harness import kernel
from harness.report import Figure, table
from tables import rates, requests, servers

WORSE, MEMORY_MIB, CALM = 1.2, 512, 0.15


def measure(sizes):
    with servers.gust() as gust:
        gust.make_table()
        requests.fill_partitions(gust)
        empty = rates.measured({"Gust": gust}, rates.KINDS, sizes)
        table_id = gust.client().describe_table(TableName=servers.TABLE)["Table"]["TableId"]
        gust.daemon.stop()
        began = time.monotonic()
        subprocess.run([BINARY.parent / "bench/bench_tables_fill", gust.daemon.data, table_id, str(sizes.filled)], check=True)
        filled = time.monotonic() - began
        gust.daemon.start_seconds = 600
        began = time.monotonic()
        gust.daemon.start()
        started = time.monotonic() - began
        began, pid = time.monotonic(), gust.daemon.process.pid
        wait_until(lambda: kernel.share(pid) < CALM, "the store to be merged", 1800)
        merged = time.monotonic() - began
        gust.endpoint = gust.daemon.endpoint
        full = rates.measured({"Gust": gust}, rates.KINDS, sizes)
        memory = kernel.rss(pid) / 2**20
    rows = [(kind, empty[kind]["Gust"][0], full[kind]["Gust"][0], full[kind]["Gust"][0] / empty[kind]["Gust"][0]) for kind in empty]
    table(f"With {sizes.filled:,} items", ["what", "with few/s", f"with {sizes.filled:,}/s", "ratio"], rows)
    print(f"\nThe items were written in {filled:.0f} s; a start with them takes {started:.1f} s, and what was to be merged "
          f"{merged:.0f} s; the daemon has {memory:.0f} MiB.")
    return [Figure(f"{kind} with {sizes.filled:,} items, times with few", few / many, "", WORSE, beside=f"{few:,.0f}/s")
            for kind, few, many, _ in rows] + [Figure(f"memory with {sizes.filled:,} items", memory, "MiB", MEMORY_MIB)]
