"""Objects with odd names, bodies, metadata, conditions and ranges, by the official Python SDK."""
import datetime
import hashlib

import pytest
import requests
from botocore.config import Config
from test_s3 import OLD, bucket, code_of, s3  # noqa: F401

ODD_KEYS = ["with space", "a+b", "100%", "%41", "a%2Fb", "a//b", "//", "/leading", "trailing/", ".", "..", "../up", "a/./b",
            "a/../b", "ünïcödé/日本語/🎈", "k" * 1024, "é" * 512, "q?x=1&y=2", "#hash", "semi;colon", "quo'te\"", "<&>", "back\\slash",
            "~tilde", "=eq", "@at:colon", "*star", "tab\tnl\n", "a b+c%20d"]


@pytest.mark.parametrize("key", ODD_KEYS, ids=range(len(ODD_KEYS)))
def test_odd_keys(s3, bucket, gust, key):
    body = hashlib.sha256(key.encode()).digest()
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == 32
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert [o["Key"] for o in s3.list_objects(Bucket=bucket, Prefix=key)["Contents"]] == [key]
    s3.copy_object(Bucket=bucket, Key="copy of it", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="copy of it")["Body"].read() == body
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=60)
    if "/.." not in url and "/./" not in url and not url.split("?")[0].endswith("/."):  # requests would resolve them
        assert requests.get(url).content == body
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"multi")["ETag"]
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [key]
    s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]})
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"multi"
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}, {"Key": "copy of it"}]})
    assert {d["Key"] for d in answer["Deleted"]} == {key, "copy of it"} and not answer.get("Errors")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_keys_that_are_too_long(s3, bucket):
    for key in ("k" * 1025, "é" * 513):
        assert code_of(s3.put_object, Bucket=bucket, Key=key, Body=b"") == ("KeyTooLongError", 400)
        assert code_of(s3.get_object, Bucket=bucket, Key=key) == ("KeyTooLongError", 400)
        assert code_of(s3.create_multipart_upload, Bucket=bucket, Key=key) == ("KeyTooLongError", 400)


def test_metadata(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"Mixed-Case": "Value", "spaces": "a  b", "empty": ""})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"mixed-case": "Value", "spaces": "a  b", "empty": ""}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"big": "v" * 2000})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"]["big"] == "v" * 2000
    for more in ({"big": "v" * 2046}, {f"n{i}": "v" * 100 for i in range(21)}):
        assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", Metadata=more) == ("MetadataTooLarge", 400)
    assert code_of(s3.create_multipart_upload, Bucket=bucket, Key="k", Metadata={"big": "v" * 2046}) == ("MetadataTooLarge", 400)


def test_system_headers_are_kept(s3, bucket):
    expires = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    given = {"ContentType": "text/plain; charset=utf-8", "CacheControl": "max-age=5", "ContentEncoding": "gzip",
             "ContentLanguage": "de", "ContentDisposition": 'attachment; filename="a b.txt"',
             "WebsiteRedirectLocation": "/elsewhere"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Expires=expires, StorageClass="STANDARD", **given)
    head = s3.head_object(Bucket=bucket, Key="k")
    assert {name: head[name] for name in given} == given
    assert head["ResponseMetadata"]["HTTPHeaders"]["expires"] == "Wed, 02 Jan 2030 03:04:05 GMT"
    got = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="x/y", ResponseCacheControl="no-cache",
                        ResponseContentDisposition="inline", ResponseContentLanguage="fr", ResponseContentEncoding="br")
    assert [got[n] for n in ("ContentType", "CacheControl", "ContentDisposition", "ContentLanguage", "ContentEncoding")] == [
        "x/y", "no-cache", "inline", "fr", "br"]
    s3.put_object(Bucket=bucket, Key="plain", Body=b"x")
    assert s3.head_object(Bucket=bucket, Key="plain")["ContentType"] == "binary/octet-stream"
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", StorageClass="NOPE") == ("InvalidStorageClass", 400)
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", WebsiteRedirectLocation="ftp://x") == (
        "InvalidRedirectLocation", 400)


