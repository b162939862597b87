"""Functions by the official SDK: the management operations, invocations and their errors."""
import base64
import io
import json
import zipfile

import pytest
import requests
from botocore.exceptions import ClientError

from conftest import wait_until

ROLE = "arn:aws:iam::000000000000:role/any"


def zip_of(files, mode=0o644):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.external_attr = mode << 16
            z.writestr(info, text)
    return out.getvalue()


@pytest.fixture
def functions(gust):
    return gust.client("lambda")


@pytest.fixture
def make(functions, unique):
    made = []

    def create(code, runtime="python3.12", handler="index.handler", name=None, file=None, mode=0o644, **more):
        name = name or f"{unique}-{len(made)}"
        file = file or ("index.py" if runtime.startswith("python") else "index.js" if runtime.startswith("node") else "bootstrap")
        functions.create_function(FunctionName=name, Runtime=runtime, Handler=handler, Role=ROLE,
                                  Code={"ZipFile": zip_of({file: code}, mode)}, **more)
        made.append(name)
        return name
    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


def call(functions, name, payload=None, **more):
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(payload), **more)
    return answer, json.loads(answer["Payload"].read() or b"null")


def code_of(operation, *args, **kwargs):
    with pytest.raises(ClientError) as caught:
        operation(*args, **kwargs)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


PYTHON = "def handler(event, context):\n    return {'got': event, 'name': context.function_name}\n"
NODE = "exports.handler = async (event, context) => ({got: event, name: context.functionName});\n"
NODE_ESM = "export const handler = async (event, context) => ({got: event, name: context.functionName});\n"
SHELL = """#!/bin/sh
set -eu
while :; do
  head=$(mktemp)
  event=$(/usr/bin/python3 - "$head" <<'PY'
import sys, urllib.request, os
r = urllib.request.urlopen(f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/next")
open(sys.argv[1], "w").write(r.headers["Lambda-Runtime-Aws-Request-Id"])
print(r.read().decode())
PY
)
  /usr/bin/python3 - "$(cat $head)" "$event" <<'PY'
import sys, urllib.request, os, json
body = json.dumps({"got": json.loads(sys.argv[2]), "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"]}).encode()
urllib.request.urlopen(urllib.request.Request(
    f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/{sys.argv[1]}/response", body, method="POST"))
PY
done
"""


@pytest.mark.parametrize("runtime,code,file", [
    ("python3.9", PYTHON, "index.py"), ("python3.13", PYTHON, "index.py"), ("nodejs18.x", NODE, "index.js"),
    ("nodejs22.x", NODE_ESM, "index.mjs"), ("provided.al2023", SHELL, "bootstrap")])
def test_invoke(functions, make, runtime, code, file):
    name = make(code, runtime, file=file, mode=0o755)
    for i in range(3):
        answer, result = call(functions, name, {"n": i, "ü": "€"})
        assert result == {"got": {"n": i, "ü": "€"}, "name": name}
        assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST" and "FunctionError" not in answer


def test_configuration_round_trip(functions, make, unique):
    name = make(PYTHON, Timeout=7, MemorySize=256, Environment={"Variables": {"AA": "1"}}, Description="d")
    got = functions.get_function(FunctionName=name)
    config = got["Configuration"]
    assert (config["FunctionName"], config["Runtime"], config["Handler"], config["Timeout"], config["MemorySize"],
            config["Environment"]["Variables"], config["Description"], config["State"], config["Version"]) == \
        (name, "python3.12", "index.handler", 7, 256, {"AA": "1"}, "d", "Active", "$LATEST")
    assert config["FunctionArn"].endswith(f":function:{name}")
    assert zipfile.ZipFile(io.BytesIO(requests.get(got["Code"]["Location"]).content)).namelist() == ["index.py"]
    assert name in [f["FunctionName"] for page in functions.get_paginator("list_functions").paginate() for f in page["Functions"]]
    updated = functions.update_function_configuration(FunctionName=name, Timeout=9, Environment={"Variables": {"BB": "2"}})
    assert updated["Timeout"] == 9 and updated["Environment"]["Variables"] == {"BB": "2"} and updated["MemorySize"] == 256
    assert functions.get_function_configuration(FunctionName=config["FunctionArn"])["Timeout"] == 9
    assert code_of(functions.create_function, FunctionName=name, Runtime="python3.12", Handler="a.b", Role=ROLE,
                   Code={"ZipFile": zip_of({"a.py": ""})}) == ("ResourceConflictException", 409)
    functions.get_waiter("function_active_v2").wait(FunctionName=name)


def test_update_code_serves_the_new_code(functions, make):
    name = make("def handler(e, c): return 1")
    assert call(functions, name)[1] == 1
    functions.update_function_code(FunctionName=name, ZipFile=zip_of({"index.py": "def handler(e, c): return 2"}))
    assert call(functions, name)[1] == 2


