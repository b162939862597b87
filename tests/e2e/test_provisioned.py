"""Provisioned concurrency: instances that stand ready, and stay."""
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until
from test_lambda import ROLE, zip_of

CODE = """
import os, threading, uuid
ID = str(uuid.uuid4())
if os.environ.get("BREAK"): raise RuntimeError("init")
def handler(e, c):
    threading.Event().wait(e.get("hold", 0))
    return {"id": ID, "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], "version": c.function_version}
"""


@pytest.fixture
def functions(gust):
    return gust.client("lambda")


@pytest.fixture
def version(functions, unique):
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=10,
                              Code={"ZipFile": zip_of({"index.py": CODE})}, Publish=True)
    yield unique
    functions.delete_function(FunctionName=unique)


def provision(functions, name, qualifier, n):
    answer = functions.put_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=n)
    assert answer["Status"] == "IN_PROGRESS" and answer["RequestedProvisionedConcurrentExecutions"] == n
    return answer


def status(functions, name, qualifier):
    return functions.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)


def wait_ready(functions, name, qualifier):
    return wait_until(lambda: (s := status(functions, name, qualifier))["Status"] == "READY" and s, "provisioned instances")


def instances(gust, name, version):
    found = [p for p in gust.cli_json("status")["instances"] if (p["function"], p["version"]) == (name, version)]
    return found[0] if found else {"idle": 0, "busy": 0, "starting": 0, "provisioned": 0}


def invoke(functions, name, qualifier, **event):
    answer = functions.invoke(FunctionName=name, Qualifier=qualifier, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def test_instances_stand_ready_before_the_first_call(gust, functions, version):
    provision(functions, version, "1", 2)
    ready = wait_ready(functions, version, "1")
    assert ready["AllocatedProvisionedConcurrentExecutions"] == ready["AvailableProvisionedConcurrentExecutions"] == 2
    assert instances(gust, version, "1") == {"function": version, "version": "1", "idle": 2, "busy": 0, "starting": 0, "provisioned": 2,
                                             "invocations": 0}
    warm = gust.cli_json("status")["starts"]["warm"]
    assert invoke(functions, version, "1")["type"] == "provisioned-concurrency"
    assert gust.cli_json("status")["starts"]["warm"] == warm + 1
    assert invoke(functions, version, "$LATEST")["type"] == "on-demand"


def test_they_stay_when_the_function_changes_and_come_back_when_they_end(gust, functions, version):
    provision(functions, version, "1", 1)
    wait_ready(functions, version, "1")
    first = invoke(functions, version, "1")["id"]
    functions.update_function_configuration(FunctionName=version, Description="another")
    functions.put_function_concurrency(FunctionName=version, ReservedConcurrentExecutions=5)
    # Back from its first call: while it is not, a second one is started for the next.
    wait_until(lambda: instances(gust, version, "1")["idle"] == 1, "an idle instance")
    assert invoke(functions, version, "1")["id"] == first
    gust.kill9()
    gust.start()
    wait_ready(functions, version, "1")
    again = invoke(functions, version, "1")
    assert again["id"] != first and again["type"] == "provisioned-concurrency"


def test_keep_alive_does_not_end_them(new_gust, unique):
    gust = new_gust("--keep-alive", "1").start()
    functions = gust.client("lambda")
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                              Code={"ZipFile": zip_of({"index.py": CODE})}, Publish=True)
    provision(functions, unique, "1", 1)
    wait_ready(functions, unique, "1")
    first = invoke(functions, unique, "1")["id"]
    invoke(functions, unique, "$LATEST")
    wait_until(lambda: instances(gust, unique, "$LATEST")["idle"] == 0, "the end of the instance that is not provisioned")
    assert invoke(functions, unique, "1")["id"] == first
    functions.delete_provisioned_concurrency_config(FunctionName=unique, Qualifier="1")
    wait_until(lambda: instances(gust, unique, "1")["idle"] == 0, "the end of what was provisioned")


