"""What ends an invocation from outside, and what a function may not do: every limit is enforced, every wall stands."""
import base64
import json
import os
import shutil
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from botocore.exceptions import ClientError

from conftest import requires_root, wait_until
from test_lambda import ROLE, call, code_of, functions, make, zip_of  # noqa: F401 (fixtures)

IDENTITY = """
import os, time, uuid
me = str(uuid.uuid4())
def handler(event, context):
    time.sleep(event.get("sleep", 0))
    return me
"""


def cpu_weights(gust):
    """The weight of each living instance's cgroup, as thousandths of a core, rounded down as the kernel's files make it."""
    found = []
    for launcher in subprocess.run(["pgrep", "-P", str(gust.process.pid)], capture_output=True, text=True).stdout.split():
        for init in subprocess.run(["pgrep", "-P", launcher], capture_output=True, text=True).stdout.split():
            try:
                groups = [line.split(":", 2) for line in Path(f"/proc/{init}/cgroup").read_text().splitlines()]
            except FileNotFoundError:
                continue  # it has ended
            for _, controllers, path in groups:
                if "cpu" in controllers.split(","):
                    found.append(int(Path(f"/sys/fs/cgroup/cpu{path}/cpu.shares").read_text()) * 1000 // 1024)
                elif controllers == "" and (weight := Path(f"/sys/fs/cgroup{path}/cpu.weight")).exists():
                    found.append(int(weight.read_text()) * 10)
    return found


@requires_root
def test_cpu_time_is_shared_by_memory(gust, functions, make):
    """1,769 MB are a core; a ready runtime gets its share with its function."""
    for mb in 128, 3008:
        call(functions, make(IDENTITY, MemorySize=mb))
    weights = cpu_weights(gust)
    for mb in 128, 3008:
        exact = mb * 1000 // 1769
        assert any(exact - 10 <= weight <= exact for weight in weights), (mb, weights)


@pytest.mark.parametrize("files, mode, error", [
    ({"other": "x"}, 0o755, "/var/task/bootstrap"),
    ({"bootstrap": "#!/bin/sh\nexit 0\n"}, 0o644, "permission denied"),
    ({"bootstrap": "no program"}, 0o755, "exec format error"),
], ids=["absent", "not executable", "no program"])
def test_a_bootstrap_that_cannot_be_started(functions, unique, files, mode, error):
    functions.create_function(FunctionName=unique, Runtime="provided.al2023", Handler="x", Role=ROLE,
                              Code={"ZipFile": zip_of(files, mode)})
    answer, payload = call(functions, unique)
    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "Runtime.InvalidEntrypoint"
    assert error in payload["errorMessage"].lower()


def test_the_gateway_answers_503_at_its_time_out_and_the_function_goes_on(gust, functions, make):
    name = make("import time\ndef handler(event, context):\n    time.sleep(2)\n    print('went on to the end')\n", Timeout=10)
    functions.add_permission(FunctionName=name, StatementId="api", Action="lambda:InvokeFunction",
                             Principal="apigateway.amazonaws.com")
    gateway = gust.client("apigatewayv2")
    arn = functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    api = gateway.create_api(Name=name, ProtocolType="HTTP", Target=arn)["ApiId"]
    integration = gateway.get_integrations(ApiId=api)["Items"][0]["IntegrationId"]
    gateway.update_integration(ApiId=api, IntegrationId=integration, TimeoutInMillis=500)
    answer = requests.get(f"{gust.endpoint}/_gust/api/{api}/")
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
    wait_until(lambda: "went on to the end" in gust.cli("logs", name).stdout, "the invocation to end by itself")


def test_many_at_once_share_no_instance_and_later_ones_reuse_them(functions, make):
    name = make(IDENTITY, Timeout=30)
    with ThreadPoolExecutor(12) as threads:
        at_once = list(threads.map(lambda _: call(functions, name, {"sleep": 1.5})[1], range(12)))
    assert len(set(at_once)) == 12
    assert {call(functions, name, {})[1] for _ in range(5)} <= set(at_once), "one was started although others were idle"


def test_payload_limits(functions, make):
    name = make("def handler(event, context):\n    return 'x' * event['size'] if isinstance(event, dict) else len(event)\n")
    assert call(functions, name, "x" * (6 * 1024 * 1024 - 2))[1] == 6 * 1024 * 1024 - 2
    assert code_of(functions.invoke, FunctionName=name, Payload=json.dumps("x" * 6 * 1024 * 1024)) == \
        ("RequestTooLargeException", 413)
    assert len(call(functions, name, {"size": 6 * 1024 * 1024 - 2})[1]) == 6 * 1024 * 1024 - 2
    answer, payload = call(functions, name, {"size": 6 * 1024 * 1024 + 1})
    assert answer["FunctionError"] == "Unhandled" and payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert code_of(functions.invoke, FunctionName=name, InvocationType="Event", Payload=json.dumps("x" * 1024 * 1024)) == \
        ("RequestTooLargeException", 413)
    assert code_of(functions.invoke, FunctionName=name, Payload=b"{not json")[0] == "InvalidRequestContentException"


def test_environment_limits(functions, unique):
    def create(variables):
        return functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                                         Code={"ZipFile": zip_of({"index.py": IDENTITY})}, Environment={"Variables": variables})
    assert code_of(create, {"BIG": "x" * 4096})[0] == "InvalidParameterValueException"
    assert code_of(create, {"AWS_REGION": "x"})[0] == "InvalidParameterValueException"
    with pytest.raises(ClientError):
        create({"9lives": "x"})
    create({"KEEP": "x" * 4000})


