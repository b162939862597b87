"""Cold starts that take a runtime booted ahead: what the function sees is what a fresh start would have shown it."""
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import wait_until
from test_lambda import ROLE, call, functions, make, zip_of  # noqa: F401 (fixtures)


def starts(gust):
    return json.loads(gust.cli("status", "--pools", "--json").stdout)


def runtimes(gust):
    return {each["runtime"]: each for each in starts(gust)["ready_runtimes"]}


@pytest.fixture
def ready(gust, make):
    """Waits until runtimes of a family stand ready."""
    def wait(family):
        make("def handler(event, context): pass" if family == "python" else "exports.handler = async () => 1;",
             runtime="python3.12" if family == "python" else "nodejs20.x")
        wait_until(lambda: runtimes(gust).get(family, {}).get("ready", 0) > 0, f"a ready {family} runtime")
    return wait


def pooled_call(gust, functions, name, event=None):
    """The answer to a first call, which must have come from the pool."""
    before = starts(gust)
    answer, payload = call(functions, name, event)
    after = starts(gust)
    assert (after["pooled"] - before["pooled"], after["launched"] - before["launched"]) == (1, 0), (answer, payload)
    return answer, payload


PYTHON = """
import datetime, json, logging, os, sys, time
def handler(event, context):
    logging.getLogger().warning('a warning')
    return {'env': dict(os.environ), 'cwd': os.getcwd(), 'path': sys.path, 'argv': sys.argv, 'hour': time.localtime(0).tm_hour,
            'name': context.function_name, 'memory': context.memory_limit_in_mb,
            'tmp': os.statvfs('/tmp').f_blocks * os.statvfs('/tmp').f_frsize >> 20}
"""


def test_python_sees_what_a_fresh_start_shows(gust, functions, make, ready):
    ready("python")
    variables = {"GREETING": "hé", "TZ": "Asia/Tokyo", "PYTHONPATH": "/var/task/more"}
    settings = dict(Environment={"Variables": variables}, MemorySize=300, EphemeralStorage={"Size": 600})
    pooled = pooled_call(gust, functions, make(PYTHON, **settings))[1]
    # What only a process's start looks at sends the same function the other way.
    before = starts(gust)["launched"]
    settings["Environment"]["Variables"]["PYTHONUNBUFFERED"] = "1"
    fresh = call(functions, make(PYTHON, **settings))[1]
    assert starts(gust)["launched"] == before + 1
    assert fresh["env"].pop("PYTHONUNBUFFERED") == "1"
    for answer in (pooled, fresh):
        for own in ("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
                    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "_X_AMZN_TRACE_ID"):
            assert answer["env"].pop(own)
        answer.pop("name")
    assert pooled == fresh
    assert pooled["hour"] == 9
    assert (pooled["env"]["GREETING"], pooled["memory"], pooled["tmp"]) == ("hé", "300", 600)


NODE = """
exports.handler = async (event, context) => ({env: {...process.env}, cwd: process.cwd(), argv: process.argv,
  hour: new Date(0).getHours(), memory: context.memoryLimitInMB, found: require.resolve.paths('x')});
"""


def test_node_sees_what_a_fresh_start_shows(gust, functions, make, ready):
    ready("node")
    settings = dict(runtime="nodejs20.x", Environment={"Variables": {"GREETING": "hé", "TZ": "Asia/Tokyo"}}, MemorySize=300)
    pooled = pooled_call(gust, functions, make(NODE, **settings))[1]
    before = starts(gust)["launched"]
    settings["Environment"]["Variables"]["NODE_OPTIONS"] = "--no-warnings"
    fresh = call(functions, make(NODE, **settings))[1]
    assert starts(gust)["launched"] == before + 1
    assert fresh["env"].pop("NODE_OPTIONS")
    for answer in (pooled, fresh):
        for own in ("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
                    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "_X_AMZN_TRACE_ID"):
            assert answer["env"].pop(own)
    assert pooled == fresh
    assert (pooled["hour"], pooled["env"]["GREETING"]) == (9, "hé")


def test_an_es_module_with_the_sdk(gust, functions, unique, ready):
    ready("node")
    code = "import { S3Client } from '@aws-sdk/client-s3';\nexport const handler = async () => typeof S3Client;\n"
    functions.create_function(FunctionName=unique, Runtime="nodejs20.x", Handler="index.handler", Role=ROLE, Timeout=20,
                              MemorySize=512, Code={"ZipFile": zip_of({"index.mjs": code})})
    assert pooled_call(gust, functions, unique)[1] == "function"


