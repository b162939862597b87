"""An hour of mixed functions: does the ledger's CPU time add up to the kernel's own?

Whatever ran in an instance's cgroup is to be in some record. The kernel's total is of the groups that are gone at the end. Two
daemons have the same load: one starts each instance from nothing, so that every group is an instance's; the other's total has
also the ready runtimes that were booted and ended without ever being taken, which are in no record."""
import json
import random
import threading
import time
from collections import Counter

from harness import daemon, kernel
from harness.report import Figure, table
from botocore.config import Config

CODE = """
import os, subprocess, time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
def handler(event, context):
    burn(event.get("burn", 0))
    if event.get("child"): subprocess.run(["/usr/bin/python3", "-I", "-S", "-c", "sum(range(300000))"], check=True)
    if event.get("fail"): raise ValueError("as asked")
    if event.get("exit"): os._exit(3)
    return {"statusCode": 200, "body": "x" * event.get("out", 0)}
"""
NODE = """
exports.handler = async (event) => {
  const end = process.cpuUsage().user + event.burn * 1e6;
  while (process.cpuUsage().user < end);
  return {statusCode: 200, body: 'x'.repeat(event.out || 0)};
};
"""
# name: runtime, seconds between calls on average, what is asked of it, settings. Those with long pauses start anew each time.
LOADS = {
    "native-often": ("native", 1, {}, {}),
    "python-often": ("python", 1, {"burn": 0.01, "out": 1000}, {}),
    "node-often": ("node", 2, {"burn": 0.01}, {}),
    "python-child": ("python", 6, {"child": 1}, {}),
    "python-rare": ("python", 50, {"burn": 0.05}, {}),
    "node-rare": ("node", 60, {"burn": 0.05}, {}),
    "native-rare": ("native", 30, {}, {}),
    "python-large": ("python", 15, {"burn": 0.1, "out": 2_000_000}, {"MemorySize": 512}),
    "python-failing": ("python", 20, {"burn": 0.02, "fail": 1}, {}),
    "python-exiting": ("python", 60, {"burn": 0.02, "exit": 1}, {}),
    "python-overtime": ("python", 120, {"burn": 10}, {"Timeout": 1}),
}
KEEP_ALIVE_S = 20


class Caller(threading.Thread):
    """Calls one function at random times until the end."""

    def __init__(self, gust, name, every, event, end, seed):
        super().__init__()
        self.functions = gust.client("lambda", config=Config(retries={"max_attempts": 0}, read_timeout=120))
        self.name, self.every, self.event, self.end = name, every, json.dumps(event), end
        self.random, self.answered, self.error = random.Random(seed), 0, None

    def run(self):
        try:
            while (pause := self.random.expovariate(1 / self.every)) + time.monotonic() < self.end:
                time.sleep(pause)
                self.functions.invoke(FunctionName=self.name, Payload=self.event)["Payload"].read()
                self.answered += 1
        except Exception as e:  # told by the one who joins it
            self.error = e


class Subject:
    """A daemon with the functions, and what its ledger and its cgroups said when the load was over."""

    def __init__(self, gust):
        self.gust = gust
        packages = {"python": {"index.py": CODE}, "node": {"index.js": NODE}, "native": {"bootstrap": daemon.native_program()}}
        for name, (runtime, _, _, settings) in LOADS.items():
            daemon.create(gust, name, runtime, daemon.zipped(packages[runtime]), **settings)

    def begin(self, minutes):
        for ready in daemon.starts(self.gust)["ready_runtimes"]:
            if ready["target"] > 0:
                daemon.wait_for_pool(self.gust, ready["runtime"])
        self.before, end = kernel.cpu_of_ended(self.gust), time.monotonic() + minutes * 60
        self.callers = [Caller(self.gust, name, every, event, end, seed)
                        for seed, (name, (_, every, event, _)) in enumerate(LOADS.items())]
        for caller in self.callers:
            caller.start()

    def finish(self):
        for caller in self.callers:
            caller.join()
            if caller.error:
                raise RuntimeError(f"calling {caller.name}") from caller.error
        self.answered = sum(caller.answered for caller in self.callers)
        daemon.wait_for_rest(self.gust, KEEP_ALIVE_S * 2 + 60)
        self.used = kernel.cpu_of_ended(self.gust) - self.before
        self.records = daemon.records(self.gust)
        self.billed = self.gust.cli_json("bill")["total"]["invocations"]
        self.metered = sum(record["cpu_us"] for record in self.records)
        self.missing = (self.used - self.metered) / self.used * 100

    def row(self, name):
        starts = Counter(record["start"] for record in self.records)
        return (name, self.answered, len(self.records), self.billed, ", ".join(f"{n} {kind}" for kind, n in starts.most_common()),
                self.metered / 1e6, self.used / 1e6, self.missing)

    def of_function(self, name):
        own = [record["cpu_us"] for record in self.records if record["function"] == name]
        return len(own), sum(own) / 1e6


def measure(minutes=60):
    with daemon.running("--keep-alive", str(KEEP_ALIVE_S), environment=["GUST_READY_RUNTIMES_MB=0"]) as without, \
            daemon.running("--keep-alive", str(KEEP_ALIVE_S)) as with_pools:
        subjects = [Subject(without), Subject(with_pools)]
        for subject in subjects:
            subject.begin(minutes)
        for subject in subjects:
            subject.finish()
        ready = daemon.starts(with_pools)["ready_runtimes"]
    launched, pooled = subjects
    table(f"Metering: {minutes:g} minutes of mixed functions, the ledger beside the kernel",
          ["instances", "answered", "records", "in the bill", "starts", "CPU s in the ledger", "CPU s in the cgroups", "missing %"],
          [launched.row("from nothing"), pooled.row("from ready runtimes")])
    table("By function", ["function", "invocations, from nothing", "CPU s", "invocations, from ready runtimes", "CPU s"],
          [(name, *launched.of_function(name), *pooled.of_function(name)) for name in LOADS])
    print("\nReady runtimes at the end: " + ", ".join(f"{r['ready']} {r['runtime']} ({r['taken']} taken)" for r in ready) + ".")
    return [Figure(f"ledger against the kernel's cgroups, {minutes:g} min, {name}: missing", abs(subject.missing), "%", bound,
                   beside=f"{subject.used / 1e6:.1f} s of CPU in the cgroups, {subject.metered / 1e6:.1f} s in the ledger")
            for name, subject, bound in (("from nothing", launched, 1), ("with ready runtimes", pooled, None))]