def test_code_from_a_bucket(functions, gust, unique):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    s3.put_object(Bucket=unique, Key="code.zip", Body=zip_of({"index.py": PYTHON}))
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                              Code={"S3Bucket": unique, "S3Key": "code.zip"})
    assert call(functions, unique, 1)[1]["got"] == 1
    functions.delete_function(FunctionName=unique)
    assert code_of(functions.get_function, FunctionName=unique) == ("ResourceNotFoundException", 404)


def test_unknown_and_wrong(functions, unique, make):
    assert code_of(functions.invoke, FunctionName=unique + "x") == ("ResourceNotFoundException", 404)
    assert code_of(functions.delete_function, FunctionName=unique + "x") == ("ResourceNotFoundException", 404)
    base = dict(FunctionName=unique, Handler="a.b", Role=ROLE, Code={"ZipFile": zip_of({"a.py": ""})}, Runtime="python3.12")
    for change in ({"Runtime": "cobol1"}, {"Timeout": 901}, {"MemorySize": 10241}, {"Code": {"ZipFile": b"not a zip"}},
                   {"Environment": {"Variables": {"BIG": "x" * 5000}}}, {"Environment": {"Variables": {"AWS_REGION": "x"}}},
                   {"Role": "nonsense"}):
        code, status = code_of(functions.create_function, **(base | change))
        assert (code, status) in {("InvalidParameterValueException", 400), ("ValidationException", 400)}, change
    assert code_of(functions.get_function, FunctionName=unique) == ("ResourceNotFoundException", 404)
    name = make(PYTHON)
    assert code_of(functions.invoke, FunctionName=name, Payload=b"{not json") == ("InvalidRequestContentException", 400)
    assert code_of(functions.invoke, FunctionName=name, Payload=b'"' + b"x" * (7 << 20) + b'"')[1] == 413


@pytest.mark.parametrize("names", [["../escape"], ["/abs"], ["a/../../b"]])
def test_zip_paths_cannot_escape(functions, unique, names):
    code, status = code_of(functions.create_function, FunctionName=unique, Handler="a.b", Role=ROLE, Runtime="python3.12",
                           Code={"ZipFile": zip_of({n: "x" for n in names})})
    assert (code, status) == ("InvalidParameterValueException", 400)


