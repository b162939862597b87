"""The benchmarks of the main job. Each measures its limit in the same run and prints ratios; see bench/run."""
import io
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests")]
from conftest import Gust, wait_until  # noqa: E402

ROLE = "arn:aws:iam::000000000000:role/bench"
PYTHON = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello world'}\n"
NODE = "exports.handler = async () => ({statusCode: 200, body: 'hello world'});\n"
RUNTIMES = {"python": ("python3.12", "index.py"), "node": ("nodejs20.x", "index.js"), "native": ("provided.al2023", "bootstrap")}


def zipped(name, content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        info = zipfile.ZipInfo(name)
        info.external_attr = 0o755 << 16
        z.writestr(info, content)
    return out.getvalue()


def package(runtime):
    content = {"python": PYTHON, "node": NODE}.get(runtime) or (ROOT / "build/release/bench/bench_native").read_bytes()
    return zipped(RUNTIMES[runtime][1], content)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def wrk(url, connections, seconds=5, script=None):
    """(requests a second, median ms, p99 ms)"""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url]
    if script:
        command[1:1] = ["-s", str(script)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in out, out
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    at = {m[1]: float(m[2]) * scale[m[3]] for m in re.finditer(r"(50|99)%\s+([\d.]+)(us|ms|s)", out)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), at["50"], at["99"]


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(title, head, rows):
    print(f"\n### {title}\n")
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(number(c) if isinstance(c, float) else str(c) for c in row) + " |")
    sys.stdout.flush()


class Hello:
    """The bare Beast server that is the limit for everything over HTTP."""

    def __enter__(self):
        self.process = subprocess.Popen([ROOT / "build/release/bench/bench_hello", "18080"])
        import socket

        def up():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", 18080)) == 0
        wait_until(up, "bench_hello")
        return "http://127.0.0.1:18080/"

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def make_function(gust, name, runtime):
    functions, gateway = gust.client("lambda"), gust.client("apigatewayv2")
    arn = functions.create_function(FunctionName=name, Runtime=RUNTIMES[runtime][0], Handler="index.handler", Role=ROLE,
                                    Code={"ZipFile": package(runtime)}, MemorySize=256, Timeout=30)["FunctionArn"]
    functions.add_permission(FunctionName=name, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com")
    api = gateway.create_api(Name=name, ProtocolType="HTTP", RouteKey="GET /", Target=arn)["ApiId"]
    return f"{gust.endpoint}/_gust/api/{api}/"


def invoke(gust):
    rows = []
    with Hello() as hello:
        for connections in (1, 64):
            limit = wrk(hello, connections)
            rows.append(("bare Beast hello", connections, *limit, 1.0))
            for runtime in RUNTIMES:
                url = make_function(gust, f"warm-{runtime}-{connections}", runtime)
                wrk(url, connections, 2)  # warms up as many instances as it takes
                got = wrk(url, connections)
                rows.append((f"{runtime} through the HTTP API", connections, *got, got[0] / limit[0]))
    table("Warm invocation through the HTTP API", ["what", "connections", "requests/s", "median ms", "p99 ms", "of the limit"], rows)


def cold(gust):
    import requests
    rows = []
    bare = {"python": ["/usr/bin/python3", "-I", "-c", "pass"], "node": ["node", "-e", "0"],
            "native": ["/bin/true"]}
    for runtime in RUNTIMES:
        times, limits = [], []
        for i in range(15):
            url = make_function(gust, f"cold-{runtime}-{i}", runtime)
            began = time.perf_counter()
            assert requests.get(url).status_code == 200
            times.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            subprocess.run(bare[runtime], check=True)
            limits.append((time.perf_counter() - began) * 1000)
        rows.append((runtime, statistics.median(times), percentile(times, 0.99), statistics.median(limits),
                     statistics.median(times) / statistics.median(limits)))
    table("First request to a new function (cold), to its response", ["runtime", "median ms", "p99 ms",
                                                                      "bare process median ms", "ratio"], rows)


class Nginx:
    """nginx on one worker, serving one folder."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def __enter__(self):
        (self.folder / "nginx.conf").write_text(f"""
            worker_processes 1; daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log; user root;
            events {{}}
            http {{ access_log off; sendfile on; keepalive_requests 1000000;
              server {{ listen 127.0.0.1:18081; root {self.folder}/www; }} }}""")
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder)],
                                        stderr=subprocess.DEVNULL)
        import requests

        def up():
            try:
                return requests.get("http://127.0.0.1:18081/small").ok
            except requests.ConnectionError:
                return False
        wait_until(up, "nginx")
        return "http://127.0.0.1:18081"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def fsync_puts(folder, size, count):
    """Files of `size` written, synced and renamed one after another: a second's worth of them."""
    import os
    body = os.urandom(size)
    began = time.perf_counter()
    for i in range(count):
        with open(folder / f"f{i}.tmp", "wb") as f:
            f.write(body)
            f.flush()
            os.fdatasync(f.fileno())
        os.rename(folder / f"f{i}.tmp", folder / f"f{i}")
    return count / (time.perf_counter() - began)


def objects(gust):
    import os
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="bench")
    folder = Path(tempfile.mkdtemp(dir=ROOT / "build"))
    (folder / "www").mkdir()
    folder.chmod(0o755)
    sizes = {"small": 16 << 10, "large": 64 << 20}
    rows = []
    for name, size in sizes.items():
        body = os.urandom(size)
        (folder / "www" / name).write_bytes(body)
        s3.put_object(Bucket="bench", Key=name, Body=body)
    with Nginx(folder) as nginx:
        for name, size in sizes.items():
            get = s3.generate_presigned_url("get_object", Params={"Bucket": "bench", "Key": name}, ExpiresIn=3600)
            for connections in ((1, 64) if name == "small" else (1,)):
                limit = wrk(f"{nginx}/{name}", connections)
                got = wrk(get, connections)
                rows.append((f"get {size >> 10} KiB", connections, got[0], got[0] * size / 1e6, got[1], got[2], "nginx", got[0] / limit[0]))
    for name, size in sizes.items():
        raw = fsync_puts(folder, size, 200 if name == "small" else 5)
        put = s3.generate_presigned_url("put_object", Params={"Bucket": "bench", "Key": "put-" + name}, ExpiresIn=3600)
        script = folder / "put.lua"
        (folder / "body").write_bytes(os.urandom(size))
        script.write_text(f'wrk.method = "PUT"\nlocal f = io.open("{folder}/body", "rb")\nwrk.body = f:read("*a")\nf:close()\n')
        for connections in ((1, 64) if name == "small" else (1,)):
            got = wrk(put, connections, script=script)
            rows.append((f"put {size >> 10} KiB", connections, got[0], got[0] * size / 1e6, got[1], got[2],
                         "write + fdatasync + rename, 1 thread", got[0] / raw))
    table("Objects", ["what", "connections", "requests/s", "MB/s", "median ms", "p99 ms", "limit", "of the limit"], rows)
    subprocess.run(["rm", "-rf", folder], check=True)


