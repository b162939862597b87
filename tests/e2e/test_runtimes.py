"""Every runtime: it answers what it is asked, reaches Gust's object store from inside with its own keys, and shows its
errors in the service's shape. The sources are in tests/runtimes; tests/runtimes/build makes zips of them, once."""
import json
import os
import subprocess

import pytest

from conftest import ROOT, wait_until
from test_lambda import ROLE, call, functions, zip_of  # noqa: F401 (fixtures)

SOURCES = ROOT / "tests/runtimes"

PYTHON = """
import boto3
def handler(event, context):
    if event["do"] == "fail":
        raise ValueError("this went wrong")
    if event["do"] == "object":
        s3 = boto3.client("s3")
        s3.put_object(Bucket=event["bucket"], Key=event["key"], Body=event["text"])
        return {"text": s3.get_object(Bucket=event["bucket"], Key=event["key"])["Body"].read().decode()}
    return {"got": event}
"""
NODE = """
import { S3Client, PutObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
export const handler = async (event) => {
  if (event.do === 'fail') throw new RangeError('this went wrong');
  if (event.do === 'object') {
    const s3 = new S3Client({ forcePathStyle: true });
    const at = { Bucket: event.bucket, Key: event.key };
    await s3.send(new PutObjectCommand({ ...at, Body: event.text }));
    return { text: await (await s3.send(new GetObjectCommand(at))).Body.transformToString() };
  }
  return { got: event };
};
"""

# What create_function is given, which Debian package the toolchain is of, and what a failure looks like.
RUNTIMES = {
    "python": ("python3.12", "index.handler", None, "ValueError"),
    "nodejs": ("nodejs20.x", "index.handler", None, "RangeError"),
    "native": ("provided.al2023", "hello", "/usr/bin/clang++-19", "Hello.Wrong"),
    "go": ("provided.al2023", "bootstrap", "/usr/bin/go", "errorString"),
    "rust": ("provided.al2023", "bootstrap", "/usr/bin/cargo", "Hello.Wrong"),
    "java": ("java21", "hello.Hello", "/usr/bin/javac", "java.lang.IllegalArgumentException"),
    "ruby": ("ruby3.3", "function.handle", "/usr/bin/ruby", "Function<ArgumentError>"),
}


