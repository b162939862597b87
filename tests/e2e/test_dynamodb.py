"""Items of DynamoDB by the official SDK: written, read, searched, in batches and transactions."""
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from conftest import wait_until
from test_dynamodb_tables import ON_DEMAND, attributes, dynamodb, index, post, refusal, unique_names  # noqa: F401

KEYS = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]


@pytest.fixture(scope="module")
def table(gust):
    """One table with a hash and a range key and an index of each kind, for the tests of this file."""
    dynamodb, name = gust.client("dynamodb"), unique_names("items")
    dynamodb.create_table(
        TableName=name, KeySchema=KEYS, AttributeDefinitions=attributes(id="S", at="N", kind="S", size="N"), **ON_DEMAND,
        GlobalSecondaryIndexes=[index("by-kind", "kind", "at", projection="KEYS_ONLY")],
        LocalSecondaryIndexes=[index("by-size", "id", "size", projection="KEYS_ONLY")])
    yield name
    dynamodb.delete_table(TableName=name)


@pytest.fixture
def items(gust, table):
    """The same by the SDK's resource, whose values are Python's."""
    key, secret = gust.keys()
    return boto3.resource("dynamodb", endpoint_url=gust.endpoint, region_name="us-east-1", aws_access_key_id=key,
                          aws_secret_access_key=secret).Table(table)


def key(name, at=0):
    return {"id": {"S": name}, "at": {"N": str(at)}}


def test_values_come_back_as_they_went(items, unique):
    item = {"id": unique, "at": Decimal("-1.5E3"), "text": "ä\"\\\n\x01", "yes": True, "no": False, "none": None,
            "bytes": b"\x00\xff", "list": [1, "a", [], {"x": None}], "map": {"deep": {"er": [Decimal("0.1")]}}, "": "empty name",
            "texts": {"a", "b"}, "numbers": {1, Decimal("2.5")}, "blobs": {b"x", b"y"}, "empty": "", "nothing": b""}
    items.put_item(Item=item)
    found = items.get_item(Key={"id": unique, "at": -1500}, ConsistentRead=True)["Item"]
    assert found["bytes"].value == b"\x00\xff" and found["nothing"].value == b""
    assert {b.value for b in found.pop("blobs")} == item.pop("blobs")
    for name in ("bytes", "nothing"):
        del found[name], item[name]
    assert found == item


def test_numbers_keep_38_digits(dynamodb, table, unique):
    def stored(text):
        dynamodb.put_item(TableName=table, Item={**key(unique), "n": {"N": text}})
        return dynamodb.get_item(TableName=table, Key=key(unique))["Item"]["n"]["N"]
    assert stored("1234567890123456789012345678901234567.8") == "1234567890123456789012345678901234567.8"
    assert stored("-0.00") == "0"
    assert stored("1e3") == "1000"
    for bad in ("123456789012345678901234567890123456789", "1e126", "1e-131", "x", ""):
        refusal(lambda: stored(bad))


def test_what_put_returns(dynamodb, table, unique):
    item = {**key(unique), "v": {"S": "old"}}
    assert "Attributes" not in dynamodb.put_item(TableName=table, Item=item, ReturnValues="ALL_OLD")
    assert dynamodb.put_item(TableName=table, Item=key(unique), ReturnValues="ALL_OLD")["Attributes"] == item
    assert "ReturnValues can only be ALL_OLD or NONE" == refusal(
        lambda: dynamodb.put_item(TableName=table, Item=item, ReturnValues="ALL_NEW"))
    used = dynamodb.put_item(TableName=table, Item={**item, "kind": {"S": "k"}}, ReturnConsumedCapacity="INDEXES",
                             ReturnItemCollectionMetrics="SIZE")
    assert used["ConsumedCapacity"] == {
        "TableName": table, "CapacityUnits": 2.0, "Table": {"CapacityUnits": 1.0},
        "GlobalSecondaryIndexes": {"by-kind": {"CapacityUnits": 1.0}}}
    assert used["ItemCollectionMetrics"]["ItemCollectionKey"] == {"id": {"S": unique}}
    assert dynamodb.delete_item(TableName=table, Key=key(unique), ReturnValues="ALL_OLD")["Attributes"]["v"] == {"S": "old"}
    assert "Attributes" not in dynamodb.delete_item(TableName=table, Key=key(unique), ReturnValues="ALL_OLD")
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key(unique))