@pytest.mark.parametrize("given,status,body,content_range", [
    ("bytes=0-0", 206, b"0", "bytes 0-0/10"), ("bytes=9-9", 206, b"9", "bytes 9-9/10"),
    ("bytes=-1", 206, b"9", "bytes 9-9/10"), ("bytes=-100", 206, b"0123456789", "bytes 0-9/10"),
    ("bytes=0-", 206, b"0123456789", "bytes 0-9/10"), ("bytes=3-99999999999999", 206, b"3456789", "bytes 3-9/10"),
    ("bytes=5-2", 200, b"0123456789", None), ("bytes=a-b", 200, b"0123456789", None), ("lines=0-1", 200, b"0123456789", None),
    ("bytes=0-1,4-5", 200, b"0123456789", None), ("bytes=-", 200, b"0123456789", None), ("0-1", 200, b"0123456789", None)])
def test_ranges_of_every_kind(s3, bucket, given, status, body, content_range):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="k", Range=given)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == status
    assert got["Body"].read() == body and got["ContentLength"] == len(body) and got.get("ContentRange") == content_range
    head = s3.head_object(Bucket=bucket, Key="k", Range=given)
    assert (head["ContentLength"], head["ResponseMetadata"]["HTTPHeaders"].get("content-range")) == (len(body), content_range)


def test_ranges_that_cannot_be_satisfied(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    for key, given in [("k", "bytes=10-"), ("k", "bytes=10-20"), ("k", "bytes=-0"), ("empty", "bytes=0-"), ("empty", "bytes=0-0"),
                       ("empty", "bytes=-1")]:
        assert code_of(s3.get_object, Bucket=bucket, Key=key, Range=given) == ("InvalidRange", 416), given
        assert code_of(s3.head_object, Bucket=bucket, Key=key, Range=given) == ("416", 416), given


def test_conditions_of_reads_together(s3, bucket):
    """The table of RFC 9110 13.2.2 as the service documents it in GetObject."""
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    at = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    past, future = at - datetime.timedelta(hours=1), at + datetime.timedelta(hours=1)

    def get(**conditions):
        try:
            return s3.get_object(Bucket=bucket, Key="k", **conditions)["ResponseMetadata"]["HTTPStatusCode"]
        except Exception as e:
            assert s3.head_object and e.response["Error"]["Code"] in ("PreconditionFailed", "304")
            return e.response["ResponseMetadata"]["HTTPStatusCode"]
    assert get(IfMatch=etag, IfUnmodifiedSince=past) == 200
    assert get(IfMatch='"x"', IfUnmodifiedSince=future) == 412
    assert get(IfNoneMatch=etag, IfModifiedSince=past) == 304
    assert get(IfNoneMatch='"x"', IfModifiedSince=future) == 200
    assert get(IfUnmodifiedSince=past) == 412 and get(IfUnmodifiedSince=at) == 200
    assert get(IfModifiedSince=at) == 304 and get(IfModifiedSince=past) == 200
    assert get(IfMatch=etag.strip('"')) == 200 and get(IfMatch="*") == 200 and get(IfMatch=f'"x", {etag}') == 200
    assert get(IfNoneMatch="*") == 304 and get(IfNoneMatch=etag.strip('"')) == 304
    assert get(IfMatch=etag, IfNoneMatch=etag) == 304
    assert code_of(s3.get_object, Bucket=bucket, Key="none", IfMatch=etag) == ("NoSuchKey", 404)
    with pytest.raises(Exception) as caught:
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=etag)
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["etag"] == etag and "last-modified" in headers


