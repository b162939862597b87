// The texts of the applications in templates.h. Any thread.
#pragma once

#include <string_view>

namespace gust::cli {

inline constexpr std::string_view kApiTemplate = R"(AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: An HTTP API that keeps notes in a table.

Resources:
  Notes:
    Type: AWS::Serverless::SimpleTable
    Properties:
      PrimaryKey: {Name: id, Type: String}

  ApiFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: HANDLER
      Runtime: RUNTIME
      MemorySize: 256
      Timeout: 10
      Environment:
        Variables: {TABLE: !Ref Notes}
      Policies:
        - DynamoDBCrudPolicy: {TableName: !Ref Notes}
      Events:
        All: {Type: HttpApi, Properties: {Method: GET, Path: /notes}}
        One: {Type: HttpApi, Properties: {Method: GET, Path: "/notes/{id}"}}
        Add: {Type: HttpApi, Properties: {Method: POST, Path: /notes}}

Outputs:
  ApiUrl: {Value: !GetAtt ServerlessHttpApi.ApiEndpoint}
)";

inline constexpr std::string_view kApiPython = R"(import json
import os
import uuid

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def handler(event, context):
    if event["routeKey"] == "POST /notes":
        try:
            text = json.loads(event.get("body") or "")["text"]
        except (ValueError, KeyError, TypeError):
            return answer(400, {"error": 'send JSON, as in {"text": "hello"}'})
        note = {"id": str(uuid.uuid4()), "text": str(text)}
        table.put_item(Item=note)
        return answer(201, note)
    if event["routeKey"] == "GET /notes":
        return answer(200, table.scan(Limit=100)["Items"])
    found = table.get_item(Key={"id": event["pathParameters"]["id"]}).get("Item")
    return answer(200, found) if found else answer(404, {"error": "there is no such note"})
)";

inline constexpr std::string_view kApiNode = R"(import { randomUUID } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";

const tables = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const TableName = process.env.TABLE;

const answer = (statusCode, body) => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

function textOf(body) {
  try {
    return JSON.parse(body ?? "").text;
  } catch {
    return undefined;
  }
}

export async function handler(event) {
  if (event.routeKey === "POST /notes") {
    const text = textOf(event.body);
    if (text === undefined) return answer(400, { error: 'send JSON, as in {"text": "hello"}' });
    const note = { id: randomUUID(), text: String(text) };
    await tables.send(new PutCommand({ TableName, Item: note }));
    return answer(201, note);
  }
  if (event.routeKey === "GET /notes") {
    return answer(200, (await tables.send(new ScanCommand({ TableName, Limit: 100 }))).Items);
  }
  const { Item } = await tables.send(new GetCommand({ TableName, Key: { id: event.pathParameters.id } }));
  return Item ? answer(200, Item) : answer(404, { error: "there is no such note" });
}
)";

inline constexpr std::string_view kApiReadme = R"(# An HTTP API

    gust up                                  # in another terminal, if Gust does not run yet
    gust dev                                 # deploys, and again whenever a file changes; prints logs
    curl --json '{"text": "hello"}' ApiUrl/notes
    curl ApiUrl/notes

`gust deploy` prints ApiUrl. `gust table scan` and the table's name show what is stored.
)";

inline constexpr std::string_view kApiTry = R"(gust deploy                    # prints the API's address
curl --json '{"text": "hello"}' ADDRESS/notes)";

inline constexpr std::string_view kWorkerTemplate = R"(AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: A table, and a function that follows its changes.

Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}

  WorkerFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: HANDLER
      Runtime: RUNTIME
      MemorySize: 256
      Timeout: 30
      Policies:
        - DynamoDBCrudPolicy: {TableName: !Ref Orders}
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: 100
            MaximumRetryAttempts: 5
            BisectBatchOnFunctionError: true
            FunctionResponseTypes: [ReportBatchItemFailures]

Outputs:
  Table: {Value: !Ref Orders}
)";

