"""Extensions: processes of layers that run beside a function and hear of its invocations, its end, and its telemetry."""
import io
import json
import uuid
import zipfile

import pytest

from conftest import wait_until
from test_lambda import ROLE, zip_of

FUNCTION = """
import json, os, threading, urllib.request
def handler(e, c):
    print("in the handler")
    if e == "exit": os._exit(3)
    if e == "told": return json.load(urllib.request.urlopen("http://sandbox.localdomain:4243/"))
    threading.Event().wait(e.get("hold", 0) if isinstance(e, dict) else 0)
    return {"id": c.aws_request_id, "extensions": sorted(os.listdir("/opt/extensions"))}
"""

# Tells what it saw at port 4243 and in objects of BUCKET, and subscribes to telemetry at 4244.
EXTENSION = """#!/usr/bin/python3
import http.server, json, os, sys, threading, urllib.error, urllib.request
sys.path.append("/var/runtime")
API, NAME = os.environ["AWS_LAMBDA_RUNTIME_API"], os.path.basename(__file__)
SEEN, TELEMETRY, ASKED = [], [], os.environ.get("ASK", "")

def ask(method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{API}{path}", data, {k.replace("_", "-"): v for k, v in headers.items()}, method=method)
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers, json.loads(answer.read() or b"null")

class Serve(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(json.dumps({"seen": SEEN, "telemetry": TELEMETRY, "env": sorted(os.environ)}).encode())
    def do_POST(self):
        TELEMETRY.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer(b"{}")
    def answer(self, body):
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass

if ASKED == "never": threading.Event().wait()
if ASKED == "exit at once": sys.exit(7)
status, headers, told = ask("POST", "/2020-01-01/extension/register", {"events": ["INVOKE", "SHUTDOWN"]}, Lambda_Extension_Name=NAME,
                            Lambda_Extension_Accept_Feature="accountId")
SEEN.append({"registered": status, "told": told})
ID = headers["Lambda-Extension-Identifier"]
if ASKED == "init error":
    ask("POST", "/2020-01-01/extension/init/error", {"errorMessage": "no agent"}, Lambda_Extension_Identifier=ID,
        Lambda_Extension_Function_Error_Type="Agent.Missing")
    threading.Event().wait()
if not ASKED.startswith("quiet"):
    server = http.server.ThreadingHTTPServer(("sandbox.localdomain", 4243), Serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    SEEN.append({"subscribed": ask("PUT", "/2022-07-01/telemetry", {"schemaVersion": "2022-12-13", "types": ["platform", "function", "extension"],
        "buffering": {"maxItems": 1000, "maxBytes": 262144, "timeoutMs": 25}, "destination": {"protocol": "HTTP",
        "URI": "http://sandbox.localdomain:4243"}}, Lambda_Extension_Identifier=ID)[::2]})
print(NAME, "is ready", flush=True)
while True:
    _, _, event = ask("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=ID)
    SEEN.append(event)
    if event["eventType"] == "SHUTDOWN":
        print("shut down for", event["shutdownReason"], flush=True)
        sys.exit()
    if ASKED == "exit in an invocation": sys.exit(9)
    if ASKED == "slow": threading.Event().wait(1.2)
    if ASKED == "too slow": threading.Event().wait()
"""


@pytest.fixture
def functions(gust):
    return gust.client("lambda")


def layer_of(functions, name, files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for path, (text, mode) in files.items():
            info = zipfile.ZipInfo(path, (2024, 1, 1, 0, 0, 0))
            info.external_attr = mode << 16
            z.writestr(info, text)
    return functions.publish_layer_version(LayerName=name, Content={"ZipFile": out.getvalue()})["LayerVersionArn"]


@pytest.fixture
def make(functions, unique):
    made = []

    def create(names=("watcher",), ask="", files=None, **more):
        files = files or {f"extensions/{name}": (EXTENSION, 0o755) for name in names}
        layer = layer_of(functions, unique, files)
        settings = {"Runtime": "python3.12", "Handler": "index.handler", "Timeout": 3, "MemorySize": 256, "Layers": [layer],
                    "Code": {"ZipFile": zip_of({"index.py": FUNCTION})}, "Environment": {"Variables": {"ASK": ask}}, **more}
        functions.create_function(FunctionName=unique, Role=ROLE, **settings)
        made.append(unique)
        return unique
    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


def invoke(functions, name, event=None, **more):
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event or {}), **more)
    return json.loads(answer["Payload"].read())


def lines(gust, name):
    return gust.cli("logs", name).stdout