def test_copies(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"payload", ContentType="text/x", Metadata={"m": "1"},
                         WebsiteRedirectLocation="/there")["ETag"]
    source = {"Bucket": bucket, "Key": "k"}
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, MetadataDirective="REPLACE", Metadata={"n": "2"})
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["Metadata"] == {"n": "2"} and head["ContentType"] == "binary/octet-stream" and head["ETag"] == etag
    assert "WebsiteRedirectLocation" not in head
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, WebsiteRedirectLocation="/here")
    assert s3.head_object(Bucket=bucket, Key="k")["WebsiteRedirectLocation"] == "/here"
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, StorageClass="STANDARD")
    s3.copy_object(Bucket=bucket, Key="c", CopySource=source)
    assert "WebsiteRedirectLocation" not in s3.head_object(Bucket=bucket, Key="c")  # never copied
    for condition in ({"CopySourceIfMatch": '"x"'}, {"CopySourceIfNoneMatch": etag},
                      {"CopySourceIfModifiedSince": head["LastModified"] + datetime.timedelta(hours=1)},
                      {"CopySourceIfUnmodifiedSince": head["LastModified"] - datetime.timedelta(hours=1)}):
        assert code_of(s3.copy_object, Bucket=bucket, Key="c", CopySource=source, **condition) == ("PreconditionFailed", 412)
    s3.copy_object(Bucket=bucket, Key="c", CopySource=source, CopySourceIfMatch=etag,
                   CopySourceIfUnmodifiedSince=head["LastModified"] - datetime.timedelta(hours=1))
    assert code_of(s3.copy_object, Bucket=bucket, Key="c", CopySource={"Bucket": bucket + "x", "Key": "k"}) == ("NoSuchBucket", 404)
    assert code_of(s3.copy_object, Bucket=bucket, Key="c", CopySource="nonsense") == ("InvalidArgument", 400)
    assert code_of(s3.copy_object, Bucket=bucket, Key="c", CopySource=source, MetadataDirective="SWAP") == ("InvalidArgument", 400)
    if not OLD:
        assert s3.copy_object(Bucket=bucket, Key="c", CopySource=source, ChecksumAlgorithm="SHA256")["CopyObjectResult"]["ChecksumSHA256"]
        assert s3.head_object(Bucket=bucket, Key="c", ChecksumMode="ENABLED")["ChecksumSHA256"]


