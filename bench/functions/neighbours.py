"""A well-behaved function's throughput alone, and beside one that does its worst, by turns."""
import json
import statistics
import threading

from harness import daemon
from harness.load import wrk
from harness.report import Figure, table
from attacks import package
from botocore.config import Config

ROUNDS, SECONDS, CONNECTIONS, TO_REACH = 4, 3, 4, 0.9
# What it does, and the payload that makes it do it. Each is called again as soon as it ended, or was ended.
ATTACKS = {
    "a fork bomb": ("exhaust", "fork_bomb", {}),
    "a memory hog": ("exhaust", "hog", {"kind": "heap"}),
    "a disk filler": ("exhaust", "hog", {"kind": "/tmp"}),
    "a cpu burner": ("exhaust", "spin", {"seconds": 60}),
    "a flood of logs": ("exhaust", "flood_of_logs", {"line": "x" * 20, "seconds": 60}),
}


class Attacker:
    """Invokes the attacking function again and again, until the block is left."""

    def __init__(self, gust, name, attack):
        module, function, arguments = attack
        self.payload = json.dumps({"module": module, "attack": function, "with": arguments})
        self.functions = gust.client("lambda", config=Config(retries={"max_attempts": 0}, read_timeout=120))
        self.gust, self.name, self.over = gust, name, threading.Event()

    def __enter__(self):
        daemon.create(self.gust, self.name, "python", package(), Timeout=5)
        self.functions.invoke(FunctionName=self.name, Payload=b'{"module": "runtime", "attack": "my_uid"}')
        self.thread = threading.Thread(target=self._attack)
        self.thread.start()

    def _attack(self):
        while not self.over.is_set():
            self.functions.invoke(FunctionName=self.name, Payload=self.payload)

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.functions.delete_function(FunctionName=self.name)


def measure():
    rows = []
    with daemon.running() as gust:
        url = daemon.create_with_api(gust, "well-behaved", "native")
        wrk(url, CONNECTIONS, 2)
        for attack, what in ATTACKS.items():
            alone, beside = [], []
            # By turns, so that what else the machine does is in both.
            for turn in range(ROUNDS):
                alone.append(wrk(url, CONNECTIONS, SECONDS))
                with Attacker(gust, f"attacker-{len(rows)}-{turn}", what):
                    beside.append(wrk(url, CONNECTIONS, SECONDS))
            rate = [statistics.median(r[0] for r in runs) for runs in (alone, beside)]
            slow = [statistics.median(r[2] for r in runs) for runs in (alone, beside)]
            rows.append((attack, *rate, rate[1] / rate[0], *slow))
    table("A function's throughput beside one that does its worst",
          ["its neighbour", "alone, requests/s", "beside it, requests/s", "ratio", "p99 ms alone", "p99 ms beside it"], rows)
    return [Figure(f"throughput beside {attack}", ratio, "", TO_REACH, "more", f"alone {alone:,.0f}/s, beside it {beside:,.0f}/s")
            for attack, alone, beside, ratio, *_ in rows]