def test_the_functions_own_modules_hide_the_standard_librarys(gust, functions, unique, ready):
    ready("python")
    files = {"index.py": "import uuid, json, boto3\ndef handler(event, context):\n    return [uuid.MINE, boto3.__name__]\n",
             "uuid.py": "MINE = 'mine'\n", "boto3.py": ""}
    functions.create_function(FunctionName=unique, Runtime="python3.12", Handler="index.handler", Role=ROLE,
                              Code={"ZipFile": zip_of(files)})
    assert pooled_call(gust, functions, unique)[1] == ["mine", "boto3"]


@pytest.mark.parametrize("family, code, error, text", [
    ("python", "raise ValueError('at once')", "ValueError", "at once"),
    ("python", "import no_such_module", "Runtime.ImportModuleError", "no_such_module"),
    ("python", "import sys; sys.exit(3)", "Runtime.ExitError", "exit status 3"),
    ("python", "def other(): pass", "Runtime.HandlerNotFound", "handler"),
    ("node", "throw new RangeError('at once')", "RangeError", "at once"),
    ("node", "require('no-such-module')", "Runtime.ImportModuleError", "no-such-module"),
    ("node", "process.exit(3)", "Runtime.ExitError", "exit status 3"),
])
def test_a_failing_init_says_what_it_always_said(gust, functions, make, ready, family, code, error, text):
    ready(family)
    name = make(code, runtime="python3.12" if family == "python" else "nodejs20.x")
    before = starts(gust)["launched"]
    answer, payload = call(functions, name)
    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorType"] == error
    assert text in payload["errorMessage"]
    assert starts(gust)["launched"] == before


def test_an_init_that_exits_runs_once_each_where_more_start_than_stand_ready(gust, functions, make, ready):
    ready("python")
    names = [make("import os\nprint('the init runs', flush=True)\nos._exit(3)") for _ in range(12)]
    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(lambda name: call(functions, name)[1], names))
    assert {answer["errorType"] for answer in answers} == {"Runtime.ExitError"}
    assert {gust.cli("logs", name).stdout.count("the init runs") for name in names} == {1}


def test_an_init_that_never_ends_times_out(functions, make, ready):
    ready("python")
    answer, payload = call(functions, make("import select\nselect.select([], [], [])\n", Timeout=1))
    assert payload["errorType"] == "Sandbox.Timedout"


def test_memory_is_limited_as_the_function_says(functions, make, ready):
    ready("python")
    name = make("def handler(event, context):\n    return len(bytearray(event << 20))\n", MemorySize=128)
    assert call(functions, name, 20)[1] == 20 << 20
    assert call(functions, name, 300)[1]["errorType"] == "Runtime.ExitError"


def test_fifty_functions_at_once(gust, functions, make, ready):
    ready("python")
    code = "import os\ndef handler(event, context):\n    return [os.environ['ME'], os.listdir('/tmp'), open('/tmp/me', 'w').write('x')]\n"
    names = [make(code, Timeout=30, Environment={"Variables": {"ME": str(i)}}) for i in range(50)]
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda name: call(functions, name)[1], names))
    assert answers == [[str(i), [], 1] for i in range(50)]


def processes_of(gust, name):
    """Host ids of the sandboxes' processes whose command line has `name`, below this daemon."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            command = open(f"/proc/{entry}/cmdline").read()
            group = os.getpgid(int(entry)) if name in command else None
        except OSError:
            continue
        if group is not None and is_below(int(entry), gust.process.pid):
            found.append(int(entry))
    return found


def is_below(pid, ancestor):
    while pid > 1:
        if pid == ancestor:
            return True
        pid = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
    return False


def test_ready_ones_that_die_are_replaced_and_nobody_notices(gust, functions, make, ready):
    ready("python")
    victims = processes_of(gust, "/var/runtime/bootstrap.py")
    assert victims
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    assert call(functions, make("def handler(event, context): return 'fine'"))[1] == "fine"


def test_the_table_of_pools(gust, ready):
    ready("python")
    text = gust.cli("status", "--pools").stdout
    assert "RUNTIME" in text and "python" in text and "pooled" in text


def test_a_program_of_the_functions_own_starts_in_a_sandbox_that_stands_ready(gust, functions, make):
    bootstrap = """#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
python3 - "$api" <<'END'
import os, sys, urllib.request
while True:
    event = urllib.request.urlopen(sys.argv[1] + "/next")
    url = sys.argv[1] + "/" + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response"
    urllib.request.urlopen(url, ('"%s in %s"' % (os.environ["GREETING"], os.getcwd())).encode())
END
"""
    settings = dict(runtime="provided.al2023", mode=0o755, Timeout=20, Environment={"Variables": {"GREETING": "hello"}})
    names = [make(bootstrap, **settings) for _ in range(2)]
    wait_until(lambda: runtimes(gust)["provided"]["ready"] > 0, "a sandbox without a program")
    for name in names:
        assert pooled_call(gust, functions, name)[1] == "hello in /var/task"
        wait_until(lambda: runtimes(gust)["provided"]["ready"] > 0, "another")
