"""Versions of objects by the official Python SDK: enabled, suspended, delete markers, listings, locks."""
import datetime

import boto3
import pytest
from botocore.exceptions import ClientError

from test_s3 import code_of


@pytest.fixture
def s3(gust):
    return gust.client("s3")


def make(s3, name, status="Enabled", **more):
    s3.create_bucket(Bucket=name, **more)
    if status:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    return name


@pytest.fixture
def bucket(s3, unique):
    return make(s3, unique)


def put(s3, bucket, key, body, **more):
    return s3.put_object(Bucket=bucket, Key=key, Body=body, **more).get("VersionId")


def read(s3, bucket, key, **more):
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


def versions(s3, bucket, **more):
    """(key, version, latest, is marker) in the order of the keys, the newest of each first."""
    page = s3.list_object_versions(Bucket=bucket, **more)
    rows = [(v["Key"], v["VersionId"], v["IsLatest"], False, v["LastModified"]) for v in page.get("Versions", [])]
    rows += [(m["Key"], m["VersionId"], m["IsLatest"], True, m["LastModified"]) for m in page.get("DeleteMarkers", [])]
    return [row[:4] for row in sorted(rows, key=lambda r: (r[0], not r[2]))]


def test_the_state_of_a_bucket(s3, unique):
    s3.create_bucket(Bucket=unique)
    assert "Status" not in s3.get_bucket_versioning(Bucket=unique)
    assert "VersionId" not in s3.put_object(Bucket=unique, Key="k", Body=b"")
    for status in ("Enabled", "Suspended", "Enabled"):
        s3.put_bucket_versioning(Bucket=unique, VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(Bucket=unique)["Status"] == status
    assert code_of(s3.put_bucket_versioning, Bucket=unique, VersioningConfiguration={"Status": "On"}) == ("MalformedXML", 400)
    assert code_of(s3.put_bucket_versioning, Bucket=unique, VersioningConfiguration={}) == (
        "IllegalVersioningConfigurationException", 400)


def test_every_write_is_kept(s3, bucket):
    ids = [put(s3, bucket, "k", f"body {i}") for i in range(4)]
    assert len(set(ids)) == 4 and all(len(i) == 32 for i in ids)
    assert read(s3, bucket, "k") == b"body 3"
    for i, version in enumerate(ids):
        got = s3.get_object(Bucket=bucket, Key="k", VersionId=version)
        assert (got["VersionId"], got["Body"].read()) == (version, f"body {i}".encode())
        assert s3.head_object(Bucket=bucket, Key="k", VersionId=version)["VersionId"] == version
    assert [v[1:3] for v in versions(s3, bucket)] == [(ids[3], True), (ids[0], False), (ids[1], False), (ids[2], False)] or \
        [v["VersionId"] for v in s3.list_object_versions(Bucket=bucket)["Versions"]] == ids[::-1]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]


def test_a_deletion_is_a_marker_and_its_deletion_brings_the_object_back(s3, bucket):
    first = put(s3, bucket, "k", b"one")
    gone = s3.delete_object(Bucket=bucket, Key="k")
    assert gone["DeleteMarker"] is True and gone["VersionId"] != first
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k")
    answer = caught.value.response
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert answer["Error"]["Code"] == "NoSuchKey" and headers["x-amz-delete-marker"] == "true"
    assert headers["x-amz-version-id"] == gone["VersionId"]
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k", VersionId=gone["VersionId"])
    assert caught.value.response["Error"]["Code"] == "MethodNotAllowed"
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert "CommonPrefixes" not in s3.list_objects_v2(Bucket=bucket, Delimiter="k")
    assert read(s3, bucket, "k", VersionId=first) == b"one"
    assert code_of(s3.delete_bucket, Bucket=bucket) == ("BucketNotEmpty", 409)
    back = s3.delete_object(Bucket=bucket, Key="k", VersionId=gone["VersionId"])
    assert back["DeleteMarker"] is True and back["VersionId"] == gone["VersionId"]
    assert read(s3, bucket, "k") == b"one"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=first)
    assert versions(s3, bucket) == []
    s3.delete_bucket(Bucket=bucket)


def test_a_marker_for_what_never_was(s3, bucket):
    marker = s3.delete_object(Bucket=bucket, Key="nothing")
    assert marker["DeleteMarker"] is True
    assert versions(s3, bucket) == [("nothing", marker["VersionId"], True, True)]


def test_the_newest_that_is_left_becomes_the_current_one(s3, bucket):
    ids = [put(s3, bucket, "k", f"{i}") for i in range(3)]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=ids[1])
    s3.delete_object(Bucket=bucket, Key="k", VersionId=ids[2])
    assert read(s3, bucket, "k") == b"0"
    assert versions(s3, bucket) == [("k", ids[0], True, False)]
    # Again, and of an id that looks right: both succeed and change nothing.
    s3.delete_object(Bucket=bucket, Key="k", VersionId=ids[2])
    assert versions(s3, bucket) == [("k", ids[0], True, False)]


