"""Streams of tables, and time to live, by the official SDK."""
import os
import time

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until

VIEWS = ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]


@pytest.fixture
def dynamodb(gust):
    return gust.client("dynamodb")


@pytest.fixture
def streams(gust):
    return gust.client("dynamodbstreams")


def make(dynamodb, name, view="NEW_AND_OLD_IMAGES"):
    """A table with a stream; answers the stream's ARN."""
    return dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in (("id", "S"), ("at", "N"))],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view})["TableDescription"]["LatestStreamArn"]


def key(name, at=1):
    return {"id": {"S": name}, "at": {"N": str(at)}}


def item(name, at=1, **more):
    return key(name, at) | {k: {"S": v} for k, v in more.items()}


def shard(streams, arn):
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    assert len(shards) == 1
    return shards[0]["ShardId"]


def iterator(streams, arn, kind="TRIM_HORIZON", **more):
    return streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard(streams, arn), ShardIteratorType=kind, **more)["ShardIterator"]


def read(streams, at, count, **more):
    """The next `count` records, and the iterator behind them."""
    records = []

    def all_there():
        nonlocal at
        answer = streams.get_records(ShardIterator=at, **more)
        records.extend(answer["Records"])
        at = answer.get("NextShardIterator")
        return len(records) >= count or at is None

    wait_until(all_there, f"{count} records")
    assert len(records) == count
    return records, at


def refusal(call, code):
    with pytest.raises(ClientError) as raised:
        call()
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return raised.value.response["Error"]["Message"]


@pytest.mark.parametrize("view", VIEWS)
def test_records_show_what_the_view_says(dynamodb, streams, unique, view):
    arn = make(dynamodb, unique, view)
    began = time.time()
    dynamodb.put_item(TableName=unique, Item=item("a", color="red"))
    dynamodb.put_item(TableName=unique, Item=item("a", color="red"))  # nothing changes
    dynamodb.update_item(TableName=unique, Key=key("a"), UpdateExpression="SET color = :c",
                         ExpressionAttributeValues={":c": {"S": "blue"}})
    dynamodb.delete_item(TableName=unique, Key=key("a"))
    dynamodb.delete_item(TableName=unique, Key=key("a"))  # there is none
    records, _ = read(streams, iterator(streams, arn), 3)
    images = [(None, item("a", color="red")), (item("a", color="red"), item("a", color="blue")),
              (item("a", color="blue"), None)]
    assert [one["eventName"] for one in records] == ["INSERT", "MODIFY", "REMOVE"]
    for record, (old, new) in zip(records, images):
        assert (record["eventVersion"], record["eventSource"], record["awsRegion"]) == ("1.1", "aws:dynamodb", "us-east-1")
        assert "userIdentity" not in record
        change = record["dynamodb"]
        assert change["Keys"] == key("a") and change["StreamViewType"] == view
        assert change.get("OldImage") == (old if "OLD" in view else None)
        assert change.get("NewImage") == (new if "NEW" in view else None)
        assert change["SizeBytes"] >= len("id" "a" "at" "1") and len(change["SequenceNumber"]) >= 21
        assert abs(change["ApproximateCreationDateTime"].timestamp() - began) < 3600
    assert len({one["eventID"] for one in records}) == 3
    again, _ = read(streams, iterator(streams, arn), 3)
    assert again == records


