"""How much each figure does: all of it, or enough to see that it runs."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    rounds: int      # of each server, by turns
    seconds: float   # of each turn
    requests: int    # different ones, sent in turn
    filled: int      # items that a table has already


FULL = Sizes(5, 5, 4096, 10_000_000)
SHORT = Sizes(3, 2, 512, 100_000)
