// Tables with the SDK for JavaScript: the plain client, the document client, paginators and waiters.
import assert from "node:assert/strict";
import {
  ConditionalCheckFailedException, CreateTableCommand, DeleteTableCommand, DescribeTableCommand, DynamoDBClient,
  ExecuteStatementCommand, ListTablesCommand, PutItemCommand, ResourceNotFoundException, TransactionCanceledException,
  TransactWriteItemsCommand, paginateListTables, paginateQuery, waitUntilTableExists, waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand, BatchWriteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, ScanCommand,
  TransactGetCommand, TransactWriteCommand, UpdateCommand, paginateScan,
} from "@aws-sdk/lib-dynamodb";

const TableName = process.argv[2];
const client = new DynamoDBClient({ maxAttempts: 1 });
const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

await client.send(new CreateTableCommand({
  TableName, BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [{ AttributeName: "who", AttributeType: "S" }, { AttributeName: "at", AttributeType: "N" }],
  KeySchema: [{ AttributeName: "who", KeyType: "HASH" }, { AttributeName: "at", KeyType: "RANGE" }],
}));
await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName });
assert.equal((await client.send(new DescribeTableCommand({ TableName }))).Table.TableStatus, "ACTIVE");
const names = [];
for await (const page of paginateListTables({ client, pageSize: 1 }, {})) names.push(...page.TableNames);
assert(names.includes(TableName) && (await client.send(new ListTablesCommand({}))).TableNames.length >= 1);

// Documents: what goes in comes out.
const item = {
  who: "nina", at: 1, text: "Sinnerman", none: null, yes: true, empty: "", bytes: new Uint8Array([0, 255]),
  list: [1, "two", { three: 3.5 }], map: { deep: { deeper: [] } }, tags: new Set(["a", "b"]), numbers: new Set([1, 2]),
};
await documents.send(new PutCommand({ TableName, Item: item }));
const got = (await documents.send(new GetCommand({ TableName, Key: { who: "nina", at: 1 } }))).Item;
assert.deepEqual({ ...got, bytes: [...got.bytes] }, { ...item, bytes: [...item.bytes] });
const updated = await documents.send(new UpdateCommand({
  TableName, Key: { who: "nina", at: 1 }, UpdateExpression: "SET #t = list_append(#t, :more) ADD plays :one REMOVE #n",
  ExpressionAttributeNames: { "#t": "list", "#n": "none" }, ExpressionAttributeValues: { ":more": ["x"], ":one": 1 },
  ReturnValues: "UPDATED_NEW",
}));
assert.deepEqual(updated.Attributes, { list: [1, "two", { three: 3.5 }, "x"], plays: 1 });

// Batches, pages.
const numbers = Array.from({ length: 60 }, (_, i) => i + 2);
for (let i = 0; i < numbers.length; i += 25) {
  const RequestItems = { [TableName]: numbers.slice(i, i + 25).map((at) => ({ PutRequest: { Item: { who: "nina", at } } })) };
  assert.deepEqual((await documents.send(new BatchWriteCommand({ RequestItems }))).UnprocessedItems, {});
}
const some = await documents.send(new BatchGetCommand({
  RequestItems: { [TableName]: { Keys: [{ who: "nina", at: 3 }, { who: "none", at: 3 }] } } }));
assert.deepEqual(some.Responses[TableName], [{ who: "nina", at: 3 }]);
const scanned = [];
for await (const page of paginateScan({ client: documents, pageSize: 7 }, { TableName })) scanned.push(...page.Items);
assert.equal(scanned.length, 61);
let pages = 0, count = 0;
for await (const page of paginateQuery({ client, pageSize: 10 }, {
  TableName, KeyConditionExpression: "who = :w AND #a BETWEEN :low AND :high", ExpressionAttributeNames: { "#a": "at" },
  ExpressionAttributeValues: { ":w": { S: "nina" }, ":low": { N: "10" }, ":high": { N: "40" } } })) {
  pages += 1;
  count += page.Count;
}
assert.equal(count, 31);
assert(pages >= 4);
const last = await documents.send(new QueryCommand({
  TableName, KeyConditionExpression: "who = :w", ExpressionAttributeValues: { ":w": "nina" }, ScanIndexForward: false,
  Limit: 1, ReturnConsumedCapacity: "TOTAL" }));
assert.equal(last.Items[0].at, 61);
assert.equal(last.ConsumedCapacity.CapacityUnits, 0.5);
assert.equal((await documents.send(new ScanCommand({ TableName, Select: "COUNT" }))).Count, 61);

// Transactions and errors, which the SDK knows by their class.
await documents.send(new TransactWriteCommand({ ClientRequestToken: "once", TransactItems: [
  { Put: { TableName, Item: { who: "ella", at: 1 } } },
  { Update: { TableName, Key: { who: "nina", at: 1 }, UpdateExpression: "SET plays = plays + :n",
              ExpressionAttributeValues: { ":n": 1 } } }] }));
const both = await documents.send(new TransactGetCommand({ TransactItems: [
  { Get: { TableName, Key: { who: "ella", at: 1 } } }, { Get: { TableName, Key: { who: "nina", at: 1 } } }] }));
assert.equal(both.Responses[1].Item.plays, 2);
const twice = new PutItemCommand({
  TableName, Item: { who: { S: "ella" }, at: { N: "1" } }, ConditionExpression: "attribute_not_exists(who)",
  ReturnValuesOnConditionCheckFailure: "ALL_OLD" });
await assert.rejects(client.send(twice), (error) => {
  assert(error instanceof ConditionalCheckFailedException);
  assert.deepEqual(error.Item, { who: { S: "ella" }, at: { N: "1" } });
  return true;
});
const canceled = new TransactWriteItemsCommand({ TransactItems: [
  { ConditionCheck: { TableName, Key: { who: { S: "ella" }, at: { N: "1" } }, ConditionExpression: "attribute_exists(x)" } },
  { Delete: { TableName, Key: { who: { S: "nina" }, at: { N: "1" } } } }] });
await assert.rejects(client.send(canceled), (error) => {
  assert(error instanceof TransactionCanceledException);
  assert.deepEqual(error.CancellationReasons.map((reason) => reason.Code), ["ConditionalCheckFailed", "None"]);
  return true;
});
const selected = await client.send(new ExecuteStatementCommand({
  Statement: `SELECT at FROM "${TableName}" WHERE who = ?`, Parameters: [{ S: "ella" }] }));
assert.deepEqual(selected.Items, [{ at: { N: "1" } }]);

await client.send(new DeleteTableCommand({ TableName }));
await waitUntilTableNotExists({ client, maxWaitTime: 30 }, { TableName });
await assert.rejects(client.send(new DescribeTableCommand({ TableName })), ResourceNotFoundException);
console.log("done");
