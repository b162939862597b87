"""How much each figure does: all of it, or enough to see that it runs."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    rounds: int           # of each server, by turns
    seconds: float        # of each turn
    keys: int             # that small requests are spread over
    listed: int           # objects of the bucket that is listed
    pages: int            # asked for at each place of it
    large_object: int     # bytes of the largest object put and read
    uploads: int          # with notifications


FULL = Sizes(5, 5, 4096, 10_000_000, 200, 5 << 30, 1_000_000)
SHORT = Sizes(3, 2, 1024, 200_000, 40, 256 << 20, 10_000)
