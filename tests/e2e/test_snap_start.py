"""SnapStart: the init of a version runs once, and instances go on from there."""
import base64
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from conftest import ROOT, wait_until
from test_lambda import ROLE, zip_of

CODE = """
import os, random, ssl, threading, time, uuid
import boto3
from snapshot_restore_py import register_after_restore, register_before_snapshot

HOOKS, INIT = [], str(uuid.uuid4())
STARTED = time.time()

@register_before_snapshot
def last(): HOOKS.append("before 1")
register_before_snapshot(lambda text: HOOKS.append(text), "before 2")
@register_after_restore
def restored(): HOOKS.append("after 1")
register_after_restore(lambda text: HOOKS.append(text), "after 2")

S3 = boto3.client("s3")
INSTANCE = None

def handler(e, c):
    global INSTANCE
    INSTANCE = INSTANCE or {"random": random.random(), "ssl": ssl.RAND_bytes(8).hex(), "uuid": str(uuid.uuid4())}
    if e == "sdk": return [b["Name"] for b in S3.list_buckets()["Buckets"]]
    if e == "threads":
        done = []
        t = threading.Thread(target=lambda: done.append(threading.get_native_id()))
        t.start(); t.join()
        return {"other": done[0], "main": threading.main_thread().native_id, "pid": os.getpid()}
    if e == "grow": return len(bytes(40 << 20)) + len("x" * 3000000)
    if e == "exit": os._exit(3)
    if e == "tmp": return open("/tmp/mine", "a+").tell(), os.listdir("/tmp")
    threading.Event().wait(1 if e == "hold" else 0)
    return {"hooks": HOOKS, "init": INIT, "age": time.time() - STARTED, "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
            "stream": c.log_stream_name, "keys": sorted(k for k in os.environ if k.startswith("AWS_SECRET")), **INSTANCE}
"""


@pytest.fixture
def functions(gust):
    return gust.client("lambda")


@pytest.fixture
def make(functions, unique):
    """A function with SnapStart on, and its version 1."""
    def create(code=CODE, **more):
        package = code if isinstance(code, bytes) else zip_of({"index.py": code})
        settings = {"Runtime": "python3.12", "Handler": "index.handler", "Timeout": 20, "MemorySize": 256,
                    "SnapStart": {"ApplyOn": "PublishedVersions"}, **more}
        answer = functions.create_function(FunctionName=unique, Role=ROLE, Code={"ZipFile": package}, Publish=True, **settings)
        assert answer["State"] == "Pending" and answer["StateReasonCode"] == "Creating"
        return unique
    yield create
    functions.delete_function(FunctionName=unique)


def settled(functions, name, version="1"):
    def look():
        found = functions.get_function_configuration(FunctionName=name, Qualifier=version)
        return found["State"] != "Pending" and found
    return wait_until(look, "the snapshot")


def invoke(functions, name, payload=None, version="1"):
    answer = functions.invoke(FunctionName=name, Qualifier=version, Payload=json.dumps(payload))
    return json.loads(answer["Payload"].read())


def tail(functions, name, payload=None, version="1"):
    answer = functions.invoke(FunctionName=name, Qualifier=version, Payload=json.dumps(payload), LogType="Tail")
    return base64.b64decode(answer["LogResult"]).decode()


def code_of(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def snapshot(gust, name, version="1"):
    found = [s for s in gust.cli_json("status")["starts"]["snapshots"] if (s["function"], s["version"]) == (name, version)]
    return found[0] if found else None


def test_instances_come_out_of_one_init(gust, functions, make):
    name = make()
    ready = settled(functions, name)
    assert ready["State"] == "Active" and ready["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
    first = invoke(functions, name)
    assert first["hooks"] == ["before 2", "before 1", "after 1", "after 2"]
    assert first["type"] == "snap-start" and first["age"] > 0 and first["keys"] == []
    assert snapshot(gust, name)["restored"] == 1 and snapshot(gust, name)["state"] == "ready"
    # $LATEST has none, and its init is its own.
    latest = invoke(functions, name, version="$LATEST")
    assert latest["hooks"] == [] and latest["type"] == "on-demand" and latest["init"] != first["init"]
    assert functions.get_function_configuration(FunctionName=name)["SnapStart"] == \
        {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}


def test_what_must_differ_differs(functions, make):
    name = make()
    settled(functions, name)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: invoke(functions, name, "hold"), range(4)))
    assert len({a["init"] for a in answers}) == 1
    for what in ("random", "ssl", "uuid", "stream"):
        assert len({a[what] for a in answers}) == 4, what


def test_what_a_program_does_goes_on_working(gust, functions, make):
    name = make()
    settled(functions, name)
    gust.client("s3").create_bucket(Bucket=name)
    assert name in invoke(functions, name, "sdk")
    threads = invoke(functions, name, "threads")
    assert threads["main"] == threads["pid"] != threads["other"]
    assert invoke(functions, name, "grow") == (40 << 20) + 3000000
    assert invoke(functions, name, "tmp") == [0, ["mine"]]
    report = tail(functions, name, "exit")
    assert "Runtime exited with error: exit status 3" in report
    # The next instance comes from the snapshot as well.
    assert "Restore Duration:" in tail(functions, name)


