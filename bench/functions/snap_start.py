"""Cold starts of a Python function that imports numpy and boto3, with SnapStart and without, over HTTP."""
import io
import os
import subprocess
import zipfile

from harness import SCRATCH, daemon
from harness.load import Connection
from harness.report import Figure, p50_p99, table
from conftest import wait_until

CODE = """
import boto3, numpy
CLIENT = boto3.client("s3")
def handler(event, context):
    return {"statusCode": 200, "body": str(int(numpy.arange(10).sum()))}
"""
TO_REACH = 5


def numpy_layer():
    """A layer with numpy, as a zip."""
    folder = SCRATCH / "numpy"
    if not (folder / "python/numpy").exists():
        subprocess.run(["/usr/bin/python3", "-m", "pip", "install", "-q", "--root-user-action=ignore", "--no-compile",
                        "--target", folder / "python", "numpy==2.3.5"], check=True)
        subprocess.run(["/usr/bin/python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", folder / "python"], check=True)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for file in sorted(folder.rglob("*")):
            if "tests" not in file.parts:
                package.write(file, file.relative_to(folder))
    return out.getvalue()


def make(gust, name, layer, snap_start):
    """A published version behind a function URL; answers the URL's path."""
    functions = gust.client("lambda")
    daemon.create(gust, name, "python", daemon.zipped({"index.py": CODE}), MemorySize=512, Layers=[layer], Publish=True,
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


def measure():
    count = int(os.environ.get("COUNT", 40))
    rows = []
    with daemon.running("--keep-alive", "0") as gust:
        layer = gust.client("lambda").publish_layer_version(LayerName="numpy", Content={"ZipFile": numpy_layer()})["LayerVersionArn"]
        connection = Connection(f"{gust.endpoint}/_gust/health")
        for snap_start in (True, False):
            path = make(gust, f"f-{snap_start}".lower(), layer, snap_start)
            times = []
            for _ in range(count):
                daemon.wait_for_rest(gust)
                daemon.wait_for_pool(gust, "provided" if snap_start else "python")
                times.append(connection.exchange(path))
            last = daemon.starts(gust)["last_restored" if snap_start else "last_pooled"]
            rows.append(("SnapStart" if snap_start else "a ready runtime", *p50_p99(times), last["sandbox_ms"], last["init_ms"]))
        connection.close()
    table("Cold request to a Python function that imports numpy and boto3",
          ["start", "median ms", "p99 ms", "last: sandbox ms", "last: init ms"], rows)
    return [Figure("cold, Python with numpy and boto3, SnapStart, p50", rows[0][1], "ms", TO_REACH, beside="without SnapStart",
                   beside_value=rows[1][1])]
