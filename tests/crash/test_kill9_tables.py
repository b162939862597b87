"""The plug is pulled while items are written: what was acknowledged is there, indexes and transactions are whole."""
import random
import threading
from concurrent.futures import ThreadPoolExecutor

from conftest import wait_until

ROUNDS, WRITES = 5, 400
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}


def pages(client, operation, member="Items", **query):
    return [item for page in client.get_paginator(operation).paginate(**query) for item in page[member]]


def make(dynamodb, name):
    dynamodb.create_table(
        TableName=name, **ON_DEMAND, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "round", "AttributeType": "N"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-round", "KeySchema": [{"AttributeName": "round", "KeyType": "HASH"}],
                                 "Projection": {"ProjectionType": "ALL"}}])


def item(name, round_number):
    return {"id": {"S": name}, "round": {"N": str(round_number)}}


def test_acknowledged_items_are_there(new_gust):
    gust = new_gust().start()
    make(gust.client("dynamodb"), "kept")
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    dice, acknowledged, lock = random.Random(seed), set(), threading.Lock()

    def write(client, name, round_number):
        """A pair of items in a transaction, or one."""
        pair = [item(name, round_number), item(name + "+", round_number)]
        try:
            if name.endswith("0"):
                client.transact_write_items(TransactItems=[{"Put": {"TableName": "kept", "Item": i}} for i in pair])
            else:
                client.put_item(TableName="kept", Item=pair[0])
        except Exception:
            return  # not acknowledged: nothing is promised
        with lock:
            acknowledged.add(name)

    for round_number in range(ROUNDS):
        clients = [gust.client("dynamodb") for _ in range(8)]
        kill_after, done = dice.randrange(WRITES), threading.Semaphore(0)
        with ThreadPoolExecutor(8) as threads:
            for i in range(WRITES):
                threads.submit(write, clients[i % 8], f"{round_number}-{i}", round_number).add_done_callback(
                    lambda _: done.release())
            for _ in range(kill_after):
                done.acquire()
            gust.kill9()
        gust.start()

    dynamodb = gust.client("dynamodb")
    there = {i["id"]["S"] for i in pages(dynamodb, "scan", TableName="kept")}
    assert acknowledged and acknowledged <= there
    for name in {n.rstrip("+") for n in there if n.rstrip("+").endswith("0")}:
        assert {name, name + "+"} <= there, "half a transaction"
    indexed = [i["id"]["S"] for r in range(ROUNDS) for i in pages(
        dynamodb, "query", TableName="kept", IndexName="by-round", KeyConditionExpression="round = :r",
        ExpressionAttributeValues={":r": {"N": str(r)}})]
    assert sorted(indexed) == sorted(there)


def test_work_on_tables_goes_on_after_a_kill(new_gust):
    gust = new_gust().start()
    dynamodb = gust.client("dynamodb")
    make(dynamodb, "dropped")
    for start in range(0, 500, 25):
        dynamodb.batch_write_item(RequestItems={"dropped": [
            {"PutRequest": {"Item": item(str(i), 1)}} for i in range(start, start + 25)]})
    dynamodb.update_table(
        TableName="dropped", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "late", "Projection": {"ProjectionType": "ALL"},
                                                 "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}])
    gust.kill9()
    gust.start()
    dynamodb = gust.client("dynamodb")

    def statuses():
        return {i["IndexStatus"] for i in dynamodb.describe_table(TableName="dropped")["Table"]["GlobalSecondaryIndexes"]}
    wait_until(lambda: statuses() == {"ACTIVE"}, "the index to be active")
    assert len(pages(dynamodb, "scan", TableName="dropped", IndexName="late")) == 500
    dynamodb.delete_table(TableName="dropped")
    gust.kill9()
    gust.start()
    dynamodb = gust.client("dynamodb")
    make(dynamodb, "dropped")
    assert dynamodb.scan(TableName="dropped")["Count"] == 0
