"""What DynamoDB answers to requests that are wrong, in its own words: as its documentation says and as public tests against
the real service have recorded (dynalite, Alternator)."""
import gzip
import json
import re
import zlib

import pytest
import requests

from test_dynamodb_tables import ON_DEMAND, attributes, index, post, refusal, unique_names

DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
VALIDATION = "com.amazon.coral.validate#ValidationException"
SERVICE = "com.amazon.coral.service#"
UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
NAME_PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
KEYS = ("failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 255, "
        "Member must have length greater than or equal to 3, " + NAME_PATTERN + "]")
BAD = "One or more parameter values were invalid: "
NONE_SET = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
TWO_SET = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"


@pytest.fixture(scope="module")
def table(gust):
    name = unique_names("errors")
    dynamodb = gust.client("dynamodb")
    dynamodb.create_table(TableName=name, AttributeDefinitions=attributes(a="S", b="S", c="S", d="S"),
                          KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}],
                          LocalSecondaryIndexes=[index("local", "a", "c")],
                          GlobalSecondaryIndexes=[index("global", "c", "d", projection="KEYS_ONLY")], **ON_DEMAND)
    yield name
    dynamodb.delete_table(TableName=name)


def told(gust, operation, body):
    answer = post(gust, operation, json.dumps(body))
    assert answer.status_code == 400, answer.text
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.content))
    return answer.json()["__type"], answer.json().get("message", answer.json().get("Message"))


def violated(value, path, constraint):
    given = "null" if value is None else f"'{value}'"
    return f"Value {given} at '{path}' failed to satisfy constraint: {constraint}"


def test_what_has_no_usable_signature(gust):
    def ask(method="POST", headers=(), body="", path="/"):
        return requests.request(method, gust.endpoint + path, data=body, headers={"Host": "dynamodb.us-east-1.amazonaws.com",
                                                                                  **dict(headers)})

    target = {"X-Amz-Target": "DynamoDB_20120810.ListTables"}
    as_json = {"Content-Type": "application/x-amz-json-1.0"}
    health = ask("GET")
    assert health.status_code == 200 and health.text == "healthy: dynamodb.us-east-1.amazonaws.com "
    assert health.headers["x-amzn-requestid"] and health.headers["x-amz-crc32"] == str(zlib.crc32(health.content))
    for plain in (ask("PUT"), ask("DELETE"), ask("OPTIONS"), ask(body="hi"),
                  ask(body="hi", headers={"Content-Type": "application/x-amz-json-1.1"})):
        assert (plain.status_code, plain.text) == (404, "<UnknownOperationException/>\n")
    asked = ask("OPTIONS", {"Origin": "http://x", "Access-Control-Request-Headers": "a, b"})
    assert asked.status_code == 200 and asked.headers["access-control-allow-headers"] == "a, b"
    for unknown in (ask(), ask(body="{}", headers=as_json), ask(headers={"X-Amz-Target": "whatever"}),
                    ask(body="{}", headers={**as_json, "X-Amz-Target": "DynamoDB_20120810.ListTable"})):
        assert unknown.status_code == 400 and unknown.json() == {"__type": SERVICE + "UnknownOperationException"}
    malformed = ask(body="hi", headers=as_json)
    assert malformed.json() == {"__type": SERVICE + "SerializationException"}
    assert malformed.headers["content-type"] == "application/x-amz-json-1.0"
    assert ask(body="{}", headers={"Content-Type": "application/json"}).headers["content-type"] == "application/json"
    missing = ask(body="{}", headers={**as_json, **target, "Origin": "http://x"})
    assert missing.status_code == 400 and missing.headers["access-control-allow-origin"] == "*"
    assert "x-amzn-RequestId" in missing.headers["access-control-expose-headers"]
    assert missing.json() == {"__type": SERVICE + "MissingAuthenticationTokenException",
                              "message": "Request is missing Authentication Token"}
    incomplete = ask(body="{}", headers={**as_json, **target, "Authorization": "AWS4-HMAC-SHA256 Credential=a"})
    assert incomplete.json()["__type"] == SERVICE + "IncompleteSignatureException"


