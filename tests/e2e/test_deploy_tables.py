"""gust deploy with tables: made, used by a function, changed in place, refused, kept, deleted."""
import requests

from test_deploy import app, body  # noqa: F401

NOTES = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Billing: {Type: String, Default: PAY_PER_REQUEST}
Resources:
  Notes:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions:
        - {AttributeName: owner, AttributeType: S}
        - {AttributeName: id, AttributeType: S}
      KeySchema:
        - {AttributeName: owner, KeyType: HASH}
        - {AttributeName: id, KeyType: RANGE}
      BillingMode: !Ref Billing
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      TimeToLiveSpecification: {AttributeName: ends, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7}
      Tags: [{Key: app, Value: notes}]
  Counts: {Type: AWS::Serverless::SimpleTable}
  Note:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.12
      Timeout: 60
      Policies: [DynamoDBCrudPolicy: {TableName: !Ref Notes}]
      Environment: {Variables: {TABLE: !Ref Notes, COUNTS: !Ref Counts, STREAM: !GetAtt Notes.StreamArn}}
      Events:
        Put: {Type: HttpApi, Properties: {Path: "/notes/{id}", Method: put}}
Outputs:
  Url: {Value: !GetAtt ServerlessHttpApi.ApiEndpoint}
  Table: {Value: !Ref Notes}
  Arn: {Value: !GetAtt Notes.Arn}
  Stream: {Value: !GetAtt Notes.StreamArn}
"""
CODE = """
import os, boto3
tables = boto3.resource("dynamodb")

def handler(event, context):
    id = event["pathParameters"]["id"]
    tables.Table(os.environ["TABLE"]).put_item(Item={"owner": "me", "id": id, "text": event["body"]})
    counts = tables.Table(os.environ["COUNTS"])
    now = counts.update_item(Key={"id": "notes"}, UpdateExpression="ADD n :one",
                             ExpressionAttributeValues={":one": 1}, ReturnValues="ALL_NEW")["Attributes"]
    return {"n": int(now["n"]), "stream": os.environ["STREAM"]}
"""
TEXT = {"Content-Type": "text/plain"}
INDEX = """
      GlobalSecondaryIndexes:
        - IndexName: by-id
          KeySchema: [{AttributeName: id, KeyType: HASH}]
          Projection: {ProjectionType: KEYS_ONLY}
      StreamSpecification: {StreamViewType: KEYS_ONLY}
"""


def recovery_of(tables, name):
    told = tables.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return {key: told[key] for key in ("PointInTimeRecoveryStatus", "RecoveryPeriodInDays") if key in told}


def test_an_app_with_tables(app, gust):  # noqa: F811
    app.write("template.yaml", NOTES).write("src/app.py", CODE)
    changes, outputs = app.deploy()
    assert changes["Notes"] == changes["Counts"] == "create"
    answer = body(requests.put(outputs["Url"] + "/notes/a", data="one", headers=TEXT))
    assert answer == {"n": 1, "stream": outputs["Stream"]} and outputs["Stream"].startswith(outputs["Arn"] + "/stream/")
    changes, again = app.deploy()
    assert set(changes.values()) == {"none"} and again == outputs

    tables = gust.client("dynamodb")
    name = outputs["Table"]
    assert tables.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"] == "ends"
    assert tables.list_tags_of_resource(ResourceArn=outputs["Arn"])["Tags"] == [{"Key": "app", "Value": "notes"}]
    assert recovery_of(tables, name) == {"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 7}

    # In place: an index, another stream, no time to live, other tags; the item stays, and the function hears of it.
    app.replace("\n      StreamSpecification: {StreamViewType: NEW_IMAGE}\n", INDEX)
    app.replace("      TimeToLiveSpecification: {AttributeName: ends, Enabled: true}\n", "")
    app.replace("      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7}\n", "")
    app.replace("{Key: app, Value: notes}", "{Key: team, Value: a}")
    changes, outputs = app.deploy()
    assert changes == {"Notes": "update", "Counts": "none", "Note": "update", "ServerlessHttpApi": "none"}
    now = tables.describe_table(TableName=name)["Table"]
    assert now["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    assert now["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY" and now["LatestStreamArn"] == outputs["Stream"]
    assert tables.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"
    assert recovery_of(tables, name)["PointInTimeRecoveryStatus"] == "DISABLED"
    assert tables.list_tags_of_resource(ResourceArn=outputs["Arn"])["Tags"] == [{"Key": "team", "Value": "a"}]
    assert tables.get_item(TableName=name, Key={"owner": {"S": "me"}, "id": {"S": "a"}})["Item"]["text"]["S"] == "one"
    assert body(requests.put(outputs["Url"] + "/notes/b", data="two", headers=TEXT)) == {"n": 2, "stream": outputs["Stream"]}

    # What only a new table can have is said before anything is changed.
    app.replace("{AttributeName: owner, AttributeType: S}", "{AttributeName: owner, AttributeType: N}")
    said = app.refused()
    assert "the table Notes would need another KeySchema" in said and "TableName" in said
    assert tables.describe_table(TableName=name)["Table"]["TableId"] == now["TableId"]

    # Under another name it is replaced, and protected it stays.
    app.replace("    Properties:\n      AttributeDefinitions:",
                f"    Properties:\n      TableName: {name}-2\n      DeletionProtectionEnabled: true\n"
                "      AttributeDefinitions:")
    changes, _ = app.deploy()
    assert changes["Notes"] == "replace" and name not in tables.list_tables()["TableNames"]
    app.write("template.yaml", "Resources: {None: {Type: AWS::Logs::LogGroup}}")
    assert f"the table {name}-2 is protected against deletion and was left" in app.run().stdout
    tables.update_table(TableName=f"{name}-2", DeletionProtectionEnabled=False)
    app.run()
    assert f"{name}-2" not in tables.list_tables()["TableNames"]


def test_a_failed_deploy_takes_a_table_back(app, gust, unique):  # noqa: F811
    table = f"{unique}-t"
    text = f"""
Resources:
  T:
    Type: AWS::Serverless::SimpleTable
    Properties: {{TableName: {table}}}
"""
    app.write("template.yaml", text + f"  B: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {unique}_bad}}}}\n")
    assert f"delete the table {table}: done" in app.refused()
    tables = gust.client("dynamodb")
    assert table not in tables.list_tables()["TableNames"]
    tables.create_table(TableName=table, BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    app.write("template.yaml", text)
    assert "was not made by this stack" in app.refused()
    tables.delete_table(TableName=table)