def test_keys_are_checked(dynamodb, table):
    def put(**item):
        return refusal(lambda: dynamodb.put_item(TableName=table, Item=item))
    wrong = "One or more parameter values were invalid: "
    assert put(at={"N": "1"}) == wrong + "Missing the key id in the item"
    assert put(id={"N": "1"}, at={"N": "1"}) == wrong + "Type mismatch for key id expected: S actual: N"
    assert put(id={"S": ""}, at={"N": "1"}) == \
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty " \
        "string value. Key: id"
    assert "Type mismatch for Index Key kind Expected: S Actual: N IndexName: by-kind" in \
        put(id={"S": "x"}, at={"N": "1"}, kind={"N": "1"})
    for bad in ({"id": {"S": "x"}}, {"id": {"S": "x"}, "at": {"S": "1"}}, {**key("x"), "more": {"S": "y"}}):
        assert refusal(lambda: dynamodb.get_item(TableName=table, Key=bad)) == \
            "The provided key element does not match the schema"
    assert "maximum allowed size" in put(id={"S": "x"}, at={"N": "1"}, big={"S": "x" * 409_600})
    assert refusal(lambda: dynamodb.get_item(TableName="not-there", Key=key("x")), "ResourceNotFoundException") == \
        "Requested resource not found"


def test_values_that_are_none(gust, dynamodb, table):
    def put(value):
        answer = post(gust, "PutItem", json.dumps({"TableName": table, "Item": {**key("x"), "v": value}}))
        assert answer.status_code == 400
        return answer.json()
    assert put({})["message"] == "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
    assert "more than one datatypes set" in put({"S": "a", "N": "1"})["message"]
    assert "An string set  may not be empty" in put({"SS": []})["message"]
    assert "contains duplicates" in put({"SS": ["a", "a"]})["message"]
    assert put({"B": "?"})["__type"] == "com.amazon.coral.service#SerializationException"
    assert put({"S": 1})["__type"] == "com.amazon.coral.service#SerializationException"
    deep = {"S": "x"}
    for _ in range(33):
        deep = {"L": [deep]}
    assert put(deep)["message"] == "Nesting Levels have exceeded supported limits"


def test_conditions(dynamodb, table, unique):
    put = {"TableName": table, "Item": {**key(unique), "v": {"N": "1"}}}
    new = {"ConditionExpression": "attribute_not_exists(id)"}
    dynamodb.put_item(**put, **new)
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as failed:
        dynamodb.put_item(**put, **new, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert failed.value.response["Error"]["Message"] == "The conditional request failed"
    assert failed.value.response["Item"]["v"] == {"N": "1"}
    dynamodb.put_item(**put, Expected={"v": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "1"}]}})
    refusal(lambda: dynamodb.delete_item(TableName=table, Key=key(unique), Expected={"v": {"Exists": False}}),
            "ConditionalCheckFailedException")
    assert refusal(lambda: dynamodb.put_item(**put, **new, Expected={"v": {"Exists": False}})) == \
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: " \
        "{Expected} Expression parameters: {ConditionExpression}"
    assert "unused in expressions" in refusal(
        lambda: dynamodb.put_item(**put, **new, ExpressionAttributeValues={":x": {"N": "1"}}))
    assert "can only be specified when using expressions" in refusal(
        lambda: dynamodb.put_item(**put, ExpressionAttributeNames={"#x": "y"}))
    assert "Syntax error" in refusal(lambda: dynamodb.put_item(**put, ConditionExpression="a ="))


def test_updates(items, unique):
    where = {"Key": {"id": unique, "at": 1}}

    def update(expression, returned="ALL_NEW", **values):
        more = {"ExpressionAttributeValues": {f":{k}": v for k, v in values.items()}} if values else {}
        return items.update_item(**where, UpdateExpression=expression, ReturnValues=returned, **more).get("Attributes")
    assert update("SET a = :a, m = :m", a=1, m={"x": 1, "y": [1, 2, 3]}) == \
        {"id": unique, "at": 1, "a": 1, "m": {"x": 1, "y": [1, 2, 3]}}
    assert update("SET a = a + :n, m.x = :n", "UPDATED_NEW", n=5) == {"a": 6, "m": {"x": 5}}
    assert update("SET a = if_not_exists(b, a) ADD n :n", "UPDATED_OLD", n=1) == {"a": 6}
    assert update("REMOVE m.y[0] ADD tags :t", t={"p"})["m"]["y"] == [2, 3]
    assert update("DELETE tags :t", "ALL_OLD", t={"p"})["tags"] == {"p"}
    assert update("SET a = :a", "NONE", a=1) is None
    assert items.update_item(**where, AttributeUpdates={"a": {"Action": "ADD", "Value": 2}},
                             ReturnValues="UPDATED_NEW")["Attributes"] == {"a": 3}
    assert "This attribute is part of the key" in refusal(lambda: update("SET id = :x", x="y"))
    assert "does not exist" in refusal(lambda: update("SET z = none_such"))
    created = items.update_item(Key={"id": unique, "at": 2}, ReturnValues="ALL_NEW")["Attributes"]
    assert created == {"id": unique, "at": 2}


