"""Objects by the official Python SDK; tests/e2e_old runs the same file with an SDK from before default checksums."""
import base64
import hashlib
import io
import os
import zlib

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

OLD = tuple(map(int, boto3.__version__.split(".")[:2])) < (1, 36)


@pytest.fixture
def s3(gust):
    return gust.client("s3")


@pytest.fixture
def bucket(s3, unique):
    s3.create_bucket(Bucket=unique)
    return unique


def code_of(call, *args, **kwargs):
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    error = caught.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


def test_buckets(s3, gust, unique):
    s3.create_bucket(Bucket=unique)
    assert unique in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket=unique)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert s3.get_bucket_location(Bucket=unique)["LocationConstraint"] is None
    s3.put_object(Bucket=unique, Key="k", Body=b"x")
    assert code_of(s3.delete_bucket, Bucket=unique) == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=unique, Key="k")
    s3.delete_bucket(Bucket=unique)
    assert code_of(s3.head_bucket, Bucket=unique) == ("404", 404)
    assert code_of(s3.list_objects_v2, Bucket=unique) == ("NoSuchBucket", 404)


@pytest.mark.parametrize("name", ["UPPER-case", "ab", "a..b", "192.168.1.1", "under_score", "xn--a", "sthree-a", "amzn-s3-demo-a",
                                  "a-s3alias", "a--ol-s3", "a.mrap", "a--table-s3"])
def test_bucket_names_are_checked(s3, name):
    if OLD and name == "a..b":
        pytest.skip("this SDK refuses it itself")
    try:
        s3.create_bucket(Bucket=name)
        raise AssertionError("was created")
    except ClientError as e:
        assert e.response["Error"]["Code"] == "InvalidBucketName"
    except Exception as e:  # the SDK's own check of parameters
        assert "Invalid bucket name" in str(e)


@pytest.mark.parametrize("size", [0, 1, 65536, 1_000_003])
def test_put_get_round_trip(s3, bucket, size):
    body = os.urandom(size)
    put = s3.put_object(Bucket=bucket, Key="dir/a b+ü%.bin", Body=body, ContentType="image/x", Metadata={"one": "1"},
                        CacheControl="no-store", ContentDisposition="inline")
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="dir/a b+ü%.bin")
    assert got["Body"].read() == body
    assert (got["ContentType"], got["Metadata"], got["CacheControl"]) == ("image/x", {"one": "1"}, "no-store")
    assert got["ContentLength"] == size and got["ETag"] == put["ETag"]
    head = s3.head_object(Bucket=bucket, Key="dir/a b+ü%.bin")
    assert head["ContentLength"] == size and head["ContentDisposition"] == "inline"


def test_missing_things(s3, bucket):
    assert code_of(s3.get_object, Bucket=bucket, Key="none") == ("NoSuchKey", 404)
    assert code_of(s3.head_object, Bucket=bucket, Key="none") == ("404", 404)
    assert code_of(s3.put_object, Bucket=bucket + "-none", Key="k", Body=b"") == ("NoSuchBucket", 404)
    assert s3.delete_object(Bucket=bucket, Key="none")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert code_of(s3.put_object, Bucket=bucket, Key="k" * 1025, Body=b"") == ("KeyTooLongError", 400)


def test_ranges(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    for given, wanted, content_range in [("bytes=2-4", b"234", "bytes 2-4/10"), ("bytes=7-", b"789", "bytes 7-9/10"),
                                         ("bytes=-3", b"789", "bytes 7-9/10"), ("bytes=5-100", b"56789", "bytes 5-9/10")]:
        got = s3.get_object(Bucket=bucket, Key="k", Range=given)
        assert (got["Body"].read(), got["ContentRange"]) == (wanted, content_range)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert code_of(s3.get_object, Bucket=bucket, Key="k", Range="bytes=10-") == ("InvalidRange", 416)


def test_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)["Body"].read() == b"1"
    assert code_of(s3.get_object, Bucket=bucket, Key="k", IfMatch='"no"') == ("PreconditionFailed", 412)
    assert code_of(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag) == ("304", 304)
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    assert code_of(s3.get_object, Bucket=bucket, Key="k", IfModifiedSince=modified) == ("304", 304)


@pytest.mark.skipif(OLD, reason="conditional writes are newer than this SDK")
def test_conditional_writes(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*") == ("PreconditionFailed", 412)
    s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=etag)
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"4", IfMatch=etag) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"3"


