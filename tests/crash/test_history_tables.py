"""Many clients of a table while the daemon is killed again and again: what they were told must be linearizable for each
item and strictly serializable for transactions, and indexes and the stream must equal the table. The checker is the one
of the simulation, src/tables/history, in the unit tests' program."""
import os
import random
import subprocess
import threading
import time

from botocore.exceptions import EndpointConnectionError, HTTPClientError

from conftest import ROOT, wait_until
from table_clients import LISTS, REGISTERS, Client, History, key, make_table, name_of, state

CHECKER = ROOT / "build/release/src/gust_tables_test"
CLIENTS, KILLS, STEPS = 8, 6, 500  # at most so many steps between two kills


def check(path):
    done = subprocess.run([CHECKER, "--gtest_filter=HistoryFile.DISABLED_Check", "--gtest_also_run_disabled_tests"],
                          env=os.environ | {"GUST_HISTORY": str(path)}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return next(line for line in done.stdout.splitlines() if line.startswith("checked "))


def pages(client, operation, **query):
    return [item for page in client.get_paginator(operation).paginate(**query) for item in page["Items"]]


def by_name(items):
    return sorted(items, key=name_of)


class Follower:
    """Reads a stream on and on, and goes on after a crash where it was."""

    def __init__(self, streams, arn):
        self.streams, self.records = streams, []
        shard, = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self.at = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"],
                                             ShardIteratorType="TRIM_HORIZON")["ShardIterator"]

    def read(self):
        """How many it got; nothing when the daemon did not answer."""
        try:
            answer = self.streams.get_records(ShardIterator=self.at, Limit=100)
        except (HTTPClientError, EndpointConnectionError):
            return None
        self.records += answer["Records"]
        self.at = answer["NextShardIterator"]
        return len(answer["Records"])


def replayed(records):
    """The items that a stream's records tell, each of which must fit what those before it told."""
    items, numbers = {}, [r["dynamodb"]["SequenceNumber"] for r in records]
    assert numbers == sorted(set(numbers))
    for record in records:
        told = record["dynamodb"]
        name = name_of(told["Keys"])
        assert told.get("OldImage") == items.pop(name, None), name
        if "NewImage" in told:
            items[name] = told["NewImage"]
        assert record["eventName"] == ("REMOVE" if "NewImage" not in told else "MODIFY" if "OldImage" in told else "INSERT")
    return list(items.values())


def check_indexes(dynamodb, table, items):
    whole = lambda item: item
    keys_only = lambda item: {k: item[k] for k in ("h", "r", "g", "value")}
    included = lambda item: {k: item[k] for k in ("h", "r", "count", "list") if k in item}
    for index, needed, projected in (("by-g", {"g"}, whole), ("by-value", {"g", "value"}, keys_only), ("local", {"count"}, included)):
        assert by_name(pages(dynamodb, "scan", TableName=table, IndexName=index)) == by_name(
            projected(item) for item in items if needed <= set(item)), index


def test_histories_across_kills_are_serializable(new_gust, tmp_path):
    gust = new_gust().start()
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    dice, history = random.Random(seed), History()
    arn = make_table(gust.client("dynamodb"), "history")
    follower = Follower(gust.client("dynamodbstreams"), arn)
    clients = [Client(gust, "history", history, number, seed + number) for number in range(CLIENTS)]
    up, stopping, steps, failures = threading.Event(), threading.Event(), threading.Semaphore(0), []

    def live(step):
        """Until told to stop; while the daemon is down it waits."""
        try:
            while not stopping.is_set():
                up.wait()
                if step() in (False, None):
                    up.wait()
                steps.release()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=live, args=(one.step,)) for one in clients]
    threads.append(threading.Thread(target=live, args=(follower.read,)))
    up.set()
    for thread in threads:
        thread.start()
    try:
        for _ in range(KILLS):
            for _ in range(dice.randrange(STEPS)):
                assert steps.acquire(timeout=60) and not failures, failures
            gust.kill9()
            up.clear()
            gust.start()
            up.set()
        for _ in range(STEPS // 2):
            assert steps.acquire(timeout=60) and not failures, failures
    finally:
        stopping.set()
        up.set()
        for thread in threads:
            thread.join()
    assert not failures
    for client in clients:  # what was not answered is sent again with its token, and was applied once
        while client.unfinished:
            assert client.step()

    dynamodb, last = gust.client("dynamodb"), clients[0]
    assert last.read_lists(LISTS)
    items = pages(dynamodb, "scan", TableName="history", ConsistentRead=True)
    for name in REGISTERS:
        event = last.begin_on(name, "get")
        item = dynamodb.get_item(TableName="history", Key=key(name), ConsistentRead=True).get("Item")
        history.add(event | {"held": True, "before": state(item), "returned": time.monotonic_ns()})
        assert [i for i in items if name_of(i) == name] == ([item] if item else [])
    check_indexes(dynamodb, "history", items)
    wait_until(lambda: follower.read() == 0, "the end of the stream")
    assert by_name(replayed(follower.records)) == by_name(items)
    begin = Follower(gust.client("dynamodbstreams"), arn)
    wait_until(lambda: begin.read() == 0, "the end of the stream")
    assert [r["eventID"] for r in begin.records] == [r["eventID"] for r in follower.records], "a record was missed"

    path = tmp_path / "history"
    history.write(path)
    unknown = sum(1 for e in history.events if e.get("outcome") == "unknown" or "held" not in e and "item" in e)
    print(check(path), f"of which {unknown} are unknown")


def test_the_checker_can_fail(tmp_path):
    """A read that is older than another, and half of a transaction."""
    history = History()
    history.events = [{"item": "a", "do": "put", "argument": 1, "held": True, "called": 1, "returned": 2},
                      {"item": "a", "do": "get", "held": True, "before": None, "called": 3, "returned": 4},
                      {"reads": {}, "appends": {"x": 1, "y": 2}, "outcome": "unknown", "called": 1, "returned": 2},
                      {"reads": {"x": [1], "y": []}, "appends": {}, "outcome": "done", "called": 3, "returned": 4}]
    path = tmp_path / "history"
    history.write(path)
    done = subprocess.run([CHECKER, "--gtest_filter=HistoryFile.DISABLED_Check", "--gtest_also_run_disabled_tests"],
                          env=os.environ | {"GUST_HISTORY": str(path)}, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "wrong: a: of 2 operations" in done.stdout and "wrong: a cycle" in done.stdout