def test_a_request_that_is_packed(gust, table):
    def put(key, pack=gzip.compress, encoding="gzip"):
        body = json.dumps({"TableName": table, "Item": {"a": {"S": key}, "b": {"S": "packed"}}}).encode()
        return post(gust, "PutItem", pack(body), headers={"Content-Encoding": encoding})

    def there(key):
        return "Item" in post(gust, "GetItem", json.dumps({"TableName": table, "Key": {
            "a": {"S": key}, "b": {"S": "packed"}}})).json()
    assert put("one").status_code == 200 and there("one")
    assert put("two", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])).status_code == 200 and there("two")
    for what, pack, encoding in (("of another kind", gzip.compress, "garbage"), ("not packed", bytes, "gzip"),
                                 ("cut", lambda body: gzip.compress(body)[:-1], "gzip"), ("none", lambda body: b"", "gzip"),
                                 ("with more", lambda body: gzip.compress(body) + b"junk", "gzip")):
        answer = put(what, pack, encoding)
        assert (answer.status_code, answer.json()["__type"].partition("#")[2]) == (500, "InternalServerError"), what
        assert not there(what)
    assert put("much", lambda body: gzip.compress(body + b" " * (17 << 20))).status_code == 413 and not there("much")


def test_keys_that_are_none(gust):
    def refused(key, secret, service="dynamodb"):
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError
        client = boto3.client("dynamodb", endpoint_url=gust.endpoint, region_name="us-east-1", aws_access_key_id=key,
                              aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}))
        with pytest.raises(ClientError) as raised:
            client.list_tables()
        answer = raised.value.response
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
        return answer["Error"]["Code"], answer["Error"]["Message"]

    key, _ = gust.keys()
    assert refused("AKIANONE", "x") == ("UnrecognizedClientException", "The security token included in the request is invalid.")
    code, message = refused(key, "x")
    assert code == "InvalidSignatureException" and message.startswith(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key")


@pytest.mark.parametrize("value, message", [
    ("23", "Unexpected field type"), (True, "Unexpected field type"),
    ([], "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"),
    ({"a": 1}, "Unexpected value type in payload"),
    ({"a": []}, "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"),
    ({"a": {"S": 1}}, "NUMBER_VALUE cannot be converted to String"),
    ({"a": {"S": 1.5}}, "DECIMAL_VALUE cannot be converted to String"),
    ({"a": {"N": True}}, "TRUE_VALUE cannot be converted to String"),
    ({"a": {"S": []}}, "Unrecognized collection type class java.lang.String"),
    ({"a": {"S": {}}}, "Start of structure or map found where not expected"),
    ({"a": {"B": 1}}, "only base-64-encoded strings are convertible to bytes"),
    ({"a": {"B": "23456"}}, "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
    ({"a": {"B": "=+/="}}, "Invalid last non-pad Base64 character dectected"),
    ({"a": {"BOOL": "23"}}, "Unexpected token received from parser"),
    ({"a": {"BOOL": 2}}, "NUMBER_VALUE cannot be converted to Boolean"),
    ({"a": {"SS": "x"}}, "Unexpected field type"),
    ({"a": {"SS": {}}}, "Start of structure or map found where not expected"),
    ({"a": {"SS": [1]}}, "NUMBER_VALUE cannot be converted to String"),
    ({"a": {"L": "x"}}, "Unexpected field type"),
    ({"a": {"L": ["x"]}}, "Unexpected value type in payload"),
    ({"a": {"M": "x"}}, "Unexpected field type"),
    ({"a": {"M": {"x": 1}}}, "Unexpected value type in payload"),
])
def test_values_of_another_kind(gust, value, message):
    assert told(gust, "PutItem", {"TableName": "abc", "Item": value}) == (SERVICE + "SerializationException", message)


@pytest.mark.parametrize("value, message", [
    ({}, NONE_SET), ({"a": ""}, NONE_SET), ({"M": {"a": {}}}, NONE_SET), ({"L": [{}]}, NONE_SET),
    ({"S": "a", "N": "1"}, TWO_SET), ({"S": "a", "N": ""}, "The parameter cannot be converted to a numeric value"),
    ({"S": "a", "N": "b"}, "The parameter cannot be converted to a numeric value: b"),
    ({"NULL": "no"}, BAD + "Null attribute value types must have the value of true"),
    ({"SS": []}, BAD + "An string set  may not be empty"), ({"NS": []}, BAD + "An number set  may not be empty"),
    ({"BS": []}, BAD + "Binary sets should not be empty"),
    ({"SS": ["a", "a"]}, BAD + "Input collection [a, a] contains duplicates."),
    ({"BS": ["Yg==", "Yg=="]}, BAD + "Input collection [Yg==, Yg==]of type BS contains duplicates."),
    ({"NS": ["1", "1"]}, "Input collection contains duplicates"),
    ({"NS": ["1", "b"]}, "The parameter cannot be converted to a numeric value: b"),
    ({"N": "1" * 39}, "Attempting to store more than 38 significant digits in a Number"),
    ({"N": "-1e126"}, "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ({"N": "1e-131"}, "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
    ({"S": "a" * 409599}, "Item size has exceeded the maximum allowed size"),
])
def test_values_that_are_none(gust, value, message):
    put = {"Item": {"a": {"S": "x"}, "b": value}}
    for operation, body in (("PutItem", {"TableName": "abc", **put}),
                            ("BatchWriteItem", {"RequestItems": {"abc": [{"PutRequest": put}]}})):
        assert told(gust, operation, body) == (VALIDATION, message)
    if message != "Item size has exceeded the maximum allowed size":
        # What an expression says is looked at afterwards.
        body = {"TableName": "abc", **put, "ConditionExpression": "", "ExpressionAttributeNames": {}}
        assert told(gust, "PutItem", body) == (VALIDATION, message)


@pytest.mark.parametrize("operation, body, messages", [
    ("PutItem", {}, [violated(None, "tableName", "Member must not be null"), violated(None, "item", "Member must not be null")]),
    ("PutItem", {"TableName": "a;"}, [
        violated("a;", "tableName", NAME_PATTERN),
        violated("a;", "tableName", "Member must have length greater than or equal to 3"),
        violated(None, "item", "Member must not be null")]),
    ("PutItem", {"TableName": "a" * 256, "Item": {}}, [
        violated("a" * 256, "tableName", "Member must have length less than or equal to 255")]),
    ("PutItem", {"TableName": "abc;", "ReturnConsumedCapacity": "hi", "ReturnItemCollectionMetrics": "hi",
                 "ReturnValues": "hi"}, [
        violated("hi", "returnConsumedCapacity", "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"),
        violated("abc;", "tableName", NAME_PATTERN), violated(None, "item", "Member must not be null"),
        violated("hi", "returnValues",
                 "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"),
        violated("hi", "returnItemCollectionMetrics", "Member must satisfy enum value set: [SIZE, NONE]")]),
    ("Scan", {"TableName": "abc", "Segment": -1, "TotalSegments": -1, "Select": "hi", "Limit": -1, "ConditionalOperator": "AN",
              "IndexName": "abc;", "ScanFilter": {"a": {}, "b": {"ComparisonOperator": ""}}}, [
        violated("hi", "select",
                 "Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"),
        violated("abc;", "indexName", NAME_PATTERN),
        violated("-1", "totalSegments", "Member must have value greater than or equal to 1"),
        violated("-1", "segment", "Member must have value greater than or equal to 0"),
        violated("-1", "limit", "Member must have value greater than or equal to 1"),
        violated("AN", "conditionalOperator", "Member must satisfy enum value set: [OR, AND]"),
        violated(None, "scanFilter.a.member.comparisonOperator", "Member must not be null"),
        violated("", "scanFilter.b.member.comparisonOperator", "Member must satisfy enum value set: [IN, NULL, BETWEEN, LT, "
                 "NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]")]),
    ("BatchGetItem", {"RequestItems": {}}, [violated("{}", "requestItems", "Member must have length greater than or equal to 1")]),
    ("BatchGetItem", {"RequestItems": {"abc": {"Keys": []}}}, [
        violated("[]", "requestItems.abc.member.keys", "Member must have length greater than or equal to 1")]),
    ("BatchWriteItem", {"RequestItems": {"abc;": [{"PutRequest": {}, "DeleteRequest": {}}]}}, [
        re.compile(r"Value '\{.+\}' at 'requestItems' " + re.escape(KEYS)),
        violated(None, "requestItems.abc;.member.1.member.deleteRequest.key", "Member must not be null"),
        violated(None, "requestItems.abc;.member.1.member.putRequest.item", "Member must not be null")]),
    ("CreateTable", {"TableName": "abc;"}, [
        violated(None, "attributeDefinitions", "Member must not be null"), violated("abc;", "tableName", NAME_PATTERN),
        violated(None, "keySchema", "Member must not be null")]),
    ("CreateTable", {"TableName": "abc", "AttributeDefinitions": [], "KeySchema": [
        {"KeyType": "HASH"}, {"AttributeName": "a"}, {"KeyType": "Woop", "AttributeName": "a"}]}, [
        re.compile(r"Value '\[.+\]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2"),
        violated(None, "keySchema.1.member.attributeName", "Member must not be null"),
        violated(None, "keySchema.2.member.keyType", "Member must not be null"),
        violated("Woop", "keySchema.3.member.keyType", "Member must satisfy enum value set: [HASH, RANGE]")]),
    ("CreateTable", {"TableName": "abc", "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "SS"}],
                     "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}, [
        violated("SS", "attributeDefinitions.1.member.attributeType", "Member must satisfy enum value set: [B, N, S]")]),
    ("UpdateTable", {"TableName": "abc", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "a"}}]}, [
        violated("a", "globalSecondaryIndexUpdates.1.member.delete.indexName",
                 "Member must have length greater than or equal to 3")]),
])
def test_what_breaks_the_model(gust, operation, body, messages):
    kind, message = told(gust, operation, body)
    assert kind == VALIDATION
    start = f"{len(messages)} validation error{'s' if len(messages) > 1 else ''} detected: "
    assert message.startswith(start)
    parts = message[len(start):].split("; ") if len(messages) > 1 else [message[len(start):]]
    for expected in messages:
        assert any(expected.fullmatch(p) if isinstance(expected, re.Pattern) else p == expected for p in parts), (expected, parts)