def built(name, file="function.zip"):
    """The zip of tests/runtimes/NAME. On a machine that scripts/install check made, every toolchain is there."""
    toolchain = RUNTIMES[name][2]
    if not os.path.exists(toolchain):
        pytest.skip(f"{toolchain} is not here; scripts/install check installs it from Debian")
    done = subprocess.run([SOURCES / "build", name], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return (ROOT / "build/test-runtimes" / name / file).read_bytes()


def package(name):
    if name == "python":
        return zip_of({"index.py": PYTHON})
    if name == "nodejs":
        return zip_of({"index.mjs": NODE})
    if name == "ruby":
        if not os.path.exists("/usr/bin/ruby"):
            pytest.skip("/usr/bin/ruby is not here; scripts/install check installs it from Debian")
        return zip_of({"function.rb": (SOURCES / "ruby/function.rb").read_text()})
    return built(name)


@pytest.fixture
def deploy(functions, unique):
    """create(name of RUNTIMES, zip, handler): the name of a new function."""
    made = []

    def create(name, code, handler=None, runtime=None, **more):
        function = f"{unique}-{len(made)}"
        made_with, usual, _, _ = RUNTIMES[name]
        functions.create_function(FunctionName=function, Runtime=runtime or made_with, Handler=handler or usual,
                                  Role=ROLE, Timeout=60, MemorySize=512, Code={"ZipFile": code}, **more)
        made.append(function)
        return function
    yield create
    for function in made:
        functions.delete_function(FunctionName=function)


@pytest.mark.parametrize("name", RUNTIMES)
def test_hello_an_object_and_an_error(gust, functions, deploy, unique, name):
    function = deploy(name, package(name))
    event = {"do": "hello", "text": "Grüße, 世界 \U0001f600", "list": [1, 2.5, None, True], "deep": {"a": {"b": []}}}
    answer, payload = call(functions, function, event)
    assert ("FunctionError" not in answer, payload) == (True, {"got": event})

    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    answer, payload = call(functions, function, {"do": "object", "bucket": unique, "key": "by-" + name, "text": "made inside"})
    assert ("FunctionError" not in answer, payload) == (True, {"text": "made inside"})
    assert s3.get_object(Bucket=unique, Key="by-" + name)["Body"].read() == b"made inside"
    # The store refuses inside what it refuses outside. (Java's plain client cannot read the body of a refusal that comes
    # in place of "100 Continue".)
    answer, payload = call(functions, function, {"do": "object", "bucket": unique + "-not", "key": "k", "text": "x"})
    assert answer["FunctionError"] == "Unhandled"
    assert ("Status Code: 404" if name == "java" else "NoSuchBucket") in json.dumps(payload)

    answer, payload = call(functions, function, {"do": "fail"})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert payload["errorType"] == RUNTIMES[name][3]
    assert "this went" in payload["errorMessage"]
    assert isinstance(payload.get("stackTrace") or payload.get("trace") or [], list)
    # The instance goes on.
    assert call(functions, function, {"do": "again"})[1] == {"got": {"do": "again"}}


def test_native_exceptions_and_large_payloads(functions, deploy):
    function = deploy("native", built("native"))
    answer, payload = call(functions, function, {"do": "throw"})
    assert answer["FunctionError"] == "Unhandled"
    assert payload == {"errorType": "std::out_of_range", "errorMessage": "this went very wrong", "stackTrace": []}
    assert call(functions, function, {"do": "large"})[1] == "x" * 5_900_000
    text = "y" * 5_900_000
    assert call(functions, function, {"text": text})[1] == {"got": {"text": text}}


def test_native_in_one_static_file(functions, deploy):
    assert call(functions, deploy("native", built("native", "static.zip")), {"a": 1})[1] == {"a": 1}


@pytest.mark.parametrize("name, error", [("go", "string"), ("rust", "Hello.Panic")])
def test_a_panic_is_an_error_and_the_function_goes_on(functions, deploy, name, error):
    function = deploy(name, built(name))
    answer, payload = call(functions, function, {"do": "panic"})
    assert answer["FunctionError"] == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == (error, "this went very wrong")
    assert call(functions, function, {"do": "again"})[1] == {"got": {"do": "again"}}


def test_java_by_the_name_of_a_method_and_its_context(functions, deploy):
    code = built("java")
    assert call(functions, deploy("java", code, "hello.Hello::method", "java17"), {"a": 1})[1] == {"method": {"a": 1}}
    function = deploy("java", code)
    answer, payload = call(functions, function, {"do": "context"})
    assert (payload["name"], payload["memory"], payload["id"]) == (function, 512, answer["ResponseMetadata"]["RequestId"])
    assert 0 < payload["left"] <= 60_000


def test_java_logs_in_json(gust, functions, deploy):
    function = deploy("java", built("java"), LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"})
    answer, _ = call(functions, function, {"do": "log"})
    logs = gust.client("logs")

    def look():
        found = logs.filter_log_events(logGroupName="/aws/lambda/" + function)["events"]
        messages = [json.loads(event["message"]) for event in found if event["message"].startswith("{")]  # the JVM says its version
        return messages if any(m.get("type") == "platform.report" for m in messages) else None

    said = [m for m in wait_until(look, "the report") if "type" not in m]
    assert [(m["level"], m["message"], m["AWSRequestId"]) for m in said] == [("WARN", "few left", answer["ResponseMetadata"]["RequestId"])]


@pytest.mark.parametrize("handler", ["hello.Missing", "hello.Hello::missing"])
def test_java_without_the_handler(functions, deploy, handler):
    answer, payload = call(functions, deploy("java", built("java"), handler), {})
    assert answer["FunctionError"] == "Unhandled"
    assert "issing" in payload["errorMessage"]


def test_ruby_methods_of_classes_and_the_context(functions, deploy):
    code = package("ruby")
    assert call(functions, deploy("ruby", code, "function.Deep::Handlers.process"), {"a": 1})[1] == {"deep": {"a": 1}}
    function = deploy("ruby", code)
    answer, payload = call(functions, function, {"do": "context"})
    assert (payload["name"], payload["memory"], payload["id"]) == (function, "512", answer["ResponseMetadata"]["RequestId"])
    assert payload["arn"].endswith(":function:" + function) and 0 < payload["left"] <= 60_000
    answer, payload = call(functions, function, {"do": "unwritable"})
    assert payload["errorType"] == "Function<JSON::GeneratorError>"


@pytest.mark.parametrize("handler, error", [
    ("function.missing", "Init<GustRuntime::HandlerError>"), ("function.No::Class.handle", "Init<GustRuntime::HandlerError>"),
    ("absent.handle", "Init<LoadError>"), ("function", "Init<GustRuntime::HandlerError>"),
])
def test_ruby_without_the_handler(functions, deploy, handler, error):
    answer, payload = call(functions, deploy("ruby", package("ruby"), handler), {})
    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorType"] == error
    assert handler.split(".")[-1] in payload["errorMessage"] or "absent" in payload["errorMessage"]


def test_a_ruby_error_has_the_frames_of_the_function_only(functions, deploy):
    payload = call(functions, deploy("ruby", package("ruby")), {"do": "fail"})[1]
    assert payload["errorMessage"] == "this went wrong"
    assert payload["stackTrace"] and all(frame.startswith("/var/task/function.rb:") for frame in payload["stackTrace"])


def test_a_runtime_that_is_none_is_refused(functions, unique):
    with pytest.raises(Exception, match="Value cobol1 at 'runtime' failed"):
        functions.create_function(FunctionName=unique, Runtime="cobol1", Handler="x", Role=ROLE,
                                  Code={"ZipFile": zip_of({"x": ""})})
