"""Destinations of asynchronous invocations, and functions that trigger themselves."""
import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until

ROLE = "arn:aws:iam::000000000000:role/r"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:"
WORK = """
def handler(e, c):
    if e.get("fail"):
        raise ValueError("no")
    return {"did": e}
"""
# Keeps what it gets in a bucket, where the test looks.
KEEP = """
import boto3, json
def handler(e, c):
    boto3.client("s3").put_object(Bucket=BUCKET, Key=e["requestContext"]["requestId"], Body=json.dumps(e))
"""


def zip_of(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("index.py", text)
    return out.getvalue()


@pytest.fixture
def world(gust, unique):
    """(lambda client, s3 client, bucket, make(suffix, code) -> name)"""
    functions, s3 = gust.client("lambda"), gust.client("s3")
    s3.create_bucket(Bucket=unique)
    made = []

    def make(suffix, code):
        functions.create_function(FunctionName=unique + suffix, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=20,
                                  Code={"ZipFile": zip_of(code)})
        made.append(unique + suffix)
        return unique + suffix
    yield functions, s3, unique, make
    for name in made:
        functions.delete_function(FunctionName=name)


def records(s3, bucket):
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def test_success_and_failure_go_to_their_functions(world):
    functions, s3, bucket, make = world
    keep = make("-keep", f"BUCKET = {bucket!r}\n" + KEEP)
    work = make("-work", WORK)
    config = functions.put_function_event_invoke_config(
        FunctionName=work, MaximumRetryAttempts=0,
        DestinationConfig={"OnSuccess": {"Destination": ARN + keep}, "OnFailure": {"Destination": ARN + keep}})
    assert config["DestinationConfig"]["OnSuccess"]["Destination"] == ARN + keep
    ids = {}
    for fails in (False, True):
        answer = functions.invoke(FunctionName=work, InvocationType="Event", Payload=json.dumps({"fail": fails}))
        ids[answer["ResponseMetadata"]["RequestId"]] = fails
    got = wait_until(lambda: (r := records(s3, bucket)) and len(r) == 2 and r, "two records")
    for record in got:
        fails = ids[record["requestContext"]["requestId"]]
        assert record["version"] == "1.0" and record["requestPayload"] == {"fail": fails}
        assert record["requestContext"]["functionArn"] == f"{ARN}{work}:$LATEST"
        assert record["requestContext"]["condition"] == ("RetriesExhausted" if fails else "Success")
        assert record["requestContext"]["approximateInvokeCount"] == 1
        assert record["responseContext"]["statusCode"] == 200
        assert record["responseContext"].get("functionError") == ("Unhandled" if fails else None)
        assert record["responsePayload"].get("errorMessage") == ("no" if fails else None)


def test_a_bucket_gets_the_records_of_failures(gust, world):
    functions, s3, bucket, make = world
    work = make("-work", WORK)
    config = functions.put_function_event_invoke_config(FunctionName=work, MaximumRetryAttempts=0, DestinationConfig={
        "OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}})
    assert config["DestinationConfig"]["OnFailure"]["Destination"] == f"arn:aws:s3:::{bucket}"
    answer = functions.invoke(FunctionName=work, InvocationType="Event", Payload=b'{"fail": true}')
    (record,) = wait_until(lambda: records(s3, bucket), "the record")
    assert record["requestContext"]["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert record["requestContext"]["condition"] == "RetriesExhausted" and record["responsePayload"]["errorMessage"] == "no"
    (kept,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert kept["Key"].startswith(f"aws/lambda/async/{work}/2") and s3.head_object(Bucket=bucket, Key=kept["Key"])["ContentType"] == "application/json"
    assert not [f for f in gust.cli_json("failed", "list") if f["function"] == work]


def test_destinations_that_are_refused(world):
    functions, _, bucket, make = world
    work = make("-work", WORK)
    with pytest.raises(ClientError, match="destination"):
        functions.put_function_event_invoke_config(FunctionName=work, DestinationConfig={"OnSuccess": {"Destination": f"arn:aws:s3:::{bucket}"}})
    for wrong in ("arn:aws:s3:::no-such-bucket-here", ARN + "missing", "arn:aws:sqs:us-east-1:000000000000:q", "no arn at all, but long enough"):
        with pytest.raises(ClientError) as refused:
            functions.put_function_event_invoke_config(FunctionName=work, DestinationConfig={"OnFailure": {"Destination": wrong}})
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404)
    assert functions.list_function_event_invoke_configs(FunctionName=work)["FunctionEventInvokeConfigs"] == []


def test_a_function_that_triggers_itself_is_stopped(gust, world):
    functions, s3, bucket, make = world
    again = make("-again", f"""
import boto3, uuid
def handler(e, c):
    boto3.client("s3").put_object(Bucket={bucket!r}, Key=str(uuid.uuid4()), Body=b"x")
""")
    functions.add_permission(FunctionName=again, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "LambdaFunctionConfigurations": [{"LambdaFunctionArn": ARN + again, "Events": ["s3:ObjectCreated:*"]}]})
    s3.put_object(Bucket=bucket, Key="first", Body=b"x")
    failed = wait_until(lambda: [f for f in gust.cli_json("failed", "list") if f["function"] == again], "the chain's end")
    assert len(failed) == 1 and "RecursiveInvocationDetected" in failed[0]["error"]
    assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == 17
    gust.cli_json("failed", "drop", failed[0]["id"])
    assert functions.get_function_recursion_config(FunctionName=again)["RecursiveLoop"] == "Terminate"
    functions.put_function_recursion_config(FunctionName=again, RecursiveLoop="Allow")
    assert functions.get_function_recursion_config(FunctionName=again)["RecursiveLoop"] == "Allow"
    s3.put_object(Bucket=bucket, Key="second", Body=b"x")
    wait_until(lambda: len(s3.list_objects_v2(Bucket=bucket)["Contents"]) > 45, "a chain that goes on")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
