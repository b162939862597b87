"""The plug is pulled during a backup, a restore, an export and an import: each goes on, and what it makes is whole."""
import random
import threading

from conftest import wait_until

ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
ITEMS = 3000


def make(dynamodb, name):
    dynamodb.create_table(
        TableName=name, **ON_DEMAND, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "round", "AttributeType": "N"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-round", "KeySchema": [{"AttributeName": "round", "KeyType": "HASH"}],
                                 "Projection": {"ProjectionType": "ALL"}}])


def item(name, round_number, size=0):
    return {"id": {"S": name}, "round": {"N": str(round_number)}, "body": {"S": "x" * size}}


def fill(dynamodb, table, round_number, count=ITEMS):
    for start in range(0, count, 25):
        dynamodb.batch_write_item(RequestItems={table: [
            {"PutRequest": {"Item": item(str(i), round_number, 1000)}} for i in range(start, min(count, start + 25))]})


def everything(dynamodb, table, **more):
    found = [i for page in dynamodb.get_paginator("scan").paginate(TableName=table, **more) for i in page["Items"]]
    return sorted((i["id"]["S"], i["round"]["N"]) for i in found)


def whole(dynamodb, table):
    wait_until(lambda: dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE", f"{table} to be active")
    found = everything(dynamodb, table)
    assert everything(dynamodb, table, IndexName="by-round") == found
    return found


class Writer(threading.Thread):
    """Writes while the rest goes on, until its daemon is gone."""

    def __init__(self, client, table):
        super().__init__()
        self.client, self.table = client, table
        self.start()

    def run(self):
        try:
            for n in range(100_000):
                self.client.put_item(TableName=self.table, Item=item(str(n % ITEMS), n + 10))
        except Exception:
            return


def kill_during(gust, table, dice):
    """Kills it within the next writes of another client."""
    writer, client = Writer(gust.client("dynamodb"), table), gust.client("dynamodb")
    for n in range(dice.randrange(20)):
        client.put_item(TableName=table, Item=item(f"late{n}", 5))
    gust.kill9()
    writer.join()
    gust.start()
    return gust.client("dynamodb")


def test_backups_restores_exports_and_imports_go_on(new_gust):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    dice = random.Random(seed)
    gust = new_gust().start()
    dynamodb, s3 = gust.client("dynamodb"), gust.client("s3")
    s3.create_bucket(Bucket="moved")
    make(dynamodb, "source")
    fill(dynamodb, "source", 1)
    before = everything(dynamodb, "source")
    backup = dynamodb.create_backup(TableName="source", BackupName="nightly")["BackupDetails"]["BackupArn"]
    dynamodb = kill_during(gust, "source", dice)

    def status():
        return dynamodb.describe_backup(BackupArn=backup)["BackupDescription"]["BackupDetails"]["BackupStatus"]
    wait_until(lambda: status() == "AVAILABLE", "the backup to be made")

    dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=backup)
    dynamodb = kill_during(gust, "source", dice)
    assert whole(dynamodb, "restored") == before

    dynamodb.update_continuous_backups(
        TableName="source", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    fill(dynamodb, "source", 2)
    before = everything(dynamodb, "source")
    arn = dynamodb.describe_table(TableName="source")["Table"]["TableArn"]
    export = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="moved")["ExportDescription"]["ExportArn"]
    dynamodb.restore_table_to_point_in_time(
        SourceTableName="source", TargetTableName="then", UseLatestRestorableTime=True)
    dynamodb = kill_during(gust, "source", dice)
    assert whole(dynamodb, "then") == before

    def described():
        return dynamodb.describe_export(ExportArn=export)["ExportDescription"]
    wait_until(lambda: described()["ExportStatus"] == "COMPLETED", "the export to be written")
    assert described()["ItemCount"] == len(before)
    creation = {"TableName": "imported", **ON_DEMAND, **{
        k: dynamodb.describe_table(TableName="source")["Table"][k] for k in ("KeySchema", "AttributeDefinitions")}}
    creation["GlobalSecondaryIndexes"] = [{"IndexName": "by-round", "Projection": {"ProjectionType": "ALL"},
                                           "KeySchema": [{"AttributeName": "round", "KeyType": "HASH"}]}]
    folder = described()["ExportManifest"].removesuffix("manifest-summary.json")
    imported = dynamodb.import_table(
        S3BucketSource={"S3Bucket": "moved", "S3KeyPrefix": folder + "data/"}, InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP", TableCreationParameters=creation)["ImportTableDescription"]["ImportArn"]
    dynamodb = kill_during(gust, "source", dice)

    def progress():
        return dynamodb.describe_import(ImportArn=imported)["ImportTableDescription"]
    wait_until(lambda: progress()["ImportStatus"] == "COMPLETED", "the import to be done")
    assert progress()["ImportedItemCount"] == len(before) and progress()["ErrorCount"] == 0
    assert whole(dynamodb, "imported") == before
    # The table that all came from was written to all the time.
    assert len(everything(dynamodb, "source")) >= ITEMS
