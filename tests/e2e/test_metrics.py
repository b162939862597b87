"""/_gust/metrics, as the Prometheus project's own parser reads it: what it counts moves as functions are called."""
import json
import socket

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from prometheus_client.parser import text_string_to_metric_families

from conftest import wait_until
from test_lambda import ROLE, zip_of
from test_provisioned import provision, wait_ready

CODE = """
import os, threading, urllib.error, urllib.request
if os.environ.get("BREAK"): raise RuntimeError("init")
def handler(e, c):
    if e.get("raise"): raise ValueError("no")
    if e.get("exit"): os._exit(3)
    if e.get("hold"): threading.Event().wait(e["hold"])
    if e.get("ask"):
        try: return urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + e["ask"], timeout=5).status
        except urllib.error.HTTPError as error: return error.code
    return 1
"""


@pytest.fixture
def gust(new_gust):
    return new_gust().start()


def families(gust):
    """{name: family} of what is served, which must parse and be of the media type that scrapers ask for."""
    answer = requests.get(f"{gust.endpoint}/_gust/metrics", timeout=10)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = list(text_string_to_metric_families(answer.text))
    assert len({f.name for f in found}) == len(found)
    return {f.name: f for f in found}


def values(gust):
    """{(sample's name, its labels' values...): value}"""
    return {(s.name, *(v for k, v in sorted(s.labels.items()))): s.value for f in families(gust).values() for s in f.samples}


def starts(gust):
    found = values(gust)
    return {key[1]: value for key, value in found.items() if key[0] == "gust_function_starts_total"}


def make(gust, name, code=CODE, runtime="python3.12", **more):
    functions = gust.client("lambda")
    functions.create_function(FunctionName=name, Runtime=runtime, Handler="index.handler", Role=ROLE,
                              Code={"ZipFile": zip_of({"index.py": code})}, **{"Timeout": 20, "MemorySize": 256, **more})
    return functions


def invoke(functions, name, qualifier="$LATEST", **event):
    answer = functions.invoke(FunctionName=name, Qualifier=qualifier, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def moved(gust, before):
    """Waits until no start is under way; what the ways gained."""
    wait_until(lambda: values(gust)[("gust_function_instances", "starting")] == 0, "the starts to be over")
    return {way: n - before[way] for way, n in starts(gust).items() if n != before[way]}


def test_each_way_of_a_start(gust):
    before = starts(gust)
    assert before == {"warm": 0, "provisioned": 0, "snapshot": 0, "pooled": 0, "launched": 0}
    # What only the start of a process looks at sends a function past the pool.
    functions = make(gust, "f", Environment={"Variables": {"PYTHONUNBUFFERED": "1"}})
    assert invoke(functions, "f") == 1
    assert moved(gust, before) == {"launched": 1}
    wait_until(lambda: values(gust)[("gust_function_instances", "idle")] == 1, "an idle instance")
    assert invoke(functions, "f") == 1
    assert moved(gust, before) == {"launched": 1, "warm": 1}

    wait_until(lambda: values(gust)[("gust_runtime_pool_ready", "python")] > 0, "a ready runtime")
    before, taken = starts(gust), values(gust)[("gust_runtime_pool_taken_total", "python")]
    assert invoke(make(gust, "g"), "g") == 1
    assert moved(gust, before) == {"pooled": 1}
    assert values(gust)[("gust_runtime_pool_taken_total", "python")] == taken + 1

    before = starts(gust)
    functions.publish_version(FunctionName="g")
    provision(functions, "g", "1", 2)
    wait_ready(functions, "g", "1")
    assert moved(gust, before) == {"provisioned": 2}
    assert invoke(functions, "g", "1") == 1
    assert moved(gust, before) == {"provisioned": 2, "warm": 1}
    found = values(gust)
    assert found[("gust_function_provisioned_wanted",)] == found[("gust_function_provisioned_available",)] == 2

    before = starts(gust)
    make(gust, "s", SnapStart={"ApplyOn": "PublishedVersions"}, Publish=True)
    wait_until(lambda: functions.get_function_configuration(FunctionName="s", Qualifier="1")["State"] == "Active", "a snapshot")
    assert invoke(functions, "s", "1") == 1
    assert moved(gust, before) == {"snapshot": 1}
    found = values(gust)
    assert found[("gust_function_snapshots", "ready")] == 1 and found[("gust_function_snapshot_bytes",)] > 1 << 20


def test_each_phase_has_its_time(gust):
    functions = make(gust, "f", Environment={"Variables": {"PYTHONUNBUFFERED": "1"}})
    for _ in range(3):
        assert invoke(functions, "f") == 1
        wait_until(lambda: values(gust)[("gust_function_instances", "idle")] == 1, "an idle instance")
    found = values(gust)
    name = "gust_function_start_phase_seconds"
    for phase in ("queue", "sandbox", "init"):
        assert found[(f"{name}_count", phase, "launched")] == 1
        assert found[(f"{name}_sum", phase, "launched")] > 0
    wait, sandbox, init = (found[(f"{name}_sum", phase, "launched")] for phase in ("queue", "sandbox", "init"))
    assert wait >= sandbox + init > sandbox
    assert found[(f"{name}_count", "queue", "warm")] == 2
    assert found[("gust_function_duration_seconds_count",)] == 3
    # The same in the table: of each way and phase the last, the median and the 99th percentile.
    ways = {way["way"]: way for way in gust.cli_json("status", "--pools")["ways"]}
    phases = {phase["phase"]: phase for phase in ways["launched"]["phases"]}
    assert list(phases) == ["queue", "sandbox", "init"] and ways["launched"]["count"] == 1 and ways["warm"]["count"] == 2
    assert phases["init"]["last_ms"] == pytest.approx(init * 1000)
    assert 0 < phases["init"]["median_ms"] <= phases["init"]["p99_ms"]
    rows = [line.split() for line in gust.cli("status", "--pools").stdout.splitlines()]
    assert rows[0] == "START COUNT PHASE TIMES LAST MS MEDIAN MS P99 MS".split()
    assert ["launched", "1", "queue", "1"] in [row[:4] for row in rows]
    assert ["init", "1", f"{phases['init']['last_ms']:.2f}"] in [row[:3] for row in rows]


def test_errors_time_outs_and_throttles(gust):
    functions = make(gust, "f", Timeout=1)
    make(gust, "broken", Environment={"Variables": {"BREAK": "1"}})
    assert invoke(functions, "f", **{"raise": 1})["errorType"] == "ValueError"
    assert invoke(functions, "f", exit=1)["errorType"] == "Runtime.ExitError"
    assert invoke(functions, "f", hold=30)["errorType"] == "Sandbox.Timedout"
    assert invoke(functions, "broken")["errorType"] == "RuntimeError"
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    once = gust.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="Rate Exceeded"):
        invoke(once, "f")
    found = values(gust)
    assert {kind: found[("gust_function_errors_total", kind)] for kind in ("handler", "exit", "timeout", "init", "platform")} == {
        "handler": 1, "exit": 1, "timeout": 1, "init": 1, "platform": 0}
    assert found[("gust_function_invocations_total",)] == 4
    assert found[("gust_function_failed_starts_total",)] == 1
    assert found[("gust_function_throttles_total", "ReservedFunctionConcurrentInvocationLimitExceeded")] == 1


