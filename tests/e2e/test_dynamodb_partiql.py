"""PartiQL by the official SDK: single statements, batches, transactions."""
import re

import pytest
from botocore.exceptions import ClientError

from test_dynamodb import table  # noqa: F401
from test_dynamodb_tables import dynamodb, refusal  # noqa: F401

@pytest.fixture
def execute(dynamodb, table):
    """A statement in which T is the table; parameters as Python's strings and numbers."""
    def run(statement, *parameters, **more):
        given = {"Parameters": [typed(p) for p in parameters]} if parameters else {}
        return dynamodb.execute_statement(Statement=re.sub(r"\bT\b", f'"{table}"', statement, count=1), **given, **more)
    return run


@pytest.fixture
def five(dynamodb, table, unique):
    for at in range(1, 6):
        dynamodb.put_item(TableName=table, Item={"id": {"S": unique}, "at": {"N": str(at)}, "size": {"N": str(-at)},
                                                 "kind": {"S": unique}, "m": {"M": {"x": {"L": [{"N": "7"}]}}}})
    return unique


def typed(value):
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def ats(answer):
    return [int(i["at"]["N"]) for i in answer["Items"]]


def failure(call, code):
    with pytest.raises(ClientError) as raised:
        call()
    assert raised.value.response["Error"]["Code"] == code, raised.value.response
    return raised.value.response


def test_insert_select_update_delete(execute, unique):
    assert execute("INSERT INTO T VALUE {'id': ?, 'at': 1, 'v': {'a': [1, 'b']}}", unique)["Items"] == []
    refusal(lambda: execute("INSERT INTO T VALUE {'id': ?, 'at': 1}", unique), "DuplicateItemException")
    assert execute("SELECT v.a[1], at FROM T WHERE id = ? AND at = 1", unique)["Items"] == [
        {"a[1]": {"S": "b"}, "at": {"N": "1"}}]
    changed = execute("UPDATE T SET w = ? SET v.a[0] = 2 WHERE id = ? AND at = 1 RETURNING MODIFIED NEW *", 5, unique)["Items"]
    assert changed == [{"w": {"N": "5"}, "v": {"M": {"a": {"L": [{"N": "2"}]}}}}]
    assert execute("UPDATE T REMOVE w WHERE id = ? AND at = 1 AND w = 5 RETURNING ALL OLD *", unique)["Items"][0]["w"] == {"N": "5"}
    refused = failure(lambda: execute("UPDATE T SET w = 1 WHERE id = ? AND at = 1 AND w = 5", unique,
                                      ReturnValuesOnConditionCheckFailure="ALL_OLD"), "ConditionalCheckFailedException")
    assert refused["Item"]["id"] == {"S": unique}
    refusal(lambda: execute("UPDATE T SET w = 1 WHERE id = ? AND at = 2", unique), "ConditionalCheckFailedException")
    refusal(lambda: execute("DELETE FROM T WHERE id = ? AND at = 1 AND w = 5", unique), "ConditionalCheckFailedException")
    assert execute("DELETE FROM T WHERE id = ? AND at = 1 RETURNING ALL OLD *", unique)["Items"][0]["at"] == {"N": "1"}
    assert execute("DELETE FROM T WHERE id = ? AND at = 1 AND w = 5", unique)["Items"] == []
    assert execute("SELECT * FROM T WHERE id = ?", unique)["Items"] == []


def test_pages_go_on_with_the_token(execute, five):
    first = execute("SELECT * FROM T WHERE id = ?", five, Limit=2)
    assert ats(first) == [1, 2] and first["LastEvaluatedKey"] == {"id": {"S": five}, "at": {"N": "2"}}
    found, token = ats(first), first["NextToken"]
    while token:
        page = execute("SELECT * FROM T WHERE id = ?", five, Limit=2, NextToken=token)
        found, token = found + ats(page), page.get("NextToken")
    assert found == [1, 2, 3, 4, 5]
    for bad in (dict(NextToken="no"), dict(NextToken=first["NextToken"])):
        assert "NextToken" in refusal(lambda: execute("SELECT * FROM T WHERE id = ?", "other", **bad))


def test_order_keys_and_filters(execute, five):
    assert ats(execute("SELECT * FROM T WHERE id = ? ORDER BY at DESC", five)) == [5, 4, 3, 2, 1]
    assert ats(execute("SELECT * FROM T WHERE id = ? AND at BETWEEN 2 AND 3 ORDER BY at", five)) == [2, 3]
    assert ats(execute("SELECT * FROM T WHERE id = ? AND (at = 2 OR size = -4)", five)) == [2, 4]
    assert ats(execute("SELECT at FROM T WHERE kind = ? AND size < -3", five)) in ([4, 5], [5, 4])  # a scan
    assert "ORDER BY" in refusal(lambda: execute("SELECT * FROM T ORDER BY at"))
    assert "ORDER BY" in refusal(lambda: execute("SELECT * FROM T WHERE kind = ? ORDER BY at", five))
    assert "size" in refusal(lambda: execute("SELECT * FROM T WHERE id = ? ORDER BY size", five))


