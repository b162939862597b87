"""The plug is pulled while writes trigger a function: every write that was acknowledged reaches it, in the order of its
key."""
import random

from conftest import wait_until
from killed import kill_amid
from test_lambda import ROLE, zip_of

# What it has seen of each key; a record that comes before an earlier one of its key is a gap.
FOLLOW = """
import boto3
seen = boto3.client("dynamodb")
def handler(event, context):
    for record in event["Records"]:
        item = record["dynamodb"]["NewImage"]
        key, n = {"id": item["id"]}, int(item["n"]["N"])
        there = seen.get_item(TableName="seen", Key=key, ConsistentRead=True).get("Item", {})
        last = int(there.get("last", {"N": "0"})["N"])
        if n <= last:
            continue  # again
        gaps = int(there.get("gaps", {"N": "0"})["N"]) + (n != last + 1)
        seen.put_item(TableName="seen", Item=key | {"last": {"N": str(n)}, "gaps": {"N": str(gaps)}})
"""
ROUNDS, KEYS, WRITES = 4, 8, 300  # at most so many of a round before the kill


def make_table(dynamodb, name, **more):
    return dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                                 KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                                 AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], **more)["TableDescription"]


class Writer:
    """Writes 1, 2, 3... to its key; a number that was not acknowledged is written again, which changes nothing if it
    is there."""

    def __init__(self, key):
        self.key, self.acknowledged = key, 0

    def write(self, dynamodb):
        dynamodb.put_item(TableName="source", Item={"id": {"S": self.key}, "n": {"N": str(self.acknowledged + 1)}})
        self.acknowledged += 1

    def run(self, dynamodb, written):
        try:
            while True:
                self.write(dynamodb)
                written.release()
        except Exception:
            pass  # the daemon is gone


def test_every_write_reaches_its_function_in_order(new_gust):
    gust = new_gust().start()
    stream = make_table(gust.client("dynamodb"), "source", StreamSpecification={
        "StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})["LatestStreamArn"]
    make_table(gust.client("dynamodb"), "seen")
    functions = gust.client("lambda")
    functions.create_function(FunctionName="follow", Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=30,
                              Code={"ZipFile": zip_of({"index.py": FOLLOW})})
    functions.create_event_source_mapping(FunctionName="follow", EventSourceArn=stream, StartingPosition="TRIM_HORIZON",
                                          BatchSize=20, ParallelizationFactor=4)
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    dice, writers = random.Random(seed), [Writer(f"key-{i}") for i in range(KEYS)]
    for _ in range(ROUNDS):
        kill_amid(gust, Writer.run, [(w, gust.client("dynamodb")) for w in writers], dice.randrange(1, WRITES))
    dynamodb = gust.client("dynamodb")
    for writer in writers:
        writer.write(dynamodb)

    def seen():
        items = dynamodb.scan(TableName="seen", ConsistentRead=True)["Items"]
        return {i["id"]["S"]: (int(i["last"]["N"]), int(i["gaps"]["N"])) for i in items}
    wanted = {w.key: (w.acknowledged, 0) for w in writers}
    wait_until(lambda: all(seen().get(k, (0, 0))[0] >= n for k, (n, _) in wanted.items()), "the function to see all", 120)
    assert seen() == wanted
