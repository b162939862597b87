import { randomUUID } from "node:crypto";
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
