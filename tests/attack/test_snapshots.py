"""An init that lies about its snapshot, and an instance that wants to change what the next one comes from."""
import io
import json
import textwrap
import zipfile

import pytest

from attacks import functions, gust, make  # noqa: F401 (fixtures)
from conftest import wait_until

# Sends a snapshot of its own making in the place of the runtime's.
INIT = """
import os, socket
def send(length, body):
    s = socket.create_connection(os.environ["AWS_LAMBDA_RUNTIME_API"].split(":"))
    s.sendall(b"POST /2018-06-01/runtime/gust/snapshot HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n" % length)
    try: s.sendall(body)
    except OSError: pass
    s.shutdown(socket.SHUT_WR)
    s.recv(1000)
if "GUST_SNAPSHOT" in os.environ:
    {0}
    os._exit(0)
def handler(e, c): return "served"
"""

CHANGE = """
import http.client, os
def ask(method, path, body=b"", **headers):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, path, body, headers)
    return connection.getresponse().status
def change(path):
    try:
        with open(path, "r+b") as f: f.write(b"x")
    except OSError as e: return type(e).__name__
    return "written"
def handler(e, c):
    before = open("/var/image/image", "rb").read(4096)
    told = {p: change(p) for p in ("/var/image/image", "/var/snapshot/restore", "/var/snapshot/libgust-snapshot.so")}
    try: os.rename("/var/image/image", "/var/image/other"); told["rename"] = "renamed"
    except OSError as e: told["rename"] = type(e).__name__
    keys = "/2021-04-23/credentials"
    token = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    return {"told": told, "same": before == open("/var/image/image", "rb").read(4096), "statuses": {
        "snapshot": ask("POST", "/2018-06-01/runtime/gust/snapshot", b"zero"),
        "refused": ask("POST", "/2018-06-01/runtime/gust/snapshot/refused", b"no"),
        "keys": ask("GET", keys), "other keys": ask("GET", keys, Authorization="x"), "own keys": ask("GET", keys, Authorization=token)}}
"""


def publish(functions, make, code):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("index.py", code)
    name = make(Code={"ZipFile": out.getvalue()}, SnapStart={"ApplyOn": "PublishedVersions"}, Publish=True)

    def settled():
        found = functions.get_function_configuration(FunctionName=name, Qualifier="1")
        return found["State"] != "Pending" and found
    return name, wait_until(settled, "the snapshot")


def answered(functions, name):
    return json.loads(functions.invoke(FunctionName=name, Qualifier="1")["Payload"].read())


@pytest.mark.parametrize("init, reason", [
    ("send(1 << 40, b'x' * (1 << 20))", "more than"),
    ("send(1 << 20, b'x' * 1000)", "broke off"),
    ("send(0, b'')", None),
    ("send(1 << 20, bytes(1 << 20))", None),
    ("send(8192, b'GUSTSNP1' + b'\\xff' * 8184)", None),
], ids=["endless", "broken off", "empty", "zeros", "wild addresses"])
def test_what_is_no_image_harms_its_own_version_only(functions, make, init, reason):
    name, found = publish(functions, make, INIT.replace("{0}", init))
    assert found["State"] == "Active"
    assert reason is None or reason in found["StateReason"]
    for _ in range(4):
        assert answered(functions, name) == "served"


def test_an_instance_changes_nothing_of_what_it_came_from(functions, make):
    name, _ = publish(functions, make, textwrap.dedent(CHANGE))
    told = answered(functions, name)
    assert "written" not in told["told"].values() and told["told"]["rename"] != "renamed" and told["same"], told
    assert told["statuses"] == {"snapshot": 404, "refused": 404, "keys": 403, "other keys": 403, "own keys": 200}