def pillow_limit(picture):
    code = f"""
import io, time
from PIL import Image
data = open({str(picture)!r}, "rb").read()
times = []
for _ in range(50):
    began = time.perf_counter()
    image = Image.open(io.BytesIO(data)); image.thumbnail((200, 200)); image.save(io.BytesIO(), "JPEG")
    times.append(time.perf_counter() - began)
print(sorted(times)[25] * 1000)"""
    return float(subprocess.run([ROOT / "build/venv-new/bin/python", "-c", code], check=True, capture_output=True, text=True).stdout)


def thumbnails(gust):
    import requests
    done = gust.cli("deploy", ROOT / "examples/thumbnails", "--yes", "--json")
    outputs = json.loads(done.stdout)["outputs"]
    picture = ROOT / "examples/thumbnails/pictures/lake-0.3mp.jpg"
    session, s3 = requests.Session(), gust.client("s3")
    times = []
    for _ in range(60):
        began = time.perf_counter()
        answer = session.post(outputs["ApiUrl"] + "/photos", data=picture.read_bytes(),
                              headers={"Content-Type": "image/jpeg", "x-file-name": picture.name})
        assert answer.status_code == 201, answer.text
        thumbnail = s3.generate_presigned_url("head_object", Params={"Bucket": outputs["ThumbnailBucket"],
                                                                     "Key": answer.json()["key"]})
        while session.head(thumbnail).status_code != 200:
            pass
        times.append((time.perf_counter() - began) * 1000)
    times = times[5:]
    limit = pillow_limit(picture)
    median = statistics.median(times)
    table(f"Upload of a photo ({picture.name}) through the HTTP API until its thumbnail is present",
          ["median ms", "p99 ms", "bare Pillow loop ms", "ratio"], [(median, percentile(times, 0.99), limit, median / limit)])


def keep_alive(_gust):
    print("\n### Keep-alive, a replayed day\n", flush=True)
    subprocess.run([ROOT / "build/release/bench/bench_keep_alive"], check=True)


def main(names):
    parts = {"thumbnails": thumbnails, "invoke": invoke, "cold": cold, "objects": objects, "keep_alive": keep_alive}
    for name in names or parts:
        with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
            gust = Gust(Path(folder) / "data").start()
            try:
                parts[name](gust)
            finally:
                gust.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
