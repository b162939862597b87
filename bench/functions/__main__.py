import argparse
import importlib
import time

from harness.report import summary

FIGURES = ("cold", "snap_start", "burst", "starts", "warm", "throughput", "idle", "registered", "neighbours")


def main():
    parser = argparse.ArgumentParser(prog="bench/functions/run")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(FIGURES)}, metering; else all but metering")
    parser.add_argument("--minutes", type=float, default=60, help="how long metering loads; 60 by default")
    given = parser.parse_args()
    if wrong := set(given.names) - {*FIGURES, "metering"}:
        parser.error(f"there is no figure {', '.join(sorted(wrong))}; there are {', '.join(FIGURES)} and metering")
    figures = []
    for name in given.names or FIGURES:
        began = time.monotonic()
        measure = importlib.import_module(f"functions.{name}").measure
        figures += measure(given.minutes) if name == "metering" else measure()
        print(f"\n({name}: {time.monotonic() - began:.0f} s)", flush=True)
    summary(figures)


main()