def test_an_extension_hears_of_each_invocation(gust, functions, make):
    name = make()
    first = invoke(functions, name)

    def two_seen():  # it hears of an invocation while the function runs
        told = invoke(functions, name, "told")
        return told if len(told["seen"]) >= 4 else None
    told = wait_until(two_seen, "two invocations, seen by the extension")
    registered, subscribed, event, second = told["seen"][:4]
    assert registered == {"registered": 200, "told": {"functionName": name, "functionVersion": "$LATEST", "handler": "index.handler",
                                                     "accountId": "000000000000"}}
    assert subscribed == {"subscribed": [200, "OK"]}
    assert event["eventType"] == second["eventType"] == "INVOKE" and event["requestId"] == first["id"] != second["requestId"]
    assert event["invokedFunctionArn"].endswith(":function:" + name) and event["deadlineMs"] > 1.7e12
    assert event["tracing"]["type"] == "X-Amzn-Trace-Id" and event["tracing"]["value"].startswith("Root=")
    assert "AWS_ACCESS_KEY_ID" in told["env"] and not {"_HANDLER", "LAMBDA_TASK_ROOT", "AWS_EXECUTION_ENV"} & set(told["env"])
    log = lines(gust, name)
    assert "EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE,SHUTDOWN]" in log and "watcher is ready" in log


def test_telemetry_tells_what_happens(functions, make):
    name = make()
    first = invoke(functions, name)

    def told():
        events = invoke(functions, name, "told")["telemetry"]
        return any(e["type"] == "platform.report" for e in events) and events
    events = wait_until(told, "the report of the first invocation")
    kinds = [e["type"] for e in events]
    for kind in ("platform.initStart", "platform.extension", "platform.telemetrySubscription", "platform.initRuntimeDone",
                 "platform.initReport", "platform.start", "function", "extension", "platform.runtimeDone", "platform.report"):
        assert kind in kinds, kind
    of_first = {e["type"]: e["record"] for e in events if isinstance(e["record"], dict) and e["record"].get("requestId") == first["id"]}
    assert of_first["platform.start"]["version"] == "$LATEST"
    assert of_first["platform.runtimeDone"]["status"] == of_first["platform.report"]["status"] == "success"
    metrics = of_first["platform.report"]["metrics"]
    assert metrics["memorySizeMB"] == 256 and metrics["maxMemoryUsedMB"] > 0 and metrics["initDurationMs"] > 0
    assert metrics["durationMs"] >= of_first["platform.runtimeDone"]["metrics"]["durationMs"]
    assert {"type": "function", "record": "in the handler\n"} in [{k: e[k] for k in ("type", "record")} for e in events]


def test_it_is_told_why_its_instance_ends(new_gust, unique, tmp_path):
    gust = new_gust("--keep-alive", "1").start()
    functions = gust.client("lambda")
    layer = layer_of(functions, unique, {"extensions/watcher": (EXTENSION, 0o755)})
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=1, Layers=[layer],
                              Code={"ZipFile": zip_of({"index.py": FUNCTION})})
    invoke(functions, unique)
    wait_until(lambda: "shut down for spindown" in lines(gust, unique), "the end of the idle instance")
    assert "timed out" in invoke(functions, unique, {"hold": 60})["errorMessage"]
    wait_until(lambda: "shut down for timeout" in lines(gust, unique), "the end of the instance that timed out")
    assert "exit status 3" in invoke(functions, unique, "exit")["errorMessage"]
    wait_until(lambda: "shut down for failure" in lines(gust, unique), "the end of the instance whose runtime ended")


def test_what_it_does_after_the_answer_is_part_of_the_invocation(gust, functions, make):
    name = make(ask="slow")
    assert "id" in invoke(functions, name)
    report = wait_until(lambda: [x for x in lines(gust, name).splitlines() if "REPORT" in x], "the report")[0]
    assert float(report.partition("Duration: ")[2].partition(" ms")[0]) >= 1200
    assert "id" in invoke(functions, name), "on the same instance, which waits for it"
    assert lines(gust, name).count("State: Ready") == 1


def test_one_that_never_rests_is_ended_at_the_time_limit(gust, functions, make):
    name = make(ask="too slow", Timeout=1)
    assert "id" in invoke(functions, name), "the answer is the function's"
    wait_until(lambda: "Status: timeout" in lines(gust, name), "the report")
    assert "id" in invoke(functions, name), "on another instance"
    assert lines(gust, name).count("State: Ready") == 2


@pytest.mark.parametrize("ask, error_type, message", [
    ("exit at once", "Extension.Crash", "exit status 7"),
    ("init error", "Extension.InitError", "Agent.Missing: no agent"),
    ("never", "Sandbox.Timedout", "timed out"),
])
def test_an_extension_that_fails_in_the_init_fails_the_function(new_gust, functions, make, ask, error_type, message):
    failed = invoke(functions, make(ask=ask, Timeout=1))
    assert failed["errorType"] == error_type and message in failed["errorMessage"], failed


