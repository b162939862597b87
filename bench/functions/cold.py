"""A first request to a new function, over HTTP, to its response: from ready runtimes and from nothing, beside the peers."""
import os

from harness import daemon, peers
from harness.load import Connection
from harness.report import Figure, p50_p99, table

TO_REACH = {"native": 2, "python": 2.5, "node": 2.5}
P99_TO_REACH = 6


def first_requests(gust, runtime, count, pooled):
    """Milliseconds of each first request, how many came from the pool, and the phases of the last."""
    daemon.create(gust, f"warm-up-{runtime}", runtime)
    connection = Connection(f"{gust.endpoint}/_gust/health")
    connection.exchange()
    times = []
    before = daemon.starts(gust)
    for i in range(count):
        url = daemon.create_with_api(gust, f"cold-{runtime}-{i}", runtime)
        if pooled:
            daemon.wait_for_pool(gust, daemon.FAMILY[runtime])
        times.append(connection.exchange(url.removeprefix(gust.endpoint)))
    connection.close()
    after = daemon.starts(gust)
    return times, after["pooled"] - before["pooled"], after["last_pooled" if pooled else "last_launched"]


def of_peers():
    """(what, times in ms), in the same run."""
    out = [(f"fork and exec of {name}", [peers.fork_exec(language) for _ in range(30)])
           for language, name in (("native", "/bin/true"), ("python", "python3 -I -c pass"), ("node", "node -e 0"))]
    out.append(("bubblewrap: python3 to its end", [peers.bwrap_python() for _ in range(30)]))
    out.append(("workerd: start to first answer", [peers.to_first_answer(peers.workerd) for _ in range(15)]))
    out.append(("functions-framework: start to first answer", [peers.to_first_answer(peers.functions_framework) for _ in range(10)]))
    out.append(("serverless-offline: a function's first call", peers.first_calls(20)))
    return [(what, *p50_p99(times)) for what, times in out]


def measure():
    count = int(os.environ.get("COUNT", 60))
    rows, reached = [], {}
    for pooled in (True, False):
        for runtime in TO_REACH:
            with daemon.running(environment=[] if pooled else ["GUST_READY_RUNTIMES_MB=0"]) as gust:
                times, taken, last = first_requests(gust, runtime, count, pooled)
            if pooled:
                reached[runtime] = p50_p99(times)
            rows.append((runtime, "ready" if pooled else "from nothing", *p50_p99(times), f"{taken}/{count}", last["sandbox_ms"],
                         last["init_ms"]))
    table("First request to a new function, over HTTP, to its response",
          ["runtime", "start", "median ms", "p99 ms", "from the pool", "last: sandbox ms", "last: init ms"], rows)
    beside = of_peers()
    ours = {name: p50 for name, (p50, _) in reached.items()}
    table("The same of peers and limits", ["what", "median ms", "p99 ms", *(f"times our {name}" for name in ours)],
          [(what, p50, p99, *(p50 / mine for mine in ours.values())) for what, p50, p99 in beside])
    limits = {"native": beside[0], "python": beside[1], "node": beside[2]}
    return [figure for runtime, (p50, p99) in reached.items() for figure in (
        Figure(f"cold, {runtime}, p50", p50, "ms", TO_REACH[runtime], beside=limits[runtime][0], beside_value=limits[runtime][1]),
        Figure(f"cold, {runtime}, p99", p99, "ms", P99_TO_REACH, beside=limits[runtime][0] + ", p99", beside_value=limits[runtime][2]))]