def test_a_stream_is_described(dynamodb, streams, unique):
    arn = make(dynamodb, unique, "NEW_IMAGE")
    said = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert said["StreamArn"] == arn and said["StreamLabel"] == arn.rsplit("/", 1)[1] and said["TableName"] == unique
    assert (said["StreamStatus"], said["StreamViewType"]) == ("ENABLED", "NEW_IMAGE")
    assert said["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
    assert said["CreationRequestDateTime"] == dynamodb.describe_table(TableName=unique)["Table"]["CreationDateTime"]
    [only] = said["Shards"]
    assert only["ShardId"].startswith("shardId-0000000") and "EndingSequenceNumber" not in only["SequenceNumberRange"]
    after = streams.describe_stream(StreamArn=arn, ExclusiveStartShardId=only["ShardId"])["StreamDescription"]
    assert after["Shards"] == [] and "LastEvaluatedShardId" not in after
    listed = streams.list_streams(TableName=unique)
    assert listed["Streams"] == [{"StreamArn": arn, "TableName": unique, "StreamLabel": said["StreamLabel"]}]
    assert arn in [one["StreamArn"] for one in streams.list_streams()["Streams"]]


def test_places_in_a_stream(dynamodb, streams, unique):
    arn = make(dynamodb, unique)
    dynamodb.put_item(TableName=unique, Item=item("before"))
    latest = iterator(streams, arn, "LATEST")
    for n in range(4):
        dynamodb.put_item(TableName=unique, Item=item("after", n))
    records, end = read(streams, latest, 4, Limit=3)
    assert [one["dynamodb"]["Keys"]["at"]["N"] for one in records] == ["0", "1", "2", "3"]
    assert read(streams, end, 0)[0] == []
    everything, _ = read(streams, iterator(streams, arn), 5)
    assert everything[1:] == records
    second = records[1]["dynamodb"]["SequenceNumber"]
    at = iterator(streams, arn, "AT_SEQUENCE_NUMBER", SequenceNumber=second)
    assert read(streams, at, 3)[0] == records[1:]
    behind = iterator(streams, arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=second)
    assert read(streams, behind, 2)[0] == records[2:]
    dynamodb.put_item(TableName=unique, Item=item("later"))
    assert read(streams, end, 1)[0][0]["dynamodb"]["Keys"] == key("later")


def test_changes_of_an_item_are_in_order(dynamodb, streams, unique):
    from concurrent.futures import ThreadPoolExecutor
    arn = make(dynamodb, unique)
    items, changes = 4, 25

    def count(name):
        for _ in range(changes):
            dynamodb.update_item(TableName=unique, Key=key(name), UpdateExpression="ADD n :one",
                                 ExpressionAttributeValues={":one": {"N": "1"}})

    with ThreadPoolExecutor(2 * items) as pool:
        list(pool.map(count, [f"item-{n % items}" for n in range(2 * items)]))
    dynamodb.transact_write_items(TransactItems=[
        {"Put": {"TableName": unique, "Item": item(f"item-{n}") | {"n": {"N": "1000"}}}} for n in range(items)])
    records, _ = read(streams, iterator(streams, arn), items * (2 * changes + 1), Limit=7)
    numbers = [one["dynamodb"]["SequenceNumber"] for one in records]
    assert numbers == sorted(set(numbers))
    for n in range(items):
        own = [one["dynamodb"] for one in records if one["dynamodb"]["Keys"] == key(f"item-{n}")]
        assert [one["NewImage"]["n"]["N"] for one in own] == [str(i) for i in range(1, 2 * changes + 1)] + ["1000"]
        assert [one["OldImage"] for one in own[1:]] == [one["NewImage"] for one in own[:-1]]


def test_what_is_not_there_is_refused(dynamodb, streams, unique):
    arn = make(dynamodb, unique)
    other = arn.rsplit("/", 1)[0] + "/2020-01-01T00:00:00.000"
    message = refusal(lambda: streams.describe_stream(StreamArn=other), "ResourceNotFoundException")
    assert message == f"Requested resource not found: Stream: {other} not found"
    refusal(lambda: streams.describe_stream(StreamArn=arn.rsplit("/stream", 1)[0]), "ValidationException")
    refusal(lambda: streams.get_shard_iterator(StreamArn=arn, ShardId="shardId-00000000000000000000-00000000",
                                               ShardIteratorType="LATEST"), "ResourceNotFoundException")
    refusal(lambda: iterator(streams, arn, "MIDDLE"), "ValidationException")
    refusal(lambda: iterator(streams, arn, "AT_SEQUENCE_NUMBER"), "ValidationException")
    refusal(lambda: iterator(streams, arn, "AT_SEQUENCE_NUMBER", SequenceNumber="9" * 21), "ValidationException")
    refusal(lambda: iterator(streams, arn, "AT_SEQUENCE_NUMBER", SequenceNumber="1" + "0" * 20),
            "TrimmedDataAccessException")
    refusal(lambda: streams.get_records(ShardIterator="nonsense"), "ValidationException")
    message = refusal(lambda: streams.get_records(ShardIterator=iterator(streams, arn), Limit=1001), "ValidationException")
    assert "less than or equal to 1000" in message


def test_a_stream_outlives_its_end(dynamodb, streams, unique):
    first = make(dynamodb, unique)
    dynamodb.put_item(TableName=unique, Item=item("one"))
    dynamodb.update_table(TableName=unique, StreamSpecification={"StreamEnabled": False})
    dynamodb.put_item(TableName=unique, Item=item("unseen"))
    dynamodb.update_table(TableName=unique, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    second = dynamodb.describe_table(TableName=unique)["Table"]["LatestStreamArn"]
    assert second != first
    dynamodb.put_item(TableName=unique, Item=item("two"))
    dynamodb.delete_table(TableName=unique)
    assert [one["StreamArn"] for one in streams.list_streams(TableName=unique)["Streams"]] == [first, second]
    for arn, name in ((first, "one"), (second, "two")):
        said = streams.describe_stream(StreamArn=arn)["StreamDescription"]
        assert said["StreamStatus"] == "DISABLED" and "EndingSequenceNumber" in said["Shards"][0]["SequenceNumberRange"]
        [record], at = read(streams, iterator(streams, arn), 1)
        assert record["dynamodb"]["Keys"] == key(name)

        def closed():
            nonlocal at
            answer = streams.get_records(ShardIterator=at)
            assert answer["Records"] == []
            at = answer.get("NextShardIterator")
            return at is None

        wait_until(closed, "the end of the shard")


def test_records_outlive_the_daemon(new_gust, unique):
    gust = new_gust().start()
    dynamodb, streams = gust.client("dynamodb"), gust.client("dynamodbstreams")
    arn = make(dynamodb, unique)
    for n in range(20):
        dynamodb.put_item(TableName=unique, Item=item("a", n))
    before, at = read(streams, iterator(streams, arn), 20)
    gust.kill9()
    gust.start()
    dynamodb, streams = gust.client("dynamodb"), gust.client("dynamodbstreams")
    assert read(streams, iterator(streams, arn), 20)[0] == before
    latest = iterator(streams, arn, "LATEST")
    dynamodb.put_item(TableName=unique, Item=item("b"))
    [new], _ = read(streams, at, 1)
    assert new["dynamodb"]["Keys"] == key("b")
    assert new["dynamodb"]["SequenceNumber"] > before[-1]["dynamodb"]["SequenceNumber"]
    assert read(streams, latest, 1)[0] == [new]


def test_items_whose_time_has_ended_are_removed(new_gust, unique, monkeypatch):
    monkeypatch.setitem(os.environ, "GUST_TTL_PERIOD_MS", "100")
    gust = new_gust().start()
    dynamodb, streams = gust.client("dynamodb"), gust.client("dynamodbstreams")
    arn = make(dynamodb, unique)
    now = int(time.time())
    ends = {"past": {"N": str(now - 10)}, "future": {"N": str(now + 86400)}, "text": {"S": str(now - 10)},
            "ancient": {"N": str(now - 6 * 365 * 86400)}, "fraction": {"N": f"{now - 10}.5"}}
    for name, end in ends.items():
        dynamodb.put_item(TableName=unique, Item=key(name) | {"ends": end})
    dynamodb.put_item(TableName=unique, Item=key("none"))
    dynamodb.delete_item(TableName=unique, Key=key("none"))
    dynamodb.update_time_to_live(TableName=unique, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})
    records, _ = read(streams, iterator(streams, arn), len(ends) + 4)
    assert [("userIdentity" in one) for one in records] == [False] * (len(ends) + 2) + [True] * 2
    assert {one["dynamodb"]["Keys"]["id"]["S"] for one in records[-2:]} == {"past", "fraction"}
    for record in records[-2:]:
        assert record["eventName"] == "REMOVE"
        assert record["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
        assert record["dynamodb"]["OldImage"]["ends"] == ends[record["dynamodb"]["Keys"]["id"]["S"]]
    left = {one["id"]["S"] for one in dynamodb.scan(TableName=unique)["Items"]}
    assert left == {"future", "text", "ancient"}
