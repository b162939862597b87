"""Responses that are sent as they are written: InvokeWithResponseStream with boto3."""
import base64
import json

import pytest
from botocore.exceptions import ClientError

from test_lambda import ROLE, zip_of

STREAMING = """
import { S3Client, HeadObjectCommand } from "@aws-sdk/client-s3";

const s3 = new S3Client({ forcePathStyle: true });
async function there(gate) {
  for (;;) {
    try { return await s3.send(new HeadObjectCommand(gate)); } catch { /* not yet */ }
  }
}

export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.type) stream.setContentType(event.type);
  if (event.failBefore) throw new RangeError("before the first byte");
  if (event.bytes) {
    const piece = Buffer.alloc(1 << 16, "x");
    for (let left = event.bytes; left > 0; left -= piece.length)
      if (!stream.write(piece.subarray(0, Math.min(left, piece.length)))) await new Promise((r) => stream.once("drain", r));
    return stream.end();
  }
  stream.write("first ");
  if (event.gate) await there(event.gate);
  if (event.failAfter) throw new TypeError("after the first bytes");
  if (event.exit) process.exit(3);
  if (event.hang) await new Promise(() => {});
  stream.write("second");
  console.log("wrote both");
  stream.end();
});
"""
PLAIN = "def handler(e, c):\n    if e.get('fail'): raise KeyError('no')\n    return {'got': e}\n"


@pytest.fixture(scope="module")
def functions(gust):
    return gust.client("lambda")


def make(functions, name, runtime, file, text, **more):
    functions.create_function(FunctionName=name, Runtime=runtime, Handler="index.handler", Role=ROLE,
                              Code={"ZipFile": zip_of({file: text})}, **{"Timeout": 30, "MemorySize": 256} | more)
    return name


@pytest.fixture(scope="module")
def streaming(functions):
    return make(functions, "streams-what-it-writes", "nodejs20.x", "index.mjs", STREAMING)


@pytest.fixture(scope="module")
def plain(functions):
    return make(functions, "answers-at-once", "python3.12", "index.py", PLAIN)


def invoke(functions, name, event, **more):
    answer = functions.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event), **more)
    events = list(answer["EventStream"])
    assert list(events[-1]) == ["InvokeComplete"] and all("PayloadChunk" in e for e in events[:-1])
    return b"".join(e["PayloadChunk"]["Payload"] for e in events[:-1]), events[-1]["InvokeComplete"], answer


def test_pieces_arrive_while_the_function_writes(gust, functions, streaming, unique):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    event = {"gate": {"Bucket": unique, "Key": "open"}}
    answer = functions.invoke_with_response_stream(FunctionName=streaming, Payload=json.dumps(event))
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST"
    assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    events = iter(answer["EventStream"])
    assert next(events)["PayloadChunk"]["Payload"] == b"first "  # it waits for the gate, which only opens now
    s3.put_object(Bucket=unique, Key="open")
    assert next(events)["PayloadChunk"]["Payload"] == b"second"
    assert next(events) == {"InvokeComplete": {}}


def test_the_end_brings_the_log(functions, streaming):
    body, complete, _ = invoke(functions, streaming, {}, LogType="Tail")
    log = base64.b64decode(complete["LogResult"]).decode()
    assert body == b"first second"
    assert "wrote both" in log and "REPORT RequestId" in log


def test_a_large_response_goes_through_whole(functions, streaming):
    body, complete, _ = invoke(functions, streaming, {"bytes": 20_000_001})
    assert len(body) == 20_000_001 and complete == {}


def test_a_failure_before_the_first_byte(functions, streaming):
    body, complete, _ = invoke(functions, streaming, {"failBefore": True})
    assert body == b"" and complete["ErrorCode"] == "Unhandled"
    assert json.loads(complete["ErrorDetails"])["errorMessage"] == "before the first byte"


def test_a_failure_after_the_first_bytes(functions, streaming):
    body, complete, _ = invoke(functions, streaming, {"failAfter": True}, LogType="Tail")
    assert body == b"first " and complete["ErrorCode"] == "Unhandled"
    details = json.loads(complete["ErrorDetails"])
    assert details["errorType"] == "TypeError" and details["errorMessage"] == "after the first bytes"
    assert "Invoke Error" in base64.b64decode(complete["LogResult"]).decode()
    assert invoke(functions, streaming, {})[0] == b"first second"  # the instance goes on


def test_a_process_that_ends_and_one_that_hangs(functions, unique):
    name = make(functions, unique, "nodejs20.x", "index.mjs", STREAMING, Timeout=2)
    body, complete, _ = invoke(functions, name, {"exit": True})
    assert b"first ".startswith(body) and complete["ErrorCode"] == "Unhandled"  # exit() does not wait for a write
    assert json.loads(complete["ErrorDetails"])["errorType"] in ("Runtime.ExitError", "Runtime.TruncatedResponse")
    body, complete, _ = invoke(functions, name, {"hang": True})
    assert body == b"first "
    assert "timed out after 2.00 seconds" in json.loads(complete["ErrorDetails"])["errorMessage"]


def test_a_function_that_does_not_stream(functions, plain):
    assert json.loads(invoke(functions, plain, {"a": 1})[0]) == {"got": {"a": 1}}
    body, complete, _ = invoke(functions, plain, {"fail": True})
    assert body == b"" and json.loads(complete["ErrorDetails"])["errorType"] == "KeyError"


def test_a_streaming_function_invoked_as_usual(functions, streaming):
    answer = functions.invoke(FunctionName=streaming, Payload=b"{}")
    assert answer["Payload"].read() == b"first second" and "FunctionError" not in answer
    answer = functions.invoke(FunctionName=streaming, Payload=b'{"failAfter": true}')
    assert answer["FunctionError"] == "Unhandled" and json.loads(answer["Payload"].read())["errorType"] == "TypeError"


def test_a_caller_who_leaves_does_not_hold_the_function_up(functions, unique):
    name = make(functions, unique, "nodejs20.x", "index.mjs", STREAMING)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    answer = functions.invoke_with_response_stream(FunctionName=name, Payload=json.dumps({"bytes": 50_000_000}))
    next(iter(answer["EventStream"]))
    answer["EventStream"].close()

    from conftest import wait_until

    def ended():
        try:
            return invoke(functions, name, {})[0] == b"first second"
        except functions.exceptions.TooManyRequestsException:
            return False
    wait_until(ended, "the end of the invocation whose caller left")


@pytest.mark.parametrize("change, code", [
    ({"FunctionName": "no-such-function"}, "ResourceNotFoundException"),
    ({"Payload": b"{"}, "InvalidRequestContentException"),
    ({"Payload": b'"' + b"x" * (6 << 20) + b'"'}, "RequestTooLargeException")])
def test_what_is_refused(functions, plain, change, code):
    with pytest.raises(ClientError) as error:
        functions.invoke_with_response_stream(**{"FunctionName": plain, "Payload": b"{}"} | change)
    assert error.value.response["Error"]["Code"] == code


def test_a_dry_run(functions, plain):
    answer = functions.invoke_with_response_stream(FunctionName=plain, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