def test_listing_edges(s3, bucket):
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    keys = ["a/1", "a/2", "b c", "d+e", "é"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    none = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert (none["KeyCount"], none["MaxKeys"], none["IsTruncated"]) == (0, 0, False) and "Contents" not in none
    huge = s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)
    assert huge["MaxKeys"] == 1000 and huge["KeyCount"] == 5
    assert code_of(s3.list_objects_v2, Bucket=bucket, MaxKeys=-1) == ("InvalidArgument", 400)
    assert code_of(s3.list_objects, Bucket=bucket, MaxKeys=-1) == ("InvalidArgument", 400)
    assert code_of(s3.list_objects_v2, Bucket=bucket, ContinuationToken="nonsense!") == ("InvalidArgument", 400)
    assert code_of(s3.list_objects_v2, Bucket=bucket, ContinuationToken="") == ("InvalidArgument", 400)
    assert code_of(s3.list_objects_v2, Bucket=bucket, EncodingType="base64") == ("InvalidArgument", 400)
    page = s3.list_objects_v2(Bucket=bucket, MaxKeys=2, StartAfter="a/1", FetchOwner=True)
    assert [o["Key"] for o in page["Contents"]] == ["a/2", "b c"] and page["StartAfter"] == "a/1" and page["IsTruncated"]
    assert len(page["Contents"][0]["Owner"]["ID"]) == 64
    rest = s3.list_objects_v2(Bucket=bucket, ContinuationToken=page["NextContinuationToken"])
    assert [o["Key"] for o in rest["Contents"]] == ["d+e", "é"] and rest["ContinuationToken"] == page["NextContinuationToken"]
    owner = s3.list_objects(Bucket=bucket)["Contents"][0]["Owner"]["ID"]
    assert owner == page["Contents"][0]["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    old = s3.list_objects(Bucket=bucket, MaxKeys=2)
    assert old["IsTruncated"] and "NextMarker" not in old
    old = s3.list_objects(Bucket=bucket, MaxKeys=1, Delimiter="/")
    assert old["NextMarker"] == "a/" and old["CommonPrefixes"] == [{"Prefix": "a/"}]
    old = s3.list_objects(Bucket=bucket, MaxKeys=1, Delimiter="/", Marker="a/")
    assert [o["Key"] for o in old["Contents"]] == ["b c"]
    assert s3.list_objects_v2(Bucket=bucket, Prefix="a/", Delimiter="/")["KeyCount"] == 2
    assert s3.list_objects_v2(Bucket=bucket, Delimiter="zz")["KeyCount"] == 5
    for listing in (s3.list_objects, s3.list_objects_v2, s3.list_object_versions, s3.list_multipart_uploads):
        assert "Delimiter" not in listing(Bucket=bucket, Delimiter="")
        assert code_of(listing, Bucket=bucket, EncodingType="base64") == ("InvalidArgument", 400)
    assert "NextMarker" not in s3.list_objects(Bucket=bucket, Delimiter="", MaxKeys=1)
    assert code_of(s3.list_multipart_uploads, Bucket=bucket, MaxUploads=-1) == ("InvalidArgument", 400)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    for wrong in (dict(MaxParts=-1), dict(PartNumberMarker=-1)):
        assert code_of(s3.list_parts, Bucket=bucket, Key="k", UploadId=upload, **wrong) == ("InvalidArgument", 400)


def test_encoding_type(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a b/c+d&é*~", Body=b"x")
    got = s3.list_objects_v2(Bucket=bucket, Prefix="a b/", EncodingType="url")
    assert got["Contents"][0]["Key"] == "a+b/c%2Bd%26%C3%A9*%7E" and got["Prefix"] == "a+b/" and got["EncodingType"] == "url"


def test_what_names_no_version(s3, bucket, gust):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k", "VersionId": ""})
    answer = requests.get(url)
    assert answer.status_code == 400 and "Version id cannot be the empty string" in answer.text
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    source = {"Bucket": bucket, "Key": "k"}
    assert code_of(s3.copy_object, Bucket=bucket, Key="c", CopySource=source) == ("NoSuchKey", 404)
    source["VersionId"] = marker
    assert code_of(s3.copy_object, Bucket=bucket, Key="c", CopySource=source) == ("InvalidRequest", 400)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    assert code_of(s3.upload_part_copy, Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, CopySource=source) == (
        "InvalidRequest", 400)


def test_buckets_are_listed_in_pages(s3, gust, unique):
    if OLD:
        pytest.skip("newer than this SDK")
    for n in range(3):
        s3.create_bucket(Bucket=f"{unique}-{n}")
    page = s3.list_buckets(Prefix=unique, MaxBuckets=2)
    assert len(page["Buckets"]) == 2
    rest = s3.list_buckets(Prefix=unique, ContinuationToken=page["ContinuationToken"])
    assert [b["Name"] for b in rest["Buckets"]] == [f"{unique}-2"] and "ContinuationToken" not in rest


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_operations(s3, gust, bucket, version):
    """Each kind of operation, signed in either version (an SDK without a region's own default still signs the old one)."""
    client = gust.client("s3", config=Config(signature_version=version, s3={"addressing_style": "path"}))

    def url(operation, **params):
        return client.generate_presigned_url(operation, Params={"Bucket": bucket} | params)
    put = url("put_object", Key="k", ContentType="a/b", Metadata={"q": "1"})
    assert requests.put(put, data=b"abc", headers={"Content-Type": "a/b", "x-amz-meta-q": "1"}).status_code == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"q": "1"}
    assert requests.get(url("get_object", Key="k", ResponseContentType="x/y")).headers["Content-Type"] == "x/y"
    assert requests.head(url("head_object", Key="k")).status_code == 200
    if not (OLD and version == "s3"):  # it signed "?list-type=2", which the service does not
        assert "<Key>k</Key>" in requests.get(url("list_objects_v2", Prefix="k")).text
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    assert requests.put(url("upload_part", Key="k", UploadId=upload, PartNumber=1), data=b"x").headers["ETag"]
    assert requests.delete(url("delete_object", Key="k")).status_code == 204


def test_deleting_many(s3, bucket):
    for key in ("a", "b", "<&>"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "none"}], "Quiet": True})
    assert "Deleted" not in quiet and "Errors" not in quiet
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}, {"Key": "k" * 1025}, {"Key": "<&>"}]})
    assert {d["Key"] for d in answer["Deleted"]} == {"b", "<&>"}
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("k" * 1025, "KeyTooLongError")]
    assert code_of(s3.delete_objects, Bucket=bucket, Delete={"Objects": []}) == ("MalformedXML", 400)
    many = [{"Key": str(i)} for i in range(1001)]
    assert code_of(s3.delete_objects, Bucket=bucket, Delete={"Objects": many}) == ("MalformedXML", 400)
    assert len(s3.delete_objects(Bucket=bucket, Delete={"Objects": many[:1000]})["Deleted"]) == 1000


