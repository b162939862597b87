"""Backups of tables, and tables as they were at a time, by the official SDK."""
import datetime
import re

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until

ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
INDEX = {"IndexName": "by-kind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
         "Projection": {"ProjectionType": "ALL"}}
LOCAL = {"IndexName": "by-kind-here", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"},
                                                    {"AttributeName": "kind", "KeyType": "RANGE"}],
         "Projection": {"ProjectionType": "KEYS_ONLY"}}


@pytest.fixture
def dynamodb(gust):
    return gust.client("dynamodb")


@pytest.fixture
def table(dynamodb, unique):
    name = unique.replace("-", "_")
    dynamodb.create_table(
        TableName=name, **ON_DEMAND,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": t} for a, t in
                              (("id", "S"), ("at", "N"), ("kind", "S"))],
        GlobalSecondaryIndexes=[INDEX], LocalSecondaryIndexes=[LOCAL],
        Tags=[{"Key": "team", "Value": "a"}])
    return name


def refusal(call, code):
    with pytest.raises(ClientError) as raised:
        call()
    assert raised.value.response["Error"]["Code"] == code, raised.value
    return raised.value.response["Error"]["Message"]


def item(n, kind="x"):
    return {"id": {"S": f"i{n}"}, "at": {"N": str(n)}, "kind": {"S": kind}, "body": {"B": b"\0\xff"}}


def fill(dynamodb, table, n, kind="x"):
    for start in range(0, n, 25):
        dynamodb.batch_write_item(RequestItems={table: [
            {"PutRequest": {"Item": item(i, kind)}} for i in range(start, min(n, start + 25))]})


def everything(dynamodb, table, **more):
    found = [i for page in dynamodb.get_paginator("scan").paginate(TableName=table, **more) for i in page["Items"]]
    return sorted(found, key=lambda i: float(i["at"]["N"]))


def active(dynamodb, table):
    def whole():
        found = dynamodb.describe_table(TableName=table)["Table"]
        return found if found["TableStatus"] == "ACTIVE" else None
    return wait_until(whole, f"{table} to be active")


def available(dynamodb, arn):
    def made():
        found = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
        return found if found["BackupDetails"]["BackupStatus"] == "AVAILABLE" else None
    return wait_until(made, "the backup to be made")


def back_up(dynamodb, table, name="nightly"):
    arn = dynamodb.create_backup(TableName=table, BackupName=name)["BackupDetails"]["BackupArn"]
    available(dynamodb, arn)
    return arn


def test_a_backup_is_restored(dynamodb, table):
    fill(dynamodb, table, 60)
    before = everything(dynamodb, table)
    made = dynamodb.create_backup(TableName=table, BackupName="nightly")["BackupDetails"]
    assert made["BackupStatus"] == "CREATING" and made["BackupType"] == "USER" and made["BackupName"] == "nightly"
    arn = made["BackupArn"]
    assert re.fullmatch(rf"arn:aws:dynamodb:us-east-1:\d+:table/{table}/backup/\d{{14}}-[0-9a-f]{{8}}", arn)
    fill(dynamodb, table, 30, "y")  # too late for it
    described = available(dynamodb, arn)
    source, features = described["SourceTableDetails"], described["SourceTableFeatureDetails"]
    assert source["TableName"] == table and source["ItemCount"] == 60 and source["BillingMode"] == "PAY_PER_REQUEST"
    assert source["TableSizeBytes"] == described["BackupDetails"]["BackupSizeBytes"] > 0
    assert [k["AttributeName"] for k in source["KeySchema"]] == ["id", "at"]
    assert [i["IndexName"] for i in features["GlobalSecondaryIndexes"]] == ["by-kind"]
    assert [i["IndexName"] for i in features["LocalSecondaryIndexes"]] == ["by-kind-here"]

    target = table + "_again"
    begun = dynamodb.restore_table_from_backup(TargetTableName=target, BackupArn=arn)["TableDescription"]
    assert begun["TableStatus"] == "CREATING"
    assert begun["RestoreSummary"]["RestoreInProgress"] and begun["RestoreSummary"]["SourceBackupArn"] == arn
    restored = active(dynamodb, target)
    assert not restored["RestoreSummary"]["RestoreInProgress"]
    assert restored["RestoreSummary"]["SourceTableArn"].endswith(f":table/{table}")
    assert everything(dynamodb, target) == before
    assert everything(dynamodb, target, IndexName="by-kind") == before
    assert len(everything(dynamodb, target, IndexName="by-kind-here")) == 60
    assert dynamodb.list_tags_of_resource(ResourceArn=restored["TableArn"])["Tags"] == []
    dynamodb.put_item(TableName=target, Item=item(1000, "z"))
    assert len(everything(dynamodb, target, IndexName="by-kind")) == 61