def test_suspended_writes_replace_the_null_version(s3, unique):
    bucket = make(s3, unique, None)
    put(s3, bucket, "k", b"before")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept = put(s3, bucket, "k", b"kept")
    assert read(s3, bucket, "k", VersionId="null") == b"before"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert put(s3, bucket, "k", b"after") == "null"
    assert versions(s3, bucket) == [("k", "null", True, False), ("k", kept, False, False)]
    assert read(s3, bucket, "k", VersionId="null") == read(s3, bucket, "k") == b"after"
    put(s3, bucket, "k", b"again")
    assert len(versions(s3, bucket)) == 2
    gone = s3.delete_object(Bucket=bucket, Key="k")
    assert (gone["DeleteMarker"], gone["VersionId"]) == (True, "null")
    assert versions(s3, bucket) == [("k", "null", True, True), ("k", kept, False, False)]
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert read(s3, bucket, "k") == b"kept"


def test_the_null_version_is_found_and_deleted_behind_newer_ones(s3, unique):
    bucket = make(s3, unique, None)
    put(s3, bucket, "k", b"null")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    newer = [put(s3, bucket, "k", f"{i}") for i in range(2)]
    assert read(s3, bucket, "k", VersionId="null") == b"null"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=newer[1])
    assert read(s3, bucket, "k", VersionId="null") == b"null"
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert code_of(s3.get_object, Bucket=bucket, Key="k", VersionId="null") == ("NoSuchVersion", 404)
    assert versions(s3, bucket) == [("k", newer[0], True, False)]


def test_ids_that_are_none(s3, bucket):
    put(s3, bucket, "k", b"x")
    assert code_of(s3.get_object, Bucket=bucket, Key="k", VersionId="nope") == ("InvalidArgument", 400)
    other = put(s3, bucket, "other", b"y")
    assert code_of(s3.get_object, Bucket=bucket, Key="k", VersionId=other) == ("NoSuchVersion", 404)
    assert code_of(s3.head_object, Bucket=bucket, Key="k", VersionId=other)[1] == 404


def test_listing_by_pages(s3, bucket):
    made = {}
    for key in ("a", "b/1", "b/2", "c"):
        made[key] = [put(s3, bucket, key, f"{key}{i}") for i in range(3)]
    s3.delete_object(Bucket=bucket, Key="c")
    whole = s3.list_object_versions(Bucket=bucket)
    assert [v["VersionId"] for v in whole["Versions"]] == [i for key in ("a", "b/1", "b/2", "c") for i in made[key][::-1]]
    for size in (1, 2, 5):
        seen = []
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": size}):
            seen += [v["VersionId"] for v in page.get("Versions", [])] + [m["VersionId"] for m in page.get("DeleteMarkers", [])]
        assert len(seen) == 13 and len(set(seen)) == 13
    folders = s3.list_object_versions(Bucket=bucket, Delimiter="/")
    assert [p["Prefix"] for p in folders["CommonPrefixes"]] == ["b/"] and len(folders["Versions"]) == 6
    page = s3.list_object_versions(Bucket=bucket, Delimiter="/", MaxKeys=4)
    assert page["IsTruncated"] and page["NextKeyMarker"] == "b/"
    rest = s3.list_object_versions(Bucket=bucket, Delimiter="/", KeyMarker="b/")
    assert {v["Key"] for v in rest["Versions"]} == {"c"}
    assert code_of(s3.list_object_versions, Bucket=bucket, VersionIdMarker=made["a"][0]) == ("InvalidArgument", 400)


def test_many_deletions_in_one_request(s3, bucket):
    first, second = put(s3, bucket, "a", b"1"), put(s3, bucket, "a", b"2")
    put(s3, bucket, "b", b"3")
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a", "VersionId": first}, {"Key": "b"}]})
    by_key = {d["Key"]: d for d in done["Deleted"]}
    assert by_key["a"]["VersionId"] == first and "DeleteMarker" not in by_key["a"]
    assert by_key["b"]["DeleteMarker"] is True and by_key["b"]["DeleteMarkerVersionId"]
    assert [v[:2] for v in versions(s3, bucket) if not v[3]][0] == ("a", second)


def test_copies_and_parts_of_a_version(s3, bucket):
    old = put(s3, bucket, "k", b"a" * (5 << 20), ContentType="text/plain")
    put(s3, bucket, "k", b"new")
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k", "VersionId": old})
    assert copied["CopySourceVersionId"] == old and copied["VersionId"]
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentType"] == "text/plain"
    restored = s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "k", "VersionId": old})
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == restored["VersionId"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part_copy(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1,
                               CopySource={"Bucket": bucket, "Key": "k", "VersionId": old})
    assert part["CopySourceVersionId"] == old
    done = s3.complete_multipart_upload(
        Bucket=bucket, Key="parts", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]})
    assert s3.head_object(Bucket=bucket, Key="parts")["VersionId"] == done["VersionId"]


