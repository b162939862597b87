"""A bucket's notification reaches its function with the documented record, and is never lost."""
import json

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until
from test_lambda import ROLE, zip_of

RECORDER = """
import boto3, json, urllib.parse
def handler(event, context):
    s3 = boto3.client("s3")
    for record in event["Records"]:
        key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        s3.put_object(Bucket=record["s3"]["bucket"]["name"] + "-out", Key=key, Body=json.dumps(record))
"""


@pytest.fixture
def wired(gust, unique):
    """A bucket whose events under in/ ending in .jpg are recorded as objects of a second bucket."""
    s3, functions = gust.client("s3"), gust.client("lambda")
    bucket = unique[-50:].strip("-")
    for name in (bucket, bucket + "-out"):
        s3.create_bucket(Bucket=name)
    arn = functions.create_function(FunctionName=bucket, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=30,
                                    Code={"ZipFile": zip_of({"index.py": RECORDER})}, MemorySize=256)["FunctionArn"]
    functions.add_permission(FunctionName=bucket, StatementId="s3", Action="lambda:InvokeFunction",
                             Principal="s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{bucket}")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [
        {"Id": "mine", "LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"],
         "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".jpg"}]}}}]})
    return s3, bucket, arn


def recorded(s3, bucket, key):
    try:
        return json.loads(s3.get_object(Bucket=bucket + "-out", Key=key)["Body"].read())
    except ClientError:
        return None


def test_the_record(wired):
    s3, bucket, arn = wired
    etag = s3.put_object(Bucket=bucket, Key="in/a b+ü.jpg", Body=b"12345")["ETag"]
    record = wait_until(lambda: recorded(s3, bucket, "in/a b+ü.jpg"), "the event")
    assert record["eventVersion"].startswith("2.") and record["eventSource"] == "aws:s3"
    assert record["eventName"] == "ObjectCreated:Put" and record["awsRegion"] == "us-east-1"
    assert record["s3"]["configurationId"] == "mine" and record["s3"]["s3SchemaVersion"] == "1.0"
    assert record["s3"]["bucket"]["name"] == bucket and record["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket}"
    thing = record["s3"]["object"]
    assert (thing["key"], thing["size"], thing["eTag"]) == ("in/a+b%2B%C3%BC.jpg", 5, etag.strip('"'))
    assert thing["sequencer"] and record["requestParameters"]["sourceIPAddress"] and record["userIdentity"]["principalId"]
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["LambdaFunctionConfigurations"][0]["LambdaFunctionArn"] == arn


def test_filters_and_kinds(wired):
    s3, bucket, _ = wired
    s3.put_object(Bucket=bucket, Key="in/no.png", Body=b"x")
    s3.put_object(Bucket=bucket, Key="out/no.jpg", Body=b"x")
    s3.copy_object(Bucket=bucket, Key="in/copy.jpg", CopySource={"Bucket": bucket, "Key": "out/no.jpg"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="in/parts.jpg")["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key="in/parts.jpg", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(Bucket=bucket, Key="in/parts.jpg", UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert wait_until(lambda: recorded(s3, bucket, "in/copy.jpg"), "copy")["eventName"] == "ObjectCreated:Copy"
    assert wait_until(lambda: recorded(s3, bucket, "in/parts.jpg"), "parts")["eventName"] == \
        "ObjectCreated:CompleteMultipartUpload"
    keys = {o["Key"] for o in s3.list_objects_v2(Bucket=bucket + "-out")["Contents"]}
    assert keys == {"in/copy.jpg", "in/parts.jpg"}


def test_a_target_that_may_not_be_invoked_is_refused(gust, unique):
    s3 = gust.client("s3")
    s3.create_bucket(Bucket=unique)
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_notification_configuration(Bucket=unique, NotificationConfiguration={"LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:none", "Events": ["s3:ObjectCreated:*"]}]})
    assert caught.value.response["Error"]["Code"] == "InvalidArgument"
    assert "Unable to validate the following destination configurations" in caught.value.response["Error"]["Message"]


def test_one_failing_function_delays_no_other(wired, gust, unique):
    s3, bucket, _ = wired
    functions = gust.client("lambda")
    functions.create_function(FunctionName=bucket + "-bad", Runtime="python3.12", Handler="index.handler", Role=ROLE,
                              Code={"ZipFile": zip_of({"index.py": "def handler(e, c): raise ValueError('no')"})})
    for _ in range(50):
        functions.invoke(FunctionName=bucket + "-bad", InvocationType="Event", Payload=b"{}")
    s3.put_object(Bucket=bucket, Key="in/after.jpg", Body=b"x")
    assert wait_until(lambda: recorded(s3, bucket, "in/after.jpg"), "the healthy function's event", 30)


def destination(s3, bucket, kind, arn, events=("s3:ObjectCreated:*",), **more):
    name = {"Queue": "QueueArn", "Topic": "TopicArn", "LambdaFunction": "LambdaFunctionArn"}[kind]
    return s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={f"{kind}Configurations": [{name: arn, "Events": list(events)}]}, **more)


def test_every_documented_event_may_be_named(wired):
    s3, bucket, arn = wired
    names = s3.meta.service_model.shape_for("Event").enum
    destination(s3, bucket, "LambdaFunction", arn, [n for n in names if not n.endswith("*")])
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)["LambdaFunctionConfigurations"][0]["Events"]
    assert "s3:LifecycleExpiration:DeleteMarkerCreated" in kept and "s3:Replication:OperationNotTracked" in kept
    destination(s3, bucket, "LambdaFunction", arn, [n for n in names if n.endswith("*")])
    for wrong in ("s3:TestEvent", "s3:ObjectCreated", "s3:ObjectAcl:*", "ObjectCreated:*"):
        with pytest.raises(ClientError) as caught:
            destination(s3, bucket, "LambdaFunction", arn, [wrong])
        assert caught.value.response["Error"]["Code"] == "InvalidArgument", wrong


