"""Multipart uploads: pages, ranges by part, copies of parts, checksums of parts and of the whole, refusals."""
import base64
import hashlib
import os
import zlib

import pytest
from test_s3 import OLD, bucket, code_of, s3  # noqa: F401

MIB = 1 << 20
new_only = pytest.mark.skipif(OLD, reason="checksums are newer than this SDK")


@pytest.fixture(scope="module")
def five():
    return os.urandom(5 * MIB)


def start(s3, bucket, **more):
    return s3.create_multipart_upload(Bucket=bucket, Key="k", **more)["UploadId"]


def part(s3, bucket, upload, number, body, **more):
    return s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=body, **more)


def complete(s3, bucket, upload, parts, **more):
    return s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts}, **more)


def named(number, answer):
    return {"PartNumber": number} | {k: v for k, v in answer.items() if k == "ETag" or k.startswith("Checksum")}


def test_parts_are_listed_in_pages(s3, bucket):
    upload = start(s3, bucket)
    for number in (1, 2, 7, 10000):
        part(s3, bucket, upload, number, b"x" * number)
    first = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, MaxParts=2)
    assert [p["PartNumber"] for p in first["Parts"]] == [1, 2]
    assert first["IsTruncated"] and first["NextPartNumberMarker"] == 2 and first["MaxParts"] == 2
    rest = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, PartNumberMarker=2)
    assert [p["PartNumber"] for p in rest["Parts"]] == [7, 10000] and not rest["IsTruncated"]
    assert len(rest["Owner"]["ID"]) == 64 and rest["StorageClass"] == "STANDARD"


def test_uploads_are_listed_in_pages(s3, bucket):
    started = [(key, s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]) for key in ("a/1", "a/2", "b", "b")]
    pages = list(s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1}))
    assert len(pages) == 4
    assert {(u["Key"], u["UploadId"]) for page in pages for u in page["Uploads"]} == set(started)
    rolled = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [p["Prefix"] for p in rolled["CommonPrefixes"]] == ["a/"] and [u["Key"] for u in rolled["Uploads"]] == ["b", "b"]
    assert len(s3.list_multipart_uploads(Bucket=bucket, Prefix="a/")["Uploads"]) == 2
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket, KeyMarker="a/1")["Uploads"]] == ["a/2", "b", "b"]


def test_reads_by_part_number(s3, bucket, five):
    upload = start(s3, bucket)
    parts = [named(n, part(s3, bucket, upload, n, body)) for n, body in ((3, five), (5, b"tail"))]
    complete(s3, bucket, upload, parts)
    first = s3.get_object(Bucket=bucket, Key="k", PartNumber=1)
    assert first["Body"].read() == five and first["PartsCount"] == 2
    assert first["ContentRange"] == f"bytes 0-{5 * MIB - 1}/{5 * MIB + 4}"
    assert s3.get_object(Bucket=bucket, Key="k", PartNumber=2)["Body"].read() == b"tail"
    assert s3.head_object(Bucket=bucket, Key="k", PartNumber=2)["ContentLength"] == 4
    assert code_of(s3.get_object, Bucket=bucket, Key="k", PartNumber=3) == ("InvalidPartNumber", 416)
    assert code_of(s3.get_object, Bucket=bucket, Key="k", PartNumber=1, Range="bytes=0-1") == ("InvalidRequest", 400)