def test_concurrent_updates_are_all_counted(gust, dynamodb, table, unique):
    def add(_):
        gust.client("dynamodb").update_item(TableName=table, Key=key(unique), UpdateExpression="ADD n :one",
                                            ExpressionAttributeValues={":one": {"N": "1"}})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert dynamodb.get_item(TableName=table, Key=key(unique), ConsistentRead=True)["Item"]["n"] == {"N": "40"}


@pytest.fixture
def filled(items, unique):
    with items.batch_writer() as batch:
        for at in range(10):
            batch.put_item({"id": unique, "at": at, "kind": f"{unique}-{at % 2}", "size": 100 - at, "more": "x" * at})
    return unique


def test_queries(items, filled):
    of = Key("id").eq(filled)
    assert [i["at"] for i in items.query(KeyConditionExpression=of & Key("at").between(3, 5))["Items"]] == [3, 4, 5]
    assert [i["at"] for i in items.query(KeyConditionExpression=of & Key("at").lt(2), ScanIndexForward=False)["Items"]] == [1, 0]
    page = items.query(KeyConditionExpression=of, Limit=4)
    assert page["Count"] == 4 and page["LastEvaluatedKey"] == {"id": filled, "at": 3}
    rest = items.query(KeyConditionExpression=of, ExclusiveStartKey=page["LastEvaluatedKey"])
    assert [i["at"] for i in rest["Items"]] == list(range(4, 10)) and "LastEvaluatedKey" not in rest
    few = items.query(KeyConditionExpression=of, FilterExpression=Attr("more").size().gt(7))
    assert (few["Count"], few["ScannedCount"]) == (2, 10)
    assert items.query(KeyConditionExpression=of, Select="COUNT") | {"ResponseMetadata": 0} == \
        {"Count": 10, "ScannedCount": 10, "ResponseMetadata": 0}
    assert items.query(KeyConditionExpression=of, ProjectionExpression="#s", ExpressionAttributeNames={"#s": "size"},
                       Limit=1)["Items"] == [{"size": 100}]
    old = items.query(KeyConditions={"id": {"ComparisonOperator": "EQ", "AttributeValueList": [filled]}},
                      QueryFilter={"size": {"ComparisonOperator": "GT", "AttributeValueList": [98]}})
    assert [i["at"] for i in old["Items"]] == [0, 1]


def test_queries_of_indexes(items, filled):
    kind = Key("kind").eq(f"{filled}-1")
    found = items.query(IndexName="by-kind", KeyConditionExpression=kind & Key("at").gt(4))
    assert found["Items"] == [{"id": filled, "at": at, "kind": f"{filled}-1"} for at in (5, 7, 9)]
    page = items.query(IndexName="by-kind", KeyConditionExpression=kind, Limit=1)
    assert page["LastEvaluatedKey"] == {"id": filled, "at": 1, "kind": f"{filled}-1"}
    assert items.query(IndexName="by-kind", KeyConditionExpression=kind, Limit=1,
                       ExclusiveStartKey=page["LastEvaluatedKey"])["Items"][0]["at"] == 3
    of = Key("id").eq(filled)
    by_size = items.query(IndexName="by-size", KeyConditionExpression=of & Key("size").lte(92), ConsistentRead=True)
    assert [set(i) for i in by_size["Items"]] == [{"id", "at", "size"}] * 2
    whole = items.query(IndexName="by-size", KeyConditionExpression=of, Select="ALL_ATTRIBUTES", Limit=1)
    assert whole["Items"][0]["more"] == "x" * 9
    items.update_item(Key={"id": filled, "at": 9}, UpdateExpression="REMOVE kind")
    assert items.query(IndexName="by-kind", KeyConditionExpression=kind)["Count"] == 4