def test_an_extension_that_ends_in_an_invocation_fails_it(functions, make):
    name = make(ask="exit in an invocation")
    failed = invoke(functions, name, {"hold": 60})
    assert failed["errorType"] == "Extension.Crash" and "exit status 9" in failed["errorMessage"], failed


@pytest.mark.parametrize("text, mode, message", [
    ("#!/usr/bin/python3\n", 0o644, "fork/exec /opt/extensions/bad: permission denied"),
    ("\x00\x01", 0o755, "fork/exec /opt/extensions/bad: exec format error"),
])
def test_one_that_cannot_be_started_is_named(functions, make, text, mode, message):
    failed = invoke(functions, make(files={"extensions/bad": (text, mode)}))
    assert failed["errorType"] == "Extension.LaunchError" and message in failed["errorMessage"], failed


def test_several_extensions_and_the_most_there_may_be(functions, make):
    name = make(names=[f"quiet{i}" for i in range(10)], ask="quiet", Timeout=20, MemorySize=1024)
    assert len(invoke(functions, name)["extensions"]) == 10


def test_more_than_ten_are_refused(functions, make):
    failed = invoke(functions, make(names=[f"e{i}" for i in range(11)], ask="quiet", MemorySize=1024))
    assert failed["errorType"] == "Extension.TooManyExtensions" and "11" in failed["errorMessage"], failed


def test_a_program_that_is_not_there_is_told_as_ever(functions, make):
    failed = invoke(functions, make(ask="quiet", Runtime="provided.al2023", Code={"ZipFile": zip_of({"x": "y"})}))
    assert failed["errorType"] == "Runtime.InvalidEntrypoint"
    assert "fork/exec /var/task/bootstrap: no such file or directory" in failed["errorMessage"]


INTERNAL = """
import json, os, threading, urllib.error, urllib.request
API, SEEN = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"], []
def ask(method, path, body=None, **headers):
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    request = urllib.request.Request(API + path, data, {k.replace("_", "-"): v for k, v in headers.items()}, method=method)
    try: answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error: answer = error
    return answer.status, answer.headers["Lambda-Extension-Identifier"], json.loads(answer.read() or b"null")
REGISTER = "/2020-01-01/extension/register"
STATUS, ID, TOLD = ask("POST", REGISTER, {"events": ["INVOKE"]}, Lambda_Extension_Name="inside")
def run():
    while True: SEEN.append(ask("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=ID)[2])
REFUSED = {
    "name": ask("POST", REGISTER, {"events": []}),
    "again": ask("POST", REGISTER, {"events": []}, Lambda_Extension_Name="inside"),
    "shutdown": ask("POST", REGISTER, {"events": ["SHUTDOWN"]}, Lambda_Extension_Name="other"),
    "event": ask("POST", REGISTER, {"events": ["DANCE"]}, Lambda_Extension_Name="other"),
    "json": ask("POST", REGISTER, b"{", Lambda_Extension_Name="other"),
    "no id": ask("GET", "/2020-01-01/extension/event/next"),
    "wrong id": ask("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier="x"),
    "path": ask("GET", "/2020-01-01/extension/nothing", Lambda_Extension_Identifier=ID),
    "telemetry": ask("PUT", "/2022-07-01/telemetry", {}, Lambda_Extension_Identifier=ID),
}
threading.Thread(target=run, daemon=True).start()
def handler(e, c):
    late = ask("POST", REGISTER, {"events": []}, Lambda_Extension_Name="late")
    return {"status": STATUS, "seen": [s["eventType"] for s in SEEN], "refused": {k: [v[0], v[2]["errorType"]] for k, v in REFUSED.items()},
            "late": [late[0], late[2]["errorType"]]}
"""


def test_one_inside_the_runtimes_process(functions, unique):
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                              Code={"ZipFile": zip_of({"index.py": INTERNAL})})
    invoke(functions, unique)
    told = invoke(functions, unique)
    assert told["status"] == 200 and told["seen"][:1] == ["INVOKE"]
    assert told["refused"] == {
        "name": [403, "Extension.InvalidExtensionName"], "again": [403, "Extension.AlreadyRegistered"],
        "shutdown": [403, "ShutdownEventNotSupportedForInternalExtension"], "event": [403, "Extension.InvalidEventType"],
        "json": [403, "InvalidRequestFormat"], "no id": [403, "Extension.MissingHeader"],
        "wrong id": [403, "Extension.UnknownExtensionIdentifier"], "path": [404, "InvalidPath"], "telemetry": [202, "Telemetry.NotSupported"]}
    assert told["late"] == [403, "Extension.RegistrationClosed"]
    functions.delete_function(FunctionName=unique)