def test_copy(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a b/ü", Body=b"payload", ContentType="text/x", Metadata={"m": "1"})
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a b/ü"})
    got = s3.get_object(Bucket=bucket, Key="copy")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"payload", "text/x", {"m": "1"})
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a b/ü"}, MetadataDirective="REPLACE",
                   Metadata={"n": "2"}, ContentType="text/y")
    got = s3.head_object(Bucket=bucket, Key="copy")
    assert (got["ContentType"], got["Metadata"]) == ("text/y", {"n": "2"})
    assert code_of(s3.copy_object, Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "none"}) == ("NoSuchKey", 404)
    assert code_of(s3.copy_object, Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "copy"})[0] == "InvalidRequest"


def test_listing(s3, bucket):
    keys = ["a/1", "a/2", "b", "c/d/e", "ü", "z z"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    whole = s3.list_objects_v2(Bucket=bucket)
    assert [o["Key"] for o in whole["Contents"]] == sorted(keys, key=str.encode) and whole["KeyCount"] == 6
    delimited = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [p["Prefix"] for p in delimited["CommonPrefixes"]] == ["a/", "c/"]
    assert [o["Key"] for o in delimited["Contents"]] == ["b", "z z", "ü"]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="a/")["Contents"]] == ["a/1", "a/2"]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, StartAfter="b")["Contents"]] == ["c/d/e", "z z", "ü"]
    for operation in ("list_objects_v2", "list_objects"):
        pages = list(s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": 2}))
        assert len(pages) == 3
        assert [o["Key"] for page in pages for o in page["Contents"]] == sorted(keys, key=str.encode)
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1}))
    names = [p["Prefix"] for page in pages for p in page.get("CommonPrefixes", [])]
    assert names == ["a/", "c/"]


def test_delete_many(s3, bucket):
    for i in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{i}", Body=b"x")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"k{i}"} for i in range(4)] + [{"Key": "none"}]})
    assert {d["Key"] for d in answer["Deleted"]} == {"k0", "k1", "k2", "k3", "none"}
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k4"]


def test_multipart(s3, bucket):
    parts = [os.urandom(5 << 20), os.urandom(5 << 20), b"tail"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big", ContentType="x/y")["UploadId"]
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload]
    done = [{"PartNumber": n, "ETag": s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=n, Body=p)["ETag"]}
            for n, p in enumerate(parts, 1)]
    assert [p["Size"] for p in s3.list_parts(Bucket=bucket, Key="big", UploadId=upload)["Parts"]] == [len(p) for p in parts]
    assert code_of(s3.get_object, Bucket=bucket, Key="big") == ("NoSuchKey", 404)
    answer = s3.complete_multipart_upload(Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": done})
    digests = b"".join(hashlib.md5(p).digest() for p in parts)
    assert answer["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    got = s3.get_object(Bucket=bucket, Key="big")
    assert got["Body"].read() == b"".join(parts) and got["ContentType"] == "x/y"
    assert s3.get_object(Bucket=bucket, Key="big", Range=f"bytes={(5 << 20) - 2}-{(5 << 20) + 1}")["Body"].read() == \
        parts[0][-2:] + parts[1][:2]
    assert code_of(s3.upload_part, Bucket=bucket, Key="big", UploadId=upload, PartNumber=1, Body=b"") == ("NoSuchUpload", 404)


def test_multipart_refusals(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    one = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"small")["ETag"]
    two = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=2, Body=b"small")["ETag"]

    def complete(*parts):
        return code_of(s3.complete_multipart_upload, Bucket=bucket, Key="k", UploadId=upload,
                       MultipartUpload={"Parts": [{"PartNumber": n, "ETag": e} for n, e in parts]})
    assert complete((2, two), (1, one)) == ("InvalidPartOrder", 400)
    assert complete((1, one), (3, two)) == ("InvalidPart", 400)
    assert complete((1, two + "x"),) == ("InvalidPart", 400)
    assert complete((1, one), (2, two)) == ("EntityTooSmall", 400)
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    assert code_of(s3.list_parts, Bucket=bucket, Key="k", UploadId=upload) == ("NoSuchUpload", 404)
    assert code_of(s3.abort_multipart_upload, Bucket=bucket, Key="k", UploadId=upload) == ("NoSuchUpload", 404)


def test_managed_upload_and_download(s3, bucket, tmp_path):
    body = os.urandom(20 << 20)
    s3.upload_fileobj(io.BytesIO(body), bucket, "managed")
    s3.download_file(bucket, "managed", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == body


@pytest.mark.skipif(OLD, reason="checksums are newer than this SDK")
@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_kept_and_answered(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"checked", ChecksumAlgorithm=algorithm)
    name = f"Checksum{algorithm}"
    assert put[name]
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")[name] == put[name]
    assert s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read() == b"checked"
    if algorithm == "CRC32":
        assert base64.b64decode(put[name]) == zlib.crc32(b"checked").to_bytes(4, "big")


def test_wrong_digests_are_refused_and_leave_nothing(s3, bucket):
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5=wrong) == ("BadDigest", 400)
    if not OLD:
        assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ChecksumCRC32="AAAAAA==") == ("BadDigest", 400)
    assert code_of(s3.head_object, Bucket=bucket, Key="k") == ("404", 404)