def test_indexes(execute, five):
    by_kind = "SELECT * FROM T.\"by-kind\" WHERE kind = ? ORDER BY at DESC"
    assert ats(execute(by_kind, five)) == [5, 4, 3, 2, 1]
    assert "m" not in execute(by_kind, five)["Items"][0]
    assert ats(execute("SELECT m, at FROM T.\"by-size\" WHERE id = ? AND size < -3", five)) == [5, 4]
    assert "m" in execute("SELECT m FROM T.\"by-size\" WHERE id = ?", five)["Items"][0]
    bad = "One or more parameter values were invalid: "
    assert refusal(lambda: execute("SELECT m FROM T.\"by-kind\" WHERE kind = ?", five)) == (
        bad + "Global secondary index by-kind does not project [m]")
    assert refusal(lambda: execute(by_kind, five, ConsistentRead=True)) == (
        "Strongly consistent read is not supported on Global Secondary Indexes")
    assert refusal(lambda: execute("SELECT * FROM T.\"none\" WHERE id = ?", five)) == "The table does not have the specified index"
    # A query filters by what the index has; a scan of it takes the rest for missing.
    for name, key in (("by-kind", "kind"), ("by-size", "id")):
        for condition in ("=", "IN"):
            value = "['x', ?]" if condition == "IN" else "?"
            assert refusal(lambda: execute(f"SELECT at FROM T.\"{name}\" WHERE {key} {condition} {value} AND m = 1", five)) == (
                bad + f"Secondary index {name} does not project one or more filter attributes: [m]")
        assert execute(f"SELECT at FROM T.\"{name}\" WHERE m = 1")["Items"] == []
        assert len(execute(f"SELECT at FROM T.\"{name}\" WHERE NOT m = 1 AND ({key} = ? OR m = 1)", five)["Items"]) == 5
    refused = "This operation is not supported on an index"
    assert refusal(lambda: execute("DELETE FROM T.\"by-size\" WHERE id = ? AND at = 1", five)) == refused


def test_consumed_capacity(execute, table, five):
    def used(*statement, **more):
        return execute(*statement, ReturnConsumedCapacity="TOTAL", **more)["ConsumedCapacity"]
    assert used("SELECT * FROM T WHERE id = ?", five) == {"TableName": table, "CapacityUnits": 0.5}
    assert used("SELECT * FROM T WHERE id = ?", five, ConsistentRead=True)["CapacityUnits"] == 1.0
    assert used("UPDATE T SET m = 1 WHERE id = ? AND at = 1", five)["CapacityUnits"] >= 1.0


def test_what_is_refused(dynamodb, execute, unique):
    assert refusal(lambda: execute("SELEKT * FROM T")) == (
        "Statement wasn't well formed, can't be processed: Expected data manipulation")
    refusal(lambda: execute("SELECT * FROM T WHERE id = ?"))
    refusal(lambda: execute("UPDATE T SET v = 1 WHERE id = ?", unique))
    refusal(lambda: execute("UPDATE T SET at = 1 WHERE id = ? AND at = 2", unique))
    assert refusal(lambda: execute("DELETE FROM T WHERE id = ? AND at = 2 RETURNING ALL NEW *", unique)) == (
        "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements.")
    assert "ExecuteTransaction" in refusal(lambda: execute("EXISTS(SELECT * FROM T WHERE id = ? AND at = 1)", unique))
    refusal(lambda: dynamodb.execute_statement(Statement='SELECT * FROM "none-such"'), "ResourceNotFoundException")