def test_invocation_types_and_log_tail(functions, make):
    name = make("def handler(e, c):\n    print('hello from inside')\n    return 1")
    assert functions.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
    assert functions.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
    answer, _ = call(functions, name, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert f"START RequestId: {request_id} Version: $LATEST" in tail
    assert "hello from inside" in tail and f"END RequestId: {request_id}" in tail
    assert f"REPORT RequestId: {request_id}" in tail and "Billed Duration:" in tail and "Max Memory Used:" in tail


@pytest.mark.parametrize("code,error_type,message", [
    ("def handler(e, c):\n    raise ValueError('bad thing')", "ValueError", "bad thing"),
    ("def handler(e, c):\n    return object()", "Runtime.MarshalError", "Unable to marshal response"),
    ("import none_such", "Runtime.ImportModuleError", "none_such"),
    ("def other(): pass", "Runtime.HandlerNotFound", "handler"),
    ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error"),
    ("import os\ndef handler(e, c):\n    os._exit(3)", "Runtime.ExitError", "exit status 3"),
    ("import sys\ndef handler(e, c):\n    sys.exit(4)", "Runtime.ExitError", "Runtime exited"),
    ("import os\ndef handler(e, c):\n    os.kill(os.getpid(), 11)", "Runtime.ExitError", "signal: segmentation fault"),
])
def test_python_failures(functions, make, code, error_type, message):
    name = make(code, Timeout=10)
    for _ in range(2):
        answer, result = call(functions, name)
        assert answer["FunctionError"] == "Unhandled" and answer["StatusCode"] == 200
        assert result["errorType"] == error_type and message in result["errorMessage"], result


@pytest.mark.parametrize("code,error_type,message", [
    ("exports.handler = async () => { throw new TypeError('bad thing'); }", "TypeError", "bad thing"),
    ("exports.handler = (e, c, done) => done(new Error('by callback'))", "Error", "by callback"),
    ("require('none-such')", "Runtime.ImportModuleError", "none-such"),
    ("exports.other = 1", "Runtime.HandlerNotFound", "handler"),
    ("exports.handler = (", "Runtime.UserCodeSyntaxError", ""),
    ("exports.handler = async () => { process.exit(3); }", "Runtime.ExitError", "exit"),
])
def test_node_failures(functions, make, code, error_type, message):
    name = make(code, "nodejs20.x", Timeout=10)
    for _ in range(2):
        answer, result = call(functions, name)
        assert answer["FunctionError"] == "Unhandled"
        assert result["errorType"] == error_type and message in result["errorMessage"], result


def test_time_out(functions, make):
    name = make("def handler(e, c):\n    if e: \n        while True: pass\n    return 'fine'", Timeout=1)
    answer, result = call(functions, name, 1)
    assert answer["FunctionError"] == "Unhandled" and "Task timed out after 1.00 seconds" in result["errorMessage"]
    assert call(functions, name)[1] == "fine"


def test_memory_overrun(functions, make):
    name = make("def handler(e, c):\n    x = bytearray(400 << 20) if e else b''\n    return len(x)", MemorySize=128, Timeout=20)
    answer, result = call(functions, name, 1)
    assert answer["FunctionError"] == "Unhandled" and result["errorType"] == "Runtime.ExitError"
    assert "signal: killed" in result["errorMessage"]
    assert call(functions, name)[1] == 0


def test_instances_are_reused_one_invocation_at_a_time(functions, make, gust):
    import concurrent.futures
    name = make("import os, time, uuid\nME = str(uuid.uuid4())\nBUSY = False\n"
                "def handler(e, c):\n    global BUSY\n    assert not BUSY\n    BUSY = True\n    time.sleep(e)\n    BUSY = False\n    return ME")
    first = {call(functions, name, 0)[1] for _ in range(5)}
    assert len(first) == 1
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        clients = [gust.client("lambda") for _ in range(4)]
        ids = list(threads.map(lambda c: call(c, name, 0.5)[1], clients))
    assert len(set(ids)) == 4


SDK_PYTHON = """
import boto3, os
def handler(event, context):
    s3 = boto3.client("s3")
    s3.put_object(Bucket=event["bucket"], Key="from-python", Body=b"inside")
    return {"body": s3.get_object(Bucket=event["bucket"], Key="from-python")["Body"].read().decode(),
            "who": boto3.client("sts").get_caller_identity()["Arn"]}
"""
SDK_NODE = """
import { S3Client, PutObjectCommand, GetObjectCommand } from "@aws-sdk/client-s3";
const s3 = new S3Client({});
export const handler = async (event) => {
  await s3.send(new PutObjectCommand({ Bucket: event.bucket, Key: "from-node", Body: "inside" }));
  const got = await s3.send(new GetObjectCommand({ Bucket: event.bucket, Key: "from-node" }));
  return { body: await got.Body.transformToString() };
};
"""


@pytest.mark.parametrize("runtime,code,file,key", [("python3.12", SDK_PYTHON, "index.py", "from-python"),
                                                   ("nodejs20.x", SDK_NODE, "index.mjs", "from-node")])
def test_the_sdk_inside_reaches_gust(functions, make, gust, unique, runtime, code, file, key):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    name = make(code, runtime, file=file, Timeout=30, MemorySize=512)
    answer, result = call(functions, name, {"bucket": unique})
    assert result.get("body") == "inside", result
    assert s3.get_object(Bucket=unique, Key=key)["Body"].read() == b"inside"
    if "who" in result:
        assert ":assumed-role/any/" in result["who"]


def test_what_a_function_presigns_is_good_outside(functions, make, gust, unique):
    gust.client("s3").create_bucket(Bucket=unique)
    name = make("import boto3\ndef handler(event, context):\n    return {m: boto3.client('s3').generate_presigned_url(m, Params=event)"
                " for m in ('put_object', 'get_object')}")
    urls = call(functions, name, {"Bucket": unique, "Key": "direct"})[1]
    assert requests.put(urls["put_object"], data=b"from the browser").status_code == 200
    assert requests.get(urls["get_object"]).content == b"from the browser"


def test_asynchronous_failures_reach_the_dead_letters(functions, make, gust):
    name = make("def handler(e, c):\n    raise ValueError('never works')")
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    request_id = functions.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 1}')["ResponseMetadata"]["RequestId"]
    mine = lambda: [f for f in gust.cli_json("failed", "list") if f["id"] == request_id]  # noqa: E731
    wait_until(mine, "the dead letter")
    shown = gust.cli("failed", "show", request_id).stdout
    assert "never works" in shown and name in shown
    functions.update_function_code(FunctionName=name, ZipFile=zip_of({"index.py": "def handler(e, c):\n    print('works now', e)"}))
    gust.cli("failed", "retry", request_id)
    wait_until(lambda: not mine(), "the dead letter to be gone")
    wait_until(lambda: "works now {'n': 1}" in gust.cli("logs", name).stdout, "the retried event's log line")


def test_permissions(functions, make):
    name = make(PYTHON)
    assert code_of(functions.get_policy, FunctionName=name) == ("ResourceNotFoundException", 404)
    functions.add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
                             SourceArn="arn:aws:s3:::b", SourceAccount="000000000000")
    statement = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"][0]
    assert statement["Sid"] == "s" and statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert code_of(functions.add_permission, FunctionName=name, StatementId="s", Action="lambda:InvokeFunction",
                   Principal="s3.amazonaws.com") == ("ResourceConflictException", 409)
    functions.remove_permission(FunctionName=name, StatementId="s")
    assert code_of(functions.get_policy, FunctionName=name) == ("ResourceNotFoundException", 404)
