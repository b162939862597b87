"""The functions API over plain sockets with signed requests: for load that boto3's own time would hide."""
import base64
import json
import selectors

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .daemon import ROLE
from .load import Connection

PATH = "/2015-03-31/functions"


class Signer:
    def __init__(self, gust):
        self.auth, self.endpoint = SigV4Auth(Credentials(*gust.keys()), "lambda", "us-east-1"), gust.endpoint

    def request(self, method, path, body=b""):
        """The bytes of a request."""
        signed = AWSRequest(method, self.endpoint + path, data=body)
        self.auth.add_auth(signed)
        headers = {"Host": self.endpoint.removeprefix("http://"), "Content-Length": len(body), **dict(signed.headers)}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return head.encode() + b"\r\n" + body

    def create(self, name, runtime, package):
        body = {"FunctionName": name, "Runtime": runtime, "Handler": "index.handler", "Role": ROLE,
                "Code": {"ZipFile": base64.b64encode(package).decode()}}
        return self.request("POST", PATH, json.dumps(body).encode())

    def invoke(self, name):
        return self.request("POST", f"{PATH}/{name}/invocations", b"{}")


def send_all(endpoint, requests, connections):
    """Sends every request of an iterator over so many connections; each answer has to be a success."""
    waiting = selectors.DefaultSelector()
    requests = iter(requests)
    opened = [Connection(endpoint) for _ in range(connections)]
    busy = 0
    for connection in opened:
        waiting.register(connection.socket, selectors.EVENT_READ, connection)
        if (request := next(requests, None)) is not None:
            connection.send(request)
            busy += 1
    while busy:
        ready = waiting.select(60)
        if not ready:
            raise RuntimeError(f"{busy} requests to {endpoint} are not answered in 60 s")
        for key, _ in ready:
            if not key.data.answered():
                continue
            busy -= 1
            if (request := next(requests, None)) is not None:
                key.data.send(request)
                busy += 1
    for connection in opened:
        connection.close()