def test_batches_answer_for_each_statement(dynamodb, table, unique):
    def batch(*statements, **more):
        return dynamodb.batch_execute_statement(Statements=[
            {"Statement": re.sub(r"\bT\b", f'"{table}"', s, count=1).replace("$", unique), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
            for s in statements], **more)
    insert = "INSERT INTO T VALUE {'id': '$', 'at': 1, 'v': 1}"
    wrote = batch(insert, insert, "UPDATE T SET v = 2 WHERE id = '$' AND at = 1 AND v = 5", "DELETE T", "DELETE FROM T WHERE id = '$'",
                  "INSERT INTO nonesuch VALUE {'id': '$', 'at': 1}", ReturnConsumedCapacity="TOTAL")
    codes = [r.get("Error", {}).get("Code") for r in wrote["Responses"]]
    assert codes == [None, "DuplicateItem", "ConditionalCheckFailed", "ValidationError", "ValidationError", "ResourceNotFound"]
    assert wrote["Responses"][2]["Error"]["Item"]["v"] == {"N": "1"}
    assert [r.get("TableName") for r in wrote["Responses"]] == [table] * 3 + [None] * 3  # of those that ran
    assert wrote["ConsumedCapacity"][0]["CapacityUnits"] >= 1.0
    read = batch("SELECT v FROM T WHERE id = '$' AND at = 1", "SELECT * FROM T WHERE id = '$' AND at = 2", "SELECT * FROM T WHERE id = '$'")
    assert read["Responses"][0] == {"TableName": table, "Item": {"v": {"N": "1"}}}
    assert read["Responses"][1] == {"TableName": table}
    assert "primary key" in read["Responses"][2]["Error"]["Message"]
    assert "read" in refusal(lambda: batch(insert, "SELECT * FROM T WHERE id = '$' AND at = 1"))
    refusal(lambda: batch(*[insert] * 26))


def test_transactions_are_all_or_nothing(dynamodb, table, unique):
    def transact(*statements, **more):
        return dynamodb.execute_transaction(TransactStatements=[
            {"Statement": re.sub(r"\bT\b", f'"{table}"', s, count=1).replace("$", unique), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
            for s in statements], **more)

    def insert(at, v=1):
        return f"INSERT INTO T VALUE {{'id': '$', 'at': {at}, 'v': {v}}}"
    token = unique[-30:]
    for kind in ("WriteCapacityUnits", "ReadCapacityUnits"):  # the second does nothing, succeeds, and costs reads
        done = transact(insert(1), insert(2), ClientRequestToken=token, ReturnConsumedCapacity="TOTAL")
        assert len(done["Responses"]) == 2
        assert done["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 4.0, kind: 4.0}]
    failure(lambda: transact(insert(3), ClientRequestToken=token), "IdempotentParameterMismatchException")
    one = "T WHERE id = '$' AND at = 1"
    transact(f"EXISTS(SELECT * FROM {one} AND v = 1)", "UPDATE T SET v = v + 1 WHERE id = '$' AND at = 2", insert(3),
             "DELETE FROM T WHERE id = '$' AND at = 9")
    canceled = failure(lambda: transact(f"EXISTS(SELECT * FROM {one} AND v = 2)", insert(3), insert(4)),
                       "TransactionCanceledException")
    assert [r["Code"] for r in canceled["CancellationReasons"]] == ["ConditionalCheckFailed", "DuplicateItem", "None"]
    assert canceled["CancellationReasons"][0]["Item"]["v"] == {"N": "1"}
    read = transact(*[f"SELECT v FROM T WHERE id = '$' AND at = {at}" for at in (1, 2, 3, 4)], ReturnConsumedCapacity="TOTAL")
    assert read["Responses"] == [{"Item": {"v": {"N": "1"}}}, {"Item": {"v": {"N": "2"}}}, {"Item": {"v": {"N": "1"}}}, {}]
    assert read["ConsumedCapacity"][0]["ReadCapacityUnits"] == 8.0
    refusal(lambda: transact(insert(5), "SELECT * FROM " + one))
    refusal(lambda: transact("SELECT * FROM T WHERE id = '$'"))
    failed = "Validation failed in TransactStatements[0]: "
    assert refusal(lambda: transact(f"DELETE FROM {one} RETURNING ALL OLD *")) == (
        failed + "RETURNING clause is not supported in ExecuteTransaction.")
    assert refusal(lambda: transact("SELECT * FROM T.\"by-size\" WHERE id = '$'")) == (
        failed + "Reads on indices are not supported within transactions.")
    assert "multiple operations on one item" in refusal(lambda: transact("SELECT * FROM " + one, "SELECT v FROM " + one))
    refusal(lambda: transact(*[insert(i) for i in range(101)]))


@pytest.mark.parametrize("update", [
    dict(UpdateExpression="REMOVE v"), dict(UpdateExpression="DELETE v :s", ExpressionAttributeValues={":s": {"SS": ["a"]}}),
    dict(AttributeUpdates={"v": {"Action": "DELETE"}})], ids=["remove", "delete", "legacy"])
def test_an_update_that_only_removes_makes_no_item(dynamodb, table, unique, update):
    key = {"id": {"S": unique}, "at": {"N": "1"}}
    assert "Attributes" not in dynamodb.update_item(TableName=table, Key=key, ReturnValues="ALL_NEW", **update)
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key)
    dynamodb.update_item(TableName=table, Key=key)
    assert dynamodb.get_item(TableName=table, Key=key)["Item"] == key
