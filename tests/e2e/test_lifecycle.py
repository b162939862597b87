"""Lifecycle rules act on a clock that the test moves: what expires, what stays, and what answers and events say."""
import datetime
import json
import os

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until
from test_lambda import ROLE, zip_of
from test_s3 import code_of

DAY_MS = 86_400_000


class Cloud:
    """A daemon of its own whose object store is ahead of time."""

    def __init__(self, gust, clock):
        self.gust, self.clock, self.days = gust, clock, 0
        self.s3 = gust.client("s3")

    def pass_days(self, days):
        self.days += days
        new = self.clock.with_suffix(".new")
        new.write_text(str(self.days * DAY_MS))
        os.replace(new, self.clock)

    def rules(self, bucket, *rules):
        self.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [
            {"ID": f"rule {i}", "Status": "Enabled", "Filter": {}} | rule for i, rule in enumerate(rules)]})

    def bucket(self, name, versioning=None):
        self.s3.create_bucket(Bucket=name)
        if versioning:
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})
        return name

    def put(self, bucket, *keys, **more):
        return [self.s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 10, **more) for key in keys]

    def keys(self, bucket):
        return [o["Key"] for o in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def versions(self, bucket):
        listed = self.s3.list_object_versions(Bucket=bucket)
        return ([v["VersionId"] for v in listed.get("Versions", [])], [m["Key"] for m in listed.get("DeleteMarkers", [])])


@pytest.fixture
def cloud(new_gust, tmp_path, monkeypatch):
    clock = tmp_path / "clock"
    monkeypatch.setenv("GUST_OBJECTS_CLOCK_FILE", str(clock))
    monkeypatch.setenv("GUST_LIFECYCLE_PERIOD_MS", "100")
    return Cloud(new_gust().start(), clock)


def test_days_filters_and_status(cloud):
    s3 = cloud.s3
    b = cloud.bucket("plain")
    cloud.rules(b, {"Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 2}},
                {"Filter": {"Tag": {"Key": "kind", "Value": "draft"}}, "Expiration": {"Days": 2}},
                {"Filter": {"And": {"Prefix": "big/", "ObjectSizeGreaterThan": 5}}, "Expiration": {"Days": 2}},
                {"Filter": {"Prefix": "off/"}, "Expiration": {"Days": 1}, "Status": "Disabled"})
    cloud.put(b, "logs/a", "keep", "big/10", "off/a")
    cloud.put(b, "tagged", Tagging="kind=draft")
    cloud.put(b, "other", Tagging="kind=final")
    s3.put_object(Bucket=b, Key="big/3", Body=b"123")
    cloud.pass_days(4)
    wait_until(lambda: len(cloud.keys(b)) == 4, "expirations")
    assert cloud.keys(b) == ["big/3", "keep", "off/a", "other"]
    cloud.put(b, "logs/new")
    s3.delete_bucket_lifecycle(Bucket=b)
    cloud.pass_days(100)
    c = cloud.bucket("other-one")
    cloud.put(c, "gone")
    cloud.rules(c, {"Expiration": {"Date": datetime.datetime(2020, 1, 1)}})
    wait_until(lambda: cloud.keys(c) == [], "the other bucket's turn")
    assert "logs/new" in cloud.keys(b)


def test_versions_markers_and_the_newest_kept(cloud):
    s3 = cloud.s3
    b = cloud.bucket("versioned", "Enabled")
    cloud.put(b, "k", "k", "k", "k")
    newest = cloud.put(b, "k")[0]["VersionId"]
    cloud.rules(b, {"NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 2}})
    cloud.pass_days(5)
    wait_until(lambda: len(cloud.versions(b)[0]) == 3, "older versions to go")
    assert s3.head_object(Bucket=b, Key="k")["VersionId"] == newest
    # The current one gets a marker; the older go; then the marker, which is alone.
    cloud.rules(b, {"Expiration": {"Days": 1}}, {"NoncurrentVersionExpiration": {"NoncurrentDays": 10}})
    wait_until(lambda: cloud.versions(b)[1] == ["k"], "the marker")
    assert code_of(s3.head_object, Bucket=b, Key="k") == ("404", 404)
    assert newest in cloud.versions(b)[0]
    cloud.rules(b, {"Expiration": {"ExpiredObjectDeleteMarker": True}}, {"NoncurrentVersionExpiration": {"NoncurrentDays": 10}})
    cloud.pass_days(12)
    wait_until(lambda: cloud.versions(b) == ([], []), "all to go")


def test_suspended_versioning_has_a_null_marker(cloud):
    b = cloud.bucket("suspended", "Enabled")
    kept = cloud.put(b, "k")[0]["VersionId"]
    cloud.s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Suspended"})
    cloud.put(b, "k")
    cloud.rules(b, {"Expiration": {"Days": 1}})
    cloud.pass_days(3)
    wait_until(lambda: cloud.versions(b)[1] == ["k"], "the marker")
    assert cloud.versions(b)[0] == [kept]
    assert cloud.s3.list_object_versions(Bucket=b)["DeleteMarkers"][0]["VersionId"] == "null"


def test_locked_versions_stay(cloud):
    s3 = cloud.s3
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=20)
    held = cloud.put("locked", "k", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)[0]["VersionId"]
    free = cloud.put("locked", "k")[0]["VersionId"]
    cloud.put("locked", "k")
    cloud.rules("locked", {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    cloud.pass_days(4)
    wait_until(lambda: free not in cloud.versions("locked")[0], "the version that is not locked")
    assert held in cloud.versions("locked")[0]
    cloud.pass_days(20)
    wait_until(lambda: len(cloud.versions("locked")[0]) == 1, "the lock to end")


def test_uploads_are_aborted_and_say_when(cloud):
    s3 = cloud.s3
    b = cloud.bucket("uploads")
    cloud.rules(b, {"Filter": {"Prefix": "big/"}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}})
    made = s3.create_multipart_upload(Bucket=b, Key="big/one")
    other = s3.create_multipart_upload(Bucket=b, Key="other")
    day = made["AbortDate"].date() - datetime.datetime.now(datetime.timezone.utc).date()
    assert made["AbortRuleId"] == "rule 0" and day.days == 4 and made["AbortDate"].hour == 0
    assert s3.list_parts(Bucket=b, Key="big/one", UploadId=made["UploadId"])["AbortDate"] == made["AbortDate"]
    assert "AbortDate" not in other
    s3.upload_part(Bucket=b, Key="big/one", UploadId=made["UploadId"], PartNumber=1, Body=b"x")
    cloud.pass_days(5)
    wait_until(lambda: len(s3.list_multipart_uploads(Bucket=b)["Uploads"]) == 1, "the abortion")
    assert s3.list_multipart_uploads(Bucket=b)["Uploads"][0]["UploadId"] == other["UploadId"]


def test_answers_tell_the_expiration(cloud):
    s3 = cloud.s3
    b = cloud.bucket("told", "Enabled")
    cloud.rules(b, {"ID": "a rule/ü", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 2}},
                {"Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 9}})
    put = cloud.put(b, "logs/a")[0]
    day = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=3)
    expected = f'expiry-date="{day:%a, %d %b %Y} 00:00:00 GMT", rule-id="a%20rule%2F%C3%BC"'
    assert put["Expiration"] == expected
    assert s3.head_object(Bucket=b, Key="logs/a")["Expiration"] == expected
    assert s3.get_object(Bucket=b, Key="logs/a")["Expiration"] == expected
    assert s3.copy_object(Bucket=b, Key="logs/b", CopySource=f"{b}/logs/a")["Expiration"] == expected
    upload = s3.create_multipart_upload(Bucket=b, Key="logs/c")["UploadId"]
    etag = s3.upload_part(Bucket=b, Key="logs/c", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    assert s3.complete_multipart_upload(Bucket=b, Key="logs/c", UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": 1, "ETag": etag}]})["Expiration"] == expected
    assert "Expiration" not in cloud.put(b, "other")[0]
    cloud.put(b, "logs/a")
    assert "Expiration" not in s3.head_object(Bucket=b, Key="logs/a", VersionId=put["VersionId"])


def test_dates_are_kept(cloud):
    b = cloud.bucket("dated")
    day = datetime.datetime(2050, 1, 2, tzinfo=datetime.timezone.utc)
    cloud.rules(b, {"Expiration": {"Date": day}, "Transitions": [{"Date": datetime.datetime(2049, 1, 1), "StorageClass": "GLACIER"}]})
    rule = cloud.s3.get_bucket_lifecycle_configuration(Bucket=b)["Rules"][0]
    assert rule["Expiration"] == {"Date": day} and rule["Transitions"][0]["Date"].year == 2049
    assert 'expiry-date="Sun, 02 Jan 2050 00:00:00 GMT"' in cloud.put(b, "k")[0]["Expiration"]


RECORDER = """
import boto3, json
def handler(event, context):
    for record in event["Records"]:
        boto3.client("s3").put_object(Bucket="told-out", Key=record["eventName"] + record["s3"]["object"]["key"], Body=json.dumps(record))
"""


def test_expirations_are_told(cloud):
    s3, functions = cloud.s3, cloud.gust.client("lambda")
    b = cloud.bucket("told-in", "Enabled")
    cloud.bucket("told-out")
    arn = functions.create_function(FunctionName="told", Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=30,
                                    Code={"ZipFile": zip_of({"index.py": RECORDER})}, MemorySize=256)["FunctionArn"]
    functions.add_permission(FunctionName="told", StatementId="s3", Action="lambda:InvokeFunction",
                             Principal="s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{b}")
    s3.put_bucket_notification_configuration(Bucket=b, NotificationConfiguration={"LambdaFunctionConfigurations": [
        {"LambdaFunctionArn": arn, "Events": ["s3:LifecycleExpiration:*"]}]})
    version = cloud.put(b, "k")[0]["VersionId"]
    cloud.rules(b, {"Expiration": {"Days": 1}}, {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}})

    def told(name):
        try:
            return json.loads(s3.get_object(Bucket="told-out", Key=name + "k")["Body"].read())
        except ClientError:
            return None
    cloud.pass_days(3)
    record = wait_until(lambda: told("LifecycleExpiration:DeleteMarkerCreated"), "the marker's event")
    assert record["userIdentity"] == {"principalId": "s3.amazonaws.com"} and record["eventVersion"] == "2.3"
    assert record["requestParameters"] == {"sourceIPAddress": "s3.amazonaws.com"}
    assert "size" not in record["s3"]["object"] and record["s3"]["object"]["versionId"] not in (version, "null")
    cloud.pass_days(2)
    record = wait_until(lambda: told("LifecycleExpiration:Delete"), "the version's event")
    assert record["s3"]["object"]["key"] == "k" and record["s3"]["object"]["versionId"]


def test_a_restart_goes_on(cloud):
    b = cloud.bucket("again")
    cloud.put(b, *[f"k{i}" for i in range(30)])
    cloud.gust.stop()
    cloud.pass_days(3)
    cloud.gust.start()
    cloud.s3 = cloud.gust.client("s3")
    cloud.rules(b, {"Expiration": {"Days": 1}})
    wait_until(lambda: cloud.keys(b) == [], "all to go")
    assert cloud.gust.stop() == 0