def test_the_report_tells_the_restore_and_the_bill_has_it(gust, functions, make):
    name = make()
    settled(functions, name)
    first, second = tail(functions, name), tail(functions, name)
    report = first[first.index("REPORT"):]
    assert "\tRestore Duration: " in report and "\tBilled Restore Duration: " in report and "Init Duration" not in report
    assert "Restore" not in second
    record = gust.cli_json("status")["starts"]
    assert record["restored"] >= 1 and record["last_restored"]


REFUSED = {
    "a thread": ("import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()", "it runs 2 threads"),
    "a socket": ("import socket\nS = socket.socket()", "it has an open socket"),
    "a file written": ("F = open('/tmp/x', 'w')", "it left files in /tmp"),
    "a pipe": ("import os\nP = os.pipe()", "it has descriptor"),
    "a child": ("import subprocess\nP = subprocess.Popen(['sleep', '1000'])", "it has child processes"),
    "shared memory": ("import mmap\nM = mmap.mmap(-1, 4096)", "it has shared memory"),
    "a timer": ("import signal\nsignal.setitimer(signal.ITIMER_REAL, 1000)", "it has a timer that runs"),
}


@pytest.mark.parametrize("init, reason", REFUSED.values(), ids=REFUSED)
def test_what_no_snapshot_can_hold_starts_without_one_and_is_told(gust, functions, make, init, reason):
    name = make(init + "\ndef handler(e, c): return 'served'")
    found = settled(functions, name)
    assert found["State"] == "Active" and found["SnapStart"]["OptimizationStatus"] == "Off"
    assert "starts without a snapshot" in found["StateReason"] and reason in found["StateReason"]
    assert invoke(functions, name) == "served"
    assert reason in snapshot(gust, name)["reason"]
    assert reason in gust.cli("status", "--pools").stdout
    assert reason in gust.cli("logs", name).stdout


@pytest.mark.parametrize("code, reason, told", [
    ("raise RuntimeError('no such table')", "FunctionError", "no such table"),
    ("import os; os._exit(7)", "FunctionError.RuntimeExitError", "exit status 7"),
    ("import snapshot_restore_py as s\n@s.register_before_snapshot\ndef f(): raise ValueError('hook')\ndef handler(e, c): pass",
     "FunctionError", "hook"),
], ids=["raises", "exits", "hook"])
def test_an_init_that_fails_fails_the_version(functions, make, code, reason, told):
    name = make(code)
    found = settled(functions, name)
    assert (found["State"], found["StateReasonCode"]) == ("Failed", reason) and told in found["StateReason"]
    assert code_of(functions.invoke, FunctionName=name, Qualifier="1") == ("SnapStartException", 400)


def test_a_version_is_pending_until_its_init_ran(gust, functions, make, unique):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    name = make(f"""
import boto3, threading
while not boto3.client("s3").list_objects_v2(Bucket="{unique}").get("Contents"): threading.Event().wait(0.05)
def handler(e, c): return "served"
""")
    assert functions.get_function_configuration(FunctionName=name, Qualifier="1")["State"] == "Pending"
    assert code_of(functions.invoke, FunctionName=name, Qualifier="1") == ("SnapStartNotReadyException", 409)
    # The init begins again, with the daemon.
    gust.kill9()
    gust.start()
    assert code_of(functions.invoke, FunctionName=name, Qualifier="1") == ("SnapStartNotReadyException", 409)
    s3.put_object(Bucket=unique, Key="go")
    assert settled(functions, name)["State"] == "Active"
    functions.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1")
    assert invoke(functions, name) == "served"


def test_a_hook_that_fails_after_the_restore_fails_the_call(functions, make):
    name = make("""
import snapshot_restore_py as s
@s.register_after_restore
def f(): raise ValueError("not here")
def handler(e, c): return "served"
""")
    assert settled(functions, name)["State"] == "Active"
    for _ in range(2):
        answer = functions.invoke(FunctionName=name, Qualifier="1")
        assert answer["FunctionError"] == "Unhandled" and json.loads(answer["Payload"].read())["errorMessage"] == "not here"


def test_each_version_has_its_own_and_takes_it_along(gust, functions, make):
    name = make()
    settled(functions, name)
    functions.update_function_code(FunctionName=name, ZipFile=zip_of({"index.py": CODE + "\nHOOKS.append('second')"}))
    functions.publish_version(FunctionName=name)
    settled(functions, name, "2")
    assert "second" in invoke(functions, name, version="2")["hooks"] and "second" not in invoke(functions, name)["hooks"]
    folder = gust.data / "snapshots"
    assert snapshot(gust, name, "2")["state"] == "ready"
    before = len(list(folder.glob("*/image")))
    functions.delete_function(FunctionName=name, Qualifier="2")
    wait_until(lambda: len(list(folder.glob("*/image"))) == before - 1, "the image to be removed")
    # The same name is another function, with a snapshot of its own; numbers of versions are not used twice.
    functions.delete_function(FunctionName=name)
    wait_until(lambda: len(list(folder.glob("*/image"))) == before - 2, "the image to be removed")
    make(CODE + "\nHOOKS.append('another')")
    settled(functions, name, "3")
    assert "another" in invoke(functions, name, version="3")["hooks"]