def test_a_restore_may_leave_out_indexes(dynamodb, table):
    fill(dynamodb, table, 3)
    arn = back_up(dynamodb, table)

    def restore(name, **overrides):
        return dynamodb.restore_table_from_backup(TargetTableName=name, BackupArn=arn, **overrides)["TableDescription"]
    restore(table + "_1", GlobalSecondaryIndexOverride=[], LocalSecondaryIndexOverride=[])
    plain = active(dynamodb, table + "_1")
    assert "GlobalSecondaryIndexes" not in plain and "LocalSecondaryIndexes" not in plain
    restore(table + "_2", LocalSecondaryIndexOverride=[LOCAL], BillingModeOverride="PROVISIONED",
            ProvisionedThroughputOverride={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
            GlobalSecondaryIndexOverride=[
                {**INDEX, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}}])
    units = active(dynamodb, table + "_2")
    assert units["ProvisionedThroughput"]["ReadCapacityUnits"] == 3
    assert units["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"] == 2
    other = {**INDEX, "KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}]}
    assert "by-kind" in refusal(lambda: restore("nope", GlobalSecondaryIndexOverride=[other]), "ValidationException")
    assert "must both be specified when BillingMode is PROVISIONED" in refusal(
        lambda: restore("nope", BillingModeOverride="PROVISIONED"), "ValidationException")
    refusal(lambda: restore("nope", SSESpecificationOverride={"Enabled": True, "SSEType": "KMS"}),
            "ValidationException")
    assert "already exists" in refusal(lambda: restore(table), "TableAlreadyExistsException")


def test_backups_are_listed_and_removed(dynamodb, table, unique):
    arns = [back_up(dynamodb, table, f"b{i}-{i}") for i in range(4)]

    def listed(**query):
        return [b["BackupArn"] for b in dynamodb.list_backups(TableName=table, **query)["BackupSummaries"]]
    assert listed() == arns == listed(BackupType="ALL") and listed(BackupType="SYSTEM") == []
    assert set(arns) <= {b["BackupArn"] for b in dynamodb.list_backups()["BackupSummaries"]}
    page = dynamodb.list_backups(TableName=table, Limit=3)
    assert page["LastEvaluatedBackupArn"] == arns[2]
    assert listed(ExclusiveStartBackupArn=arns[2]) == arns[3:]
    paginator = dynamodb.get_paginator("list_backups")
    assert [b["BackupName"] for b in paginator.paginate(
        TableName=table, PaginationConfig={"PageSize": 1}).build_full_result()["BackupSummaries"]] == [
            f"b{i}-{i}" for i in range(4)]
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    assert listed(TimeRangeLowerBound=now - hour, TimeRangeUpperBound=now + hour) == arns
    assert listed(TimeRangeLowerBound=now + hour) == [] == listed(TimeRangeUpperBound=now - hour)
    gone = dynamodb.delete_backup(BackupArn=arns[0])["BackupDescription"]
    assert gone["BackupDetails"]["BackupStatus"] == "DELETED"
    assert listed() == arns[1:]
    for call in (dynamodb.describe_backup, dynamodb.delete_backup,
                 lambda BackupArn: dynamodb.restore_table_from_backup(BackupArn=BackupArn, TargetTableName="nope")):
        assert arns[0] in refusal(lambda: call(BackupArn=arns[0]), "BackupNotFoundException")
        refusal(lambda: call(BackupArn="arn:aws:s3:us-east-1:000000000000:some/bucket"), "ValidationException")
        refusal(lambda: call(BackupArn=arns[1].replace("us-east-1", "eu-west-1")), "BackupNotFoundException")
    assert refusal(lambda: dynamodb.create_backup(TableName=unique, BackupName="abc"),
                   "TableNotFoundException") == f"Table not found: {unique}"
    refusal(lambda: dynamodb.create_backup(TableName=table, BackupName="no space!"), "ValidationException")
    dynamodb.delete_table(TableName=table)
    assert listed() == arns[1:]
    dynamodb.restore_table_from_backup(TargetTableName=table, BackupArn=arns[1])
    active(dynamodb, table)


def recovery(dynamodb, table):
    said = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert said["ContinuousBackupsStatus"] == "ENABLED"
    return said["PointInTimeRecoveryDescription"]


def turn(dynamodb, table, on, **more):
    return dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification={
        "PointInTimeRecoveryEnabled": on, **more})["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]


def test_a_table_is_restored_to_a_time(dynamodb, table):
    assert recovery(dynamodb, table) == {"PointInTimeRecoveryStatus": "DISABLED"}
    target = table + "_then"

    def restore(name=target, **query):
        return dynamodb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=name, **query)
    assert refusal(lambda: restore(UseLatestRestorableTime=True), "PointInTimeRecoveryUnavailableException") == \
        f"Point in time recovery is not enabled for table '{table}'"
    fill(dynamodb, table, 10)
    on = turn(dynamodb, table, True)
    assert on["PointInTimeRecoveryStatus"] == "ENABLED" and on["RecoveryPeriodInDays"] == 35
    fill(dynamodb, table, 5, "y")
    dynamodb.delete_item(TableName=table, Key={k: item(9)[k] for k in ("id", "at")})
    before = everything(dynamodb, table)
    then = datetime.datetime.now(datetime.timezone.utc)
    wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) > then + datetime.timedelta(milliseconds=2), "time")
    fill(dynamodb, table, 20, "z")
    window = recovery(dynamodb, table)
    assert window["EarliestRestorableDateTime"] <= then <= window["LatestRestorableDateTime"]

    begun = restore(RestoreDateTime=then)["TableDescription"]
    assert begun["TableStatus"] == "CREATING" and begun["RestoreSummary"]["RestoreInProgress"]
    assert "SourceBackupArn" not in begun["RestoreSummary"]
    active(dynamodb, target)
    assert everything(dynamodb, target) == before
    assert everything(dynamodb, target, IndexName="by-kind") == before
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    dynamodb.restore_table_to_point_in_time(SourceTableArn=arn, TargetTableName=table + "_now",
                                            UseLatestRestorableTime=True)
    active(dynamodb, table + "_now")
    assert everything(dynamodb, table + "_now") == everything(dynamodb, table)
    assert recovery(dynamodb, table + "_now") == {"PointInTimeRecoveryStatus": "DISABLED"}

    day = datetime.timedelta(days=1)
    for wrong in (then - day, then + day):
        assert "EarliestRestorableDateTime" in refusal(
            lambda: restore("nope", RestoreDateTime=wrong), "InvalidRestoreTimeException")
    refusal(lambda: restore("nope"), "ValidationException")
    refusal(lambda: restore("nope", UseLatestRestorableTime=True, RestoreDateTime=then), "ValidationException")
    refusal(lambda: restore(target, UseLatestRestorableTime=True), "TableAlreadyExistsException")
    assert refusal(lambda: dynamodb.restore_table_to_point_in_time(
        SourceTableName="no-such", TargetTableName="nope", UseLatestRestorableTime=True),
        "TableNotFoundException") == "Table not found: no-such"


