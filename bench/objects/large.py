"""Gets and puts of 64 MiB on one connection. The client drops what it gets inside the kernel, and sends one buffer, so that it is
not the bottleneck; puts name the CRC32 that an SDK would, and are to be as fast as their hashes."""
import base64
import os
import re
import socket
import time
import zlib

from harness import cores
from harness.report import Figure, table
from objects import limits, servers

SIZE = 64 << 20
HASHES, CIPHER, DISK = "MD5 and CRC32 in one pass", "AES-256-GCM", "a write and its sync"


class Transfer:
    """A kept-alive connection to a server, for one object of it."""

    def __init__(self, server, body):
        self.server, self.body = server, body
        self.connect()
        self.sink = bytearray(1 << 20)
        self.checksum = {"x-amz-checksum-crc32": base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()}

    def connect(self):
        """Anew: some servers close a connection while another has its turn."""
        name, port = self.server.host.rsplit(":", 1)
        self.socket = socket.create_connection((name, int(port)))

    def head(self, method, headers):
        signed = self.checksum if method == "PUT" else {}
        lines = {"Host": self.server.host, **signed, **headers}
        return (f"{method} {self.server.path(method, 'large', signed)} HTTP/1.1\r\n"
                + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n").encode()

    def answer(self):
        """Drops a whole answer, which has to be a success."""
        received = b""
        while b"\r\n\r\n" not in received:
            piece = self.socket.recv(4096)
            if not piece:
                raise RuntimeError(f"{self.server.endpoint} closed the connection after {received!r}")
            received += piece
        head, _, begun = received.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(f"{self.server.endpoint} answered {received!r}")
        length = re.search(rb"\ncontent-length: *(\d+)", head, re.I)
        if not length:
            while re.search(rb"\ntransfer-encoding: *chunked", head, re.I) and not begun.endswith(b"0\r\n\r\n"):
                piece = self.socket.recv(1 << 20)
                if not piece:
                    raise RuntimeError(f"{self.server.endpoint} ended amid an answer")
                begun = begun[-8:] + piece
            return
        left = int(length[1]) - len(begun)
        while left > 0:
            dropped = self.socket.recv_into(self.sink, min(left, len(self.sink)), socket.MSG_TRUNC)
            if dropped == 0:
                raise RuntimeError(f"{self.server.endpoint} ended {left} bytes before its answer's end")
            left -= dropped

    def get(self):
        self.socket.sendall(self.head("GET", {}))
        self.answer()

    def put(self):
        self.socket.sendall(self.head("PUT", {"Content-Length": len(self.body), **self.server.put_headers}))
        self.socket.sendall(self.body)
        self.answer()


def rate(one, action, seconds):
    """MB a second of whole transfers."""
    one.connect()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        action()
        count += 1
    return count * SIZE / 1e6 / (time.perf_counter() - began)


def show(title, found):
    table(title, ["what", "MB/s, median", "of rounds", "Gust, times this"],
          [(name, middle, f"{low:,.0f} to {high:,.0f}", found["Gust"][0] / middle) for name, (middle, low, high) in found.items()])


def measure(sizes):
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores.LOAD})
    body = os.urandom(SIZE)
    with servers.running() as running:
        transfers = {name: Transfer(server, body) for name, server in running.items()}
        for one in transfers.values():
            one.put()
            one.get()
        puts = {name: lambda one=one: rate(one, one.put, sizes.seconds) for name, one in transfers.items()}
        seals = lambda: limits.seals(SIZE, sizes.seconds)
        puts |= {HASHES: lambda: limits.hashes("crc32", SIZE, sizes.seconds), CIPHER: seals,
                 DISK: lambda: limits.commits(SIZE, 1, sizes.seconds) * SIZE / 1e6}
        put = cores.medians_by_turns(puts, sizes.rounds)
        gets = {name: lambda one=one: rate(one, one.get, sizes.seconds) for name, one in transfers.items()}
        got = cores.medians_by_turns(gets | {CIPHER: seals}, sizes.rounds)
    os.sched_setaffinity(0, before)
    show("PUT of 64 MiB, 1 connection", put)
    show("GET of 64 MiB, 1 connection", got)
    return [Figure("GET 64 MiB, times nginx", got["Gust"][0] / got["nginx"][0], "", 0.7, "more", f"nginx {got['nginx'][0]:,.0f} MB/s"),
            Figure("PUT 64 MiB durable, times its hashes", put["Gust"][0] / put[HASHES][0], "", 1, "more",
                   f"{HASHES} {put[HASHES][0]:,.0f} MB/s"),
            Figure("PUT 64 MiB durable, times nginx", put["Gust"][0] / put["nginx"][0], "", 0.7, "more",
                   f"nginx {put['nginx'][0]:,.0f} MB/s, without hashes or a sync")]
