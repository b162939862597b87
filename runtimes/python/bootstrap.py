"""Starts the Python runtime. Small on purpose: a script is compiled at every start, a module is not."""
import sys

RUNTIME = sys.path.pop(0)  # the folder of this script
sys.path.insert(0, RUNTIME)
from gust_runtime import loop  # noqa: E402

loop.main(RUNTIME)
