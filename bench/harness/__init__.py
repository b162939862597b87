"""What the benchmarks share: a daemon and functions for it, load, peers, memory, tables."""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRATCH = ROOT / "build/bench"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/attack")]
SCRATCH.mkdir(parents=True, exist_ok=True)