@pytest.mark.parametrize("kind, arn", [("Queue", "arn:aws:sqs:us-east-1:000000000000:none"),
                                       ("Topic", "arn:aws:sns:us-east-1:000000000000:none")])
def test_queues_and_topics_do_not_exist(wired, kind, arn):
    s3, bucket, function = wired
    with pytest.raises(ClientError) as caught:
        destination(s3, bucket, kind, arn)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidArgument"
    assert error["Message"] == "Unable to validate the following destination configurations"
    assert error["ArgumentName"] == arn and error["ArgumentValue"] == f"The destination {kind.lower()} does not exist"
    with pytest.raises(ClientError) as caught:
        destination(s3, bucket, kind, function)
    assert caught.value.response["Error"]["Message"] == "The ARN could not be parsed"
    # Unchecked it is kept, and what it would have been told is dropped; others are told all the same.
    destination(s3, bucket, kind, arn, SkipDestinationValidation=True)
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)[f"{kind}Configurations"][0]
    assert arn in kept.values() and kept["Id"]
    s3.put_object(Bucket=bucket, Key="in/lost.jpg", Body=b"x")
    destination(s3, bucket, "LambdaFunction", function)
    s3.put_object(Bucket=bucket, Key="in/after.jpg", Body=b"x")
    wait_until(lambda: recorded(s3, bucket, "in/after.jpg"), "the event after")
    assert recorded(s3, bucket, "in/lost.jpg") is None


def test_event_buses_are_refused(wired):
    s3, bucket, _ = wired
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert caught.value.response["Error"]["Code"] == "NotImplemented"


def test_versions_markers_and_tags_are_told(wired, gust):
    s3, bucket, arn = wired
    destination(s3, bucket, "LambdaFunction", arn, ["s3:ObjectTagging:*", "s3:ObjectRemoved:*", "s3:ObjectAcl:Put", "s3:ObjectCreated:Put"])

    def told(key, name):
        record = wait_until(lambda: (r := recorded(s3, bucket, key)) and r["eventName"] == name and r, f"{name} of {key}")
        return record, record["s3"]["object"]
    s3.put_object(Bucket=bucket, Key="plain", Body=b"x")
    assert "versionId" not in told("plain", "ObjectCreated:Put")[1]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"xy")
    record, thing = told("k", "ObjectCreated:Put")
    assert record["eventVersion"] == "2.1" and thing["versionId"] == put["VersionId"] and thing["size"] == 2
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    record, thing = told("k", "ObjectTagging:Put")
    assert record["eventVersion"] == "2.3" and thing["versionId"] == put["VersionId"] and thing["eTag"] == put["ETag"].strip('"')
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    told("k", "ObjectTagging:Delete")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="private")
    told("k", "ObjectAcl:Put")
    marker = s3.delete_object(Bucket=bucket, Key="k")
    thing = told("k", "ObjectRemoved:DeleteMarkerCreated")[1]
    assert thing["versionId"] == marker["VersionId"] and "size" not in thing and "eTag" not in thing
    s3.delete_object(Bucket=bucket, Key="k", VersionId=put["VersionId"])
    assert told("k", "ObjectRemoved:Delete")[1]["versionId"] == put["VersionId"]
