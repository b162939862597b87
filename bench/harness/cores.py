"""A core for the server that is measured and the other for the load; and what else the machine did meanwhile."""
import os
import statistics
import time
from pathlib import Path

_ALLOWED = sorted(os.sched_getaffinity(0))
SERVER, LOAD = _ALLOWED[0], _ALLOWED[-1]


def on(core):
    """What a command begins with to run on this core only, with all that it starts."""
    return ["taskset", "-c", str(core)]


def medians_by_turns(actions, rounds):
    """{name: action} as {name: (median, lowest, highest)} of what each answers; by turns, so that what else the machine does is in all."""
    runs = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            runs[name].append(action())
    return {name: (statistics.median(found), min(found), max(found)) for name, found in runs.items()}


def parse_stat(text):
    """(idle, stolen, all) ticks of all cores together, from /proc/stat."""
    ticks = [int(field) for field in text.splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], ticks[7], sum(ticks)


class Noise:
    """From its making on: load of the machine before, and what the host took."""

    def __init__(self):
        self.load, self.began = os.getloadavg()[0], time.monotonic()
        self.before = parse_stat(Path("/proc/stat").read_text())

    def said(self):
        idle, stolen, total = (b - a for a, b in zip(self.before, parse_stat(Path("/proc/stat").read_text())))
        return f"load before {self.load:.1f}, {100 * idle / max(total, 1):.0f} % idle, {100 * stolen / max(total, 1):.1f} % stolen by the host"
