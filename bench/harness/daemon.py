"""A daemon for a benchmark, and functions for it."""
import contextlib
import io
import json
import shutil
import tempfile
import zipfile
from pathlib import Path

from . import SCRATCH
from conftest import BINARY, Gust, wait_until

ROLE = "arn:aws:iam::000000000000:role/bench"
PYTHON = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello world'}\n"
NODE = "exports.handler = async () => ({statusCode: 200, body: 'hello world'});\n"
RUNTIMES = {"native": ("provided.al2023", "bootstrap"), "python": ("python3.12", "index.py"), "node": ("nodejs20.x", "index.js")}
FAMILY = {"python": "python", "node": "node", "native": "provided"}  # as `gust status --pools` names them


@contextlib.contextmanager
def running(*flags, environment=(), folder=SCRATCH, start=(), binary=BINARY):
    """A daemon with a data folder of its own below `folder`, begun by the command `start` where there is one; stopped, and its folder removed, at the end."""
    place = Path(tempfile.mkdtemp(dir=folder, prefix="gust-"))
    gust = Gust(place / "data", *flags)
    if environment:
        gust.command = ["env", *environment, binary]
    gust.command = [*start, *gust.command]
    try:
        yield gust.start()
    finally:
        gust.stop()
        shutil.rmtree(place)


def zipped(files):
    """{name: text or bytes} as a zip of executable files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o755 << 16
            package.writestr(info, content)
    return out.getvalue()


def native_program():
    return (BINARY.parent / "bench/bench_native").read_bytes()


def hello(runtime):
    """The package of a function that answers hello world."""
    return zipped({RUNTIMES[runtime][1]: {"python": PYTHON, "node": NODE}.get(runtime) or native_program()})


def create(gust, name, runtime, package=None, **more):
    """Creates a function; answers its ARN."""
    settings = {"MemorySize": 256, "Timeout": 30} | more
    return gust.client("lambda").create_function(
        FunctionName=name, Runtime=RUNTIMES[runtime][0], Handler="index.handler", Role=ROLE,
        Code={"ZipFile": package or hello(runtime)}, **settings)["FunctionArn"]


def create_with_api(gust, name, runtime, **more):
    """Creates a function behind an HTTP API; answers the API's URL."""
    arn = create(gust, name, runtime, **more)
    gust.client("lambda").add_permission(FunctionName=name, StatementId="api", Action="lambda:InvokeFunction",
                                         Principal="apigateway.amazonaws.com")
    api = gust.client("apigatewayv2").create_api(Name=name, ProtocolType="HTTP", RouteKey="GET /", Target=arn)["ApiId"]
    return f"{gust.endpoint}/_gust/api/{api}/"


def starts(gust):
    return json.loads(gust.cli("status", "--pools", "--json").stdout)


def wait_for_pool(gust, family):
    """Until the family's ready runtimes are as many as there are to be."""
    def full():
        each = {r["runtime"]: r for r in starts(gust)["ready_runtimes"]}.get(family)
        return each and each["ready"] > 0 and each["booting"] == 0
    wait_until(full, f"a ready {family} runtime")


def wait_for_rest(gust, seconds=60):
    """Until no instance is left."""
    wait_until(lambda: not json.loads(gust.cli("status", "--json").stdout)["instances"], "the end of the last instance", seconds)


def records(gust):
    """The records of the ledger, docs/formats/meter.md."""
    lines = [line for file in sorted((gust.data / "meter").glob("*.ledger")) for line in file.read_text().splitlines()]
    return [json.loads(line[9:]) for line in lines]
