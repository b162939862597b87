"""What invocations used, and what it costs: records, sums and gust bill."""
import base64
import json
import re
from pathlib import Path

import pytest

from conftest import wait_until
from test_lambda import ROLE, zip_of

CODE = """
import time
def handler(e, c):
    end = time.process_time() + e.get("burn", 0)
    while time.process_time() < end: pass
    if e.get("fail"): raise ValueError("no")
    return "x" * e.get("out", 0)
"""


@pytest.fixture
def gust(new_gust):
    return new_gust().start()


def make(gust, name, **more):
    functions = gust.client("lambda")
    functions.create_function(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                              Code={"ZipFile": zip_of({"index.py": CODE})}, **more)
    return functions


def invoke(functions, name, **event):
    """The REPORT line as {name: value}."""
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
    report = [line for line in base64.b64decode(answer["LogResult"]).decode().splitlines() if line.startswith("REPORT ")][-1]
    return dict(re.findall(r"(\w[\w ]+): ([\w.-]+)", report.removeprefix("REPORT ")))


def records(gust):
    lines = [line for file in sorted((gust.data / "meter").glob("*.ledger")) for line in file.read_text().splitlines()]
    return [json.loads(line[9:]) for line in lines]


def wait_records(gust, n):
    return wait_until(lambda: (r := records(gust)) and len(r) >= n and r, f"{n} records")


def usage(gust, *more):
    return gust.cli_json("bill", *more)


def test_a_record_says_what_the_report_says(gust):
    functions = make(gust, "f", MemorySize=256)
    cold, warm = invoke(functions, "f", burn=0.05, out=100), invoke(functions, "f")
    failed = invoke(functions, "f", fail=1)
    first, second, third = wait_records(gust, 3)
    assert first["id"] == cold["RequestId"] and first["start"] in ("pooled", "launched") and second["start"] == "warm"
    assert first["billed_ms"] == int(cold["Billed Duration"]) and second["billed_ms"] == int(warm["Billed Duration"])
    assert abs(first["duration_us"] / 1000 - float(cold["Duration"])) < 0.02
    # The first pays for its init, as on the service.
    assert first["billed_ms"] == -(-(first["duration_us"] + first["init_us"]) // 1000) or first["billed_ms"] - 1 == (
        first["duration_us"] + first["init_us"]) // 1000
    assert second["billed_ms"] >= second["duration_us"] / 1000 and "init_us" not in second
    assert first["memory_mb"] == 256 and 0 < first["peak_bytes"] <= 256 << 20
    assert first["cpu_us"] >= 50_000 > second["cpu_us"] > 0
    assert first["in"] == len(json.dumps({"burn": 0.05, "out": 100})) and first["out"] == 102
    assert third["error"] == "ValueError" and "error" not in second and failed["RequestId"] == third["id"]


@pytest.mark.parametrize("code, handler, error", [
    ("raise KeyError('no table')", "index.handler", "KeyError"), ("import os; os._exit(3)", "index.handler", "Runtime.ExitError"),
    ("def handler(e, c): pass", "index.other", "Runtime.HandlerNotFound")], ids=["raises", "exits", "no handler"])
def test_an_init_that_fails_is_paid_for(gust, code, handler, error):
    functions = gust.client("lambda")
    functions.create_function(FunctionName="f", Runtime="python3.12", Handler=handler, Role=ROLE, Code={"ZipFile": zip_of({"index.py": code})})
    report = invoke(functions, "f")
    (record,) = wait_records(gust, 1)
    assert record["id"] == report["RequestId"] and record["error"] == report["Error Type"] == error and report["Duration"] == "0.00"
    assert record["billed_ms"] == int(report["Billed Duration"]) >= record["init_us"] / 1000 > 0 and record.get("duration_us", 0) == 0
    assert record["cpu_us"] > 0 and record["in"] == 2
    lines = gust.cli("logs", "f").stdout
    assert f"INIT_REPORT Init Duration: {float(report['Init Duration']):.2f} ms" in lines and "START RequestId: " + record["id"] in lines
    assert usage(gust)["rows"][0]["invocations"] == 1


def test_streams_tell_what_they_sent(gust):
    functions = make(gust, "f")
    events = list(functions.invoke_with_response_stream(FunctionName="f", Payload=b'{"out": 1000}')["EventStream"])
    assert sum(len(e["PayloadChunk"]["Payload"]) for e in events[:-1]) == 1002
    assert wait_records(gust, 1)[0]["out"] == 1002


