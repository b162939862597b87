"""The plug is pulled while events are put: every event that was acknowledged is there, once."""
import time

from conftest import wait_until
from killed import kill_amid

ROUNDS, WRITERS = 4, 4


def put_until_gone(logs, stream, acknowledged, counted):
    n = len(acknowledged)
    try:
        while True:
            batch = [f"{stream} {n + i} {'x' * ((n + i) % 400)}" for i in range(20)]
            logs.put_log_events(logGroupName="g", logStreamName=stream,
                                logEvents=[{"timestamp": int(time.time() * 1000), "message": m} for m in batch])
            acknowledged += batch
            n += 20
            counted.release()
    except Exception:
        pass  # the daemon is gone


def test_what_was_acknowledged_is_there(new_gust):
    gust = new_gust().start()
    gust.client("logs").create_log_group(logGroupName="g")
    acknowledged = {f"s{i}": [] for i in range(WRITERS)}
    for stream in acknowledged:
        gust.client("logs").create_log_stream(logGroupName="g", logStreamName=stream)
    for _ in range(ROUNDS):
        kill_amid(gust, put_until_gone, [(gust.client("logs"), stream, mine) for stream, mine in acknowledged.items()])
        pages = gust.client("logs").get_paginator("filter_log_events").paginate(logGroupName="g")
        there = [event["message"] for page in pages for event in page["events"]]
        missing = [m for mine in acknowledged.values() for m in mine if m not in set(there)]
        assert not missing, f"{len(missing)} acknowledged events are gone, as {missing[:3]}"
        # What was written and not acknowledged may be there: it counts as written from here on.
        for stream, mine in acknowledged.items():
            own = [m for m in there if m.startswith(stream + " ")]
            assert len(own) == len(set(own)), f"{stream} has events twice"
            mine[:] = sorted(own, key=lambda m: int(m.split()[1]))