def test_copies_of_parts(s3, bucket, five):
    s3.put_object(Bucket=bucket, Key="from", Body=five + b"tail")
    upload = start(s3, bucket)
    source = {"Bucket": bucket, "Key": "from"}

    def copy(number, **more):
        return s3.upload_part_copy(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, CopySource=source, **more)
    one = copy(1, CopySourceRange=f"bytes=0-{5 * MIB - 1}")["CopyPartResult"]
    two = copy(2, CopySourceRange=f"bytes={5 * MIB}-{5 * MIB + 3}")["CopyPartResult"]
    assert two["ETag"] == f'"{hashlib.md5(b"tail").hexdigest()}"'
    wrong = f"bytes=0-{5 * MIB + 4}"
    assert code_of(copy, 3, CopySourceRange=wrong) == ("InvalidArgument", 400)
    assert code_of(copy, 3, CopySourceRange="0-3") == ("InvalidArgument", 400)
    assert code_of(copy, 3, CopySourceRange="bytes=5-") == ("InvalidArgument", 400)
    assert code_of(copy, 3, CopySourceIfMatch='"x"') == ("PreconditionFailed", 412)
    complete(s3, bucket, upload, [{"PartNumber": 1, "ETag": one["ETag"]}, {"PartNumber": 2, "ETag": two["ETag"]}])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == five + b"tail"


def test_a_completion_may_be_asked_again(s3, bucket):
    """By a client that did not get the answer."""
    upload = start(s3, bucket)
    one, two = (named(n, part(s3, bucket, upload, n, b"x")) for n in (1, 2))
    first, again = complete(s3, bucket, upload, [one]), complete(s3, bucket, upload, [one])
    assert all(first[name] == again[name] for name in ("ETag", "Location", "Key"))
    assert code_of(complete, s3, bucket, upload, [two]) == ("NoSuchUpload", 404), "it was not made of that part"
    s3.put_object(Bucket=bucket, Key="k", Body=b"another")
    assert code_of(complete, s3, bucket, upload, [one]) == ("NoSuchUpload", 404)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"another"


def test_refusals(s3, bucket):
    upload = start(s3, bucket)
    one = part(s3, bucket, upload, 1, b"x")["ETag"]
    for number in (0, 10001, -1):
        assert code_of(part, s3, bucket, upload, number, b"x") == ("InvalidArgument", 400)
    assert code_of(part, s3, bucket, "none", 1, b"x") == ("NoSuchUpload", 404)
    assert code_of(complete, s3, bucket, "none", [{"PartNumber": 1, "ETag": one}]) == ("NoSuchUpload", 404)
    assert code_of(complete, s3, bucket, upload, []) in (("MalformedXML", 400), ("InvalidRequest", 400))
    assert code_of(s3.upload_part, Bucket=bucket, Key="other", UploadId=upload, PartNumber=1, Body=b"x") == ("NoSuchUpload", 404)
    assert code_of(s3.complete_multipart_upload, Bucket=bucket, Key="other", UploadId=upload,
                   MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": one}]}) == ("NoSuchUpload", 404)
    complete(s3, bucket, upload, [{"PartNumber": 1, "ETag": one.strip('"')}])  # also without its quotes
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


@new_only
@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_composite_checksums(s3, bucket, five, algorithm):
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)
    assert (made["ChecksumAlgorithm"], made["ChecksumType"]) == (algorithm, "COMPOSITE")
    name, upload = f"Checksum{algorithm}", made["UploadId"]
    answers = [part(s3, bucket, upload, n, body, ChecksumAlgorithm=algorithm) for n, body in ((1, five), (2, b"tail"))]
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    assert [p[name] for p in listed["Parts"]] == [a[name] for a in answers] and listed["ChecksumType"] == "COMPOSITE"
    without = [{"PartNumber": n, "ETag": a["ETag"]} for n, a in enumerate(answers, 1)]
    assert code_of(complete, s3, bucket, upload, without) == ("InvalidRequest", 400)
    parts = [named(n, a) for n, a in enumerate(answers, 1)]
    swapped = [parts[0] | {name: answers[1][name]}, parts[1]]
    assert code_of(complete, s3, bucket, upload, swapped) == ("InvalidPart", 400)
    done = complete(s3, bucket, upload, parts)
    raw = b"".join(base64.b64decode(a[name]) for a in answers)
    if algorithm == "CRC32":
        assert done[name] == base64.b64encode(zlib.crc32(raw).to_bytes(4, "big")).decode() + "-2"
    if algorithm.startswith("SHA"):
        assert done[name] == base64.b64encode(hashlib.new(algorithm, raw).digest()).decode() + "-2"
    assert done["ChecksumType"] == "COMPOSITE"
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head[name], head["ChecksumType"]) == (done[name], "COMPOSITE")
    assert s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read() == five + b"tail"


