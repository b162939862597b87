"""Cold starts of a Python function that imports numpy and boto3, with SnapStart and without, over HTTP.

bench/functions/snap_start; needs what ./check installs, and numpy, which it puts into build/bench.
"""
import http.client
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests"), str(ROOT / "bench/functions")]
from conftest import Gust, wait_until  # noqa: E402
from cold import first_request, starts, wait_for_pool  # noqa: E402
from main import ROLE, percentile, table  # noqa: E402

CODE = """
import boto3, numpy
CLIENT = boto3.client("s3")
def handler(event, context):
    return {"statusCode": 200, "body": str(int(numpy.arange(10).sum()))}
"""


def numpy_layer():
    """A layer with numpy, as a zip."""
    folder = ROOT / "build/bench/numpy"
    if not (folder / "python/numpy").exists():
        subprocess.run(["/usr/bin/python3", "-m", "pip", "install", "-q", "--root-user-action=ignore", "--no-compile",
                        "--target", folder / "python", "numpy"], check=True)
        subprocess.run(["/usr/bin/python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", folder / "python"], check=True)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for file in sorted(folder.rglob("*")):
            if "tests" not in file.parts:
                package.write(file, file.relative_to(folder))
    return out.getvalue()


def make(gust, name, layer, snap_start):
    functions = gust.client("lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr("index.py", CODE)
    functions.create_function(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE, MemorySize=512,
                              Timeout=30, Layers=[layer], Code={"ZipFile": code.getvalue()}, Publish=True,
                              SnapStart={"ApplyOn": "PublishedVersions" if snap_start else "None"})

    def active():
        found = functions.get_function_configuration(FunctionName=name, Qualifier="1")
        return found["State"] == "Active" and (found["SnapStart"]["OptimizationStatus"] == "On") == snap_start
    wait_until(active, "the version")
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    functions.add_permission(FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*",
                             FunctionUrlAuthType="NONE", Qualifier="live")
    url = functions.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")["FunctionUrl"]
    return "/_gust/url/" + url.split("//")[1].split(".")[0] + "/"


def wait_for_rest(gust):
    wait_until(lambda: not json.loads(gust.cli("status", "--json").stdout)["instances"], "the end of the last instance")


def main():
    count = int(os.environ.get("COUNT", 40))
    rows = []
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        gust = Gust(Path(folder) / "data", "--keep-alive", "0").start()
        try:
            layer = gust.client("lambda").publish_layer_version(LayerName="numpy", Content={"ZipFile": numpy_layer()})["LayerVersionArn"]
            connection = http.client.HTTPConnection("127.0.0.1", gust.port)
            for snap_start in (True, False):
                path = make(gust, f"f-{snap_start}".lower(), layer, snap_start)
                times = []
                for _ in range(count):
                    wait_for_rest(gust)
                    wait_for_pool(gust, "provided" if snap_start else "python")
                    times.append(first_request(connection, path))
                last = starts(gust)["last_restored" if snap_start else "last_pooled"]
                rows.append(("SnapStart" if snap_start else "a ready runtime", statistics.median(times), percentile(times, 0.99),
                             last["sandbox_ms"], last["init_ms"]))
        finally:
            gust.stop()
    table("Cold request to a Python function that imports numpy and boto3",
          ["start", "median ms", "p99 ms", "last: sandbox ms", "last: init ms"], rows)


if __name__ == "__main__":
    main()
