"""The command of a group of figures, each in a module of the group with measure(sizes)."""
import argparse
import importlib
import os
import time

from . import cores
from .report import summary


def run(group, names, short, full):
    parser = argparse.ArgumentParser(prog=f"bench/{group}/run")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(names)}; else all")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="the same as a name")
    parser.add_argument("--short", action="store_true", help="smaller sizes and fewer rounds, to see that all of it runs")
    given = parser.parse_args()
    wanted = given.names + given.only
    if wrong := set(wanted) - {*names}:
        parser.error(f"there is no figure {', '.join(sorted(wrong))}; there are {', '.join(names)}")
    figures = []
    for name in wanted or names:
        load, began = cores.Noise(), time.monotonic()
        figures += importlib.import_module(f"{group}.{name}").measure(short if given.short else full)
        print(f"\n({name}: {time.monotonic() - began:.0f} s on {os.cpu_count()} cores{'; short' if given.short else ''}; {load.said()})",
              flush=True)
    summary(figures)