def test_presigned(s3, bucket, gust):
    for config in (Config(signature_version="s3v4", s3={"addressing_style": "path"}),):
        client = gust.client("s3", config=config)
        put = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "p ü"}, ExpiresIn=60)
        assert requests.put(put, data=b"presigned").status_code == 200
        get = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "p ü"}, ExpiresIn=60)
        assert requests.get(get).content == b"presigned"
        tampered = requests.get(get.replace("p%20", "q%20"))
        assert tampered.status_code == 403 and "SignatureDoesNotMatch" in tampered.text


def test_an_expired_presigned_url_is_refused(gust, bucket, s3):
    import datetime
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    request = AWSRequest("GET", f"{gust.endpoint}/{bucket}/k")

    class Yesterday(S3SigV4QueryAuth):
        def add_auth(self, request):
            super().add_auth(request)
    import botocore.auth
    real, early = botocore.auth, datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)

    class Stopped(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return early.replace(tzinfo=None)

        @classmethod
        def now(cls, tz=None):
            return early
    saved = {name: getattr(real, name) for name in ("datetime", "get_current_datetime") if hasattr(real, name)}
    try:
        if "get_current_datetime" in saved:
            real.get_current_datetime = lambda *a, **k: early
        if hasattr(saved.get("datetime"), "datetime"):
            real.datetime = type("module", (), {"datetime": Stopped})
        elif "datetime" in saved:
            real.datetime = Stopped
        Yesterday(Credentials(*gust.keys()), "s3", "us-east-1", expires=60).add_auth(request)
    finally:
        for name, value in saved.items():
            setattr(real, name, value)
    answer = requests.get(request.url)
    assert answer.status_code == 403 and "Request has expired" in answer.text, answer.text


def test_virtual_host_style(gust, bucket):
    s3 = gust.client("s3", endpoint_url=f"http://s3.localhost:{gust.port}",
                     config=Config(s3={"addressing_style": "virtual"}))
    s3.put_object(Bucket=bucket, Key="v/1", Body=b"virtual")
    assert s3.get_object(Bucket=bucket, Key="v/1")["Body"].read() == b"virtual"
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["v/1"]


def test_cors(s3, bucket, gust):
    assert code_of(s3.get_bucket_cors, Bucket=bucket) == ("NoSuchCORSConfiguration", 404)
    rules = [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["http://app.example"], "AllowedHeaders": ["*"],
              "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    preflight = {"Origin": "http://app.example", "Access-Control-Request-Method": "PUT"}
    answer = requests.options(f"{gust.endpoint}/{bucket}/k", headers=preflight)
    assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == "http://app.example"
    other = requests.options(f"{gust.endpoint}/{bucket}/k", headers=preflight | {"Origin": "http://evil.example"})
    assert other.status_code == 403
    s3.delete_bucket_cors(Bucket=bucket)
    assert code_of(s3.get_bucket_cors, Bucket=bucket) == ("NoSuchCORSConfiguration", 404)


def test_signatures_are_checked(gust, bucket):
    stranger = gust.client("s3", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x")
    assert code_of(stranger.list_buckets) == ("InvalidAccessKeyId", 403)
    wrong = gust.client("s3", aws_secret_access_key="wrong")
    assert code_of(wrong.list_buckets) == ("SignatureDoesNotMatch", 403)
    unsigned = requests.get(f"{gust.endpoint}/{bucket}/k")
    assert unsigned.status_code == 403 and "AccessDenied" in unsigned.text
    dev_keys = gust.client("s3", aws_access_key_id="test", aws_secret_access_key="test")
    assert code_of(dev_keys.list_buckets) == ("InvalidAccessKeyId", 403)
