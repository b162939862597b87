"""The plug is pulled while events are put: every event that was acknowledged is there, once."""
import threading
import time

from conftest import wait_until

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
        counted = threading.Semaphore(0)
        threads = [threading.Thread(target=put_until_gone, args=(gust.client("logs"), stream, mine, counted))
                   for stream, mine in acknowledged.items()]
        for thread in threads:
            thread.start()
        for _ in range(60):
            counted.acquire()
        gust.kill9()
        for thread in threads:
            thread.join()
        gust.start()
        pages = gust.client("logs").get_paginator("filter_log_events").paginate(logGroupName="g")
        there = [event["message"] for page in pages for event in page["events"]]
        missing = [m for mine in acknowledged.values() for m in mine if m not in set(there)]
        assert not missing, f"{len(missing)} acknowledged events are gone, as {missing[:3]}"
        # What was written and not acknowledged may be there: it counts as written from here on.
        for stream, mine in acknowledged.items():
            own = [m for m in there if m.startswith(stream + " ")]
            assert len(own) == len(set(own)), f"{stream} has events twice"
            mine[:] = sorted(own, key=lambda m: int(m.split()[1]))