def test_queries_that_are_none(items, filled):
    of = Key("id").eq(filled)

    def refused(**query):
        return refusal(lambda: items.query(**{"KeyConditionExpression": of, **query}))
    assert "does not have the specified index: none" in refused(IndexName="none")
    assert "Consistent reads are not supported on global secondary indexes" in \
        refused(IndexName="by-kind", KeyConditionExpression=Key("kind").eq("x"), ConsistentRead=True)
    assert "can only contain non-primary key attributes: Primary key attribute: at" in refused(FilterExpression=Attr("at").gt(1))
    assert "Query condition missed key schema element: id" in refused(KeyConditionExpression=Key("at").eq(1))
    assert "starting key is outside query boundaries" in refused(ExclusiveStartKey={"id": "other", "at": 1})
    assert "does not project [more]" in refused(
        IndexName="by-kind", KeyConditionExpression=Key("kind").eq("x"), ProjectionExpression="more")
    assert "ALL_PROJECTED_ATTRIBUTES can be used only" in refused(Select="ALL_PROJECTED_ATTRIBUTES")
    assert "Must specify the AttributesToGet" in refused(Select="SPECIFIC_ATTRIBUTES")
    assert "Either the KeyConditions or KeyConditionExpression" in refusal(lambda: items.query())


def test_a_limit_is_at_least_1(gust, table):
    answer = post(gust, "Scan", json.dumps({"TableName": table, "Limit": 0}))
    assert answer.json()["message"] == "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: " \
        "Member must have value greater than or equal to 1"


def test_scans(items, filled):
    mine = Attr("id").eq(filled)

    def scan(**more):
        found, start = [], {}
        while True:
            page = items.scan(FilterExpression=mine, **more, **start)
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert sorted(i["at"] for i in scan()) == list(range(10))
    assert len(scan(Limit=3)) == 10
    assert len(scan(IndexName="by-kind")) == 10
    assert sum((len(scan(Segment=i, TotalSegments=4)) for i in range(4))) == 10
    assert "zero-based" in refusal(lambda: items.scan(Segment=4, TotalSegments=4))
    assert "TotalSegments parameter is required" in refusal(lambda: items.scan(Segment=4))


def test_batches(dynamodb, table, unique):
    puts = [{"PutRequest": {"Item": {**key(unique, i), "v": {"N": str(i)}}}} for i in range(25)]
    done = dynamodb.batch_write_item(RequestItems={table: puts}, ReturnConsumedCapacity="TOTAL")
    assert done["UnprocessedItems"] == {}
    assert done["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 25.0}]
    keys = [key(unique, i) for i in range(30)]
    found = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ProjectionExpression": "v"}})
    assert sorted(int(i["v"]["N"]) for i in found["Responses"][table]) == list(range(25))
    assert found["UnprocessedKeys"] == {}
    dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": k}} for k in keys[:20]]})
    assert len(dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})["Responses"][table]) == 5
    same = {"PutRequest": {"Item": key(unique)}}
    assert refusal(lambda: dynamodb.batch_write_item(RequestItems={table: [same, same]})) == \
        "Provided list of item keys contains duplicates"
    assert "less than or equal to 25" in refusal(lambda: dynamodb.batch_write_item(RequestItems={table: puts + [same]}))
    refusal(lambda: dynamodb.batch_get_item(RequestItems={table: {"Keys": [key(unique, i) for i in range(101)]}}))
    bad = {"PutRequest": {"Item": {"id": {"S": unique}}}}
    assert refusal(lambda: dynamodb.batch_write_item(RequestItems={table: [bad]})) == \
        "The provided key element does not match the schema"


def test_a_batch_answers_16_mb_at_most(dynamodb, table, unique):
    for i in range(45):
        dynamodb.put_item(TableName=table, Item={**key(unique, i), "big": {"B": b"x" * 390_000}})
    keys = [key(unique, i) for i in range(45)]
    page = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
    left = page["UnprocessedKeys"][table]
    assert 0 < len(page["Responses"][table]) < 45 and left["ConsistentRead"] is True
    rest = dynamodb.batch_get_item(RequestItems=page["UnprocessedKeys"])
    assert len(page["Responses"][table]) + len(rest["Responses"][table]) == 45
    few = dynamodb.query(TableName=table, KeyConditionExpression="id = :i", ExpressionAttributeValues={":i": {"S": unique}})
    assert few["Count"] == 3 and "LastEvaluatedKey" in few  # 1 MB


