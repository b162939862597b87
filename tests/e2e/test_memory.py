"""Bodies stream: a large upload and download take no more memory than a small one."""
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

MIB = 1 << 20
GIBIBYTES = float(os.environ.get("GUST_TEST_GIBIBYTES", "0.5"))  # 5 is what one request may have
SIZE = int(GIBIBYTES * 1024) * MIB
BLOCK = hashlib.sha256(b"block").digest() * (MIB // 32)


class Body:
    """SIZE bytes that are never in memory at once; requests sends the length that __len__ says."""

    def __init__(self):
        self.left = SIZE // MIB

    def __len__(self):
        return SIZE

    def read(self, _=-1):
        if self.left == 0:
            return b""
        self.left -= 1
        return BLOCK


def memory(gust, field):
    """In bytes; VmHWM is the most there ever was, and is reset to the present by `reset_peak`."""
    for line in open(f"/proc/{gust.process.pid}/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1]) << 10
    raise AssertionError(f"no {field}")


def reset_peak(gust):
    with open(f"/proc/{gust.process.pid}/clear_refs", "w") as f:
        f.write("5")


@pytest.mark.timeout(1500)
def test_a_large_object_takes_no_memory(new_gust):
    gust = new_gust().start()
    s3 = gust.client("s3")
    s3.create_bucket(Bucket="large")
    s3.put_object(Bucket="large", Key="small", Body=BLOCK)
    reset_peak(gust)
    idle = memory(gust, "VmRSS")

    def url(operation):
        return s3.generate_presigned_url(operation, Params={"Bucket": "large", "Key": "one"}, ExpiresIn=3600)
    assert requests.put(url("put_object"), data=Body()).status_code == 200
    digest, expected = hashlib.md5(), hashlib.md5()
    with requests.get(url("get_object"), stream=True) as answer:
        for piece in answer.iter_content(MIB):
            digest.update(piece)
    for _ in range(SIZE // MIB):
        expected.update(BLOCK)
    assert digest.hexdigest() == expected.hexdigest()
    assert s3.head_object(Bucket="large", Key="one")["ETag"] == f'"{expected.hexdigest()}"'

    # In parts, four at once, and a reader that is slower than the disk.
    upload = s3.create_multipart_upload(Bucket="large", Key="parts")["UploadId"]
    part_bytes = BLOCK * 16

    def part(number):
        etag = s3.upload_part(Bucket="large", Key="parts", UploadId=upload, PartNumber=number, Body=part_bytes)["ETag"]
        return {"PartNumber": number, "ETag": etag}
    with ThreadPoolExecutor(4) as threads:
        parts = list(threads.map(part, range(1, SIZE // len(part_bytes) + 1)))
    s3.complete_multipart_upload(Bucket="large", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    for body in [s3.get_object(Bucket="large", Key="parts")["Body"]]:
        while body.read(64 << 10):
            pass
    grown = memory(gust, "VmHWM") - idle
    print(f"{GIBIBYTES} GiB took {grown / MIB:.1f} MiB over {idle / MIB:.1f} MiB")
    assert grown < 64 * MIB