def test_versions_survive_a_kill(new_gust):
    gust = new_gust().start()
    s3 = gust.client("s3")
    bucket = make(s3, "kept-versions")
    ids = [put(s3, bucket, "k", f"{i}" * 40_000) for i in range(3)]
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    gust.kill9()
    gust.start()
    s3 = gust.client("s3")
    assert [v["VersionId"] for v in s3.list_object_versions(Bucket=bucket)["Versions"]] == ids[::-1]
    assert read(s3, bucket, "k", VersionId=ids[0]) == b"0" * 40_000
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    assert read(s3, bucket, "k") == b"2" * 40_000


def test_conditional_writes_see_a_marker_as_nothing(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*") == ("PreconditionFailed", 412)
    s3.delete_object(Bucket=bucket, Key="k")
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"y", IfMatch=etag) == ("NoSuchKey", 404)
    put(s3, bucket, "k", b"y", IfNoneMatch="*")


# --- object lock

@pytest.fixture
def locked(s3, unique):
    return make(s3, unique, None, ObjectLockEnabledForBucket=True)


def soon(days=1):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)


def test_a_locked_bucket_is_versioned(s3, locked):
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    assert code_of(s3.put_bucket_versioning, Bucket=locked, VersioningConfiguration={"Status": "Suspended"}) == (
        "InvalidBucketState", 409)


def test_retention_keeps_a_version(s3, locked):
    version = put(s3, locked, "k", b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=soon())
    assert s3.head_object(Bucket=locked, Key="k")["ObjectLockMode"] == "GOVERNANCE"
    assert s3.get_object_retention(Bucket=locked, Key="k")["Retention"]["Mode"] == "GOVERNANCE"
    assert code_of(s3.delete_object, Bucket=locked, Key="k", VersionId=version) == ("AccessDenied", 403)
    refused = s3.delete_objects(Bucket=locked, Delete={"Objects": [{"Key": "k", "VersionId": version}]})
    assert refused["Errors"][0]["Code"] == "AccessDenied"
    assert s3.delete_object(Bucket=locked, Key="k")["DeleteMarker"] is True  # which deletes nothing
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": soon(0.5)}
    assert code_of(s3.put_object_retention, Bucket=locked, Key="k", VersionId=version, Retention=shorter) == ("AccessDenied", 403)
    s3.put_object_retention(Bucket=locked, Key="k", VersionId=version, Retention=shorter, BypassGovernanceRetention=True)
    s3.delete_object(Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True)
    assert code_of(s3.get_object, Bucket=locked, Key="k", VersionId=version) == ("NoSuchVersion", 404)


def test_compliance_and_legal_hold(s3, locked):
    version = put(s3, locked, "k", b"x", ObjectLockLegalHoldStatus="ON")
    assert s3.get_object_legal_hold(Bucket=locked, Key="k")["LegalHold"]["Status"] == "ON"
    assert code_of(s3.delete_object, Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True) == (
        "AccessDenied", 403)
    s3.put_object_legal_hold(Bucket=locked, Key="k", LegalHold={"Status": "OFF"})
    s3.put_object_retention(Bucket=locked, Key="k", Retention={"Mode": "COMPLIANCE", "RetainUntilDate": soon()})
    assert code_of(s3.delete_object, Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True) == (
        "AccessDenied", 403)
    assert code_of(s3.put_object_retention, Bucket=locked, Key="k", BypassGovernanceRetention=True,
                   Retention={"Mode": "GOVERNANCE", "RetainUntilDate": soon(2)}) == ("AccessDenied", 403)
    s3.put_object_retention(Bucket=locked, Key="k", Retention={"Mode": "COMPLIANCE", "RetainUntilDate": soon(2)})


def test_what_a_bucket_gives_every_object(s3, locked):
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"]["Rule"] == rule
    put(s3, locked, "k", b"x")
    until = s3.get_object_retention(Bucket=locked, Key="k")["Retention"]["RetainUntilDate"]
    assert soon(2.9) < until < soon(3.1)
    for bad in ({"Mode": "GOVERNANCE", "Days": 1, "Years": 1}, {"Mode": "SOFT", "Days": 1}, {"Mode": "GOVERNANCE"}):
        assert code_of(s3.put_object_lock_configuration, Bucket=locked, ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": bad}}) == ("MalformedXML", 400)


def test_locks_need_a_bucket_with_them(s3, bucket):
    assert code_of(put, s3, bucket, "k", b"", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=soon()) == (
        "InvalidRequest", 400)
    put(s3, bucket, "k", b"")
    assert code_of(s3.get_object_retention, Bucket=bucket, Key="k") == ("InvalidRequest", 400)
    assert code_of(s3.get_object_lock_configuration, Bucket=bucket) == ("ObjectLockConfigurationNotFoundError", 404)
