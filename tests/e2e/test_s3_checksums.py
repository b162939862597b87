"""Every checksum that x-amz-checksum-* names: of objects, of parts, in headers and trailers, kept, told, copied."""
import base64
import ctypes
import ctypes.util
import hashlib
import zlib

import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

MIB = 1 << 20
BODY = b"123456789"
# Of BODY: by hashlib and zlib, and the check values that are published for the CRCs and by xxHash's own tool.
SUMS = {
    "CRC32": zlib.crc32(BODY).to_bytes(4, "big"),
    "CRC32C": bytes.fromhex("e3069283"),
    "CRC64NVME": bytes.fromhex("ae8b14860a799888"),
    "SHA1": hashlib.sha1(BODY).digest(),
    "SHA256": hashlib.sha256(BODY).digest(),
    "SHA512": hashlib.sha512(BODY).digest(),
    "MD5": hashlib.md5(BODY).digest(),
    "XXHASH64": bytes.fromhex("8cb841db40e6ae83"),
    "XXHASH3": None,
    "XXHASH128": base64.b64decode("MxGUd+3l3NXpcWQnaB1YYA=="),
}
WHOLE_OF_PARTS = {"CRC32", "CRC32C", "CRC64NVME"}


def xxh(name, data):
    """By libxxhash itself, which the tests' Python has no package of."""
    found = ctypes.util.find_library("xxhash")
    if not found:
        pytest.skip("libxxhash is not installed")
    library = ctypes.CDLL(found)
    if name == "XXHASH64":
        library.XXH64.restype = ctypes.c_uint64
        return library.XXH64(data, ctypes.c_size_t(len(data)), ctypes.c_uint64(0)).to_bytes(8, "big")
    if name == "XXHASH3":
        library.XXH3_64bits.restype = ctypes.c_uint64
        return library.XXH3_64bits(data, ctypes.c_size_t(len(data))).to_bytes(8, "big")

    class Wide(ctypes.Structure):
        _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]
    library.XXH3_128bits.restype = Wide
    wide = library.XXH3_128bits(data, ctypes.c_size_t(len(data)))
    return wide.high.to_bytes(8, "big") + wide.low.to_bytes(8, "big")


def digest(name, data):
    if name.startswith("XXHASH"):
        return xxh(name, data)
    return hashlib.new(name.lower(), data).digest()


def text_of(raw):
    return base64.b64encode(raw).decode()


def sum_of_body(name):
    return text_of(SUMS[name] or xxh(name, BODY))


@pytest.fixture
def bucket(gust, unique):
    gust.client("s3").create_bucket(Bucket=unique)
    return unique


@pytest.mark.parametrize("name", SUMS)
def test_an_object_keeps_its_checksum(gust, bucket, name):
    s3, member, good = gust.client("s3"), f"Checksum{name}", sum_of_body(name)
    assert s3.put_object(Bucket=bucket, Key="k", Body=BODY, **{member: good})[member] == good
    for operation in (s3.get_object, s3.head_object):
        told = operation(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert (told[member], told["ChecksumType"]) == (good, "FULL_OBJECT")
    told = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum"])["Checksum"]
    assert told == {member: good, "ChecksumType": "FULL_OBJECT"}
    listed, = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ([name], "FULL_OBJECT")
    assert s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k")["CopyObjectResult"][member] == good
    plain = s3.put_object(Bucket=bucket, Key="p", Body=BODY, ChecksumCRC32=sum_of_body("CRC32"))
    assert plain["ChecksumCRC32"]
    copied = s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/p", ChecksumAlgorithm=name)
    assert copied["CopyObjectResult"][member] == good

    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="no", Body=BODY + b"!", **{member: good})
    assert refused.value.response["Error"]["Code"] == "BadDigest"
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="no", Body=BODY, **{member: "AAAA"})
    assert refused.value.response["Error"]["Code"] == "InvalidRequest"
    with pytest.raises(ClientError):
        s3.head_object(Bucket=bucket, Key="no")


@pytest.mark.parametrize("name", ["SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"])
def test_parts_give_a_composite_checksum(gust, bucket, name):
    s3, member = gust.client("s3"), f"Checksum{name}"
    made = s3.create_multipart_upload(Bucket=bucket, Key="m", ChecksumAlgorithm=name)
    assert (made["ChecksumAlgorithm"], made["ChecksumType"]) == (name, "COMPOSITE")
    bodies, named = [b"a" * (5 * MIB), BODY], []
    for number, body in enumerate(bodies, 1):
        value = text_of(digest(name, body))
        part = s3.upload_part(Bucket=bucket, Key="m", UploadId=made["UploadId"], PartNumber=number, Body=body,
                              **{member: value})
        assert part[member] == value
        named.append({"PartNumber": number, "ETag": part["ETag"], member: value})
    listed = s3.list_parts(Bucket=bucket, Key="m", UploadId=made["UploadId"])
    assert [p[member] for p in listed["Parts"]] == [p[member] for p in named]
    done = s3.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=made["UploadId"], MultipartUpload={"Parts": named})
    composite = text_of(digest(name, b"".join(digest(name, body) for body in bodies))) + "-2"
    assert (done[member], done["ChecksumType"]) == (composite, "COMPOSITE")
    told = s3.head_object(Bucket=bucket, Key="m", ChecksumMode="ENABLED")
    assert (told[member], told["ChecksumType"]) == (composite, "COMPOSITE")
    parts = s3.get_object_attributes(Bucket=bucket, Key="m", ObjectAttributes=["ObjectParts"])["ObjectParts"]["Parts"]
    assert [p[member] for p in parts] == [p[member] for p in named]


@pytest.mark.parametrize("name", sorted(set(SUMS) - WHOLE_OF_PARTS))
def test_a_digest_of_the_whole_cannot_be_of_parts(gust, bucket, name):
    with pytest.raises(ClientError) as refused:
        gust.client("s3").create_multipart_upload(Bucket=bucket, Key="m", ChecksumAlgorithm=name, ChecksumType="FULL_OBJECT")
    assert refused.value.response["Error"]["Code"] == "InvalidRequest"


@pytest.mark.parametrize("name", SUMS)
def test_a_trailer_behind_the_body(gust, bucket, name):
    def put(key, value):
        trailer = f"x-amz-checksum-{name.lower()}"
        framed = b"9\r\n" + BODY + b"\r\n0\r\n" + f"{trailer}:{value}\r\n\r\n".encode()
        request = AWSRequest("PUT", f"{gust.endpoint}/{bucket}/{key}", data=framed, headers={
            "X-Amz-Content-SHA256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked",
            "X-Amz-Decoded-Content-Length": str(len(BODY)), "X-Amz-Trailer": trailer})
        auth = S3SigV4Auth(Credentials(*gust.keys()), "s3", "us-east-1")
        auth.payload = lambda _: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        auth.add_auth(request)
        return requests.request("PUT", request.url, data=framed, headers=dict(request.headers.items()))
    assert put("k", sum_of_body(name)).status_code == 200
    told = gust.client("s3").head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert told[f"Checksum{name}"] == sum_of_body(name)
    wrong = put("no", text_of(bytes(len(base64.b64decode(sum_of_body(name))))))
    assert (wrong.status_code, "BadDigest" in wrong.text) == (400, True), wrong.text
