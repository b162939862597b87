"""The Runtime API (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) over one kept-alive connection.

Speaks HTTP/1.1 on a bare socket: http.client costs 20 ms to import, which every cold start would pay.
"""
import socket

VERSION = "2018-06-01"
RECEIVE_BYTES = 65536


class RuntimeApiError(Exception):
    """The Runtime API refused or broke the connection."""


class Client:
    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._host = address
        self._socket = None
        self._buffer = b""
        self._coming = False  # the next invocation answers the last response

    def next(self):
        """The next invocation: (headers with lower-case names, body). Waits for as long as it takes."""
        if self._coming:
            self._coming = False
            status, headers, body = self._checked(self._response)
            if status == 200:
                return headers, body
        status, headers, body = self._request("GET", "/runtime/invocation/next", b"", {})
        if status != 200:
            raise RuntimeApiError("runtime/invocation/next answered %d: %r" % (status, body[:200]))
        return headers, body

    def function(self):
        """What a generic runtime shall become: {"environment", "working_folder"}. Waits for as long as it takes."""
        import json

        status, _, body = self._request("GET", "/runtime/gust/function", b"", {})
        if status != 200:
            raise RuntimeApiError("runtime/gust/function answered %d: %r" % (status, body[:200]))
        return json.loads(body)

    def begin_snapshot(self):
        """A fresh connection, and what the image is to be preceded by: its length and an empty line end the header."""
        self.forget()
        head = "POST /%s/runtime/gust/snapshot HTTP/1.1\r\nHost: %s\r\nContent-Length: " % (VERSION, self._host)
        return self._connection(), head.encode("latin-1")

    def end_snapshot(self):
        status, _, body = self._response()
        if status != 202:
            raise RuntimeApiError("runtime/gust/snapshot answered %d: %r" % (status, body[:200]))

    def refuse_snapshot(self, reason):
        self.forget()
        return self._post("/runtime/gust/snapshot/refused", reason, {})

    def fail_restore(self, error_type, body):
        return self._post("/runtime/restore/error", body, _error_headers(error_type))

    def forget(self):
        """Lets go of the connection: the next request makes another."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""

    def respond(self, request_id, body, content_type):
        """What is wrong with it next() hears of: the next invocation comes as its answer (docs/formats/runtime-api.md)."""
        path = "/runtime/invocation/%s/response" % request_id
        self._checked(self._send, "POST", path, body, {"Content-Type": content_type, "Gust-Then": "next"})
        self._coming = True

    def fail(self, request_id, error_type, body):
        return self._post("/runtime/invocation/%s/error" % request_id, body, _error_headers(error_type))

    def fail_init(self, error_type, body):
        return self._post("/runtime/init/error", body, _error_headers(error_type))

    def _post(self, path, body, headers):
        """The status: 202 when taken, 413 when the response is too large, 400 or 403 when it is too late."""
        return self._request("POST", path, body, headers)[0]

    def _request(self, method, path, body, headers):
        self._checked(self._send, method, path, body, headers)
        return self._checked(self._response)

    def _send(self, method, path, body, headers):
        lines = ["%s /%s%s HTTP/1.1" % (method, VERSION, path), "Host: " + self._host]
        lines += ["%s: %s" % header for header in headers.items()]
        if method == "POST":
            lines.append("Content-Length: %d" % len(body))
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self._connection().sendall(head + body)

    def _checked(self, call, *arguments):
        try:
            return call(*arguments)
        except OSError as error:
            raise RuntimeApiError("the connection to the Runtime API broke: %s" % error) from error

    def _connection(self):
        if self._socket is None:
            self._socket = socket.create_connection(self._address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _response(self):
        status, headers = self._head()
        while status == 100:
            status, headers = self._head()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunks()
        else:
            body = self._take(int(headers.get("content-length", 0)))
        if headers.get("connection", "").lower() == "close":
            self.forget()
        return status, headers, body

    def _head(self):
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(lines[0].split(" ", 2)[1]), headers

    def _chunks(self):
        parts = []
        while True:
            size = int(self._until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self._until(b"\r\n"):
                    pass
                return b"".join(parts)
            parts.append(self._take(size))
            self._take(2)

    def _receive(self):
        data = self._socket.recv(RECEIVE_BYTES)
        if not data:
            raise RuntimeApiError("the Runtime API closed the connection")
        return data

    def _until(self, mark):
        while mark not in self._buffer:
            self._buffer += self._receive()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _take(self, size):
        parts, have = [self._buffer[:size]], min(size, len(self._buffer))
        self._buffer = self._buffer[size:]
        while have < size:
            data = self._receive()
            parts.append(data[: size - have])
            self._buffer = data[size - have :]
            have += len(parts[-1])
        return b"".join(parts)


def _error_headers(error_type):
    name = error_type.encode("ascii", "replace").decode()
    return {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": name}
