from harness import suite
from tables.sizes import FULL, SHORT

suite.run("tables", ("rates", "filled", "latency"), SHORT, FULL)
