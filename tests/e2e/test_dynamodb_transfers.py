"""Exports of tables to buckets and imports from them, by the official SDK."""
import base64
import datetime
import gzip
import hashlib
import json

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until

ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
HASH = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}


@pytest.fixture
def dynamodb(gust):
    return gust.client("dynamodb")


@pytest.fixture
def s3(gust):
    return gust.client("s3")


@pytest.fixture
def bucket(s3, unique):
    s3.create_bucket(Bucket=unique[-60:].strip("-"))
    return unique[-60:].strip("-")


@pytest.fixture
def table(dynamodb, unique):
    dynamodb.create_table(TableName=unique, **HASH, **ON_DEMAND)
    dynamodb.update_continuous_backups(
        TableName=unique, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    return unique


def refusal(call, code="ValidationException"):
    with pytest.raises(ClientError) as raised:
        call()
    assert raised.value.response["Error"]["Code"] == code, raised.value
    return raised.value.response["Error"]["Message"]


def arn_of(dynamodb, table):
    return dynamodb.describe_table(TableName=table)["Table"]["TableArn"]


def everything(dynamodb, table, **more):
    found = [i for page in dynamodb.get_paginator("scan").paginate(TableName=table, **more) for i in page["Items"]]
    return sorted(found, key=lambda i: i["id"]["S"])


def item(n):
    return {"id": {"S": f"i{n:03}"}, "n": {"N": str(n)}, "b": {"B": b"\0\xff"}, "yes": {"BOOL": True}, "no": {"NULL": True},
            "set": {"NS": ["1", "2.5"]}, "map": {"M": {"list": {"L": [{"S": "ü\n\""}]}}}}


def exported(dynamodb, arn):
    def over():
        found = dynamodb.describe_export(ExportArn=arn)["ExportDescription"]
        return found if found["ExportStatus"] != "IN_PROGRESS" else None
    return wait_until(over, "the export to end")


def imported(dynamodb, arn):
    def over():
        found = dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
        return found if found["ImportStatus"] != "IN_PROGRESS" else None
    return wait_until(over, "the import to end")


def import_from(dynamodb, bucket, table, format="DYNAMODB_JSON", prefix="", more=None, **options):
    creation = {"TableName": table, **HASH, **ON_DEMAND, **(more or {})}
    return dynamodb.import_table(S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": prefix}, InputFormat=format,
                                 TableCreationParameters=creation, **options)["ImportTableDescription"]


def test_an_export_is_imported_again(dynamodb, s3, bucket, table):
    for n in range(30):
        dynamodb.put_item(TableName=table, Item=item(n))
    before, then = everything(dynamodb, table), datetime.datetime.now(datetime.timezone.utc)
    wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) > then + datetime.timedelta(milliseconds=2), "time")
    dynamodb.put_item(TableName=table, Item=item(99))
    begun = dynamodb.export_table_to_point_in_time(
        TableArn=arn_of(dynamodb, table), S3Bucket=bucket, S3Prefix="some/folder", ExportTime=then)["ExportDescription"]
    assert begun["ExportStatus"] == "IN_PROGRESS" and begun["ExportType"] == "FULL_EXPORT"
    assert begun["ExportArn"].startswith(arn_of(dynamodb, table) + "/export/")
    done = exported(dynamodb, begun["ExportArn"])
    assert done["ExportStatus"] == "COMPLETED" and done["ItemCount"] == 30 and done["BilledSizeBytes"] > 0

    folder = f"some/folder/AWSDynamoDB/{begun['ExportArn'].split('/')[-1]}/"
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    [data] = [k for k in keys if k.startswith(folder + "data/")]
    assert data.endswith(".json.gz") and set(keys) - {data} == {folder + n for n in (
        "_started", "manifest-files.json", "manifest-files.md5", "manifest-summary.json", "manifest-summary.md5")}

    def read(key):
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def md5(data):
        return base64.b64encode(hashlib.md5(data).digest())
    assert done["ExportManifest"] == folder + "manifest-summary.json"
    for name in ("files", "summary"):
        assert read(f"{folder}manifest-{name}.md5") == md5(read(f"{folder}manifest-{name}.json"))
    summary = json.loads(read(folder + "manifest-summary.json"))
    assert summary["version"] == "2020-06-30" and summary["itemCount"] == 30 and summary["s3Bucket"] == bucket
    assert summary["exportArn"] == begun["ExportArn"] and summary["outputFormat"] == "DYNAMODB_JSON"
    assert summary["manifestFilesS3Key"] == folder + "manifest-files.json" and summary["s3Prefix"] == "some/folder"
    [file] = [json.loads(line) for line in read(folder + "manifest-files.json").splitlines()]
    assert file["itemCount"] == 30 and file["dataFileS3Key"] == data
    assert file["md5Checksum"].encode() == md5(read(data))
    assert file["etag"] == s3.head_object(Bucket=bucket, Key=data)["ETag"].strip('"')
    lines = [json.loads(line)["Item"] for line in gzip.decompress(read(data)).decode().splitlines()]
    assert len(lines) == 30 and lines[0]["yes"] == {"BOOL": True}

    target = table + "-again"
    kinds = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}],
             "GlobalSecondaryIndexes": [{"IndexName": "by-n", "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}],
                                         "Projection": {"ProjectionType": "ALL"}}]}
    begun = import_from(dynamodb, bucket, target, prefix=folder + "data/", more=kinds, InputCompressionType="GZIP")
    assert begun["ImportStatus"] == "IN_PROGRESS" and begun["TableArn"].endswith("/" + target)
    assert begun["TableCreationParameters"]["TableName"] == target
    done = imported(dynamodb, begun["ImportArn"])
    assert done["ImportStatus"] == "COMPLETED" and done["ErrorCount"] == 0
    assert done["ImportedItemCount"] == done["ProcessedItemCount"] == 30 and done["ProcessedSizeBytes"] > 0
    assert dynamodb.describe_table(TableName=target)["Table"]["TableStatus"] == "ACTIVE"
    assert everything(dynamodb, target) == before == everything(dynamodb, target, IndexName="by-n")


