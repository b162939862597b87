"""Official runtime interface clients as functions of runtime provided.*, end to end."""
import io
import json
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("awslambdaric")

BOOTSTRAP = '#!/bin/sh\ncd "$LAMBDA_TASK_ROOT" && exec /usr/bin/python3 -m awslambdaric "$_HANDLER"\n'
CODE = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    return {"event": event, "name": context.function_name, "left": context.get_remaining_time_in_millis() > 0}
"""
PARTS = ("awslambdaric", "simplejson", "snapshot_restore_py.py", "runtime_client")


def package():
    """A zip with the client and what it needs, as a user would bundle it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text, mode in (("bootstrap", BOOTSTRAP, 0o755), ("app.py", CODE, 0o644)):
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.external_attr = mode << 16
            z.writestr(info, text)
        packages = Path(sysconfig.get_paths()["platlib"])
        for path in sorted(packages.rglob("*")):
            relative = path.relative_to(packages)
            if path.is_file() and relative.parts[0].startswith(PARTS) and "__pycache__" not in relative.parts:
                z.write(path, str(relative))
    return out.getvalue()


@pytest.fixture
def function(gust, unique):
    functions = gust.client("lambda")
    functions.create_function(
        FunctionName=unique, Runtime="provided.al2023", Handler="app.handler", Code={"ZipFile": package()},
        Role="arn:aws:iam::000000000000:role/any", MemorySize=256, Timeout=20,
    )
    yield lambda event: functions.invoke(FunctionName=unique, Payload=json.dumps(event))
    functions.delete_function(FunctionName=unique)


def test_the_python_client_serves_events_and_errors(function):
    for number in range(3):
        answer = function({"n": number})
        got = json.loads(answer["Payload"].read())
        assert got["event"] == {"n": number} and got["left"] is True
    answer = function({"fail": True})
    assert answer["FunctionError"] == "Unhandled"
    report = json.loads(answer["Payload"].read())
    assert (report["errorType"], report["errorMessage"]) == ("ValueError", "as asked")
    assert json.loads(function({"n": 9})["Payload"].read())["event"] == {"n": 9}
