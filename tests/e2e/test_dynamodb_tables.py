"""Tables of DynamoDB by the official SDK: what they are declared to be."""
import json
import time
import uuid
import zlib

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from conftest import wait_until

HASH = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
UNITS = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}}


@pytest.fixture
def dynamodb(gust):
    return gust.client("dynamodb")


@pytest.fixture
def table(dynamodb, unique):
    dynamodb.create_table(TableName=unique, **HASH, **ON_DEMAND)
    yield unique
    try:
        dynamodb.delete_table(TableName=unique)
    except dynamodb.exceptions.ResourceNotFoundException:
        pass


def unique_names(what):
    return f"{what}-{uuid.uuid4().hex[:8]}"


def refusal(call, code="ValidationException"):
    with pytest.raises(ClientError) as raised:
        call()
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return raised.value.response["Error"]["Message"]


def index(name, *keys, projection="ALL", **more):
    kinds = ("HASH", "RANGE")
    return {"IndexName": name, "KeySchema": [{"AttributeName": k, "KeyType": kinds[i]} for i, k in enumerate(keys)],
            "Projection": {"ProjectionType": projection}, **more}


def attributes(**types):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def post(gust, operation, body, headers=()):
    """The response to a request as it is on the wire."""
    key, secret = gust.keys()
    request = AWSRequest("POST", gust.endpoint, data=body, headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{operation}", **dict(headers)})
    SigV4Auth(Credentials(key, secret), "dynamodb", "us-east-1").add_auth(request)
    return requests.post(gust.endpoint, data=body, headers=dict(request.headers))


def test_a_table_is_described_as_it_was_made(dynamodb, unique):
    made = dynamodb.create_table(
        TableName=unique, AttributeDefinitions=attributes(id="S", at="N", kind="B"),
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        LocalSecondaryIndexes=[index("local", "id", "kind", projection="KEYS_ONLY")],
        GlobalSecondaryIndexes=[index("global", "kind", "id", **UNITS)], **UNITS,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        Tags=[{"Key": "team", "Value": "blue"}], DeletionProtectionEnabled=True)["TableDescription"]
    assert made["TableStatus"] == "CREATING"
    dynamodb.get_waiter("table_exists").wait(TableName=unique)
    table = dynamodb.describe_table(TableName=unique)["Table"]
    assert table["TableStatus"] == "ACTIVE"
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{unique}"
    assert table["TableArn"] == arn and table["TableId"] == made["TableId"]
    assert [k["AttributeName"] for k in table["KeySchema"]] == ["id", "at"]
    assert sorted(table["AttributeDefinitions"], key=str) == sorted(attributes(id="S", at="N", kind="B"), key=str)
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 6
    assert table["LocalSecondaryIndexes"][0]["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert table["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    assert table["GlobalSecondaryIndexes"][0]["IndexArn"] == f"{arn}/index/global"
    assert table["LatestStreamArn"] == f"{arn}/stream/{table['LatestStreamLabel']}"
    assert table["DeletionProtectionEnabled"] is True
    assert dynamodb.describe_table(TableName=arn)["Table"]["TableName"] == unique
    assert "protected against deletion" in refusal(lambda: dynamodb.delete_table(TableName=unique))
    dynamodb.update_table(TableName=unique, DeletionProtectionEnabled=False)
    assert dynamodb.delete_table(TableName=unique)["TableDescription"]["TableStatus"] == "DELETING"
    dynamodb.get_waiter("table_not_exists").wait(TableName=unique)


def test_errors_in_the_service_s_words(dynamodb, table):
    def refused(**changes):
        return refusal(lambda: dynamodb.create_table(**{"TableName": "another", **HASH, **ON_DEMAND, **changes}))
    assert refusal(lambda: dynamodb.create_table(TableName=table, **HASH, **ON_DEMAND), "ResourceInUseException") == \
        f"Table already exists: {table}"
    for call in (dynamodb.describe_table, dynamodb.delete_table, dynamodb.describe_time_to_live):
        assert refusal(lambda: call(TableName="not-there"), "ResourceNotFoundException") == \
            "Requested resource not found: Table: not-there not found"
    assert "[a-zA-Z0-9_.-]+" in refused(TableName="a b c")
    assert refused(AttributeDefinitions=attributes(b="S")) == \
        "One or more parameter values were invalid: Some index key attributes are not defined in " \
        "AttributeDefinitions. Keys: [id], AttributeDefinitions: [b]"
    assert "Number of attributes in KeySchema does not exactly match number of attributes defined in " \
        "AttributeDefinitions" in refused(AttributeDefinitions=attributes(id="S", more="N"))
    assert "The first KeySchemaElement is not a HASH key type" in \
        refused(KeySchema=[{"AttributeName": "id", "KeyType": "RANGE"}])
    assert "ReadCapacityUnits and WriteCapacityUnits must both be specified" in refused(BillingMode="PROVISIONED")
    assert "can be specified when BillingMode is PAY_PER_REQUEST" in refused(**UNITS)
    assert "does not have a range key" in refused(LocalSecondaryIndexes=[index("local", "id", "id2")],
                                                  AttributeDefinitions=attributes(id="S", id2="S"))
    assert "Duplicate index name: same" in refused(GlobalSecondaryIndexes=[index("same", "id"), index("same", "id")])
    assert "Member must satisfy enum value set" in refused(BillingMode="FREE")


def test_names_that_are_too_short(gust):
    def message(operation, **body):
        return post(gust, operation, json.dumps({"TableName": "ab", **body})).json()["message"]
    assert message("CreateTable", **HASH, **ON_DEMAND) == \
        "TableName must be at least 3 characters long and at most 255 characters long"
    assert message("DescribeTable") == "TableName must be at least 3 characters long and at most 255 characters long"
    assert message("Scan") == \
        "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have " \
        "length greater than or equal to 3"


def test_the_wire(gust, table):
    found = post(gust, "DescribeTable", json.dumps({"TableName": table}))
    assert found.status_code == 200
    assert found.headers["content-type"] == "application/x-amz-json-1.0"
    assert int(found.headers["x-amz-crc32"]) == zlib.crc32(found.content)
    assert len(found.headers["x-amzn-requestid"]) == 36
    missing = post(gust, "DescribeTable", '{"TableName":"not-there"}')
    assert missing.status_code == 400
    assert missing.json() == {"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
                              "message": "Requested resource not found: Table: not-there not found"}
    assert int(missing.headers["x-amz-crc32"]) == zlib.crc32(missing.content)
    assert post(gust, "DescribeTable", "{}").json()["__type"] == "com.amazon.coral.validate#ValidationException"
    assert post(gust, "DescribeTable", "{").json()["__type"] == "com.amazon.coral.service#SerializationException"
    assert post(gust, "DescribeTable", '{"TableName":7}').json()["__type"] == \
        "com.amazon.coral.service#SerializationException"
    assert post(gust, "Fly", "{}").json()["__type"] == "com.amazon.coral.service#UnknownOperationException"
    unsigned = requests.post(gust.endpoint, data="{}", headers={
        "X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/json"})
    assert unsigned.json()["__type"] == "com.amazon.coral.service#MissingAuthenticationTokenException"


def test_names_come_in_pages_and_by_region(gust, unique):
    west = gust.client("dynamodb", region_name="us-west-2")
    names = [f"{unique}-{i:02}" for i in range(5)]
    for name in names:
        west.create_table(TableName=name, **HASH, **ON_DEMAND)
    pages = list(west.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(p["TableNames"]) for p in pages] == [2, 2, 1]
    assert sum((p["TableNames"] for p in pages), []) == names
    assert west.describe_table(TableName=names[0])["Table"]["TableArn"].split(":")[3] == "us-west-2"
    assert not set(names) & set(gust.client("dynamodb").list_tables()["TableNames"])
    for name in names:
        west.delete_table(TableName=name)
    assert west.list_tables()["TableNames"] == []


def test_throughput_and_billing_change(dynamodb, unique):
    dynamodb.create_table(TableName=unique, **HASH, **UNITS)
    assert "will not change" in refusal(lambda: dynamodb.update_table(TableName=unique, **UNITS))
    dynamodb.update_table(TableName=unique, ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 6})
    assert dynamodb.describe_table(TableName=unique)["Table"]["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    assert dynamodb.update_table(TableName=unique, **ON_DEMAND)["TableDescription"]["TableStatus"] == "UPDATING"
    table = dynamodb.describe_table(TableName=unique)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert "At least one of" in refusal(lambda: dynamodb.update_table(TableName=unique))
    stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    dynamodb.update_table(TableName=unique, StreamSpecification=stream)
    assert dynamodb.describe_table(TableName=unique)["Table"]["StreamSpecification"] == stream
    assert "already has an enabled stream" in refusal(
        lambda: dynamodb.update_table(TableName=unique, StreamSpecification=stream))
    dynamodb.update_table(TableName=unique, StreamSpecification={"StreamEnabled": False})
    table = dynamodb.describe_table(TableName=unique)["Table"]
    assert "StreamSpecification" not in table and "LatestStreamArn" in table
    dynamodb.delete_table(TableName=unique)


def test_tags(dynamodb, table):
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=["a", "none"])
    assert [t["Key"] for t in dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]] == ["b"]
    refusal(lambda: dynamodb.list_tags_of_resource(ResourceArn=arn + "-not"), "ResourceNotFoundException")
    assert "Invalid TableArn" in refusal(lambda: dynamodb.list_tags_of_resource(ResourceArn="arn:aws:s3:::bucket"))
    assert "ARNs must start with 'arn:'" in refusal(lambda: dynamodb.list_tags_of_resource(ResourceArn="a bucket of mine"))
    refusal(lambda: dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": f"k{i}", "Value": ""} for i in range(51)]))
    for tag in ({"Key": "a$", "Value": ""}, {"Key": "a", "Value": "<1>"}):
        assert "what it may have" in refusal(lambda t=tag: dynamodb.tag_resource(ResourceArn=arn, Tags=[t]))
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "sch\u00f6n + a_b.c", "Value": "x:/=@-1"}])