def test_transactions(dynamodb, table, unique):
    def put(at, **more):
        return {"Put": {"TableName": table, "Item": {**key(unique, at), "v": {"N": str(at)}}, **more}}

    def update(at, **more):
        return {"Update": {"TableName": table, "Key": key(unique, at), "UpdateExpression": "ADD v :one",
                           "ExpressionAttributeValues": {":one": {"N": "1"}}, **more}}

    def value(at):
        return dynamodb.get_item(TableName=table, Key=key(unique, at)).get("Item", {}).get("v")
    dynamodb.transact_write_items(TransactItems=[put(0), put(1)])
    check = {"ConditionCheck": {"TableName": table, "Key": key(unique, 1), "ConditionExpression": "attribute_not_exists(v)",
                                "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as failed:
        dynamodb.transact_write_items(TransactItems=[update(0), check])
    assert failed.value.response["Error"]["Message"] == \
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"
    none, reason = failed.value.response["CancellationReasons"]
    assert none == {"Code": "None"} and reason["Code"] == "ConditionalCheckFailed" and reason["Item"]["v"] == {"N": "1"}
    assert value(0) == {"N": "0"}
    once = {"TransactItems": [update(0)], "ClientRequestToken": unique[-30:]}
    for _ in range(3):
        dynamodb.transact_write_items(**once)
    assert value(0) == {"N": "1"}
    refusal(lambda: dynamodb.transact_write_items(**once | {"TransactItems": [update(1)]}),
            "IdempotentParameterMismatchException")
    found = dynamodb.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": key(unique, at)}} for at in (0, 7, 1)],
                                        ReturnConsumedCapacity="TOTAL")
    assert [r.get("Item", {}).get("v") for r in found["Responses"]] == [{"N": "1"}, None, {"N": "1"}]
    assert found["ConsumedCapacity"][0]["ReadCapacityUnits"] == 6.0
    assert "multiple operations on one item" in refusal(lambda: dynamodb.transact_write_items(TransactItems=[put(0), update(0)]))
    assert "can only contain one of" in refusal(lambda: dynamodb.transact_write_items(TransactItems=[put(0) | update(1)]))
    large = {"Put": {"TableName": table, "Item": {**key(unique, 0), "large": {"S": "x" * 409600}}}}
    assert refusal(lambda: dynamodb.transact_write_items(TransactItems=[large])) == "Item size has exceeded the maximum allowed size"
    delete = {"Delete": {"TableName": table, "Key": key(unique, 0)}}
    dynamodb.transact_write_items(TransactItems=[delete, put(1, ConditionExpression="attribute_exists(v)")])
    assert value(0) is None


def test_an_index_is_filled_while_items_are_written(gust, dynamodb, unique):
    dynamodb.create_table(TableName=unique, KeySchema=KEYS[:1], AttributeDefinitions=attributes(id="S"), **ON_DEMAND)
    written, stop = [], threading.Event()

    def write(worker):
        mine = gust.client("dynamodb")
        for i in range(10_000):
            if stop.is_set():
                return
            mine.put_item(TableName=unique, Item={"id": {"S": f"{worker}-{i}"}, "kind": {"S": "k"}})
            written.append(f"{worker}-{i}")
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(write, w) for w in range(4)]
        wait_until(lambda: len(written) > 200 or any(d.done() for d in done), "items before the index")
        dynamodb.update_table(TableName=unique, AttributeDefinitions=attributes(id="S", kind="S"),
                              GlobalSecondaryIndexUpdates=[{"Create": index("by-kind", "kind")}])
        wait_until(lambda: dynamodb.describe_table(TableName=unique)["Table"]["GlobalSecondaryIndexes"][0][
            "IndexStatus"] == "ACTIVE", "the index to be active")
        stop.set()
        for d in done:
            d.result()
    pages = dynamodb.get_paginator("query").paginate(
        TableName=unique, IndexName="by-kind", KeyConditionExpression="kind = :k", ExpressionAttributeValues={":k": {"S": "k"}})
    assert sorted(i["id"]["S"] for page in pages for i in page["Items"]) == sorted(written)
    dynamodb.delete_table(TableName=unique)


def test_a_deleted_table_s_items_are_gone(dynamodb, unique):
    for round in range(3):
        dynamodb.create_table(TableName=unique, KeySchema=KEYS[:1], AttributeDefinitions=attributes(id="S"), **ON_DEMAND)
        assert dynamodb.scan(TableName=unique)["Count"] == 0
        dynamodb.put_item(TableName=unique, Item={"id": {"S": str(round)}})
        assert dynamodb.scan(TableName=unique)["Count"] == 1
        dynamodb.delete_table(TableName=unique)
    with pytest.raises(ClientError):
        dynamodb.put_item(TableName=unique, Item={"id": {"S": "x"}})
