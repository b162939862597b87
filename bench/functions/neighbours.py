"""The neighbour test: a well-behaved function's throughput alone, then beside one that does its worst; see neighbours."""
import json
import statistics
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/attack"), str(ROOT / "bench")]
from attacks import package  # noqa: E402
from botocore.config import Config  # noqa: E402
from conftest import Gust  # noqa: E402
from main import ROLE, make_function, table, wrk  # noqa: E402

ROUNDS, SECONDS, CONNECTIONS = 4, 3, 4
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
        self.name, self.over = name, threading.Event()

    def __enter__(self):
        self.functions.create_function(FunctionName=self.name, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                                       Code={"ZipFile": package()}, MemorySize=256, Timeout=5)
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


def main(names):
    rows = []
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        gust = Gust(Path(folder) / "data").start()
        try:
            url = make_function(gust, "well-behaved", "native")
            wrk(url, CONNECTIONS, 2)
            for attack in names or ATTACKS:
                alone, beside = [], []
                # By turns, so that what else the machine does is in both.
                for turn in range(ROUNDS):
                    alone.append(wrk(url, CONNECTIONS, SECONDS))
                    with Attacker(gust, f"attacker-{len(rows)}-{turn}", ATTACKS[attack]):
                        beside.append(wrk(url, CONNECTIONS, SECONDS))
                rate = [statistics.median(r[0] for r in runs) for runs in (alone, beside)]
                slow = [statistics.median(r[2] for r in runs) for runs in (alone, beside)]
                rows.append((attack, *rate, rate[1] / rate[0], *slow))
        finally:
            gust.stop()
    table("A function's throughput beside one that does its worst",
          ["its neighbour", "alone, requests/s", "beside it, requests/s", "ratio", "p99 ms alone", "p99 ms beside it"], rows)


if __name__ == "__main__":
    main(sys.argv[1:])
