"""Clients of a table that record what they asked and what they were told, for the checker in src/tables/history."""
import itertools
import json
import random
import threading
import time
import uuid

from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError, ReadTimeoutError

REGISTERS = ["a/0", "a/1", "b/0", "b/1"]  # items that are put, deleted, set, counted up
LISTS = ["l/0", "l/1", "l/2", "m/0"]  # items that are only appended to
NAMES = {"#v": "value", "#c": "count", "#l": "list"}
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
DID_NOT_HAPPEN = {"TransactionConflictException", "TransactionInProgressException", "ThrottlingException"}


def make_table(dynamodb, name):
    """Answers the ARN of its stream."""
    def index(index_name, projection, *keys):
        return {"IndexName": index_name, "Projection": projection,
                "KeySchema": [{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"))]}

    return dynamodb.create_table(
        TableName=name, **ON_DEMAND,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in
                              (("h", "S"), ("r", "N"), ("g", "S"), ("value", "N"), ("count", "N"))],
        KeySchema=[{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[index("by-g", {"ProjectionType": "ALL"}, "g"),
                                index("by-value", {"ProjectionType": "KEYS_ONLY"}, "g", "value")],
        LocalSecondaryIndexes=[index("local", {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["list"]}, "h", "count")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["TableDescription"]["LatestStreamArn"]


def n(number):
    return {"N": str(number)}


def key(name):
    return {"h": {"S": name[0]}, "r": n(name[2:])}


def name_of(item):
    return f'{item["h"]["S"]}/{item["r"]["N"]}'


def list_of(item):
    return [int(e["N"]) for e in (item or {}).get("list", {"L": []})["L"]]


def state(item):
    """As the checker reads it."""
    return [*(int(item.get(k, n(0))["N"]) for k in ("value", "count")), list_of(item)] if item else None


class History:
    """Events of all clients, and the numbers that they put and append."""

    def __init__(self):
        self.events, self.lock, self.numbers = [], threading.Lock(), itertools.count(1)

    def add(self, event):
        with self.lock:
            self.events.append(event)

    def number(self):
        with self.lock:
            return next(self.numbers)

    def write(self, path):
        path.write_text("".join(json.dumps(e) + "\n" for e in self.events))


class Unknown(Exception):
    """The daemon did not answer: `until` is when it certainly was dead, or nothing."""

    def __init__(self, until):
        super().__init__("no answer")
        self.until = until


def call(function, **request):
    """Its answer, or a ClientError; Unknown where there was none."""
    try:
        return function(**request)
    except ReadTimeoutError as error:
        raise Unknown(None) from error
    except (HTTPClientError, EndpointConnectionError) as error:  # the connection broke, or there was nobody to connect to
        raise Unknown(time.monotonic_ns()) from error
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise Unknown(None) from error
        raise


class Client:
    """One client: step() does something of its own choice and records it. True when the daemon answered."""

    def __init__(self, gust, table, history, number, seed):
        self.dynamodb = gust.client("dynamodb", config=Config(retries={"total_max_attempts": 1}, read_timeout=60))
        self.table, self.history, self.number, self.dice = table, history, number, random.Random(seed)
        self.unfinished = []  # transactions with a token that were not answered: (event, request)

    def step(self):
        if self.unfinished:
            return self.send(*self.unfinished.pop())
        steps = [self.get, self.write, self.write, self.write, self.append, self.append_many, self.append_if_unchanged,
                 self.append_once, self.read_lists, self.query]
        return self.dice.choice(steps)()

    # Items of which each operation is checked for itself.

    def begin_on(self, name, do, **more):
        return {"item": name, "do": do, "client": self.number, "called": time.monotonic_ns()} | more

    def get(self):
        name = self.dice.choice(REGISTERS)
        event = self.begin_on(name, "get")
        try:
            answer = call(self.dynamodb.get_item, TableName=self.table, Key=key(name), ConsistentRead=True)
        except Unknown:
            return False
        self.history.add(event | {"held": True, "before": state(answer.get("Item")), "returned": time.monotonic_ns()})
        return True

    def condition(self):
        """For the checker, and for the request."""
        expected = max(1, self.history.number() - self.dice.randrange(30))
        return self.dice.choice([
            ({}, {}, {}), ({}, {}, {}),
            ({"if": "there"}, {"ConditionExpression": "attribute_exists(h)"}, {}),
            ({"if": "absent"}, {"ConditionExpression": "attribute_not_exists(h)"}, {}),
            ({"if": "value", "expected": expected}, {"ConditionExpression": "#v = :expected"}, {":expected": n(expected)})])

    def write(self):
        name, number = self.dice.choice(REGISTERS), self.history.number()
        said, condition, values = self.condition()
        do = self.dice.choice(["put", "delete", "set", "add", "append"])
        group = {"S": "even" if number % 2 == 0 else "odd"}
        expression, more, argument = {
            "set": ("SET #v = :n, g = :g", {":n": n(number), ":g": group}, number),
            "add": ("ADD #c :one", {":one": n(1)}, 1),
            "append": ("SET #l = list_append(if_not_exists(#l, :none), :n)", {":n": {"L": [n(number)]}, ":none": {"L": []}}, number),
        }.get(do, ("", {}, number))
        values = values | more
        request = {"TableName": self.table, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"} | condition
        if expression:
            request |= {"Key": key(name), "UpdateExpression": expression, "ReturnValues": self.dice.choice(["ALL_NEW", "ALL_OLD"])}
        elif do == "put":
            request |= {"Item": key(name) | {"value": n(number), "g": group}, "ReturnValues": "ALL_OLD"}
        else:
            request |= {"Key": key(name), "ReturnValues": "ALL_OLD"}
        text = expression + condition.get("ConditionExpression", "")
        names = {k: v for k, v in NAMES.items() if k in text}
        request |= {"ExpressionAttributeNames": names} if names else {}
        request |= {"ExpressionAttributeValues": values} if values else {}
        function = {"put": self.dynamodb.put_item, "delete": self.dynamodb.delete_item}.get(do, self.dynamodb.update_item)
        event = self.begin_on(name, do, argument=argument, **said)
        try:
            answer = call(function, **request)
        except Unknown as unknown:
            self.history.add(event | {"returned": unknown.until})
            return False
        except ClientError as error:
            if error.response["Error"]["Code"] in DID_NOT_HAPPEN:
                return True
            assert error.response["Error"]["Code"] == "ConditionalCheckFailedException", error
            event |= {"held": False, "before": state(error.response.get("Item"))}
        else:
            told = "after" if request["ReturnValues"] == "ALL_NEW" else "before"
            event |= {"held": True, told: state(answer.get("Attributes"))}
        self.history.add(event | {"returned": time.monotonic_ns()})
        return True

    # Items that are appended to, in transactions.

    def begin(self, **more):
        return {"reads": {}, "appends": {}, "outcome": "unknown", "client": self.number, "called": time.monotonic_ns()} | more

    def some(self, most):
        return self.dice.sample(LISTS, self.dice.randint(1, most))

    def update_of(self, name, number):
        return {"TableName": self.table, "Key": key(name), "ExpressionAttributeNames": {"#l": "list", "#c": "count"},
                "UpdateExpression": "SET #l = list_append(if_not_exists(#l, :none), :n), g = :g ADD #c :one",
                "ExpressionAttributeValues": {":n": {"L": [n(number)]}, ":none": {"L": []}, ":g": {"S": "list"}, ":one": n(1)}}

    def append(self):
        name, number = self.dice.choice(LISTS), self.history.number()
        event = self.begin(appends={name: number})
        try:
            answer = call(self.dynamodb.update_item, **self.update_of(name, number), ReturnValues="UPDATED_OLD")
            event |= {"reads": {name: list_of(answer.get("Attributes"))}}
        except Unknown as unknown:
            self.history.add(event | {"returned": unknown.until})
            return False
        except ClientError as error:
            assert error.response["Error"]["Code"] in DID_NOT_HAPPEN, error
            self.history.add(event | {"outcome": "failed"})
            return True
        self.history.add(event | {"outcome": "done", "returned": time.monotonic_ns()})
        return True

    def append_many(self):
        appends = {name: self.history.number() for name in self.some(3)}
        return self.send(self.begin(appends=appends),
                         {"TransactItems": [{"Update": self.update_of(name, number)} for name, number in appends.items()]})

    def append_once(self):
        """With a token: sent again until it is answered, and sometimes after that."""
        appends = {name: self.history.number() for name in self.some(2)}
        request = {"ClientRequestToken": str(uuid.uuid4()),
                   "TransactItems": [{"Update": self.update_of(name, number)} for name, number in appends.items()]}
        answered = self.send(self.begin(appends=appends), request)
        if answered and self.dice.random() < 0.3:
            try:
                call(self.dynamodb.transact_write_items, **request)
            except Unknown:
                return False
            except ClientError as error:
                assert error.response["Error"]["Code"] in DID_NOT_HAPPEN | {"TransactionCanceledException"}, error
        return answered

    def send(self, event, request, seen=None):
        """A transaction; what its conditions asked for is in `seen`, by the names of items in their order."""
        try:
            call(self.dynamodb.transact_write_items, **request)
        except Unknown as unknown:
            if "ClientRequestToken" in request:
                self.unfinished.append((event, request))
            else:
                self.history.add(event | {"returned": unknown.until})
            return False
        except ClientError as error:
            reasons = error.response.get("CancellationReasons", [])
            conflict = error.response["Error"]["Code"] in DID_NOT_HAPPEN or any(r["Code"] == "TransactionConflict" for r in reasons)
            if conflict and "ClientRequestToken" in request:  # an attempt before this one may have been applied
                self.unfinished.append((event, request))
                return True
            self.history.add(event | {"outcome": "failed"})
            if conflict:
                return True
            assert error.response["Error"]["Code"] == "TransactionCanceledException", error
            assert seen and {r["Code"] for r in reasons} <= {"None", "ConditionalCheckFailed"}, error
            # It has read: what was there where the condition did not hold, and what it asked for where it did.
            reads = {name: list_of(r.get("Item")) if r["Code"] != "None" else asked
                     for (name, asked), r in zip(seen.items(), reasons)}
            self.history.add(event | {"appends": {}, "reads": reads, "outcome": "done", "returned": time.monotonic_ns()})
            return True
        self.history.add(event | {"reads": seen or {}, "outcome": "done", "returned": time.monotonic_ns()})
        return True

    def transact_get(self, names):
        answer = call(self.dynamodb.transact_get_items,
                      TransactItems=[{"Get": {"TableName": self.table, "Key": key(name)}} for name in names])
        return {name: list_of(one.get("Item")) for name, one in zip(names, answer["Responses"])}

    def append_if_unchanged(self):
        """Reads some lists, and appends to one of them if all are as they were."""
        names = self.some(3)
        try:
            seen = self.transact_get(names)
        except Unknown:
            return False
        number, items = self.history.number(), []
        for i, name in enumerate(names):
            update = self.update_of(name, number)
            if i > 0:
                update = {k: v for k, v in update.items() if k in {"TableName", "Key"}} | {
                    "ExpressionAttributeNames": {"#l": "list"}, "ExpressionAttributeValues": {}}
            update["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
            update["ConditionExpression"] = "#l = :seen" if seen[name] else "attribute_not_exists(#l)"
            if seen[name]:
                update["ExpressionAttributeValues"][":seen"] = {"L": [n(e) for e in seen[name]]}
            if not update["ExpressionAttributeValues"]:
                del update["ExpressionAttributeValues"]
            items.append({"ConditionCheck" if i > 0 else "Update": update})
        return self.send(self.begin(appends={names[0]: number}), {"TransactItems": items}, seen)

    def read_lists(self, names=None):
        event = self.begin()
        try:
            reads = self.transact_get(names or self.some(4))
        except Unknown:
            return False
        self.history.add(event | {"reads": reads, "outcome": "done", "returned": time.monotonic_ns()})
        return True

    def query(self):
        """One page, of the table or of an index, is one view."""
        of_table = self.dice.random() < 0.5
        request = {"KeyConditionExpression": "h = :h", "ExpressionAttributeValues": {":h": {"S": "l"}}, "ConsistentRead": True}
        if not of_table:
            request = {"IndexName": "by-g", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "list"}}}
        event = self.begin(reads={name: [] for name in LISTS if name.startswith("l/") or not of_table})
        try:
            answer = call(self.dynamodb.query, TableName=self.table, **request)
        except Unknown:
            return False
        assert "LastEvaluatedKey" not in answer
        event["reads"] |= {name_of(item): list_of(item) for item in answer["Items"]}
        self.history.add(event | {"outcome": "done", "returned": time.monotonic_ns()})
        return True