def test_exports_are_refused_and_listed(dynamodb, s3, bucket, table, unique):
    arn = arn_of(dynamodb, table)

    def export(**more):
        return dynamodb.export_table_to_point_in_time(**{"TableArn": arn, "S3Bucket": bucket, **more})["ExportDescription"]
    first = export(ClientToken="one")
    assert export(ClientToken="one")["ExportArn"] == first["ExportArn"]
    refusal(lambda: export(ClientToken="one", S3Prefix="x"), "ExportConflictException")
    assert exported(dynamodb, first["ExportArn"])["ItemCount"] == 0
    second = export(S3Bucket="no-such-bucket-" + unique[-8:])
    failed = exported(dynamodb, second["ExportArn"])
    assert failed["ExportStatus"] == "FAILED" and failed["FailureCode"] == "S3NoSuchBucket"
    page = dynamodb.list_exports(TableArn=arn, MaxResults=1)
    assert [e["ExportArn"] for e in page["ExportSummaries"]] == [first["ExportArn"]]
    rest = dynamodb.list_exports(TableArn=arn, NextToken=page["NextToken"])
    assert [e["ExportArn"] for e in rest["ExportSummaries"]] == [second["ExportArn"]] and "NextToken" not in rest
    refusal(lambda: dynamodb.list_exports(NextToken="no"))
    refusal(lambda: dynamodb.describe_export(ExportArn=first["ExportArn"][:-1] + "x"), "ExportNotFoundException")
    refusal(lambda: dynamodb.describe_export(ExportArn=arn + "/stream/somewhere-else"), "ExportNotFoundException")
    hour = datetime.timedelta(hours=1)
    now = datetime.datetime.now(datetime.timezone.utc)
    for wrong in (now - hour, now + hour):
        refusal(lambda: export(ExportTime=wrong), "InvalidExportTimeException")
    assert "ION" in refusal(lambda: export(ExportFormat="ION"))
    assert "INCREMENTAL_EXPORT" in refusal(lambda: export(ExportType="INCREMENTAL_EXPORT"))
    refusal(lambda: export(S3SseAlgorithm="KMS"))
    refusal(lambda: export(TableArn=arn + "-none"), "TableNotFoundException")
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False})
    refusal(export, "PointInTimeRecoveryUnavailableException")