def test_memory_and_events(gust):
    functions = make(gust, "f", MemorySize=300)
    assert values(gust)[("gust_function_memory_reserved_bytes",)] == 0
    assert invoke(functions, "f") == 1
    found = values(gust)
    assert found[("gust_function_memory_reserved_bytes",)] == 300 << 20 <= found[("gust_function_memory_limit_bytes",)]
    functions.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    functions.invoke(FunctionName="f", InvocationType="Event", Payload=json.dumps({"raise": 1}))
    wait_until(lambda: values(gust)[("gust_async_events", "failed")] == 1, "a dead letter")
    assert values(gust)[("gust_async_events", "waiting")] == 0


def test_every_family_has_its_help_and_the_names_follow_the_conventions(gust):
    for name, family in families(gust).items():
        assert family.documentation.endswith((".", "label.")), name
        assert name.startswith("gust_"), name
        counts = family.type == "counter"
        assert all(s.name.endswith("_total") == counts for s in family.samples if family.type != "histogram"), name


def own_address():
    """An address of this machine that is not on loopback, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        return probe.getsockname()[0]


def test_from_another_address_only_the_root_account(new_gust):
    address = own_address()
    if address is None or address.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    gust = new_gust()
    gust.address = "0.0.0.0"
    gust.start()
    url = f"http://{address}:{gust.port}/_gust/metrics"
    other = gust.cli_json("account", "create", "--name", "other")

    def signed(key, secret):
        request = AWSRequest("GET", url)
        SigV4Auth(Credentials(key, secret), "gust", "us-east-1").add_auth(request)
        return requests.get(url, headers=dict(request.headers), timeout=10)
    assert requests.get(url, timeout=10).status_code == 403
    refused = signed(other["access_key_id"], other["secret_access_key"])
    assert refused.status_code == 403 and "root account" in refused.json()["error"]
    assert "gust_build_info" in signed(*gust.keys()).text


def test_not_from_inside_a_function_and_not_by_another_method(gust):
    functions = make(gust, "f")
    assert invoke(functions, "f", ask="/_gust/metrics") == 403
    assert invoke(functions, "f", ask="/_gust/health") == 200
    answer = requests.post(f"{gust.endpoint}/_gust/metrics", timeout=10)
    assert answer.status_code == 405 and "GET" in answer.json()["error"]