inline constexpr std::string_view kWorkerPython = R"(def handler(event, context):
    """Every change of the table, in order. What is named as failed comes again; what was before it does not."""
    for record in event["Records"]:
        change = record["dynamodb"]
        try:
            work(record["eventName"], change["Keys"]["id"]["S"], change.get("NewImage"))
        except Exception as error:
            print("failed:", error)
            return {"batchItemFailures": [{"itemIdentifier": change["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def work(what, id, item):
    print(what, id, item)
)";

inline constexpr std::string_view kWorkerNode =
    R"(// Every change of the table, in order. What is named as failed comes again; what was before it does not.
export async function handler(event) {
  for (const { eventName, dynamodb } of event.Records) {
    try {
      await work(eventName, dynamodb.Keys.id.S, dynamodb.NewImage);
    } catch (error) {
      console.log("failed:", error.message);
      return { batchItemFailures: [{ itemIdentifier: dynamodb.SequenceNumber }] };
    }
  }
  return { batchItemFailures: [] };
}

async function work(what, id, item) {
  console.log(what, id, JSON.stringify(item));
}
)";

inline constexpr std::string_view kWorkerReadme = R"(# A worker that follows a table

    gust up                                  # in another terminal, if Gust does not run yet
    gust dev                                 # deploys, and again whenever a file changes; prints logs
    gust table put TABLE '{"id": "1", "what": "tea"}'

`gust deploy` prints the table's name. `gust events ls WorkerFunction` shows the batches that it got, and `gust replay`
sends one again.
)";

inline constexpr std::string_view kWorkerTry = R"(gust deploy                    # prints the table's name
gust table put TABLE '{"id": "1", "what": "tea"}'
gust logs WorkerFunction -f)";

inline constexpr std::string_view kThumbnailsTemplate = R"(AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: A picture is uploaded, its thumbnail appears in another bucket.

Resources:
  Pictures:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${AWS::StackName}-pictures-${AWS::AccountId}"

  Thumbnails:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${AWS::StackName}-thumbnails-${AWS::AccountId}"

  ResizeFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.handler
      Runtime: python3.13
      MemorySize: 1024
      Timeout: 60
      Environment:
        Variables: {THUMBNAILS: !Ref Thumbnails}
      Policies:
        - S3ReadPolicy: {BucketName: !Sub "${AWS::StackName}-pictures-${AWS::AccountId}"}
        - S3WritePolicy: {BucketName: !Ref Thumbnails}
      Events:
        Uploaded:
          Type: S3
          Properties:
            Bucket: !Ref Pictures
            Events: s3:ObjectCreated:*

Outputs:
  Pictures: {Value: !Ref Pictures}
  Thumbnails: {Value: !Ref Thumbnails}
)";

inline constexpr std::string_view kThumbnails = R"(import io
import os
import urllib.parse

import boto3
from PIL import Image, ImageOps

s3 = boto3.client("s3")


def handler(event, context):
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        picture = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=os.environ["THUMBNAILS"], Key=key, Body=shrink(picture), ContentType="image/jpeg")
        print("made a thumbnail of", key)


def shrink(picture, size=200):
    """The same key gets the same thumbnail: an event that comes twice does no harm."""
    with Image.open(io.BytesIO(picture)) as image:
        image = ImageOps.exif_transpose(image).convert("RGB")
        image.thumbnail((size, size))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=85)
        return out.getvalue()
)";

inline constexpr std::string_view kThumbnailsReadme = R"(# Thumbnails

    gust up                                  # in another terminal, if Gust does not run yet
    gust dev                                 # deploys, and again whenever a file changes; prints logs
    gust bucket cp picture.jpg s3://PICTURES/
    gust bucket cp s3://THUMBNAILS/picture.jpg small.jpg

`gust deploy` prints the names of both buckets. What fails is tried twice more and then kept: `gust failed list`.
)";

inline constexpr std::string_view kThumbnailsTry = R"(gust deploy                    # prints the names of the buckets
gust bucket cp picture.jpg s3://PICTURES/)";

}  // namespace gust::cli
