from harness import suite
from objects.sizes import FULL, SHORT

suite.run("objects", ("small", "large", "listing", "memory", "uploads"), SHORT, FULL)