@new_only
def test_checksums_of_the_whole(s3, bucket, five):
    upload = start(s3, bucket, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    parts = [named(n, part(s3, bucket, upload, n, body, ChecksumAlgorithm="CRC32")) for n, body in ((1, five), (2, b"tail"))]
    right = base64.b64encode(zlib.crc32(five + b"tail").to_bytes(4, "big")).decode()
    assert code_of(complete, s3, bucket, upload, parts, ChecksumCRC32="AAAAAA==", ChecksumType="FULL_OBJECT") == ("BadDigest", 400)
    assert code_of(complete, s3, bucket, upload, parts, ChecksumType="COMPOSITE") == ("InvalidRequest", 400)
    assert code_of(complete, s3, bucket, upload, parts, MpuObjectSize=5) == ("InvalidRequest", 400)
    done = complete(s3, bucket, upload, parts, ChecksumCRC32=right, ChecksumType="FULL_OBJECT", MpuObjectSize=5 * MIB + 4)
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (right, "FULL_OBJECT")
    assert s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read() == five + b"tail"


@new_only
def test_checksum_types_that_do_not_fit(s3, bucket):
    for algorithm, kind in (("SHA256", "FULL_OBJECT"), ("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")):
        assert code_of(s3.create_multipart_upload, Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind) == (
            "InvalidRequest", 400)
    upload = start(s3, bucket, ChecksumAlgorithm="SHA256")
    assert code_of(part, s3, bucket, upload, 1, b"x", ChecksumAlgorithm="CRC32") == ("InvalidRequest", 400)


@new_only
def test_what_names_no_checksum_has_the_services_own(gust, s3, bucket, five):
    from botocore.config import Config
    plain = gust.client("s3", config=Config(request_checksum_calculation="when_required"))
    assert plain.put_object(Bucket=bucket, Key="k", Body=b"123456789")["ChecksumCRC64NVME"] == "rosUhgp5mIg="
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC64NVME"], head["ChecksumType"]) == ("rosUhgp5mIg=", "FULL_OBJECT")
    upload = start(plain, bucket)
    parts = [named(n, part(plain, bucket, upload, n, body)) for n, body in ((1, five), (2, b"tail"))]
    done = complete(plain, bucket, upload, [{k: p[k] for k in ("PartNumber", "ETag")} for p in parts])
    whole = plain.put_object(Bucket=bucket, Key="whole", Body=five + b"tail")
    assert done["ChecksumCRC64NVME"] == whole["ChecksumCRC64NVME"] and done["ChecksumType"] == "FULL_OBJECT"


@new_only
def test_conditional_completion(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"there")
    upload = start(s3, bucket)
    parts = [named(1, part(s3, bucket, upload, 1, b"x"))]
    assert code_of(complete, s3, bucket, upload, parts, IfNoneMatch="*") == ("PreconditionFailed", 412)
    s3.delete_object(Bucket=bucket, Key="k")
    complete(s3, bucket, upload, parts, IfNoneMatch="*")


@new_only
def test_wrong_checksums_of_parts_and_puts(s3, bucket):
    upload = start(s3, bucket, ChecksumAlgorithm="CRC32")
    assert code_of(part, s3, bucket, upload, 1, b"x", ChecksumCRC32="AAAAAA==") == ("BadDigest", 400)
    for bad in ("AAAA", "not base64!", ""):
        assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ChecksumCRC32=bad) == ("InvalidRequest", 400), bad
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ChecksumCRC32="AAAAAA==", ChecksumSHA1="A" * 27 + "=") == (
        "InvalidRequest", 400)
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5="bad") == ("InvalidDigest", 400)