def test_the_log_tail_has_the_last_4_kib(functions, make):
    name = make("def handler(event, context):\n    for i in range(2000):\n        print('line', i)\n")
    answer, _ = call(functions, name, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"])
    assert len(tail) <= 4096
    assert b"line 1999\n" in tail and b"REPORT RequestId" in tail and b"line 10\n" not in tail


@pytest.fixture
def a_server_of_the_host():
    """The addresses, by every name of the machine, of a server that does not ask who connects."""
    names = {"127.0.0.1", "localhost", socket.gethostname(), *(a[4][0] for a in socket.getaddrinfo(socket.gethostname(), 0))}
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        yield [[name, port] for name in sorted(names)]


def test_what_a_sandbox_keeps_apart(gust, functions, make, a_server_of_the_host):
    code = """
import os, socket, subprocess
def reached(host, port):
    try:
        socket.create_connection((host, port), timeout=2).close()
        return True
    except OSError:
        return False
def handler(event, context):
    open("/tmp/mine", "a").write("x")
    try:
        open("/var/task/new", "w"); wrote = True
    except OSError:
        wrote = False
    return {"tmp": len(open("/tmp/mine").read()), "host": [a for a in event["servers"] if reached(*a)], "world": reached("192.0.2.1", 80),
            "wrote": wrote, "uid": os.getuid(), "pids": len([p for p in os.listdir("/proc") if p.isdigit()]),
            "secret": any(os.path.exists(p) for p in event["hidden"])}
"""
    one, other = make(code), make(code)
    # Inside, Gust's own port is a listener of the instance; a server of the host has none there.
    event = {"servers": a_server_of_the_host, "hidden": [str(gust.data), str(gust.data / "credentials"), "/root"]}
    seen = call(functions, one, event)[1]
    assert seen == {"tmp": 1, "host": [], "world": False, "wrote": False, "uid": seen["uid"], "pids": seen["pids"], "secret": False}
    assert seen["uid"] != 0 and seen["pids"] <= 3
    assert call(functions, one, event)[1]["tmp"] == 2, "warm: the same /tmp"
    assert call(functions, other, event)[1]["tmp"] == 1, "another function: another /tmp"


def test_code_that_is_gone_from_the_disk_comes_back_from_its_package(new_gust):
    gust = new_gust().start()
    functions = gust.client("lambda")
    functions.create_function(FunctionName="f", Runtime="python3.12", Handler="index.handler", Role=ROLE,
                              Code={"ZipFile": zip_of({"index.py": IDENTITY})})
    assert call(functions, "f", {})[1]
    gust.kill9()
    shutil.rmtree(gust.data / "code")
    gust.start()
    assert call(gust.client("lambda"), "f", {})[1]


def test_a_failed_event_that_fails_again_is_kept(gust, functions, make):
    name = make("def handler(event, context):\n    raise ValueError(event['why'])\n")
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"why": "kept"}))

    def mine():
        failed = gust.cli_json("failed", "list")
        return [e for e in (failed if isinstance(failed, list) else failed["failed"]) if e["function"].endswith(name)]
    event = wait_until(mine, "the dead letter")[0]
    for _ in range(5):
        gust.cli("failed", "retry", event["id"])
        assert wait_until(mine, "the dead letter again")[0]["id"] == event["id"]
    gust.cli("failed", "drop", event["id"])
    assert not mine()


@pytest.fixture
def outside():
    """A server on an address of this machine that is not the loopback: (address, port)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.254", 9))
        except OSError:
            pytest.skip("this machine has no network but the loopback")
        address = s.getsockname()[0]
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        pytest.skip("egress needs /dev/net/tun, which this machine does not give")
    server = ThreadingHTTPServer((address, 0), SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address, server.server_address[1]
    server.shutdown()


def test_egress_is_what_the_settings_say(functions, make, outside, a_server_of_the_host):
    code = """
import boto3, socket
def reached(host, port):
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            ends = [connection.getsockname(), connection.getpeername()]
            return [host, *ends] if ends[0] != ends[1] else None  # a port that nobody has may be given to the caller: itself
    except OSError:
        return None
def handler(event, context):
    return {"outside": reached(*event["outside"]) is not None, "loopback": list(filter(None, (reached(*a) for a in event["loopback"]))),
            "gust": boto3.client("sts").get_caller_identity()["Account"]}
"""
    event = {"outside": outside, "loopback": [[host, a_server_of_the_host[0][1]] for host in ("127.0.0.1", "localhost", "10.0.2.2")]}
    closed = make(code, Timeout=30)
    opened = make(code, Timeout=30, Environment={"Variables": {"GUST_EGRESS": "internet"}})
    assert call(functions, closed, event)[1] == {"outside": False, "loopback": [], "gust": "000000000000"}
    assert call(functions, opened, event)[1] == {"outside": True, "loopback": [], "gust": "000000000000"}
    with pytest.raises(ClientError, match="GUST_EGRESS"):
        make(code, Environment={"Variables": {"GUST_EGRESS": "yes"}})
