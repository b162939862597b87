"""gust replay --debug stops on the handler's first line: a debugger's own protocol is spoken to it."""
import base64
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys

import pytest
import requests

from conftest import BINARY, wait_until
from test_lambda import ROLE, zip_of

PYTHON = """import os

def helper(n):
    return n * 2

def handler(event, context):
    doubled = helper(event["n"])
    return {"doubled": doubled, "name": context.function_name, "mark": os.environ["MARK"]}
"""
NODE = """const helper = (n) => n * 2;
export async function handler(event, context) {
  const doubled = helper(event.n);
  return { doubled, name: context.functionName, mark: process.env.MARK };
}
"""


@pytest.fixture
def gust(new_gust):
    return new_gust().start()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def event_of(gust, runtime, file, code):
    functions = gust.client("lambda")
    functions.create_function(FunctionName="f", Runtime=runtime, Handler="index.handler", Role=ROLE, Timeout=20,
                              Code={"ZipFile": zip_of({file: code})}, Environment={"Variables": {"MARK": "here"}})
    answer = functions.invoke(FunctionName="f", Payload=b'{"n": 21}')
    assert json.load(answer["Payload"])["doubled"] == 42
    return answer["ResponseMetadata"]["RequestId"]


def start(gust, *args):
    env = gust.env() | {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
    process = subprocess.Popen([BINARY, "replay", *map(str, args)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    told = [process.stdout.readline() for _ in range(4)]
    while "waiting for the debugger" not in (line := process.stderr.readline()):  # debugpy may warn before
        assert line, told
    return process, json.loads(told[2]), told


class Debugger:
    """What is said next is next()."""

    def until(self, what):
        while True:
            message = self.next()
            if what(message):
                return message


class Dap(Debugger):
    """The debug adapter protocol, as much as is needed."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.stream, self.number = self.socket.makefile("rb"), 0

    def send(self, command, **arguments):
        self.number += 1
        body = json.dumps({"seq": self.number, "type": "request", "command": command, "arguments": arguments}).encode()
        self.socket.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self.number

    def next(self):
        length = 0
        while (line := self.stream.readline().strip()):
            length = int(line.split(b":")[1])
        return json.loads(self.stream.read(length))

    def ask(self, command, **arguments):
        number = self.send(command, **arguments)
        return self.until(lambda m: m.get("request_seq") == number)["body"]


def test_python_stops_on_the_first_line(gust):
    id = event_of(gust, "python3.12", "index.py", PYTHON)
    port = free_port()
    process, attach, told = start(gust, id, "--debug", "--port", port)
    assert attach["type"] == "debugpy" and attach["connect"]["port"] == port and attach["pathMappings"][0]["remoteRoot"] in told[0]
    dap = Dap(port)
    dap.ask("initialize", adapterID="test", pathFormat="path", linesStartAt1=True)
    dap.send("attach", justMyCode=False)
    dap.until(lambda m: m.get("event") == "initialized")
    dap.send("configurationDone")
    stopped = dap.until(lambda m: m.get("event") == "stopped")["body"]
    frame = dap.ask("stackTrace", threadId=stopped["threadId"])["stackFrames"][0]
    assert (frame["name"], frame["line"]) == ("handler", 7) and frame["source"]["path"].endswith("/code/index.py")
    assert dap.ask("evaluate", expression="event['n']", frameId=frame["id"])["result"] == "21"
    dap.ask("continue", threadId=stopped["threadId"])
    dap.send("disconnect", terminateDebuggee=False)  # else it waits at its end for who watches
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1]) == {"doubled": 42, "name": "f", "mark": "here"}
    assert not os.path.exists(attach["pathMappings"][0]["remoteRoot"])


class Cdp(Debugger):
    """The inspector's protocol over a WebSocket, as much as is needed."""

    def __init__(self, port):
        def targets():
            try:
                return requests.get(f"http://127.0.0.1:{port}/json/list").json()
            except requests.ConnectionError:
                return None
        (target,) = wait_until(targets, "the inspector")
        path = target["webSocketDebuggerUrl"].split(str(port), 1)[1]
        self.socket, self.number = socket.create_connection(("127.0.0.1", port), timeout=60), 0
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.stream = self.socket.makefile("rb")
        while self.stream.readline().strip():
            pass

    def send(self, method, **params):
        self.number += 1
        data = json.dumps({"id": self.number, "method": method, "params": params}).encode()
        length = struct.pack("!B", 0x80 | len(data)) if len(data) < 126 else struct.pack("!BH", 0x80 | 126, len(data))
        self.socket.sendall(b"\x81" + length + b"\0\0\0\0" + data)
        return self.number

    def next(self):
        _, length = self.stream.read(2)
        if length == 126:
            (length,) = struct.unpack("!H", self.stream.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.stream.read(8))
        return json.loads(self.stream.read(length))

    def ask(self, method, **params):
        number = self.send(method, **params)
        return self.until(lambda m: m.get("id") == number).get("result")

    def close(self):
        """By the protocol: one connection in forty cut short has Node.js 20 itself die of SIGSEGV at its end."""
        self.socket.sendall(b"\x88\x80\0\0\0\0")


def test_node_stops_on_the_first_line(gust, tmp_path):
    id = event_of(gust, "nodejs22.x", "index.mjs", NODE)
    (tmp_path / "code").mkdir()
    (tmp_path / "code/index.mjs").write_text("// as it is now\n" + NODE.replace("n * 2", "n * 3"))
    port = free_port()
    process, attach, _ = start(gust, id, "--debug", "--port", port, "--code", tmp_path / "code")
    assert attach == {"name": "Gust replay", "type": "node", "request": "attach", "address": "127.0.0.1", "port": port}
    cdp = Cdp(port)
    cdp.ask("Runtime.enable")
    cdp.ask("Debugger.enable")
    cdp.send("Runtime.runIfWaitingForDebugger")
    paused = cdp.until(lambda m: m.get("method") == "Debugger.paused")["params"]["callFrames"][0]
    assert paused["functionName"] == "handler" and paused["location"]["lineNumber"] in (2, 3)
    found = cdp.ask("Debugger.evaluateOnCallFrame", callFrameId=paused["callFrameId"], expression="event.n")
    assert found["result"]["value"] == 21
    cdp.send("Debugger.resume")
    assert json.loads(process.stdout.readline()) == {"doubled": 63, "name": "f", "mark": "here"}
    cdp.close()  # Node.js waits at its end for who watches
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


@pytest.mark.parametrize("by, said", [(signal.SIGKILL, "node ended by signal 9 (Killed)"), (signal.SIGINT, "")])
def test_a_program_that_is_ended_while_it_waits(gust, by, said):
    process, _, _ = start(gust, event_of(gust, "nodejs22.x", "index.mjs", NODE), "--debug", "--port", free_port())
    (child,) = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
    os.kill(int(child), by)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and (said in err if said else "ended by" not in err)


def test_what_debugging_refuses(gust, tmp_path):
    assert "no kept event" in gust.cli("replay", "nobody", "--debug", check=False).stderr
    assert gust.cli("replay", "x", "--code", tmp_path, check=False).returncode == 2
    id = event_of(gust, "python3.12", "index.py", PYTHON)
    process = subprocess.run([BINARY, "replay", id, "--debug", "--code", tmp_path, "--port", str(free_port())],
                             env=gust.env() | {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"},
                             capture_output=True, text=True, timeout=60)
    assert process.returncode == 1 and re.search(r"index.py is not there", process.stderr)
