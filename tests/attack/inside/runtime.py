"""Against its own runtime, the Runtime API and Gust's services inside; and what it may find of its neighbours."""
import http.client
import os
import signal
import socket

from told import outcome

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
SERVICES = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")


def stop_itself():
    os.kill(os.getpid(), signal.SIGSTOP)


def close_its_sockets():
    for fd in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("socket:"):
                os.close(int(fd))
        except OSError:
            pass
    return "closed"


def _post(path, body=b"{}", headers={}):
    connection = http.client.HTTPConnection(API, timeout=10)
    connection.request("POST", "/2018-06-01/runtime/" + path, body, headers)
    return connection.getresponse().status


def answer_for(ids):
    """Answers invocations that are not its own; then takes the next one in the middle of this."""
    got = {one: [_post(f"invocation/{one}/response", b'"stolen"'), _post(f"invocation/{one}/error")] for one in ids}
    connection = http.client.HTTPConnection(API, timeout=10)
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    return {"answers": got, "next": connection.getresponse().status}


def endless_answer(request_id):
    """A response without an end: how it was stopped."""
    with socket.create_connection(API.split(":"), timeout=20) as s:
        s.sendall(f"POST /2018-06-01/runtime/invocation/{request_id}/response HTTP/1.1\r\nHost: x\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(1000):
                s.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        except OSError:
            return
    signal.pause()


def _talk(address, request):
    with socket.create_connection(address.split(":"), timeout=10) as s:
        try:
            s.sendall(request)
            s.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := s.recv(65536):
                answer += piece
        except OSError:
            return "closed"
    return answer.split(b"\r\n")[0].decode(errors="replace").split(" ")[1] if answer.startswith(b"HTTP/1.1 ") else repr(answer[:40])


def garbage():
    """Requests that no client sends, to both servers: the status of each, or how it ended."""
    head = b"GET /2018-06-01/runtime/nothing HTTP/1.1\r\nHost: x\r\n"
    requests = {
        "noise": bytes(range(256)) * 64, "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        "no version": b"GET /\r\n\r\n", "wide header": head + b"X: " + b"y" * (1 << 20) + b"\r\n\r\n",
        "many headers": head + b"".join(b"X-%d: y\r\n" % i for i in range(100_000)) + b"\r\n",
        "long target": b"GET /" + b"x" * (1 << 20) + b" HTTP/1.1\r\n\r\n",
        "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\nx",
        "length and chunks": head.replace(b"GET", b"POST") + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "negative length": head.replace(b"GET", b"POST") + b"Content-Length: -1\r\n\r\n",
        "huge chunk": head.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        "half": head[:30],
    }
    return {where: {name: _talk(address, request) for name, request in requests.items()}
            for where, address in (("runtime", API), ("services", SERVICES))}


def admin():
    """The daemon's own pages, without and with its role's keys' header forged."""
    paths = ["/_gust/status", "/_gust/metrics", "/_gust/logs/x", "/_gust/failed", "/_gust/accounts"]
    return {path: _talk(SERVICES, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n".encode())
            for path in paths}


def settle(secret):
    """Leaves what a neighbour would look for: files, shared memory, sockets, environment; stays warm."""
    import ctypes
    for folder in ("/tmp", "/dev/shm"):
        open(f"{folder}/secret", "w").write(secret)
    os.environ["SECRET"] = secret
    global kept
    kept = [socket.socket(socket.AF_UNIX), socket.socket(), socket.socket(socket.AF_UNIX)]
    kept[0].bind("\0" + secret)
    kept[1].bind(("0.0.0.0", 7777))
    kept[2].bind("/tmp/socket")
    for one in kept:
        one.listen()
    libc = ctypes.CDLL(None, use_errno=True)
    return {"shm": libc.shmget(4711, 4096, 0o1666), "mq": libc.syscall(240, b"secret", os.O_CREAT | os.O_RDWR, 0o666, None)}


def look_for(secret, paths):
    """All the ways to what `settle` left in another instance."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    environments = [open(f"/proc/{p}/environ", "rb").read() for p in os.listdir("/proc")
                    if p.isdigit() and outcome(open, f"/proc/{p}/environ").startswith("got")]
    unix = socket.socket(socket.AF_UNIX)
    return {"files": [p for p in ["/tmp/secret", "/dev/shm/secret", "/tmp/socket", *paths] if os.path.exists(p)],
            "environments": sum(secret.encode() in e for e in environments),
            "abstract": outcome(unix.connect, "\0" + secret),
            "port": outcome(socket.create_connection, ("127.0.0.1", 7777), 2),
            "shm": libc.shmget(4711, 4096, 0), "mq": libc.syscall(240, b"secret", os.O_RDWR),
            "unix": secret in open("/proc/net/unix").read()}


def reach(abstract):
    """Abstract unix sockets of the host: how each attempt ended."""
    got = set()
    for name in abstract:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
            with socket.socket(socket.AF_UNIX, kind) as s:
                got.add(outcome(s.connect, "\0" + name))
    return sorted(got)


def my_uid():
    return os.getuid()
