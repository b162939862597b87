"""First requests to a hundred functions, all at once, until all have answered."""
import subprocess
import time

from harness import daemon, peers
from harness.load import at_once
from harness.report import Figure, table

FUNCTIONS = 100
TO_REACH = {"native": 0.25, "python": 0.6, "node": None}


def bare_processes(runtime):
    """Seconds of as many bare processes of this language, all started at once, to the end of the last."""
    began = time.perf_counter()
    started = [subprocess.Popen(peers.BARE[runtime]) for _ in range(FUNCTIONS)]
    for process in started:
        process.wait()
    return time.perf_counter() - began


def measure():
    rows, figures = [], []
    for runtime, to_reach in TO_REACH.items():
        with daemon.running() as gust:
            urls = [daemon.create_with_api(gust, f"burst-{runtime}-{i}", runtime) for i in range(FUNCTIONS)]
            daemon.wait_for_pool(gust, daemon.FAMILY[runtime])
            before = daemon.starts(gust)
            took = at_once(urls)
            after = daemon.starts(gust)
        limit = bare_processes(runtime)
        rows.append((runtime, took, limit, took / limit, after["pooled"] - before["pooled"], after["launched"] - before["launched"]))
        figures.append(Figure(f"{FUNCTIONS} first requests at once, {runtime}", took, "s", to_reach,
                              beside=f"{FUNCTIONS} bare processes", beside_value=limit))
    table(f"First requests to {FUNCTIONS} functions at once",
          ["runtime", "s until all have answered", "bare processes s", "ratio", "from the pool", "from nothing"], rows)
    return figures