def test_how_long_is_told_and_changed(dynamodb, table):
    assert turn(dynamodb, table, True, RecoveryPeriodInDays=7)["RecoveryPeriodInDays"] == 7
    since = recovery(dynamodb, table)["EarliestRestorableDateTime"]
    assert turn(dynamodb, table, True, RecoveryPeriodInDays=1)["EarliestRestorableDateTime"] == since
    message = refusal(lambda: turn(dynamodb, table, True, RecoveryPeriodInDays=36), "ValidationException")
    assert "recoveryPeriodInDays" in message
    refusal(lambda: turn(dynamodb, table, False, RecoveryPeriodInDays=3), "ValidationException")
    assert turn(dynamodb, table, False) == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert turn(dynamodb, table, True)["EarliestRestorableDateTime"] > since
    assert refusal(lambda: turn(dynamodb, "no-such", True), "TableNotFoundException") == "Table not found: no-such"
    refusal(lambda: dynamodb.describe_continuous_backups(TableName="no-such"), "TableNotFoundException")


def test_a_deleted_table_leaves_a_backup_of_the_system(dynamodb, table):
    turn(dynamodb, table, True)
    fill(dynamodb, table, 10)
    before = everything(dynamodb, table)
    dynamodb.delete_table(TableName=table)
    assert dynamodb.list_backups(TableName=table)["BackupSummaries"] == []
    [kept] = dynamodb.list_backups(TableName=table, BackupType="SYSTEM")["BackupSummaries"]
    assert kept["BackupType"] == "SYSTEM" and kept["BackupName"] == f"{table}$DeletedTableBackup"
    assert (kept["BackupExpiryDateTime"] - kept["BackupCreationDateTime"]).days == 35
    available(dynamodb, kept["BackupArn"])
    dynamodb.restore_table_from_backup(TargetTableName=table, BackupArn=kept["BackupArn"])
    active(dynamodb, table)
    assert everything(dynamodb, table) == before


def test_a_table_that_is_being_restored_is_not_used(dynamodb, table):
    """As long as it is CREATING, which on a quick machine may be over at once."""
    fill(dynamodb, table, 2000)
    arn = back_up(dynamodb, table)
    target = table + "_busy"
    dynamodb.restore_table_from_backup(TargetTableName=target, BackupArn=arn)
    answers = set()
    for call in (lambda: dynamodb.get_item(TableName=target, Key={k: item(1)[k] for k in ("id", "at")}),
                 lambda: dynamodb.put_item(TableName=target, Item=item(1)),
                 lambda: dynamodb.create_backup(TableName=target, BackupName="abc"),
                 lambda: dynamodb.delete_table(TableName=target)):
        try:
            call()
        except ClientError as error:
            answers.add(error.response["Error"]["Code"])
    assert answers <= {"ResourceNotFoundException", "TableInUseException", "ResourceInUseException"}
