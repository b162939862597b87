"""What a warm invocation through the HTTP API adds to the bare Beast hello, on one connection."""
import contextlib

from harness import daemon, peers
from harness.load import by_turns
from harness.report import Figure, table

TO_REACH_US = 60


def measure():
    with contextlib.ExitStack() as stack:
        urls = {"bare Beast hello": stack.enter_context(peers.beast()) + "/", "workerd": stack.enter_context(peers.workerd()) + "/"}
        gust = stack.enter_context(daemon.running())
        urls |= {name: daemon.create_with_api(gust, f"warm-{name}", name) for name in daemon.RUNTIMES}
        found = by_turns(urls, 1, seconds=4)
    limit = found["bare Beast hello"]
    table("Warm invocation through the HTTP API, one connection", ["what", "requests/s", "median ms", "p99 ms", "added us, median"],
          [(name, *values, (values[1] - limit[1]) * 1000) for name, values in found.items()])
    return [Figure("warm latency added to a bare Beast hello, native", (found["native"][1] - limit[1]) * 1000, "us", TO_REACH_US,
                   beside="the hello's own", beside_value=limit[1] * 1000)]
