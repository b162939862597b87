"""Several invocations in one instance (CapacityProviderConfig), in Node and in native functions, by the official SDK."""
import base64
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import wait_until
from test_deploy import app  # noqa: F401 (fixture)
from test_lambda import ROLE, call, functions, make, zip_of  # noqa: F401 (fixtures)
from test_runtimes import built

ARN = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:this-machine"

# Each waits for as many others inside as it is told of.
NODE = """
import { setImmediate } from 'node:timers/promises';
let inside = 0;
export const handler = async (event, context) => {
  inside += 1;
  while (inside < (event.of ?? 0)) await setImmediate();
  console.log(`here is ${event.name}`);
  if (event.do === 'fail') throw new RangeError('mine alone');
  if (event.do === 'exit') globalThis.setImmediate(() => { throw new Error('all of us'); });
  while (event.do === 'late' && context.getRemainingTimeInMillis() > 1500) await setImmediate();
  if (event.do === 'hang' || event.do === 'exit') await new Promise(() => setInterval(() => {}, 60_000));
  return { stream: context.logStreamName, id: context.awsRequestId, name: event.name };
};
"""


def capacity(number=None):
    inner = {"CapacityProviderArn": ARN}
    if number is not None:
        inner["PerExecutionEnvironmentMaxConcurrency"] = number
    return {"LambdaManagedInstancesCapacityProviderConfig": inner}


@pytest.fixture
def at_once(gust):
    """at_once(name, payloads): what each call answers, all made together."""
    client = gust.client("lambda", config=Config(retries={"max_attempts": 1}, max_pool_connections=64))

    def run(name, payloads, **more):
        with ThreadPoolExecutor(len(payloads)) as pool:
            return list(pool.map(lambda payload: call(client, name, payload, **more), payloads))

    return run


def test_invocations_meet_in_one_node_instance(gust, functions, make, at_once):
    name = make(NODE, "nodejs20.x", file="index.mjs", CapacityProviderConfig=capacity(4), Timeout=30)
    answers = [body for _, body in at_once(name, [{"of": 4, "name": f"n{i}"} for i in range(4)])]
    assert len({body["stream"] for body in answers}) == 1
    assert len({body["id"] for body in answers}) == 4
    for body in answers:
        def lines(body=body):
            found = [line for line in gust.cli("logs", name).stdout.splitlines() if body["id"] in line]
            return found if any("REPORT" in line for line in found) else None
        found = wait_until(lines, f"the report of {body['id']}")
        assert sum("START" in line for line in found) == sum("END" in line for line in found) == 1
        (own,) = [line for line in found if "here is" in line]
        assert own.endswith(f"here is {body['name']}")


def test_more_than_fit_start_another_instance(functions, make, at_once):
    """Each stays long enough for the last one to come."""
    name = make(NODE, "nodejs20.x", file="index.mjs", CapacityProviderConfig=capacity(2), Timeout=6)
    answers = [body for _, body in at_once(name, [{"of": 2, "do": "late", "name": f"n{i}"} for i in range(4)])]
    assert len({body["stream"] for body in answers}) == 2


def test_an_error_is_of_one_and_a_crash_is_told_to_each(functions, make, at_once):
    name = make(NODE, "nodejs20.x", file="index.mjs", CapacityProviderConfig=capacity(3), Timeout=30)
    fine, failed, _ = at_once(name, [{"of": 3}, {"of": 3, "do": "fail"}, {"of": 3}])
    assert "FunctionError" not in fine[0]
    assert failed[0]["FunctionError"] == "Unhandled" and failed[1]["errorType"] == "RangeError"
    answers = at_once(name, [{"of": 6, "do": "hang"}, {"of": 6, "do": "hang"}, {"of": 6, "do": "exit"}])
    assert [answer["FunctionError"] for answer, _ in answers] == ["Unhandled"] * 3
    assert answers[2][1]["errorType"] == "Error" and answers[2][1]["errorMessage"] == "all of us"
    for _, body in answers[:2]:
        assert body["errorType"] == "Runtime.ExitError" and "exit status 129" in body["errorMessage"]
    assert "FunctionError" not in call(functions, name, {})[0]


