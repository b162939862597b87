import json
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