def test_csv_is_imported(dynamodb, s3, bucket, unique, gust):
    s3.put_object(Bucket=bucket, Key="in/a.csv", Body='id;n;note\na;1;"x;""y"""\nb;2;\nc;three;z\nd;4\n')
    s3.put_object(Bucket=bucket, Key="in/b.csv", Body='id;n;note\n;5;no key\ne;6;\n')
    kinds = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
             "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}]}
    begun = import_from(dynamodb, bucket, unique, "CSV", "in/", kinds, InputFormatOptions={"Csv": {"Delimiter": ";"}})
    done = imported(dynamodb, begun["ImportArn"])
    assert done["ImportStatus"] == "COMPLETED"
    assert (done["ProcessedItemCount"], done["ImportedItemCount"], done["ErrorCount"]) == (6, 3, 3)
    assert done["InputFormatOptions"]["Csv"]["Delimiter"] == ";"
    assert done["CloudWatchLogGroupArn"].endswith(":log-group:/aws-dynamodb/imports:*")
    assert everything(dynamodb, unique) == [
        {"id": {"S": "a"}, "n": {"N": "1"}, "note": {"S": 'x;"y"'}}, {"id": {"S": "b"}, "n": {"N": "2"}, "note": {"S": ""}},
        {"id": {"S": "e"}, "n": {"N": "6"}, "note": {"S": ""}}]

    def faults():
        told = gust.cli("logs", "dynamodb-imports", "--json", check=False).stdout.splitlines()
        lines = [json.loads(json.loads(line)["message"]) for line in told if begun["ImportArn"] in line]
        return lines if len(lines) == 3 else None
    first = wait_until(faults, "what was not taken to be told")[0]
    assert first["itemS3Pointer"] == {"bucket": bucket, "key": "in/a.csv", "itemIndex": 2}
    assert first["errorMessages"][0].startswith("n: ")

    s3.put_object(Bucket=bucket, Key="bare.csv", Body=gzip.compress(b"a,1\nb,2\n"))
    begun = import_from(dynamodb, bucket, unique + "-bare", "CSV", "bare", kinds, InputCompressionType="GZIP",
                        InputFormatOptions={"Csv": {"HeaderList": ["id", "n"]}})
    assert imported(dynamodb, begun["ImportArn"])["ImportedItemCount"] == 2


def test_imports_are_refused_and_listed(dynamodb, s3, bucket, unique):
    s3.put_object(Bucket=bucket, Key="in/1.json", Body='{"Item": {"id": {"S": "a"}}}\n{"id": {"S": "b"}}\n{"Item": {"id": {"N": '
                                                       '"1"}}}\n{"Item": {"id": {"Q": "1"}}}\nnot JSON\n')
    first = import_from(dynamodb, bucket, unique, prefix="in/", ClientToken="t" + unique)
    assert import_from(dynamodb, bucket, unique, prefix="in/", ClientToken="t" + unique)["ImportArn"] == first["ImportArn"]
    refusal(lambda: import_from(dynamodb, bucket, unique, prefix="x", ClientToken="t" + unique), "ImportConflictException")
    done = imported(dynamodb, first["ImportArn"])
    assert (done["ImportedItemCount"], done["ErrorCount"]) == (1, 4)
    refusal(lambda: import_from(dynamodb, bucket, unique, prefix="in/"), "ResourceInUseException")

    failed = []
    for name, where in (("none", {"bucket": "no-such-bucket-" + unique[-8:]}), ("empty", {"bucket": bucket, "prefix": "none/"})):
        begun = import_from(dynamodb, table=f"{unique}-{name}", **where)
        failed.append(imported(dynamodb, begun["ImportArn"]))
        assert failed[-1]["ImportStatus"] == "FAILED"
        refusal(lambda: dynamodb.describe_table(TableName=f"{unique}-{name}"), "ResourceNotFoundException")
    assert [f["FailureCode"] for f in failed] == ["S3NoSuchBucket", "S3NoSuchKey"]
    assert [i["ImportArn"] for i in dynamodb.list_imports(TableArn=first["TableArn"])["ImportSummaryList"]] == [first["ImportArn"]]
    page = dynamodb.list_imports(PageSize=1)
    assert page["ImportSummaryList"][0]["ImportArn"] == failed[1]["ImportArn"]
    assert dynamodb.list_imports(PageSize=1, NextToken=page["NextToken"])["ImportSummaryList"][0]["ImportArn"] == \
        failed[0]["ImportArn"]
    refusal(lambda: dynamodb.describe_import(ImportArn=first["ImportArn"][:-1] + "x"), "ImportNotFoundException")
    assert "ION" in refusal(lambda: import_from(dynamodb, bucket, "nope", "ION"))
    assert "ZSTD" in refusal(lambda: import_from(dynamodb, bucket, "nope", InputCompressionType="ZSTD"))
    refusal(lambda: import_from(dynamodb, bucket, "nope", InputFormatOptions={"Csv": {"Delimiter": ","}}))
    refusal(lambda: import_from(dynamodb, bucket, "nope", "CSV", InputFormatOptions={"Csv": {"Delimiter": "x"}}))
    refusal(lambda: import_from(dynamodb, bucket, "nope", more={"KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}]}))