def test_too_many_in_a_batch(gust):
    requests_ = [{"PutRequest": {"Item": {"a": {"S": str(i)}}}} for i in range(26)]
    _, message = told(gust, "BatchWriteItem", {"RequestItems": {"abc": requests_}})
    assert re.fullmatch(
        r"1 validation error detected: Value '\{abc=\[com\.amazonaws\.dynamodb\.v20120810\.WriteRequest@.+\]\}' at "
        r"'requestItems' failed to satisfy constraint: Map value must satisfy constraint: \[Member must have length less "
        r"than or equal to 25, Member must have length greater than or equal to 1\]", message), message
    keys = [{"a": {"S": str(i)}} for i in range(101)]
    _, message = told(gust, "BatchGetItem", {"RequestItems": {"abc": {"Keys": keys}}})
    assert re.fullmatch(r"1 validation error detected: Value '\[.+\]' at 'requestItems\.abc\.member\.keys' failed to satisfy "
                        r"constraint: Member must have length less than or equal to 100", message), message
    spread = {"RequestItems": {"abc": {"Keys": keys[:100]}, "abd": {"Keys": keys[100:]}}}
    assert told(gust, "BatchGetItem", spread)[1] == "Too many items requested for the BatchGetItem call"
    gets = [{"Get": {"TableName": "abc", "Key": {"a": {"S": str(i)}}}} for i in range(101)]
    assert told(gust, "TransactGetItems", {"TransactItems": gets})[1].endswith(
        "at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100")


