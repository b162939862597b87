"""Event source mappings: functions that get the records of tables' streams, by the official SDK."""
import json
import re
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from conftest import ROOT, wait_until
from test_lambda import ROLE, zip_of

# Notes what it got in a bucket, an object a batch, and fails as the item's "do" says.
CODE = """
import boto3, json, os, time
s3 = boto3.client("s3")
def handler(event, context):
    records = event["Records"]
    name = f"{time.time_ns()}-{context.aws_request_id}"
    trace = os.environ.get("_X_AMZN_TRACE_ID", "")
    s3.put_object(Bucket=BUCKET, Key="seen/" + name, Body=json.dumps({"event": event, "trace": trace}))
    bad = []
    for record in records:
        do = record["dynamodb"].get("NewImage", {}).get("do", {}).get("S", "")
        if do == "raise":
            raise ValueError("no")
        if do == "report":
            bad.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
    return {"batchItemFailures": bad}
"""


class World:
    def __init__(self, gust, name):
        self.gust, self.name, self.made = gust, name, []
        self.functions, self.dynamodb, self.s3 = (gust.client(s) for s in ("lambda", "dynamodb", "s3"))
        self.s3.create_bucket(Bucket=name)
        self.stream = self.table(name)
        self.function(name)

    def table(self, name):
        return self.dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]["LatestStreamArn"]

    def function(self, name, code=None, **more):
        self.functions.create_function(FunctionName=name, Role=ROLE, **{
            "Runtime": "python3.12", "Handler": "index.handler", "Timeout": 20,
            "Code": {"ZipFile": zip_of({"index.py": code or f"BUCKET = {self.name!r}\n" + CODE})}} | more)

    def map(self, **more):
        mapping = self.functions.create_event_source_mapping(**{
            "FunctionName": self.name, "EventSourceArn": self.stream, "StartingPosition": "TRIM_HORIZON"} | more)
        self.made.append(mapping["UUID"])
        return mapping

    def get(self, mapping):
        return self.functions.get_event_source_mapping(UUID=mapping["UUID"])

    def wait(self, mapping, state):
        return wait_until(lambda: (m := self.get(mapping))["State"] == state and m, state)

    def put(self, name, **more):
        self.dynamodb.put_item(TableName=self.name, Item={"id": {"S": name}} | {k: {"S": v} for k, v in more.items()})

    def objects(self, prefix):
        keys = [o["Key"] for o in self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])]
        return {key: json.loads(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()) for key in keys}

    def batches(self):
        """The ids of each batch, in the order of their invocations."""
        return [[r["dynamodb"]["Keys"]["id"]["S"] for r in seen["event"]["Records"]]
                for _, seen in sorted(self.objects("seen/").items())]

    def wait_seen(self, *names):
        wait_until(lambda: set(names) <= {n for batch in self.batches() for n in batch}, f"the function to see {names}", 120)

    def close(self):
        for uuid in self.made:
            try:
                self.functions.delete_event_source_mapping(UUID=uuid)
            except self.functions.exceptions.ResourceNotFoundException:
                pass
        self.dynamodb.delete_table(TableName=self.name)


@pytest.fixture
def world(gust, unique):
    made = World(gust, unique)
    yield made
    made.close()


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert error.value.response["Error"]["Code"] == code
    return error.value.response["Error"]["Message"]