@pytest.mark.skipif(OLD, reason="conditional deletes are newer than this SDK")
def test_conditional_deletes(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    assert code_of(s3.delete_object, Bucket=bucket, Key="k", IfMatch='"x"') == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag)
    assert code_of(s3.head_object, Bucket=bucket, Key="k") == ("404", 404)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "ETag": '"x"'}]})
    assert answer["Errors"][0]["Code"] == "PreconditionFailed"
    s3.delete_object(Bucket=bucket, Key="k", IfMatch="*")
    assert code_of(s3.delete_object, Bucket=bucket, Key="k", IfMatch=etag) == ("NoSuchKey", 404)


@pytest.mark.skipif(OLD, reason="conditional writes are newer than this SDK")
def test_conditions_of_writes_that_are_not_served(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    for conditions in ({"IfNoneMatch": etag}, {"IfMatch": "*"}, {"IfMatch": etag, "IfNoneMatch": "*"}):
        assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"2", **conditions) == ("NotImplemented", 501)
    assert code_of(s3.put_object, Bucket=bucket, Key="none", Body=b"2", IfMatch=etag) == ("NoSuchKey", 404)


def test_a_bucket_is_in_the_region_of_who_made_it(s3, gust, unique):
    west = gust.client("s3", region_name="eu-west-1")
    west.create_bucket(Bucket=unique)
    assert s3.get_bucket_location(Bucket=unique)["LocationConstraint"] == "eu-west-1"
    s3.put_object(Bucket=unique, Key="k", Body=b"x")  # an SDK asks again where the bucket is
    url = gust.client("s3", config=Config(signature_version="s3v4")).generate_presigned_url("get_object", {"Bucket": unique, "Key": "k"})
    answer = requests.get(url)
    assert answer.status_code == 400 and "<Code>AuthorizationQueryParametersError</Code>" in answer.text
    url = gust.client("s3", region_name="eu-west-1", config=Config(signature_version="s3v4")).generate_presigned_url(
        "get_object", {"Bucket": unique, "Key": "k"})
    assert requests.get(url).text == "x"
    gust.client("s3", region_name="US").create_bucket(Bucket=unique + "-east")
    s3.copy_object(Bucket=unique + "-east", Key="k", CopySource={"Bucket": unique, "Key": "k"})
    url = gust.client("s3", config=Config(signature_version="s3")).generate_presigned_url("get_object", {"Bucket": unique, "Key": "k"})
    assert requests.get(url).text == "x", "version 2 of signatures names no region"


def test_buckets_and_their_owners(s3, gust, unique):
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert s3.get_bucket_location(Bucket=unique)["LocationConstraint"] == "eu-west-1"
    assert s3.head_bucket(Bucket=unique)["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-west-1"
    assert code_of(s3.create_bucket, Bucket=unique, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}) == (
        "BucketAlreadyOwnedByYou", 409)
    assert code_of(s3.create_bucket, Bucket=unique + "-x", CreateBucketConfiguration={"LocationConstraint": "nowhere-1"}) == (
        "InvalidLocationConstraint", 400)
    assert code_of(s3.head_bucket, Bucket=unique, ExpectedBucketOwner="999999999999") == ("403", 403)
    assert code_of(s3.list_objects_v2, Bucket=unique, ExpectedBucketOwner="999999999999") == ("AccessDenied", 403)
    for wrong in ("99999999999", "9999999999999", "owner"):
        assert code_of(s3.list_objects_v2, Bucket=unique, ExpectedBucketOwner=wrong) == ("InvalidBucketOwnerAWSAccountID", 400)
    made = gust.cli_json("account", "create", "--name", "other")
    other = gust.client("s3", aws_access_key_id=made["access_key_id"], aws_secret_access_key=made["secret_access_key"])
    assert other.list_buckets()["Buckets"] == []
    assert other.list_buckets()["Owner"]["ID"] == made["canonical_id"]
    assert code_of(other.create_bucket, Bucket=unique) == ("BucketAlreadyExists", 409)
    assert code_of(other.list_objects_v2, Bucket=unique) == ("AccessDenied", 403)
    assert code_of(other.put_object, Bucket=unique, Key="k", Body=b"x") == ("AccessDenied", 403)
    assert code_of(other.delete_bucket, Bucket=unique) == ("AccessDenied", 403)


def test_a_bucket_with_an_open_upload_is_deleted(s3, bucket):
    s3.create_multipart_upload(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    assert code_of(s3.head_bucket, Bucket=bucket) == ("404", 404)