HASH_RANGE = [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}]


@pytest.mark.parametrize("body, message", [
    ({"TableName": "ab"}, "TableName must be at least 3 characters long and at most 255 characters long"),
    ({}, "The parameter 'TableName' is required but was not present in the request"),
    ({"AttributeDefinitions": [], "KeySchema": HASH_RANGE[:1], "ProvisionedThroughput": {
        "ReadCapacityUnits": 1000000000001, "WriteCapacityUnits": 1}},
     "Given value 1000000000001 for ReadCapacityUnits is out of bounds"),
    ({"AttributeDefinitions": attributes(a="S"), "KeySchema": HASH_RANGE[:1], "TableClass": "standard"},
     "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, "
     "STANDARD_INFREQUENT_ACCESS]."),
    ({"AttributeDefinitions": attributes(a="S"), "KeySchema": HASH_RANGE},
     "Invalid KeySchema: Some index key attribute have no definition"),
    ({"AttributeDefinitions": attributes(b="S"), "KeySchema": HASH_RANGE[:1]},
     BAD + "Some index key attributes are not defined in AttributeDefinitions. Keys: [a], AttributeDefinitions: [b]"),
    ({"AttributeDefinitions": attributes(a="S", b="S"), "KeySchema": [HASH_RANGE[0], HASH_RANGE[0]]},
     "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
    ({"AttributeDefinitions": attributes(a="S", b="S"), "KeySchema": HASH_RANGE[::-1]},
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    ({"AttributeDefinitions": attributes(a="S", b="S"), "KeySchema": HASH_RANGE[:1]},
     BAD + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"),
    ({"AttributeDefinitions": attributes(a="S", b="S", z="S"), "KeySchema": HASH_RANGE,
      "LocalSecondaryIndexes": [index("abc", "a", "b")]},
     BAD + "Some AttributeDefinitions are not used. AttributeDefinitions: [a, b, z], keys used: [a, b]"),
    ({"AttributeDefinitions": attributes(a="S"), "KeySchema": HASH_RANGE[:1], "LocalSecondaryIndexes": [index("abc", "c")]},
     BAD + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"),
    ({"AttributeDefinitions": attributes(a="S", b="S"), "KeySchema": HASH_RANGE, "LocalSecondaryIndexes": []},
     BAD + "List of LocalSecondaryIndexes is empty"),
    ({"AttributeDefinitions": attributes(a="S", b="S"), "KeySchema": HASH_RANGE, "LocalSecondaryIndexes": [index("abc", "b", "a")]},
     BAD + "Index KeySchema does not have the same leading hash key as table KeySchema for index: abc. index hash key: b, table "
     "hash key: a"),
    ({"AttributeDefinitions": attributes(a="S", b="S"), "KeySchema": HASH_RANGE, "LocalSecondaryIndexes": [
        {"IndexName": "abc", "KeySchema": HASH_RANGE, "Projection": {}}]}, BAD + "Unknown ProjectionType: null"),
    ({"AttributeDefinitions": attributes(a="S", b="S"), "KeySchema": HASH_RANGE, "LocalSecondaryIndexes": [
        {"IndexName": "abc", "KeySchema": HASH_RANGE, "Projection": {"ProjectionType": "ALL", "NonKeyAttributes": ["x"]}}]},
     BAD + "ProjectionType is ALL, but NonKeyAttributes is specified"),
    ({"AttributeDefinitions": attributes(a="S", b="S"), "KeySchema": HASH_RANGE,
      "LocalSecondaryIndexes": [index(f"abc{i}", "a", "b") for i in range(6)]},
     BAD + "Number of LocalSecondaryIndexes exceeds per-table limit of 5"),
    ({"AttributeDefinitions": attributes(a="S", b="S"), "KeySchema": HASH_RANGE, "GlobalSecondaryIndexes": [index("abc", "b")]},
     "No provisioned throughput specified for the global secondary index"),
])
def test_tables_that_cannot_be(gust, body, message):
    if body and "TableName" not in body:
        body = {"TableName": "abc", "ProvisionedThroughput": UNITS, **body}
    assert told(gust, "CreateTable", body) == (VALIDATION, message)


@pytest.mark.parametrize("body, message", [
    ({}, "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
     "SSESpecification or ReplicaUpdates is required"),
    ({"GlobalSecondaryIndexUpdates": [{}]},
     BAD + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must "
     "not be null"),
    ({"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "abc"}}, {"Delete": {"IndexName": "abc"}}]},
     BAD + "Only one global secondary index update per index is allowed simultaneously. Index: abc"),
    ({"ProvisionedThroughput": UNITS},
     BAD + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"),
])
def test_updates_that_cannot_be(gust, table, body, message):
    assert told(gust, "UpdateTable", {"TableName": table, **body}) == (VALIDATION, message)


def test_keys_of_batches_and_transactions(gust, dynamodb_client, table):
    mismatch = "The provided key element does not match the schema"
    for item in ({}, {"b": {"S": "x"}}, {"a": {"N": "1"}, "b": {"S": "x"}}, {"a": {"M": {}}, "b": {"S": "x"}}):
        body = {"RequestItems": {table: [{"PutRequest": {"Item": item}}]}}
        assert told(gust, "BatchWriteItem", body) == (VALIDATION, mismatch)
    wrong = {"RequestItems": {table: [{"PutRequest": {"Item": {"a": {"S": "x"}, "b": {"S": "x"}, "c": {"N": "1"}}}}]}}
    assert told(gust, "BatchWriteItem", wrong)[1].startswith(BAD + "Type mismatch for Index Key c Expected: S Actual: N IndexName: ")
    assert told(gust, "BatchWriteItem", {"RequestItems": {table: [{}]}}) == (VALIDATION, TWO_SET)

    good, bad = {"a": {"S": "x"}, "b": {"S": "y"}}, {"a": {"N": "1"}, "b": {"S": "y"}}
    empty = {"a": {"S": ""}, "b": {"S": "y"}}
    twice = {"TransactItems": [{"Get": {"TableName": table, "Key": good}}] * 2}
    assert told(gust, "TransactGetItems", twice)[1] == "Transaction request cannot include multiple operations on one item"
    for operation, one in (("TransactGetItems", lambda key: {"Get": {"TableName": table, "Key": key}}),
                           ("TransactWriteItems", lambda key: {"Delete": {"TableName": table, "Key": key}})):
        answer = post(gust, operation, json.dumps({"TransactItems": [one(good), one(bad)]})).json()
        assert answer["__type"] == DYNAMODB + "TransactionCanceledException"
        assert answer["CancellationReasons"] == [{"Code": "None"}, {"Code": "ValidationError", "Message": mismatch}]
        assert answer["message" if "message" in answer else "Message"].endswith("[None, ValidationError]")
        kind, message = told(gust, operation, {"TransactItems": [one(good), one(empty)]})
        assert kind == VALIDATION and "cannot contain an empty string value. Key: a" in message


@pytest.mark.parametrize("flag", ["true", "no", 1, [], {}])
def test_a_flag_is_true_or_false(gust, table, flag):
    body = {"TableName": table, "Key": {"a": {"S": "x"}, "b": {"S": "y"}}, "ConsistentRead": flag}
    assert told(gust, "GetItem", body)[0] == SERVICE + "SerializationException"
    assert post(gust, "GetItem", json.dumps({**body, "ConsistentRead": True})).status_code == 200


def test_tables_of_others(gust):
    arn = "arn:aws:dynamodb:us-east-1:111111111111:table/x"
    for operation, body in (("GetItem", {"TableName": arn, "Key": {"a": {"S": "x"}}}),
                            ("TagResource", {"ResourceArn": arn, "Tags": [{"Key": "k", "Value": "v"}]})):
        assert told(gust, operation, body) == (
            SERVICE + "AccessDeniedException",
            f"User: arn:aws:iam::000000000000:root is not authorized to perform: dynamodb:{operation} on resource: {arn} because "
            f"no resource-based policy allows the dynamodb:{operation} action")


def test_parameters_that_do_not_go_together(gust, table):
    of = {"TableName": table}
    key = {"a": {"S": "x"}, "b": {"S": "y"}}
    mixed = "Can not use both expression and non-expression parameters in the same request: "
    assert told(gust, "Scan", {**of, "ScanFilter": {}, "AttributesToGet": ["a"], "ConditionalOperator": "OR",
                               "FilterExpression": "", "ProjectionExpression": ""})[1] == (
        mixed + "Non-expression parameters: {AttributesToGet, ScanFilter, ConditionalOperator} Expression parameters: "
        "{ProjectionExpression, FilterExpression}")
    only = "ExpressionAttributeValues can only be specified when using expressions: "
    values = {"ExpressionAttributeValues": {":x": {"S": "1"}}}
    assert told(gust, "Scan", {**of, **values})[1] == only + "FilterExpression is null"
    assert told(gust, "Scan", {**of, **values, "ProjectionExpression": "a"})[1] == only + "FilterExpression is null"
    assert told(gust, "PutItem", {**of, **values, "Item": key})[1] == only + "ConditionExpression is null"
    assert told(gust, "UpdateItem", {**of, **values, "Key": key})[1] == only + "UpdateExpression and ConditionExpression are null"
    names = {"ExpressionAttributeNames": {"#x": "x"}}
    assert told(gust, "GetItem", {**of, **names, "Key": key})[1] == (
        "ExpressionAttributeNames can only be specified when using expressions")
    for select, what in (("COUNT", "only the Count"), ("ALL_ATTRIBUTES", "ALL_ATTRIBUTES")):
        assert told(gust, "Scan", {**of, "Select": select, "ProjectionExpression": "a"})[1] == (
            f"Cannot specify the ProjectionExpression when choosing to get {what}")
        assert told(gust, "Scan", {**of, "Select": select, "AttributesToGet": ["a"]})[1] == (
            f"Cannot specify the AttributesToGet when choosing to get {what}")
    assert told(gust, "BatchGetItem", {"RequestItems": {
        table: {"Keys": [key], "ProjectionExpression": "a"}, "another": {"Keys": [key], "AttributesToGet": ["a"]}}})[1] == (
        mixed + "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}")
    # The older conditions on keys go with an expression that filters.
    answer = post(gust, "Query", json.dumps({**of, "KeyConditions": {
        "a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "x"}]}}, "FilterExpression": "attribute_exists(x)"}))
    assert answer.status_code == 200 and answer.json()["Count"] == 0


@pytest.fixture
def dynamodb_client(gust):
    return gust.client("dynamodb")


def test_what_a_table_has_not(dynamodb_client, table):
    dynamodb = dynamodb_client
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    assert dynamodb.describe_contributor_insights(TableName=table)["ContributorInsightsStatus"] == "DISABLED"
    assert dynamodb.describe_kinesis_streaming_destination(TableName=table)["KinesisDataStreamDestinations"] == []
    assert dynamodb.list_global_tables()["GlobalTables"] == []
    said = refusal(lambda: dynamodb.describe_global_table(GlobalTableName=table), "GlobalTableNotFoundException")
    assert said == f"Global table with name: '{table}' does not exist."
    if not hasattr(dynamodb, "put_resource_policy"):
        return  # an SDK from before them
    refusal(lambda: dynamodb.get_resource_policy(ResourceArn=arn), "PolicyNotFoundException")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    revision = dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    got = dynamodb.get_resource_policy(ResourceArn=arn)
    assert (got["Policy"], got["RevisionId"]) == (policy, revision)
    refusal(lambda: dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy, ExpectedRevisionId="NO_POLICY"),
            "PolicyNotFoundException")
    assert dynamodb.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=revision)["RevisionId"] == revision
    refusal(lambda: dynamodb.get_resource_policy(ResourceArn=arn), "PolicyNotFoundException")
    refusal(lambda: dynamodb.put_resource_policy(ResourceArn=arn, Policy="x"))


def test_units_that_are_changed(dynamodb_client, unique):
    dynamodb = dynamodb_client
    dynamodb.create_table(TableName=unique, AttributeDefinitions=attributes(a="S"), KeySchema=HASH_RANGE[:1],
                          ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 10})
    def set_units(read, write):
        return dynamodb.update_table(TableName=unique, ProvisionedThroughput={
            "ReadCapacityUnits": read, "WriteCapacityUnits": write})["TableDescription"]["ProvisionedThroughput"]

    raised = set_units(10, 11)
    assert raised["LastIncreaseDateTime"] and raised["NumberOfDecreasesToday"] == 0 and "LastDecreaseDateTime" not in raised
    assert refusal(lambda: set_units(10, 11)) == (
        "The provisioned throughput for the table will not change. The requested value equals the current value. Current "
        "ReadCapacityUnits provisioned for the table: 10. Requested ReadCapacityUnits: 10. Current WriteCapacityUnits "
        "provisioned for the table: 11. Requested WriteCapacityUnits: 11. Refer to the Amazon DynamoDB Developer Guide for "
        "current limits and how to request higher limits.")
    for done in range(1, 5):
        assert set_units(10 - done, 11)["NumberOfDecreasesToday"] == done
    said = refusal(lambda: set_units(1, 11), "LimitExceededException")
    assert re.fullmatch(
        r"Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day\. After the first 4 "
        r"decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds\. Number of "
        r"decreases today: 4\. Last decrease at \w+, \w+ \d+, \d{4} at \d+:\d\d:\d\d [AP]M Coordinated Universal Time\. Next "
        r"decrease can be made at \w+, \w+ \d+, \d{4} at \d+:\d\d:\d\d [AP]M Coordinated Universal Time", said), said
    dynamodb.update_table(TableName=unique, BillingMode="PAY_PER_REQUEST")
    described = dynamodb.describe_table(TableName=unique)["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    dynamodb.delete_table(TableName=unique)


def test_a_table_without_capacity_throttles(gust, unique):
    from botocore.config import Config
    dynamodb = gust.client("dynamodb", config=Config(retries={"max_attempts": 0}))
    one = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    dynamodb.create_table(TableName=unique, AttributeDefinitions=attributes(a="S", g="S"), KeySchema=HASH_RANGE[:1],
                          GlobalSecondaryIndexes=[index("global", "g", projection="KEYS_ONLY", ProvisionedThroughput=one)],
                          ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    large = {"a": {"S": "x"}, "t": {"S": "x" * 400_000}}
    dynamodb.put_item(TableName=unique, Item=large)  # 391 units of the 300 that a new table has at once
    small = {"a": {"S": "y"}}
    words = ("The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
             "provisioning level with the UpdateTable API.")
    code = "ProvisionedThroughputExceededException"
    assert refusal(lambda: dynamodb.put_item(TableName=unique, Item=small), code) == words
    raw = post(gust, "PutItem", json.dumps({"TableName": unique, "Item": small})).json()
    arn = dynamodb.describe_table(TableName=unique)["Table"]["TableArn"]
    assert raw["ThrottlingReasons"] == [{"reason": "TableWriteProvisionedThroughputExceeded", "resource": arn}]
    refusal(lambda: dynamodb.batch_write_item(RequestItems={unique: [{"PutRequest": {"Item": small}}]}), code)
    answer = post(gust, "TransactWriteItems", json.dumps({"TransactItems": [{"Put": {"TableName": unique, "Item": small}}]}))
    assert answer.json()["CancellationReasons"] == [{"Code": "ProvisionedThroughputExceeded", "Message": words}]
    other = unique_names("free")
    dynamodb.create_table(TableName=other, AttributeDefinitions=attributes(a="S"), KeySchema=HASH_RANGE[:1], **ON_DEMAND)
    left = dynamodb.batch_write_item(RequestItems={unique: [{"PutRequest": {"Item": small}}],
                                                   other: [{"PutRequest": {"Item": small}}]})["UnprocessedItems"]
    assert left == {unique: [{"PutRequest": {"Item": small}}]}
    assert dynamodb.get_item(TableName=other, Key=small)["Item"] == small
    # Reads are apart: 98 units a strongly consistent read of the large one.
    for _ in range(4):
        dynamodb.get_item(TableName=unique, Key={"a": {"S": "x"}}, ConsistentRead=True)
    assert refusal(lambda: dynamodb.get_item(TableName=unique, Key=small), code) == words
    refusal(lambda: dynamodb.batch_get_item(RequestItems={unique: {"Keys": [small]}}), code)
    got = dynamodb.batch_get_item(RequestItems={unique: {"Keys": [small]}, other: {"Keys": [small]}})
    assert got["UnprocessedKeys"] == {unique: {"Keys": [small]}} and got["Responses"][other] == [small]
    # More of them count at once.
    dynamodb.update_table(TableName=unique, ProvisionedThroughput={"ReadCapacityUnits": 1000, "WriteCapacityUnits": 1000})

    def goes():
        try:
            return dynamodb.put_item(TableName=unique, Item=small)
        except dynamodb.exceptions.ProvisionedThroughputExceededException:
            return None

    from conftest import wait_until
    wait_until(goes, "capacity")
    for name in (unique, other):
        dynamodb.delete_table(TableName=name)
