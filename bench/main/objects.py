"""Objects: gets beside nginx, puts beside a bare write, sync and rename."""
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import requests

from harness import SCRATCH, daemon
from harness.load import wrk
from harness.report import table
from conftest import wait_until


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
    body = os.urandom(size)
    began = time.perf_counter()
    for i in range(count):
        with open(folder / f"f{i}.tmp", "wb") as f:
            f.write(body)
            f.flush()
            os.fdatasync(f.fileno())
        os.rename(folder / f"f{i}.tmp", folder / f"f{i}")
    return count / (time.perf_counter() - began)


def measure():
    with daemon.running() as gust:
        measure_with(gust)


def measure_with(gust):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="bench")
    folder = Path(tempfile.mkdtemp(dir=SCRATCH))
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
    shutil.rmtree(folder)