def test_a_snapshot_outlives_the_daemon(gust, functions, make):
    name = make()
    settled(functions, name)
    init = invoke(functions, name)["init"]
    for end in (gust.kill9, gust.stop):
        end()
        gust.start()
        assert invoke(functions, name)["init"] == init


def test_what_is_damaged_is_made_again(gust, functions, make):
    name = make()
    settled(functions, name)
    init = invoke(functions, name)["init"]
    gust.stop()
    for image in (gust.data / "snapshots").glob("*/image"):
        image.write_bytes(b"\0" * image.stat().st_size)
    gust.start()
    assert invoke(functions, name)["init"] != init  # it starts without
    wait_until(lambda: (s := snapshot(gust, name)) and s["state"] == "ready", "another snapshot")
    invoke(functions, name, "exit")
    assert "Restore Duration:" in tail(functions, name)


def test_a_snapshot_that_is_gone_is_made_again(gust, functions, make):
    name = make()
    settled(functions, name)
    gust.stop()
    for image in (gust.data / "snapshots").glob("*/image"):
        image.unlink()
        image.parent.rmdir()
    gust.start()
    assert invoke(functions, name)["type"] in ("on-demand", "snap-start")
    wait_until(lambda: (s := snapshot(gust, name)) and s["state"] == "ready", "another snapshot")


def test_what_is_refused(functions, make, unique):
    name = make()
    settled(functions, name)
    assert code_of(functions.put_provisioned_concurrency_config, FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1) == \
        ("InvalidParameterValueException", 400)
    base = {"Role": ROLE, "Handler": "index.handler", "Code": {"ZipFile": zip_of({"index.py": CODE})},
            "SnapStart": {"ApplyOn": "PublishedVersions"}, "FunctionName": unique + "x"}
    for more in ({"Runtime": "nodejs22.x"}, {"Runtime": "ruby3.3"}, {"Runtime": "python3.12", "EphemeralStorage": {"Size": 513}}):
        assert code_of(functions.create_function, **base, **more) == ("InvalidParameterValueException", 400)
    assert code_of(functions.update_function_configuration, FunctionName=name, EphemeralStorage={"Size": 1024}) == \
        ("InvalidParameterValueException", 400)
    assert code_of(functions.create_function, **base | {"SnapStart": {"ApplyOn": "Always"}}, Runtime="python3.12")[1] == 400
    # Off again: the next version has none, the first one keeps its own.
    functions.update_function_configuration(FunctionName=name, SnapStart={"ApplyOn": "None"})
    functions.publish_version(FunctionName=name)
    second = functions.get_function_configuration(FunctionName=name, Qualifier="2")
    assert second["State"] == "Active" and second["SnapStart"] == {"ApplyOn": "None", "OptimizationStatus": "Off"}
    assert invoke(functions, name, version="2")["type"] == "on-demand" and invoke(functions, name)["type"] == "snap-start"


def test_a_program_with_the_cxx_sdk(gust, functions, make):
    package = (ROOT / "build/test-runtimes/native/snapshot.zip").read_bytes()
    name = make(package, Runtime="provided.al2023", Handler="snapshot")
    assert settled(functions, name)["State"] == "Active"
    first = invoke(functions, name, 12)
    assert first["square"] == "144" and first["hooks"] == "before after" and first["calls"] == 1 and not first["same_pid"]
    assert first["stream"] and invoke(functions, name, -12) | {"stream": ""} == \
        {**first, "square": "x" * 100, "calls": 2, "stream": ""}


@pytest.mark.parametrize("hook, told", [("FAIL_BEFORE", "not now"), ("FAIL_AFTER", "not here")])
def test_a_hook_of_a_cxx_program_that_fails(functions, make, hook, told):
    package = (ROOT / "build/test-runtimes/native/snapshot.zip").read_bytes()
    name = make(package, Runtime="provided.al2023", Handler="snapshot", Environment={"Variables": {hook: "1"}})
    found = settled(functions, name)
    if hook == "FAIL_BEFORE":
        assert found["State"] == "Failed" and told in found["StateReason"]
    else:
        answer = functions.invoke(FunctionName=name, Qualifier="1", Payload="1")
        assert answer["FunctionError"] == "Unhandled" and told in answer["Payload"].read().decode()


def test_a_program_that_takes_none_starts_without(functions, make):
    name = make((ROOT / "build/test-runtimes/native/function.zip").read_bytes(), Runtime="provided.al2023", Handler="bootstrap")
    found = settled(functions, name)
    assert found["State"] == "Active" and "asked for an invocation" in found["StateReason"]
    assert invoke(functions, name, 7) is not None
