"""Load on HTTP servers: wrk for throughput, plain sockets for first requests."""
import re
import selectors
import socket
import statistics
import subprocess
import time
from urllib.parse import urlsplit


def parse_wrk(text):
    """(requests a second, median ms, p99 ms)"""
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"wrk had answers that are errors:\n{text}")
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    at = {m[1]: float(m[2]) * scale[m[3]] for m in re.finditer(r"(50|99)%\s+([\d.]+)(us|ms|s)", text)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), at["50"], at["99"]


def wrk(url, connections, seconds=5, script=None, core=None):
    """`core`: the one that it runs on, else any."""
    pinned = ["taskset", "-c", str(core)] if core is not None else []
    more = ["-s", str(script)] if script else []
    command = [*pinned, "wrk", *more, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency", url]
    return parse_wrk(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def by_turns(urls, connections, rounds=3, seconds=5):
    """{name: medians of what wrk says}; by turns, so that what else the machine does is in all of them."""
    runs = {name: [] for name in urls}
    for _ in range(rounds):
        for name, url in urls.items():
            runs[name].append(wrk(url, connections, seconds))
    return {name: tuple(statistics.median(values) for values in zip(*each)) for name, each in runs.items()}


class Connection:
    """A kept-alive connection that asks for one URL at a time."""

    def __init__(self, url):
        self.host, self.path = urlsplit(url).netloc, urlsplit(url).path or "/"
        name, port = self.host.rsplit(":", 1)
        self.socket = socket.create_connection((name, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def send(self, request):
        self.socket.sendall(request)

    def ask(self, path=None):
        self.send(f"GET {path or self.path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())

    def answered(self):
        """Reads what is there; true once the answer is whole. An answer that is no success is an error."""
        piece = self.socket.recv(65536)
        self.received += piece
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not piece:
            raise RuntimeError(f"{self.host}{self.path} closed the connection after {self.received!r}")
        if not end:
            return False
        length = re.search(rb"\ncontent-length: *(\d+)", head, re.I)
        whole = len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")
        if whole:
            if not head.startswith(b"HTTP/1.1 2"):
                raise RuntimeError(f"{self.host}{self.path} answered {self.received!r}")
            self.received = b""
        return whole

    def exchange(self, path=None, request=None):
        """Asks for a path, or sends the bytes of a request, and waits; milliseconds."""
        began = time.perf_counter()
        if request is None:
            self.ask(path)
        else:
            self.send(request)
        while not self.answered():
            pass
        return (time.perf_counter() - began) * 1000

    def close(self):
        self.socket.close()


def exchange(url):
    connection = Connection(url)
    try:
        return connection.exchange()
    finally:
        connection.close()


def at_once(urls):
    """Seconds until all have answered, each asked on a connection of its own, all sent together."""
    waiting = selectors.DefaultSelector()
    connections = [Connection(url) for url in urls]
    for connection in connections:
        waiting.register(connection.socket, selectors.EVENT_READ, connection)
    began = time.perf_counter()
    for connection in connections:
        connection.ask()
    left = len(connections)
    while left:
        ready = waiting.select(60)
        if not ready:
            raise RuntimeError(f"{left} of {len(urls)} have not answered in 60 s")
        for key, _ in ready:
            if key.data.answered():
                waiting.unregister(key.fileobj)
                left -= 1
    took = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return took