def test_time_to_live(dynamodb, table):
    def said():
        return dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]

    def change(enabled, name):
        return dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": enabled, "AttributeName": name})
    assert said() == {"TimeToLiveStatus": "DISABLED"}
    assert change(True, "ends")["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "ends"}
    assert said() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"}
    assert refusal(lambda: change(True, "ends")) == "TimeToLive is already enabled"
    assert "active on a different AttributeName" in refusal(lambda: change(True, "other"))
    change(False, "ends")
    assert refusal(lambda: change(False, "ends")) == "TimeToLive is already disabled"


def test_what_else_is_told(dynamodb, gust, table):
    assert dynamodb.describe_limits()["TableMaxReadCapacityUnits"] == 40_000
    assert dynamodb.describe_endpoints()["Endpoints"][0]["Address"] == gust.endpoint.removeprefix("http://")
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def test_an_index_comes_and_goes(dynamodb, table):
    dynamodb.update_table(TableName=table, AttributeDefinitions=attributes(id="S", kind="S"),
                          GlobalSecondaryIndexUpdates=[{"Create": index("by-kind", "kind")}])

    def described():
        return dynamodb.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
    wait_until(lambda: described()[0]["IndexStatus"] == "ACTIVE", "the index to be active")
    again = {"TableName": table, "AttributeDefinitions": attributes(id="S", kind="S"),
             "GlobalSecondaryIndexUpdates": [{"Create": index("by-kind", "kind")}]}
    assert "already exists" in refusal(lambda: dynamodb.update_table(**again))
    create = {"TableName": table, "GlobalSecondaryIndexUpdates": [{"Create": index("other", "id")}]}
    for defined in ({}, {"AttributeDefinitions": attributes(kind="S")}):  # those of the table do not count
        assert "not defined in AttributeDefinitions. Keys: [id]" in refusal(lambda d=defined: dynamodb.update_table(**create, **d))
    assert refusal(lambda: dynamodb.update_table(**create, AttributeDefinitions=attributes(id="N"))) == (
        "One or more parameter values were invalid: Attributes cannot be redefined. Please check that your attribute has "
        "the same type as previously defined. Existing schema: Schema:[SchemaElement: key{id:S:HASH}] New schema: "
        "Schema:[SchemaElement: key{id:N:HASH}]")
    dynamodb.update_table(**create, AttributeDefinitions=attributes(id="S", of_nothing="S"))
    assert "of_nothing" not in str(dynamodb.describe_table(TableName=table))
    wait_until(lambda: all(i["IndexStatus"] == "ACTIVE" for i in described()), "the other index to be active")
    dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "other"}}])
    dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-kind"}}])
    assert described() == []
    refusal(lambda: dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[
        {"Delete": {"IndexName": "by-kind"}}]), "ResourceNotFoundException")
    two = [{"Create": index(name, "kind")} for name in ("one", "two")]
    refusal(lambda: dynamodb.update_table(**again | {"GlobalSecondaryIndexUpdates": two}), "LimitExceededException")