def test_a_time_out_ends_nobody_elses_invocation(functions, make, at_once):
    name = make(NODE, "nodejs20.x", file="index.mjs", CapacityProviderConfig=capacity(3), Timeout=6)
    stream = call(functions, name, {})[1]["stream"]
    with ThreadPoolExecutor(2) as pool:
        began = time.monotonic()
        hangs = pool.submit(call, functions, name, {"do": "hang", "name": "hangs"})
        # It is given when half of the other's time has gone by, and so ends after the other's time-out.
        wait_until(lambda: time.monotonic() - began > 3, "half of the first's time")
        answer, body = call(functions, name, {"do": "late", "name": "late"})
        timed_out, error = hangs.result()
    assert "FunctionError" not in answer and body["stream"] == stream
    assert timed_out["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Sandbox.Timedout" and "Task timed out after 6.00 seconds" in error["errorMessage"]


def test_a_native_function_serves_as_many_threads(functions, make, at_once, unique):
    name = unique
    functions.create_function(FunctionName=name, Runtime="provided.al2023", Handler="hello", Role=ROLE, Timeout=30,
                              Code={"ZipFile": built("native")}, CapacityProviderConfig=capacity(4))
    try:
        answers = at_once(name, [{"do": "meet", "of": 4} for _ in range(4)])
        bodies = [body for _, body in answers]
        assert all(body["inside"] == 4 for body in bodies), bodies
        assert len({body["stream"] for body in bodies}) == 1
        assert len({body["id"] for body in bodies}) == 4
        crashed = at_once(name, [{"do": "meet", "of": 7, "then": then} for then in ("hang", "hang", "abort")])
        for answer, body in crashed:
            assert answer["FunctionError"] == "Unhandled" and body["errorType"] == "Runtime.ExitError", body
            assert "signal: aborted" in body["errorMessage"]
        assert call(functions, name, {"do": "meet", "of": 1})[1]["inside"] == 1
    finally:
        functions.delete_function(FunctionName=name)


def test_the_log_tail_is_of_its_own_invocation(functions, make, at_once):
    name = make(NODE, "nodejs20.x", file="index.mjs", CapacityProviderConfig=capacity(3), Timeout=30)
    for answer, body in at_once(name, [{"of": 3, "name": f"n{i}"} for i in range(3)], LogType="Tail"):
        tail = base64.b64decode(answer["LogResult"]).decode()
        assert f"here is {body['name']}" in tail and tail.count("here is") == 1
        assert tail.count("START RequestId: " + body["id"]) == tail.count("REPORT RequestId: " + body["id"]) == 1


def test_the_setting_is_answered_and_changed(functions, make):
    name = make(NODE, "nodejs20.x", file="index.mjs")
    assert "CapacityProviderConfig" not in functions.get_function_configuration(FunctionName=name)
    for given, told in ((capacity(8), capacity(8)), (capacity(), capacity(64)), (capacity(1), capacity(1))):
        functions.update_function_configuration(FunctionName=name, CapacityProviderConfig=given)
        assert functions.get_function_configuration(FunctionName=name)["CapacityProviderConfig"] == told
    functions.update_function_configuration(FunctionName=name, Description="it stays")
    assert functions.publish_version(FunctionName=name)["CapacityProviderConfig"] == capacity(1)


@pytest.mark.parametrize("runtime, given, told", [
    ("python3.12", capacity(2), "nodejsN.x and provided runtimes, and the function has python3.12"),
    ("python3.12", capacity(), "nodejsN.x and provided runtimes"),
    ("nodejs20.x", capacity(257), "PerExecutionEnvironmentMaxConcurrency is 257; an instance here runs 256"),
    ("nodejs20.x", {"LambdaManagedInstancesCapacityProviderConfig": {
        "CapacityProviderArn": ARN.replace("0" * 12, "1" * 12)}}, "another account's capacity provider"),
    ("nodejs20.x", {"LambdaManagedInstancesCapacityProviderConfig": {
        "CapacityProviderArn": ARN, "ExecutionEnvironmentMemoryGiBPerVCpu": 4.0}}, "ExecutionEnvironmentMemoryGiBPerVCpu"),
])
def test_what_cannot_be_is_refused(functions, make, runtime, given, told):
    name = make("exports.handler = async () => 1;", "nodejs20.x")
    with pytest.raises(ClientError) as caught:
        functions.update_function_configuration(FunctionName=name, Runtime=runtime, CapacityProviderConfig=given)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert told in caught.value.response["Error"]["Message"]
    after = functions.get_function_configuration(FunctionName=name)
    assert after["Runtime"] == "nodejs20.x" and "CapacityProviderConfig" not in after
    with pytest.raises(ClientError) as caught:
        functions.create_function(FunctionName=name + "-2", Runtime=runtime, Handler="index.handler", Role=ROLE,
                                  Code={"ZipFile": zip_of({"index.py": ""})}, CapacityProviderConfig=given)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert told in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("inner", [
    {"CapacityProviderArn": "p"}, {"CapacityProviderArn": ARN, "PerExecutionEnvironmentMaxConcurrency": 0},
    {"CapacityProviderArn": ARN, "PerExecutionEnvironmentMaxConcurrency": 1601}, {}])
def test_what_the_api_does_not_allow_is_a_validation_error(gust, make, inner):
    name = make("exports.handler = async () => 1;", "nodejs20.x")
    unchecked = gust.client("lambda", config=Config(parameter_validation=False))
    with pytest.raises(ClientError) as caught:
        unchecked.update_function_configuration(
            FunctionName=name, CapacityProviderConfig={"LambdaManagedInstancesCapacityProviderConfig": inner})
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_python_function_may_say_one_at_a_time(functions, make):
    name = make("def handler(event, context): return 1", CapacityProviderConfig=capacity(1))
    assert call(functions, name)[1] == 1
    with pytest.raises(ClientError) as caught:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"AWS_LAMBDA_MAX_CONCURRENCY": "3"}})
    assert "reserved keys" in caught.value.response["Error"]["Message"]


TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: index.handler
      Runtime: nodejs20.x
      CapacityProviderConfig: {Arn: "%s", PerExecutionEnvironmentMaxConcurrency: 8}
Outputs:
  Name: {Value: !Ref Hello}
""" % ARN


def test_a_template_says_it_as_sam_does(functions, app):
    app.write("template.yaml", TEMPLATE).write("src/index.mjs", NODE)
    name = app.deploy()[1]["Name"]
    assert functions.get_function_configuration(FunctionName=name)["CapacityProviderConfig"] == capacity(8)
    assert set(app.deploy()[0].values()) == {"none"}
    app.replace("MaxConcurrency: 8", "MaxConcurrency: 300")
    assert "an instance here runs 256" in app.refused()
    assert functions.get_function_configuration(FunctionName=name)["CapacityProviderConfig"] == capacity(8)
    # Without it, one at a time again.
    app.replace('      CapacityProviderConfig: {Arn: "%s", PerExecutionEnvironmentMaxConcurrency: 300}\n' % ARN, "")
    app.deploy()
    assert functions.get_function_configuration(FunctionName=name)["CapacityProviderConfig"] == capacity(1)