def test_writes_reach_the_function(world):
    mapping = world.map(BatchSize=10)
    assert mapping["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert mapping["State"] == "Creating" and mapping["StateTransitionReason"] == "User action"
    assert mapping["LastProcessingResult"] == "No records processed"
    world.wait(mapping, "Enabled")
    world.put("a", x="1")
    world.put("a", x="2")
    world.dynamodb.delete_item(TableName=world.name, Key={"id": {"S": "a"}})
    records = wait_until(lambda: (r := [r for _, seen in sorted(world.objects("seen/").items())
                                        for r in seen["event"]["Records"]]) and len(r) == 3 and r, "three records")
    assert [r["eventName"] for r in records] == ["INSERT", "MODIFY", "REMOVE"]
    first = records[0]
    assert set(first) == {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb", "eventSourceARN"}
    assert first["eventVersion"] == "1.1" and first["eventSource"] == "aws:dynamodb" and first["awsRegion"] == "us-east-1"
    assert first["eventSourceARN"] == world.stream
    change = dict(records[1]["dynamodb"])
    assert abs(change.pop("ApproximateCreationDateTime") - time.time()) < 600
    assert change.pop("SequenceNumber") > first["dynamodb"]["SequenceNumber"] and change.pop("SizeBytes") == 13
    assert change == {"Keys": {"id": {"S": "a"}}, "NewImage": {"id": {"S": "a"}, "x": {"S": "2"}},
                      "OldImage": {"id": {"S": "a"}, "x": {"S": "1"}}, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert all(seen["trace"].startswith("Root=1-") for seen in world.objects("seen/").values())
    wait_until(lambda: world.get(mapping)["LastProcessingResult"] == "OK", "the result")


def test_answers_have_every_setting(world):
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{world.name}"
    mapping = world.map(Enabled=False)
    assert mapping["EventSourceMappingArn"].endswith(":event-source-mapping:" + mapping["UUID"])
    shown = world.wait(mapping, "Disabled")
    shown.pop("ResponseMetadata"), shown.pop("LastModified")
    assert shown == {
        "UUID": mapping["UUID"], "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0, "ParallelizationFactor": 1,
        "EventSourceArn": world.stream, "FunctionArn": arn, "LastProcessingResult": "No records processed",
        "State": "Disabled", "StateTransitionReason": "User action", "DestinationConfig": {"OnFailure": {}},
        "MaximumRecordAgeInSeconds": -1, "BisectBatchOnFunctionError": False, "MaximumRetryAttempts": -1,
        "TumblingWindowInSeconds": 0, "FunctionResponseTypes": [], "StartingPosition": "TRIM_HORIZON",
        "EventSourceMappingArn": mapping["EventSourceMappingArn"]}
    settings = {"BatchSize": 7, "MaximumBatchingWindowInSeconds": 3, "ParallelizationFactor": 10,
                "MaximumRecordAgeInSeconds": 60, "BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 0,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
                "DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:s3:::{world.name}"}},
                "MetricsConfig": {"Metrics": ["EventCount"]}}
    changed = world.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True, **settings)
    assert changed["State"] == "Enabling" and {k: changed[k] for k in settings} == settings
    shown = world.wait(mapping, "Enabled")
    assert {k: shown[k] for k in settings} == settings and shown["LastModified"] >= mapping["LastModified"]
    cleared = world.functions.update_event_source_mapping(
        UUID=mapping["UUID"], FilterCriteria={}, FunctionResponseTypes=[], DestinationConfig={"OnFailure": {}})
    assert cleared["State"] == "Updating" and "FilterCriteria" not in cleared and cleared["FunctionResponseTypes"] == []
    assert cleared["DestinationConfig"] == {"OnFailure": {}} and cleared["BatchSize"] == 7
    gone = world.functions.delete_event_source_mapping(UUID=mapping["UUID"])
    assert gone["State"] == "Deleting" and gone["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert refused("ResourceNotFoundException", world.functions.get_event_source_mapping, UUID=mapping["UUID"]) == (
        "The resource you requested does not exist.")


