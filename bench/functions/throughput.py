"""Warm invocations a second at 64 connections, beside workerd's hello: by turns, medians of three."""
import contextlib

from harness import daemon, peers
from harness.load import by_turns, wrk
from harness.report import Figure, table

CONNECTIONS = 64
TO_REACH = {"native": 1.5, "node": 1.0, "python": 0.8}


def measure():
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        urls = {"workerd": enter(peers.workerd()) + "/", "bare Beast hello": enter(peers.beast()) + "/",
                "functions-framework": enter(peers.functions_framework()) + "/",
                "serverless-offline": enter(peers.serverless_offline(1)) + "/f0"}
        gust = enter(daemon.running())
        urls |= {name: daemon.create_with_api(gust, f"warm-{name}", name) for name in TO_REACH}
        for url in urls.values():
            wrk(url, CONNECTIONS, 2)  # starts as many instances as it takes
        found = by_turns(urls, CONNECTIONS)
    peer = found["workerd"][0]
    table(f"Warm invocations at {CONNECTIONS} connections", ["what", "requests/s", "median ms", "p99 ms", "of workerd's"],
          [(name, *values, values[0] / peer) for name, values in found.items()])
    return [Figure(f"warm invocations, {CONNECTIONS} connections, {name}, times workerd's hello", found[name][0] / peer, "", bound, "more",
                   f"workerd {peer:,.0f}/s, {name} {found[name][0]:,.0f}/s") for name, bound in TO_REACH.items()]