def test_the_bill_adds_up(gust, tmp_path):
    functions = make(gust, "one", MemorySize=512, Tags={"team": "blue", "stage": "test"})
    make(gust, "two", MemorySize=128, Tags={"team": "red"})
    for _ in range(3):
        invoke(functions, "one")
    invoke(functions, "two")
    made = wait_records(gust, 4)
    bill = usage(gust)
    rows = {r["name"]: r for r in bill["rows"]}
    assert list(rows) == ["one", "two"] and rows["one"]["invocations"] == 3 and bill["total"]["invocations"] == 4
    mb_ms = sum(r["billed_ms"] * r["memory_mb"] for r in made)
    from decimal import ROUND_HALF_UP, Decimal
    exact = Decimal("0.20") * 4 / 10**6 + Decimal("0.0000166667") * mb_ms / 1024 / 1000
    assert Decimal(bill["total"]["cost"]) == exact.quantize(Decimal("1e-10"), ROUND_HALF_UP) and bill["currency"] == "USD"
    tags = {r["name"]: r["invocations"] for r in usage(gust, "--by", "tag")["rows"]}
    assert tags == {"stage=test": 3, "team=blue": 3, "team=red": 1}
    (day,) = usage(gust, "--by", "day")["rows"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day["name"]) and day["invocations"] == 4
    assert usage(gust, "--from", day["name"], "--to", day["name"])["total"]["invocations"] == 4
    assert usage(gust, "--to", "2020-01-01")["total"] == {"name": "total", "invocations": 0, "billed_ms": 0, "gb_seconds": "0.000",
                                                         "cost": "0.0000000000"}
    prices = tmp_path / "prices.json"
    prices.write_text('{"currency": "EUR", "million_invocations": "1000000", "gb_second": "0"}')
    dear = usage(gust, "--prices", prices)
    assert dear["currency"] == "EUR" and dear["total"]["cost"] == "4.0000000000"
    assert "one" in gust.cli("bill").stdout and "GB-SECONDS" in gust.cli("bill").stdout


@pytest.mark.parametrize("arguments, said", [
    (["--from", "yesterday"], "--from yesterday: expected a day"), (["--by", "colour"], "--by"),
    (["--prices", "no-such-file"], "cannot be read"), (["--prices", "{}"], "'gb_second' is not a price"),
    (["--prices", "[]"], "expected a JSON object"), (["--prices", "x"], "'dollars' is not a price that is known")])
def test_what_bill_refuses(gust, tmp_path, arguments, said):
    contents = {"{}": '{"gb_second": "1e5"}', "[]": "[]", "x": '{"dollars": "1"}'}
    if arguments[1] in contents:
        path = tmp_path / "prices.json"
        path.write_text(contents[arguments[1]])
        arguments = [arguments[0], str(path)]
    done = gust.cli("bill", *arguments, check=False)
    assert done.returncode == 2 and said in done.stderr, done


def test_rounding_to_a_hundred(new_gust, monkeypatch):
    monkeypatch.setenv("GUST_BILLED_STEP_MS", "100")
    gust = new_gust().start()
    report = invoke(make(gust, "f"), "f")
    assert int(report["Billed Duration"]) % 100 == 0 and int(report["Billed Duration"]) >= 100


def test_idle_costs_nothing(new_gust):
    gust = new_gust("--keep-alive", "1").start()
    functions = make(gust, "f")
    invoke(functions, "f")
    before = usage(gust)["total"]
    wait_until(lambda: gust.cli_json("status")["instances"] == [], "the end of the idle instance")
    assert usage(gust)["total"] == before and before["invocations"] == 1


def test_cpu_adds_up_to_what_the_kernel_counted(new_gust, monkeypatch):
    """The records' CPU time against that of the cgroups that the instances ran in."""
    monkeypatch.setenv("GUST_READY_RUNTIMES_MB", "0")  # what boots ahead is nobody's invocation
    gust = new_gust().start()
    functions = make(gust, "f", MemorySize=1769)
    for _ in range(20):
        invoke(functions, "f", burn=0.1)
    recorded = sum(r["cpu_us"] for r in wait_records(gust, 20))
    spent = kernel_cpu_us(gust)
    assert recorded <= spent * 1.01 and recorded >= spent * 0.99, (recorded, spent)


def kernel_cpu_us(gust):
    """Of the cgroups of this daemon's instances that live."""
    import subprocess
    children = subprocess.run(["pgrep", "-P", str(gust.process.pid)], capture_output=True, text=True).stdout.split()
    inside = set()
    for launcher in children:
        for init in subprocess.run(["pgrep", "-P", launcher], capture_output=True, text=True).stdout.split():
            for line in Path(f"/proc/{init}/cgroup").read_text().splitlines():
                number, controllers, path = line.split(":", 2)
                inside.add((controllers, path))
    total = 0
    for controllers, path in inside:
        v1, v2 = Path(f"/sys/fs/cgroup/cpuacct{path}/cpuacct.usage"), Path(f"/sys/fs/cgroup{path}/cpu.stat")
        if "cpuacct" in controllers and v1.exists():
            total += int(v1.read_text()) // 1000
        elif controllers == "" and v2.exists():
            total += int(re.search(r"usage_usec (\d+)", v2.read_text())[1])
    return total