def test_lists_and_tags(world):
    other = world.table(world.name + "-2")
    mapping = world.map(Enabled=False, Tags={"a": "1"})
    second = world.map(Enabled=False, EventSourceArn=other)
    functions = world.functions

    def listed(**by):
        return {m["UUID"] for m in functions.list_event_source_mappings(**by)["EventSourceMappings"]}
    assert listed(FunctionName=world.name) == {mapping["UUID"], second["UUID"]}
    assert listed(EventSourceArn=other) == {second["UUID"]}
    assert listed(FunctionName=world.name, EventSourceArn=world.stream) == {mapping["UUID"]}
    assert listed(FunctionName="no-such-function") == set()
    pages = list(functions.get_paginator("list_event_source_mappings").paginate(
        FunctionName=world.name, PaginationConfig={"PageSize": 1}))
    assert {m["UUID"] for p in pages for m in p["EventSourceMappings"]} == {mapping["UUID"], second["UUID"]}
    assert len(pages[0]["EventSourceMappings"]) == 1
    arn = mapping["EventSourceMappingArn"]
    functions.tag_resource(Resource=arn, Tags={"b": "2"})
    functions.untag_resource(Resource=arn, TagKeys=["a"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    refused("ResourceNotFoundException", functions.list_tags, Resource=arn[:-4] + "0000")
    world.dynamodb.delete_table(TableName=world.name + "-2")


def test_what_does_not_fit_is_refused(world):
    create = world.functions.create_event_source_mapping
    good = {"FunctionName": world.name, "EventSourceArn": world.stream, "StartingPosition": "LATEST"}

    def invalid(code="InvalidParameterValueException", **change):
        return refused(code, create, **{k: v for k, v in (good | change).items() if v is not None})
    assert invalid(EventSourceArn=None) == "Unrecognized event source."
    assert invalid(StartingPosition=None) == (
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")
    assert invalid(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=1) == (
        f"Unsupported starting position for arn type: {world.stream}")
    assert invalid(StartingPositionTimestamp=1) == "Timestamp only valid with StartingPosition AT_TIMESTAMP"
    assert invalid(FunctionName="no-such-function") == "Function does not exist"
    assert invalid(FunctionName=world.name + ":no-such-alias") == "Function does not exist"
    gone = world.stream[:-4] + "9999"
    assert invalid(EventSourceArn=gone) == f"Stream not found: {gone}"
    assert invalid(EventSourceArn=world.stream.replace("000000000000", "111111111111")).startswith("Cannot access stream")
    assert "NonExistentQueue" in invalid(EventSourceArn="arn:aws:sqs:us-east-1:000000000000:q", StartingPosition=None)
    kinesis = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
    assert invalid(EventSourceArn=kinesis) == f"Stream not found: {kinesis}"
    assert invalid(EventSourceArn="arn:aws:s3:::bucket") == "Unsupported source arn : arn:aws:s3:::bucket"
    assert invalid(MaximumRecordAgeInSeconds=59) == (
        "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)")
    for pattern in ("single-string", '[{"eventName": ["INSERT"=123}]', "", '{"a": "b"}', '{"a": [{"like": "x"}]}'):
        assert invalid(FilterCriteria={"Filters": [{"Pattern": pattern}]}) == "Invalid filter pattern definition."
    assert invalid(FilterCriteria={"Filters": [{}]}) == "Invalid filter pattern definition."
    eleven = [{"Pattern": '{"eventName": ["INSERT"]}'}] * 11
    assert "filters" in invalid(FilterCriteria={"Filters": eleven})
    assert invalid(DestinationConfig={"OnSuccess": {"Destination": f"arn:aws:s3:::{world.name}"}}) == (
        "Unsupported DestinationConfig parameter for given event source mapping type.")
    for destination in ("arn:aws:s3:::no-such-bucket-here", "arn:aws:sqs:us-east-1:000000000000:q",
                        f"arn:aws:lambda:us-east-1:000000000000:function:{world.name}"):
        assert "is invalid" in invalid(DestinationConfig={"OnFailure": {"Destination": destination}})
    assert invalid(ScalingConfig={"MaximumConcurrency": 2}) == (
        "Unsupported ScalingConfig parameter for given event source mapping type.")
    assert "TumblingWindowInSeconds" in invalid(TumblingWindowInSeconds=30)
    for change in ({"BatchSize": 10001}, {"BatchSize": 0}, {"MaximumBatchingWindowInSeconds": 301},
                   {"ParallelizationFactor": 11}, {"MaximumRetryAttempts": 10001}, {"MaximumRecordAgeInSeconds": 604801},
                   {"StartingPosition": "MIDDLE"}, {"FunctionResponseTypes": ["Other"]},
                   {"FilterCriteria": {"Filters": [{"Pattern": " " * 4097}]}}):
        with pytest.raises(Exception) as error:
            world.gust.client("lambda").create_event_source_mapping(**good | change)
        assert "alid" in str(error.value)
    mapping = world.map(Enabled=False)
    assert refused("ResourceConflictException", create, **good) == (
        f'The event source arn (" {world.stream} ") and function (" {world.name} ") provided mapping already exists. '
        f'Please update or delete the existing mapping with UUID {mapping["UUID"]}')
    nobody = "00000000-0000-0000-0000-000000000000"
    for operation in ("get", "update", "delete"):
        assert refused("ResourceNotFoundException", getattr(world.functions, operation + "_event_source_mapping"),
                       UUID=nobody) == "The resource you requested does not exist."


def test_a_failing_batch_blocks_and_is_given_up(world):
    mapping = world.map(BatchSize=1, MaximumRetryAttempts=2,
                        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{world.name}"}})
    world.put("bad", do="raise")
    world.put("good")
    world.wait_seen("good")
    assert world.batches() == [["bad"]] * 3 + [["good"]]
    (key, record), = world.objects("aws/lambda/").items()
    info = record["DDBStreamBatchInfo"]
    assert key.startswith(f"aws/lambda/{mapping['UUID']}/{info['shardId']}/{time.strftime('%Y/')}")
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert info["batchSize"] == 1 and info["streamArn"] == world.stream
    assert info["startSequenceNumber"] == info["endSequenceNumber"]
    bad, = json.loads(record["payload"])["Records"]
    assert bad["dynamodb"]["Keys"] == {"id": {"S": "bad"}}


def test_bisecting_finds_the_bad_record(world):
    for name in "abcd":
        world.put(name, do="raise" if name == "c" else "")
    world.map(BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    world.wait_seen("d")
    wait_until(lambda: world.batches()[-1] == ["d"], "the last half")
    assert world.batches() == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["d"]]


def test_reported_failures_are_tried_again(world):
    for name in "abcd":
        world.put(name, do="report" if name == "c" else "")
    world.map(FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1)
    wait_until(lambda: len(world.batches()) == 2, "two batches")
    assert world.batches() == [["a", "b", "c", "d"], ["c", "d"]]
    world.put("e")
    world.wait_seen("e")
    assert world.batches()[2:] == [["e"]]


def test_filters(world):
    patterns = [{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"x": {"S": [{"prefix": "yes"}]}}}},
                {"eventName": ["REMOVE"], "dynamodb": {"Keys": {"id": {"S": [{"anything-but": ["b"]}]}}}}]
    world.map(FilterCriteria={"Filters": [{"Pattern": json.dumps(p)} for p in patterns]})
    for name, x in (("a", "yes-1"), ("b", "no"), ("c", "yes-2")):
        world.put(name, x=x)
    world.put("a", x="yes-3")
    for name in "bca":
        world.dynamodb.delete_item(TableName=world.name, Key={"id": {"S": name}})
    wait_until(lambda: sum(map(len, world.batches())) >= 4, "four records")
    assert [n for batch in world.batches() for n in batch] == ["a", "c", "c", "a"]


def test_disabled_stops_and_enabled_goes_on(new_gust, unique):
    world = World(new_gust().start(), unique)
    mapping = world.map(BatchSize=1)
    world.put("a")
    world.wait_seen("a")
    assert world.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)["State"] == "Disabling"
    world.wait(mapping, "Disabled")
    world.put("b")
    world.gust.restart()
    assert world.get(mapping)["State"] == "Disabled" and world.get(mapping)["LastProcessingResult"] == "OK"
    world.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    world.wait_seen("b")
    assert world.batches() == [["a"], ["b"]]


def test_latest_begins_with_what_comes(world):
    world.put("before")
    world.map(StartingPosition="LATEST")
    world.put("after")
    world.wait_seen("after")
    assert world.batches() == [["after"]]


def test_a_function_that_is_away_loses_nothing(world):
    name = world.name + "-late"
    world.function(name)
    world.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    mapping = world.map(FunctionName=name, MaximumRetryAttempts=0)
    world.put("a")
    wait_until(lambda: world.get(mapping)["LastProcessingResult"] == "PROBLEM: Function call failed", "a throttled call")
    world.functions.delete_function(FunctionName=name)
    assert world.get(mapping)["State"] == "Enabled"
    world.function(name)
    world.wait_seen("a")
    world.functions.delete_function(FunctionName=name)


def test_a_deleted_table_is_read_to_its_end(world):
    world.put("a")
    world.dynamodb.delete_table(TableName=world.name)
    mapping = world.map()
    world.wait_seen("a")
    assert world.get(mapping)["State"] == "Enabled"
    world.table(world.name)  # for the end of the test


def test_a_function_of_node_by_its_alias(world):
    name = world.name + "-node"
    code = """
const { S3Client, PutObjectCommand } = require("@aws-sdk/client-s3");
exports.handler = async (event, context) => {
  const Body = JSON.stringify({ event, trace: "", arn: context.invokedFunctionArn });
  await new S3Client({ forcePathStyle: true }).send(
    new PutObjectCommand({ Bucket: process.env.BUCKET, Key: `seen/${Date.now()}-${context.awsRequestId}`, Body }));
};
"""
    world.function(name, Runtime="nodejs20.x", Code={"ZipFile": zip_of({"index.js": code})},
                   Environment={"Variables": {"BUCKET": world.name}})
    version = world.functions.publish_version(FunctionName=name)["Version"]
    world.functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    mapping = world.map(FunctionName=f"{name}:live", ParallelizationFactor=5)
    assert mapping["FunctionArn"].endswith(f":{name}:live")
    assert world.functions.list_event_source_mappings(FunctionName=f"{name}:live")["EventSourceMappings"]
    assert not world.functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    world.put("a")
    world.wait_seen("a")
    seen, = world.objects("seen/").values()
    assert seen["arn"].endswith(f":{name}:live")
    world.functions.delete_function(FunctionName=name)


def test_many_writes_in_parallel_lanes(world):
    name = world.name + "-lanes"
    world.function(name, """
def handler(event, context):
    for record in event["Records"]:
        image = record["dynamodb"]["NewImage"]
        print(f"saw {image['id']['S']}={image['n']['N']}.")
""")
    world.map(FunctionName=name, ParallelizationFactor=4, BatchSize=10)
    for start in range(0, 200, 20):
        world.dynamodb.batch_write_item(RequestItems={world.name: [
            {"PutRequest": {"Item": {"id": {"S": f"k{i % 20}"}, "n": {"N": str(i)}}}} for i in range(start, start + 20)]})

    def seen():
        log = world.gust.cli("logs", name, "--limit", 10000).stdout
        return re.findall(r"saw (k\d+)=(\d+)\.", log)
    by_key = {}
    for key, n in wait_until(lambda: (s := seen()) and len(s) >= 200 and s, "200 records", 120):
        by_key.setdefault(key, []).append(int(n))
    assert len(by_key) == 20 and all(numbers == sorted(numbers) for numbers in by_key.values())
    world.functions.delete_function(FunctionName=name)


def test_expired_items_say_who_removed_them(new_gust, monkeypatch, unique):
    monkeypatch.setenv("GUST_TTL_PERIOD_MS", "100")
    world = World(new_gust().start(), unique)
    pattern = {"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}
    world.map(FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})
    world.dynamodb.update_time_to_live(
        TableName=world.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    world.dynamodb.put_item(TableName=world.name, Item={"id": {"S": "old"}, "until": {"N": str(int(time.time()) - 10)}})
    world.wait_seen("old")
    (seen,) = world.objects("seen/").values()
    assert [r["eventName"] for r in seen["event"]["Records"]] == ["REMOVE"]


def test_metrics(new_gust, unique):
    import requests
    world = World(new_gust().start(), unique)
    world.map(MaximumRetryAttempts=0, BatchSize=1)
    world.put("a", do="raise")
    world.put("b")
    world.wait_seen("b")

    def value(name):
        page = requests.get(f"{world.gust.endpoint}/_gust/metrics", timeout=10).text
        return float(next(line for line in page.splitlines() if line.startswith(name + " ")).split()[1])
    wait_until(lambda: value("gust_event_source_records_total") == 1, "the count of records")
    assert value("gust_event_source_batches_total") == 2 and value("gust_event_source_failed_batches_total") == 1
    assert value("gust_event_source_given_up_records_total") == 1
    assert value("gust_event_source_mappings_enabled") == 1 and value("gust_event_source_iterator_age_seconds") >= 0


def test_the_aws_command_line(world):
    aws = ROOT / "build/venv-new/bin/aws"
    if not aws.exists():
        pytest.skip("needs the aws command")
    out = subprocess.run([aws, "lambda", "create-event-source-mapping", "--function-name", world.name, "--event-source-arn",
                          world.stream, "--starting-position", "TRIM_HORIZON", "--no-enabled"],
                         env=world.gust.env(), capture_output=True, text=True, timeout=60, check=True).stdout
    world.made.append(json.loads(out)["UUID"])
    assert json.loads(out)["State"] == "Creating"


TEMPLATE = """
Parameters:
  Stream: {Type: String}
  Size: {Type: Number, Default: 5}
Resources:
  Follow:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): print('got', [r['dynamodb']['Keys']['id']['S'] for r in event['Records']])"
      Handler: index.handler
      Runtime: python3.12
      AutoPublishAlias: live
      Events:
        Changes:
          Type: DynamoDB
          Properties: {Stream: !Ref Stream, StartingPosition: TRIM_HORIZON, BatchSize: !Ref Size,
                       BisectBatchOnFunctionError: true}
Outputs:
  Name: {Value: !Ref Follow}
"""


def test_deploy_makes_changes_and_removes_mappings(world, tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE)
    stack = "s" + world.name[-8:]

    def deploy(*more):
        return world.gust.cli_json("deploy", tmp_path, "--stack", stack, "--yes", "--parameter", f"Stream={world.stream}",
                                   *more)["outputs"]["Name"]

    def mappings(name):
        return world.functions.list_event_source_mappings(FunctionName=name + ":live")["EventSourceMappings"]
    name = deploy()
    mapping, = mappings(name)
    assert mapping["BatchSize"] == 5 and mapping["BisectBatchOnFunctionError"] and mapping["EventSourceArn"] == world.stream
    world.put("a")
    wait_until(lambda: "got ['a']" in world.gust.cli("logs", name).stdout, "the record in the log")
    assert deploy() == name and [m["UUID"] for m in mappings(name)] == [mapping["UUID"]]
    deploy("--parameter", "Size=7")
    changed, = mappings(name)
    assert changed["UUID"] == mapping["UUID"] and changed["BatchSize"] == 7
    template.write_text(TEMPLATE[:TEMPLATE.index("      Events:")] + "Outputs:\n  Name: {Value: !Ref Follow}\n")
    deploy()
    assert mappings(name) == []


WITH_TABLE = """
Resources:
  Songs:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Follow:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): print('got', [r['dynamodb']['Keys']['id']['S'] for r in event['Records']])"
      Handler: index.handler
      Runtime: python3.12
      Events:
        Changes:
          Type: DynamoDB
          Properties: {Stream: !GetAtt Songs.StreamArn, StartingPosition: TRIM_HORIZON}
Outputs:
  Table: {Value: !Ref Songs}
  Name: {Value: !Ref Follow}
"""


def test_deploy_lets_a_function_follow_a_table_of_the_same_template(gust, unique, tmp_path):
    (tmp_path / "template.yaml").write_text(WITH_TABLE)

    def deploy():
        return gust.cli_json("deploy", tmp_path, "--stack", unique, "--yes")["outputs"]
    out = deploy()
    gust.client("dynamodb").put_item(TableName=out["Table"], Item={"id": {"S": "a"}})
    wait_until(lambda: "got ['a']" in gust.cli("logs", out["Name"]).stdout, "the record in the log", 120)
    mappings = gust.client("lambda").list_event_source_mappings(FunctionName=out["Name"])["EventSourceMappings"]
    assert deploy() == out
    after = gust.client("lambda").list_event_source_mappings(FunctionName=out["Name"])["EventSourceMappings"]
    assert [m["UUID"] for m in after] == [m["UUID"] for m in mappings] and len(after) == 1