def test_an_alias_takes_its_instances_along(functions, version):
    functions.create_alias(FunctionName=version, Name="live", FunctionVersion="1")
    provision(functions, version, "live", 1)
    wait_ready(functions, version, "live")
    functions.update_function_code(FunctionName=version, ZipFile=zip_of({"index.py": CODE + "\n"}))
    functions.publish_version(FunctionName=version)
    functions.update_alias(FunctionName=version, Name="live", FunctionVersion="2")
    wait_ready(functions, version, "live")
    assert invoke(functions, version, "live") | {"id": ""} == {"id": "", "type": "provisioned-concurrency", "version": "2"}
    listed = functions.list_provisioned_concurrency_configs(FunctionName=version)["ProvisionedConcurrencyConfigs"]
    assert [(c["FunctionArn"].rsplit(":", 1)[1], c["Status"]) for c in listed] == [("live", "READY")]
    functions.delete_alias(FunctionName=version, Name="live")
    assert functions.list_provisioned_concurrency_configs(FunctionName=version)["ProvisionedConcurrencyConfigs"] == []


def test_more_calls_than_instances_spill_over(functions, version):
    provision(functions, version, "1", 1)
    wait_ready(functions, version, "1")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: invoke(functions, version, "1", hold=2), range(2)))
    assert {a["type"] for a in answers} == {"provisioned-concurrency", "on-demand"}
    assert len({a["id"] for a in answers}) == 2 and all(a["version"] == "1" for a in answers)


def test_an_init_that_fails_is_told(functions, unique):
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                              Code={"ZipFile": zip_of({"index.py": CODE})}, Publish=True, Environment={"Variables": {"BREAK": "1"}})
    provision(functions, unique, "1", 1)
    failed = wait_until(lambda: (s := status(functions, unique, "1"))["Status"] == "FAILED" and s, "the failure")
    assert failed["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    functions.delete_function(FunctionName=unique)


def test_memory_is_the_limit(new_gust, unique):
    gust = new_gust().start()
    functions = gust.client("lambda")
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE, MemorySize=10240,
                              Code={"ZipFile": zip_of({"index.py": CODE})}, Publish=True)
    provision(functions, unique, "1", 500)
    failed = wait_until(lambda: (s := status(functions, unique, "1"))["Status"] == "FAILED" and s, "the refusal")
    assert "memory" in failed["StatusReason"] and failed["AllocatedProvisionedConcurrentExecutions"] < 500
    functions.delete_provisioned_concurrency_config(FunctionName=unique, Qualifier="1")


def put(qualifier, n):
    return lambda f, name: f.put_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=n)


@pytest.mark.parametrize("call, code, message", [
    (put("$LATEST", 1), "InvalidParameterValueException", "unpublished"),
    (put("7", 1), "ResourceNotFoundException", ""),
    (put("nope", 1), "ResourceNotFoundException", ""),
    (put("1", 901), "InvalidParameterValueException", "below its minimum value of [100]"),
    (lambda f, name: status(f, name, "1"), "ProvisionedConcurrencyConfigNotFoundException", ""),
    (lambda f, name: f.list_provisioned_concurrency_configs(FunctionName="no-such"), "ResourceNotFoundException", "")])
def test_what_is_refused(functions, version, call, code, message):
    with pytest.raises(ClientError) as error:
        call(functions, version)
    assert error.value.response["Error"]["Code"] == code and message in error.value.response["Error"]["Message"]


def test_reservations_and_aliases_bound_it(functions, version):
    functions.put_function_concurrency(FunctionName=version, ReservedConcurrentExecutions=2)
    with pytest.raises(ClientError, match="ReservedConcurrentExecutions"):
        provision(functions, version, "1", 3)
    provision(functions, version, "1", 2)
    with pytest.raises(ClientError, match="provisioned concurrency"):
        functions.put_function_concurrency(FunctionName=version, ReservedConcurrentExecutions=1)
    functions.create_alias(FunctionName=version, Name="live", FunctionVersion="1")
    with pytest.raises(ClientError, match="already Provisioned version"):
        provision(functions, version, "live", 1)
    functions.update_function_code(FunctionName=version, ZipFile=zip_of({"index.py": CODE + "\n"}))
    functions.publish_version(FunctionName=version)
    functions.create_alias(FunctionName=version, Name="split", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}})
    with pytest.raises(ClientError, match="Alias with weights"):
        provision(functions, version, "split", 1)
