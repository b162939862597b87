import argparse
import importlib
import os
import time

from harness import cores
from harness.report import summary
from tables.sizes import FULL, SHORT

FIGURES = ("rates", "filled", "latency")


def main():
    parser = argparse.ArgumentParser(prog="bench/tables/run")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(FIGURES)}; else all")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="the same as a name")
    parser.add_argument("--short", action="store_true", help="smaller sizes and fewer rounds, to see that all of it runs")
    given = parser.parse_args()
    names = given.names + given.only
    if wrong := set(names) - {*FIGURES}:
        parser.error(f"there is no figure {', '.join(sorted(wrong))}; there are {', '.join(FIGURES)}")
    figures = []
    for name in names or FIGURES:
        load, began = cores.Noise(), time.monotonic()
        figures += importlib.import_module(f"tables.{name}").measure(SHORT if given.short else FULL)
        print(f"\n({name}: {time.monotonic() - began:.0f} s on {os.cpu_count()} cores{'; short' if given.short else ''}; {load.said()})",
              flush=True)
    summary(figures)


main()