def test_tables_are_there_after_a_restart(new_gust, unique):
    gust = new_gust().start()
    dynamodb = gust.client("dynamodb")
    for name in ("kept", "gone"):
        dynamodb.create_table(TableName=name, **HASH, **ON_DEMAND)
    dynamodb.delete_table(TableName="gone")
    gust.kill9()
    gust.start()
    dynamodb = gust.client("dynamodb")
    assert dynamodb.list_tables()["TableNames"] == ["kept"]
    assert dynamodb.describe_table(TableName="kept")["Table"]["TableStatus"] == "ACTIVE"


def test_items_whose_time_has_ended_are_removed(new_gust, monkeypatch):
    monkeypatch.setenv("GUST_TTL_PERIOD_MS", "100")
    dynamodb = new_gust().start().client("dynamodb")
    dynamodb.create_table(TableName="sessions", **HASH, **ON_DEMAND)
    for name, ends in (("old", 1), ("ended", int(time.time()) - 10), ("later", int(time.time()) + 1000)):
        dynamodb.put_item(TableName="sessions", Item={"id": {"S": name}, "ends": {"N": str(ends)}})
    dynamodb.update_time_to_live(TableName="sessions", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})

    def left():
        return {i["id"]["S"] for i in dynamodb.scan(TableName="sessions")["Items"]}
    # "old" is of more than five years ago, which is taken for another kind of number.
    wait_until(lambda: left() == {"old", "later"}, "the item to be removed")
    wait_until(lambda: dynamodb.describe_table(TableName="sessions")["Table"]["ItemCount"] == 2, "the items to be counted")
