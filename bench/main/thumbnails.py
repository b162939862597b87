"""A photo's upload through the HTTP API until its thumbnail is there, beside a bare Pillow loop."""
import json
import statistics
import subprocess
import time

import requests

from harness import ROOT, daemon
from harness.report import percentile, table


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


def measure():
    with daemon.running() as gust:
        measure_with(gust)


def measure_with(gust):
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
