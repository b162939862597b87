"""A day of a synthetic trace, replayed in simulated time with each policy of keep-alive."""
import subprocess

from harness import ROOT


def measure():
    print("\n### Keep-alive, a replayed day\n", flush=True)
    subprocess.run([ROOT / "build/release/bench/bench_keep_alive"], check=True)
